"""The Open Platform's calls by path."""

from aiohttp import web

from tests.doubles.troubled.open_platform import devices, settings
from tests.doubles.troubled.open_platform.devices import Live
from tests.doubles.troubled.open_platform.door import Addresses
from tests.doubles.troubled.open_platform.settings import Operation
from tests.doubles.troubled.open_platform.wire import Call, OpenError, Tokens, answer, read_form, refusal
from tests.doubles.troubled.trouble import TroubledWorld


class OpenFace:
    CALL = Call  # the class of a call

    def __init__(self, world: TroubledWorld, addresses: Addresses) -> None:
        self._world = world
        self.tokens = Tokens(world)
        live = Live(addresses)
        light_status, set_light = settings.pair("light")
        self.operations: dict[str, Operation] = {
            "device/list": devices.device_list,
            "device/info": devices.device_info,
            "device/status/get": devices.status,
            "device/encrypt/on": settings.encryption_on,
            "device/encrypt/off": settings.encryption_off,
            "device/scene/switch/set": settings.pair("privacy")[1],
            "device/light/switch/status": light_status,
            "device/light/switch/set": set_light,
            "camera/list": devices.camera_list,
            "camera/video/sound/status": settings.sound_status,
            "camera/video/sound/set": settings.set_sound,
            "live/address/get": live.get,
            "v2/live/address/get": live.get_v2,
            "live/address/disable": live.disable,
            "device/defence/set": settings.defence,
            "device/notify/switch": settings.of_china,
            "device/timezone/set": settings.set_zone,
            "device/password/update": settings.password,
            "device/version/info": settings.version,
            "device/delete": settings.delete,
        }
        self.operations_v3: dict[tuple[str, str], Operation] = {
            ("GET", "device/fillLight/mode/get"): settings.night_vision,
            ("POST", "device/fillLight/mode/set"): settings.set_night_vision,
            ("POST", "device/systemOperate"): settings.of_china,
            ("GET", "device/format/status"): settings.format_status,
            ("PUT", "device/format/disk"): settings.format_disk,
        }

    def app(self) -> web.Application:
        app = web.Application(client_max_size=256 * 1024)
        app.router.add_post("/api/lapp/token/get", self.token)
        app.router.add_post("/api/lapp/timezone/list", self.zones)
        app.router.add_post("/api/lapp/{operation:.+}", self.call)
        app.router.add_route("*", "/api/v3/{operation:.+}", self.call_v3)
        return app

    async def token(self, request: web.Request) -> web.Response:
        try:
            form = await read_form(request)
            text, token = self.tokens.issue(form.get("appKey", ""), form.get("appSecret", ""))
        except OpenError as error:
            return refusal(error.code)
        area = f"https://{request.host}"
        return answer({"accessToken": text, "expireTime": int(token.expires * 1000), "areaDomain": area})

    async def call(self, request: web.Request) -> web.Response:
        operation = self.operations.get(request.match_info["operation"])
        if operation is None:
            raise web.HTTPNotFound
        try:
            form = await read_form(request)
            token = self.tokens.find(form.get("accessToken", ""))
            return operation(self.CALL(self._world, token, form, request.host))
        except OpenError as error:
            return refusal(error.code)

    async def zones(self, _request: web.Request) -> web.Response:
        return settings.zones()

    async def call_v3(self, request: web.Request) -> web.Response:
        """Answers version 3: token and serial are headers, the rest is query or form; each code has an HTTP status."""
        operation = self.operations_v3.get((request.method, request.match_info["operation"]))
        if operation is None:
            raise web.HTTPNotFound
        try:
            form = {**request.query, **await read_form(request)}
            form["deviceSerial"] = request.headers.get("deviceSerial", "")
            token = self.tokens.find(request.headers.get("accessToken", ""))
            return operation(self.CALL(self._world, token, form, request.host))
        except OpenError as error:
            return settings.refusal_v3(error.code)
