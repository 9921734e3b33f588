"""The EZVIZ Open Platform: one POST form endpoint per operation."""

import asyncio

from aiohttp import web

from simulator.open_platform import devices, events, switches
from simulator.open_platform.live import Live
from simulator.open_platform.switches import Operation
from simulator.open_platform.tokens import Tokens
from simulator.open_platform.wire import Broken, Call, Hang, OpenError, answer, read_form, refusal
from simulator.pictures.addresses import Addresses
from simulator.state import World

HANG_S = 600.0


class OpenFace:
    def __init__(self, world: World, addresses: Addresses) -> None:
        self._world = world
        self._tokens = Tokens(world)
        live = Live(addresses)
        scene_status, set_scene = switches.pair("privacy")
        prompt_status, set_prompt = switches.pair("prompt")
        light_status, set_light = switches.pair("light")
        self._operations: dict[str, Operation] = {
            "device/list": devices.device_list,
            "device/info": devices.device_info,
            "device/camera/list": devices.device_channels,
            "device/status/get": devices.status,
            "device/capacity": devices.capacity,
            "device/encrypt/on": switches.encryption_on,
            "device/encrypt/off": switches.encryption_off,
            "device/scene/switch/status": scene_status,
            "device/scene/switch/set": set_scene,
            # a trap by its name: the voice prompt, not the microphone
            "device/sound/switch/status": prompt_status,
            "device/sound/switch/set": set_prompt,
            "device/light/switch/status": light_status,
            "device/light/switch/set": set_light,
            "camera/list": devices.camera_list,
            "camera/video/sound/status": switches.sound_status,
            "camera/video/sound/set": switches.set_sound,
            "live/address/get": live.get,
            "v2/live/address/get": live.get_v2,
            "live/address/disable": live.disable,
            "alarm/list": events.alarm_list,
            "alarm/device/list": events.device_alarms,
        }

    def app(self) -> web.Application:
        app = web.Application(client_max_size=256 * 1024)
        app.router.add_post("/api/lapp/token/get", self.token)
        app.router.add_post("/api/lapp/{operation:.+}", self.call)
        return app

    async def token(self, request: web.Request) -> web.Response:
        await self._lag()
        try:
            form = await read_form(request)
            text, token = self._tokens.issue(form.get("appKey", ""), form.get("appSecret", ""))
        except OpenError as error:
            return refusal(error.code)
        area = f"https://{request.host}"
        return answer({"accessToken": text, "expireTime": int(token.expires * 1000), "areaDomain": area})

    async def call(self, request: web.Request) -> web.Response:
        operation = self._operations.get(request.match_info["operation"])
        if operation is None:
            raise web.HTTPNotFound
        await self._lag()
        try:
            form = await read_form(request)
            token = self._tokens.find(form.get("accessToken", ""))
            return operation(Call(self._world, token.account, form, request.host, token.issued))
        except OpenError as error:
            return refusal(error.code)
        except Broken:
            return web.Response(status=500, text="<html>gateway</html>", content_type="text/html")
        except Hang:
            await asyncio.sleep(HANG_S)
            return web.Response(status=504)

    async def _lag(self) -> None:
        await asyncio.sleep(self._world.settings.latency_ms / 1000)
