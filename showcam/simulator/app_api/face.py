"""The EZVIZ app's API, as far as a bridge uses it: sign-in, lists, switches, encryption, messages."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web

from showcam.simulator.app_api import messages, pagelist
from showcam.simulator.app_api.messages import Captures, Push
from showcam.simulator.app_api.pagelist import SWITCHES
from showcam.simulator.app_api.sessions import Sessions, SignIn
from showcam.simulator.app_api.settings import SettingCalls
from showcam.simulator.app_api.wire import AppError, NoSession, answer, form, old_answer, seen, whole, writable
from showcam.simulator.camera import Camera
from showcam.simulator.cloud.dispatcher import Tokens
from showcam.simulator.state import Account, World

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
type AccountHandler = Callable[[web.Request, Account], Awaitable[web.Response]]

FEATURES = "/v3/iot-feature/feature"
OLDER = "/api/device/"  # these calls answer with resultCode


class AppFace:
    PUSH = Push  # the class of its messages

    def __init__(self, world: World, sessions: Sessions, tokens: Tokens) -> None:
        self._world = world
        self._tokens = tokens
        self._sessions = sessions
        self._sign_in = SignIn(world, sessions)
        self.push = self.PUSH(world, sessions)
        self._settings = SettingCalls(world, sessions)
        self._captures = Captures()
        self._gets, self._lists = 0, Counter[str]()  # lists by user

    def app(self) -> web.Application:
        app = web.Application(client_max_size=256 * 1024)
        add = app.router.add_route
        add("POST", "/v3/users/login/v5", self._open(self.login))
        add("POST", "/v3/sms/nologin/checkcode", self._open(self.send_code))
        add("PUT", "/v3/apigateway/login", self._open(self.refresh))
        add("DELETE", "/v3/users/logout/v2", self._signed_in(self.logout))
        add("GET", "/v3/configurations/system/info", self._signed_in(self.system_info))
        add("GET", "/v3/userdevices/v1/resources/pagelist", self._signed_in(self.pagelist))
        add("GET", "/v3/streaming/vtm/{serial}/{channel}", self._signed_in(self.dispatcher))
        add("GET", "/vtdutoken2", self._open(self.stream_tokens))
        add("GET", "/v3/unifiedmsg/list", self._signed_in(self.messages))
        add(
            "PUT", "/v3/specialBizs/v1/batteryDevices/{serial}/{channel}/{kind}/sleep", self._signed_in(self.keep_awake)
        )
        add("PUT", "/v3/devconfig/v1/{serial}/{channel}/capture", self._signed_in(self.capture))
        add("GET", "/pictures/{name}.jpg", self._open(self.picture))
        add("GET", "/alarms/{name}.jpg", self._open(self.alarm))
        self.push.add_routes(app)
        add("PUT", "/v3/devices/encryptedInfo/risk", self._signed_in(self._settings.encryption))
        add("PUT", "/v3/devices/{serial}/{channel}/{enable}/{kind}/switchStatus", self._signed_in(self.switch))
        add("POST", "/api/device/switchStatus", self._signed_in(self.old_switch))
        setting = self._settings
        add("POST", "/v3/users/checkcode/mt", self._signed_in(setting.mail_code))
        add("PUT", "/v3/devices/{serial}/{channel}/changeDefenceStatusReq", self._signed_in(setting.arm))
        add("PUT", "/v3/devconfig/v1/keyValue/{serial}/{channel}/op", self._signed_in(setting.key_value))
        add("PUT", "/v3/basics/v1/devices/{serial}/{channel}/CENTER/mirror", self._signed_in(setting.mirror))
        add("PUT", "/v3/devices/{serial}/ptzControl", self._signed_in(setting.turn))
        add("POST", "/api/device/notify/switch", self._signed_in(setting.offline_notice))
        add("POST", "/api/device/v2/sysOper/{serial}", self._signed_in(setting.restart))
        add("POST", "/api/device/queryStorageStatus", self._signed_in(setting.storage))
        add("POST", "/api/device/updateName", self._signed_in(setting.rename))
        add("POST", "/api/device/query/encryptkey", self._signed_in(setting.password))
        add("PUT", "/v3/alarms/{serial}/{channel}/nodisturb", self._signed_in(setting.mute))
        add("POST", "/api/device/queryAlgorithmConfig", self._signed_in(setting.algorithms))
        add("POST", "/api/device/configAlgorithm", self._signed_in(setting.algorithm))
        add(
            "PUT",
            f"{FEATURES}/{{serial}}/{{resource}}/{{channel}}/{{domain}}/{{action}}",
            self._signed_in(setting.feature),
        )
        return app

    async def login(self, request: web.Request) -> web.Response:
        return answer(**self._sign_in.login(await form(request), request.host))

    async def send_code(self, request: web.Request) -> web.Response:
        fields = await form(request)
        if fields.get("bizType") != "TERMINAL_BIND":
            raise AppError(1021, "bizType is wrong")
        self._sign_in.send_code(fields.get("from", ""))
        return answer(contact={"type": "EMAIL", "fuzzyContact": "m***@example.com"})

    async def refresh(self, request: web.Request) -> web.Response:
        fields = await form(request)
        ids = self._sessions.refresh(fields.get("refreshSessionId", ""), fields.get("featureCode", ""))
        if ids is None:
            raise AppError(403, "The session is over")
        return answer(sessionInfo={"sessionId": ids[0], "refreshSessionId": ids[1]})

    async def logout(self, request: web.Request, _account: Account) -> web.Response:
        self._sessions.end(request.headers.get("sessionId", ""))
        return answer()

    async def system_info(self, request: web.Request, _account: Account) -> web.Response:
        addresses = {"pushAddr": request.host, "authAddr": f"https://{request.host}"}
        return answer(systemConfigInfo=addresses | {"sysConf": "|".join(["0"] * 20)})

    async def dispatcher(self, request: web.Request, account: Account) -> web.Response:
        seen(self._world, account, request.match_info["serial"], request.match_info["channel"])
        return answer(streamServerConfig=pagelist.dispatcher(self._world))

    async def stream_tokens(self, request: web.Request) -> web.Response:
        session = request.query.get("ssid", "")
        user = self._sessions.user(session)
        if user is None:
            raise NoSession
        if not self._sessions.signed(session, request.query.get("sign", "")):
            raise web.HTTPForbidden
        return web.json_response({"retcode": 0, "msg": "success", "tokens": self._tokens.made(user)})

    async def pagelist(self, request: web.Request, account: Account) -> web.Response:
        query = request.query
        offset, limit = whole(query.get("offset", "0")), whole(query.get("limit", str(pagelist.MOST)))
        if offset is None or limit is None or not 0 < limit <= pagelist.MOST or not query.get("filter"):
            raise AppError(1021, "A parameter of the list is wrong")
        sections = {word.strip() for word in query["filter"].split(",")}
        listed = pagelist.page(self._world, account, offset, limit, sections)
        self._lists[account.user] += 1
        if listed.get("STATUS") and _falls_due(self._lists[account.user], self._world.settings.empty_each):
            listed["STATUS"][next(iter(listed["STATUS"]))] = {}
        return answer(**listed)

    async def messages(self, request: web.Request, account: Account) -> web.Response:
        wanted = {serial for serial in request.query.get("serials", "").split(",") if serial}
        cameras = [camera for camera in self._world.visible(account.user) if not wanted or camera.serial in wanted]
        limit, day = whole(request.query.get("limit", "20")), request.query.get("date", "")
        if limit is None or not 0 < limit <= messages.MOST or (day and whole(day) is None):
            raise AppError(1021, "limit or date is wrong")
        pictures = f"https://{request.host}/alarms"
        return answer(**messages.listed(cameras, day, limit, request.query.get("endTime", ""), pictures))

    async def keep_awake(self, request: web.Request, account: Account) -> web.Response:
        camera = writable(self._world, account, request.match_info["serial"])
        self._world.wake(camera)
        return answer()

    async def capture(self, request: web.Request, account: Account) -> web.Response:
        camera = seen(self._world, account, request.match_info["serial"], request.match_info["channel"])
        if not camera.streaming or camera.privacy:
            raise AppError(2009, "The device does not respond")
        if camera.battery is not None and not self._world.awake(camera):
            self._world.wake(camera)
            await asyncio.sleep(self._world.settings.capture_s)
        name = self._captures.take(camera, self._world.now())
        return answer(captureInfo={"picUrl": f"https://{request.host}/pictures/{name}.jpg", "isEncrypted": 0})

    async def picture(self, request: web.Request) -> web.Response:
        data = self._captures.kept.get(request.match_info["name"])
        if data is None:
            raise web.HTTPNotFound
        return web.Response(body=data, content_type="image/jpeg")

    async def alarm(self, request: web.Request) -> web.Response:
        """The picture of a message: its address is a secret, and no session is asked for."""
        data = messages.of_alarm(self._world.cameras.values(), request.match_info["name"])
        if data is None:
            raise web.HTTPNotFound
        return web.Response(body=data, content_type="image/jpeg")

    async def switch(self, request: web.Request, account: Account) -> web.Response:
        at = request.match_info
        camera = writable(self._world, account, at["serial"], at["channel"])
        self._switch(camera, at["kind"], at["enable"])
        return answer()

    async def old_switch(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        camera = writable(self._world, account, fields.get("serial", ""), fields.get("channel", ""))
        self._switch(camera, fields.get("type", ""), fields.get("enable", ""))
        return old_answer()

    def _switch(self, camera: Camera, kind: str, enable: str) -> None:
        name = SWITCHES.get(whole(kind) or 0)
        if name is None:
            raise AppError(2030, "The device does not support this")
        if enable not in ("0", "1"):
            raise AppError(1021, "A parameter of the switch is wrong")
        camera.switch(name, enable == "1", self._world.now(), self._world.settings.lag_s)

    def _open(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if request.method == "GET":
                self._gets += 1
                if _falls_due(self._gets, self._world.settings.gateway_each):
                    return web.Response(status=504, text="<html>gateway</html>", content_type="text/html")
            try:
                return await handler(request)
            except AppError as error:
                if request.path.startswith(OLDER):
                    return old_answer(str(error.code), error.message)
                return answer(error.code, error.message, **error.more)
            except NoSession:
                return answer(401, "No session", status=401)

        return handle

    def _signed_in(self, handler: AccountHandler) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            user = self._sessions.user(request.headers.get("sessionId", ""))
            if user is None:
                raise NoSession
            return await handler(request, self._world.accounts[user])

        return self._open(handle)


def _falls_due(count: int, each: int) -> bool:
    return bool(each) and count % each == 0
