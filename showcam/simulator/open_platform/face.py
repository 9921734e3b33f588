"""The Open Platform's calls by path, and the lists of alarms, newest first."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from showcam.simulator.camera import ALARMS, Camera
from showcam.simulator.faults import Faulty, met, spoiled
from showcam.simulator.open_platform import devices, settings
from showcam.simulator.open_platform.devices import Live
from showcam.simulator.open_platform.settings import Operation, SubAccounts
from showcam.simulator.open_platform.wire import Call, OpenError, Tokens, answer, read_form, refusal
from showcam.simulator.pictures.door import Addresses
from showcam.simulator.state import World, counting

LONGEST_WINDOW_S = 7 * 86400  # the platform's own limit of a list of alarms


def alarm_list(call: Call) -> web.Response:
    cameras = call.world.owned(call.account.user)
    call.meet(cameras)
    return _listed(call, cameras)


def device_alarms(call: Call) -> web.Response:
    return _listed(call, [call.camera()])


def _listed(call: Call, cameras: list[Camera]) -> web.Response:
    end = _time(call, "endTime", call.now)
    start = _time(call, "startTime", end - LONGEST_WINDOW_S)
    if not 0 <= end - start <= LONGEST_WINDOW_S:
        raise OpenError("10001")
    rows = [(event, camera) for camera in cameras for event in camera.events if start <= event.at <= end]
    rows.sort(key=lambda row: -row[0].at)
    return call.paged(
        [
            {
                "alarmId": event.id,
                "alarmName": camera.name,
                "alarmType": ALARMS[event.kind][0],
                "alarmTime": int(event.at * 1000),
                "channelNo": camera.channel,
                "isEncrypt": int(camera.encrypted(call.now)),
                "isChecked": 0,
                "preTime": 5,
                "delayTime": 5,
                "deviceSerial": camera.serial,
                "alarmPicUrl": "",
                "relationAlarms": [],
                "customerType": None,
                "customerInfo": None,
            }
            for event, camera in rows
        ]
    )


def _time(call: Call, name: str, default: float) -> float:
    """Returns the epoch seconds of a parameter in milliseconds."""
    given = call.optional(name)
    if given is None:
        return default
    if not given.isascii() or not given.isdigit() or len(given) > 14:
        raise OpenError("10001")
    return int(given) / 1000


class OpenFace:
    def __init__(self, world: World, addresses: Addresses) -> None:
        self._world = world
        self._tokens = Tokens(world)
        live, subs = Live(addresses), SubAccounts(self._tokens)
        scene_status, set_scene = settings.pair("privacy")
        prompt_status, set_prompt = settings.pair("prompt")
        light_status, set_light = settings.pair("light")
        self._operations: dict[str, Operation] = {
            "device/list": devices.device_list,
            "device/info": devices.device_info,
            "device/camera/list": devices.device_channels,
            "device/status/get": devices.status,
            "device/capacity": devices.capacity,
            "device/encrypt/on": settings.encryption_on,
            "device/encrypt/off": settings.encryption_off,
            "device/scene/switch/status": scene_status,
            "device/scene/switch/set": set_scene,
            # in spite of the name, this is the voice prompt, not the microphone
            "device/sound/switch/status": prompt_status,
            "device/sound/switch/set": set_prompt,
            "device/light/switch/status": light_status,
            "device/light/switch/set": set_light,
            "camera/list": devices.camera_list,
            "camera/video/sound/status": settings.sound_status,
            "camera/video/sound/set": settings.set_sound,
            "live/address/get": live.get,
            "v2/live/address/get": live.get_v2,
            "live/address/disable": live.disable,
            "alarm/list": alarm_list,
            "alarm/device/list": device_alarms,
            "device/defence/set": settings.defence,
            "device/notify/switch": settings.offline_notice,
            "device/ptz/mirror": settings.mirror,
            "device/timezone/set": settings.set_zone,
            "device/password/update": settings.password,
            "device/version/info": settings.version,
            "device/delete": settings.delete,
            "cloud/storage/device/info": settings.cloud_storage,
            "ram/account/create": subs.create,
            "ram/account/get": subs.get,
            "ram/account/list": subs.listed,
            "ram/account/delete": subs.delete,
            "ram/policy/set": subs.set_policy,
            "ram/statement/add": subs.add_statement,
            "ram/statement/delete": subs.delete_statement,
            "ram/token/get": subs.token,
        }
        self._operations_v3: dict[tuple[str, str], Operation] = {
            ("GET", "device/fillLight/mode/get"): settings.night_vision,
            ("POST", "device/fillLight/mode/set"): settings.set_night_vision,
            ("POST", "device/systemOperate"): settings.system_operate,
            ("GET", "device/format/status"): settings.format_status,
            ("PUT", "device/format/disk"): settings.format_disk,
        }

    def app(self) -> web.Application:
        app = counting(self._world)
        app.router.add_post("/api/lapp/token/get", self.token)
        app.router.add_post("/api/lapp/timezone/list", self.zones)
        app.router.add_post("/api/lapp/{operation:.+}", self.call)
        app.router.add_route("*", "/api/v3/{operation:.+}", self.call_v3)
        return app

    async def token(self, request: web.Request) -> web.Response:
        await self._lag()
        try:
            form = await read_form(request)
            text, token = self._tokens.issue(form.get("appKey", ""), form.get("appSecret", ""))
        except OpenError as error:
            return refusal(error.code)
        area = f"https://{request.host}"
        fault, _camera = met(self._world, self._world.owned(token.account.user))
        skew_s = 2 * self._world.settings.token_s if fault == "clock_skew" else 0.0
        return answer({"accessToken": text, "expireTime": int((token.expires - skew_s) * 1000), "areaDomain": area})

    async def call(self, request: web.Request) -> web.StreamResponse:
        operation = self._operations.get(request.match_info["operation"])
        if operation is None:
            raise web.HTTPNotFound
        await self._lag()
        try:
            form = await read_form(request)
            token = self._tokens.find(form.get("accessToken", ""))
            call = Call(self._world, token.account, form, request.host, token.issued, token.sub)
            return await self._answered(request, operation, call)
        except OpenError as error:
            return refusal(error.code)

    async def zones(self, _request: web.Request) -> web.Response:
        await self._lag()
        return settings.zones()

    async def call_v3(self, request: web.Request) -> web.StreamResponse:
        """Answers version 3: token and serial are headers, the rest is query or form; each code has an HTTP status."""
        operation = self._operations_v3.get((request.method, request.match_info["operation"]))
        if operation is None:
            raise web.HTTPNotFound
        await self._lag()
        try:
            form = {**request.query, **await read_form(request)}
            form["deviceSerial"] = request.headers.get("deviceSerial", "")
            token = self._tokens.find(request.headers.get("accessToken", ""))
            call = Call(self._world, token.account, form, request.host, token.issued, token.sub)
            return await self._answered(request, operation, call)
        except OpenError as error:
            return settings.refusal_v3(error.code)

    async def _answered(
        self, request: web.Request, operation: Callable[[Call], web.Response], call: Call
    ) -> web.StreamResponse:
        """Returns the answer of the operation, or of the fault that the call meets. Raises OpenError."""
        try:
            return operation(call)
        except Faulty as error:
            if error.fault != "delay":
                return await spoiled(request, error.fault)
        await asyncio.sleep(self._world.settings.delay_s)
        call.patient = True
        return operation(call)

    async def _lag(self) -> None:
        await asyncio.sleep(self._world.settings.latency_ms / 1000)
