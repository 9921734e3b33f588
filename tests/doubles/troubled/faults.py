"""The faults of EZVIZ's answers at both APIs and at its live pictures, as middlewares before them."""

import asyncio
import json
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from showcam.simulator.app_api.sessions import Sessions
from showcam.simulator.app_api.wire import answer, old_answer
from showcam.simulator.camera import Camera
from showcam.simulator.state import HANG_S
from tests.doubles.troubled.names import app_of
from tests.doubles.troubled.open_platform.settings import refusal_v3
from tests.doubles.troubled.open_platform.wire import MESSAGES, OpenError, Tokens, refusal
from tests.doubles.troubled.trouble import Fault, TroubledWorld

GARBAGE = b'\x00{"code":200,"meta":{"code":\xff\xfe'
HTML = "<!DOCTYPE html><html><body><h1>Service is being maintained</h1></body></html>"
MANY_CALLS = "10007"  # the quota of calls is used up
OF_APP = ("/v3/", "/api/device", "/vtdutoken2", "/pictures", "/alarms")
SPOILS = frozenset({"timeout", "http500", "garbage", "half", "html"})
MESSAGES |= {MANY_CALLS: "The quota of calls is used up", "10029": "Called too often"}


class Faults:
    def __init__(self, world: TroubledWorld, sessions: Sessions, tokens: Tokens) -> None:
        self._world, self._sessions, self._tokens = world, sessions, tokens

    def of_app(self) -> Middleware:
        @web.middleware
        async def spoils(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._count(request)
            settings = self._world.settings
            if not request.path.startswith(OF_APP) or request.path == "/v3/events":
                return await handler(request)
            await asyncio.sleep(settings.latency_ms / 1000)
            if settings.key_code and request.path == "/api/device/query/encryptkey":
                return old_answer(str(settings.key_code), "As the control door has it")
            fault = settings.fault or self._fault_of(await self._named_at_app(request))
            if fault == "rate":
                raise web.HTTPTooManyRequests(text="<html>gateway</html>", content_type="text/html")
            if fault == "quota" and request.path.startswith("/api/device"):
                return old_answer(MANY_CALLS, MESSAGES[MANY_CALLS])
            if fault == "quota":
                return answer(int(MANY_CALLS), MESSAGES[MANY_CALLS])
            return await self._spoiled(request, handler, fault)

        return spoils

    def of_open_platform(self) -> Middleware:
        @web.middleware
        async def spoils(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._count(request)
            settings = self._world.settings
            if request.path.startswith("/v3/openlive/"):
                return _bent_picture(await handler(request), settings.hls_fault)
            await asyncio.sleep(settings.latency_ms / 1000)
            if request.path == "/api/lapp/token/get":
                return await self._dated(request, handler)
            fault = settings.fault or self._fault_of(await self._named_at_open_platform(request))
            if fault in ("rate", "quota"):
                code = "10029" if fault == "rate" else MANY_CALLS
                return refusal_v3(code) if request.path.startswith("/api/v3/") else refusal(code)
            return await self._spoiled(request, handler, fault)

        return spoils

    def expire(self, camera: Camera) -> None:
        """Ends the sessions and tokens of all who see the camera; a new sign-in works, as in life."""
        users = {camera.owner, *camera.shared_with}
        sessions = self._sessions
        sessions._sessions = {key: one for key, one in sessions._sessions.items() if one.user not in users}
        tokens = self._tokens
        tokens._tokens = {text: one for text, one in tokens._tokens.items() if one.account.user not in users}

    def _count(self, request: web.Request) -> None:
        resource = request.match_info.route.resource
        known = resource.canonical if resource is not None else ""
        self._world.calls[request.path if known.endswith("{operation}") else known] += 1

    def _fault_of(self, cameras: Iterable[Camera]) -> Fault | None:
        """Returns the fault of the first of these cameras that has one; "expired" was dealt with when it was set."""
        faults = (self._world.trouble_of(camera).fault for camera in cameras)
        return next((fault for fault in faults if fault is not None and fault != "expired"), None)

    async def _named_at_app(self, request: web.Request) -> list[Camera]:
        """Returns the cameras that the call is about, as far as the caller sees them."""
        user = self._sessions.user(request.headers.get("sessionId", ""))
        if user is None:
            return []
        visible = self._world.visible(user)
        if request.path.endswith("/pagelist"):
            return visible
        form = await _form(request)
        named = {request.match_info.get("serial"), *form.values()}
        if request.path.endswith("/unifiedmsg/list"):
            named |= set(filter(None, request.query.get("serials", "").split(",")))
            return [camera for camera in visible if len(named) == 1 or camera.serial in named]
        channel = request.match_info.get("channel", "")
        if channel.isdigit() and int(channel):
            return [camera for camera in visible if camera.serial in named and camera.channel == int(channel)]
        return [camera for camera in visible if camera.serial in named][:1]

    async def _named_at_open_platform(self, request: web.Request) -> list[Camera]:
        form = await _form(request)
        try:
            token = self._tokens.find(request.headers.get("accessToken", "") or form.get("accessToken", ""))
        except OpenError:
            return []
        user, operation = token.account.user, request.path.removeprefix("/api/lapp/")
        if operation == "camera/list":
            return self._world.visible(user)
        if operation == "device/list":
            return self._world.owned(user)
        serial = request.headers.get("deviceSerial", "") or form.get("deviceSerial", "")
        channel = form.get("channelNo") or request.query.get("channelNo") or ""
        own = [camera for camera in self._world.owned(user) if camera.serial == serial]
        return [camera for camera in own if not channel or str(camera.channel) == channel] or own[:1]

    async def _dated(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answers the call for a token: of a clock that is ahead if a camera of the account has that fault."""
        form, answered = await _form(request), await handler(request)
        accounts = self._world.accounts.values()
        account = next((known for known in accounts if app_of(known.user)[0] == form.get("appKey")), None)
        fault = self._world.settings.fault or self._fault_of(self._world.owned(account.user) if account else ())
        if fault != "clock_skew":
            return answered
        assert isinstance(answered, web.Response)
        body = json.loads(answered.text or "")
        body["data"]["expireTime"] -= int(2000 * self._world.settings.token_s)
        return web.json_response(body)

    async def _spoiled(self, request: web.Request, handler: Handler, fault: str | None) -> web.StreamResponse:
        if fault == "delay":
            await asyncio.sleep(self._world.settings.delay_s)
        if fault not in SPOILS:
            return await handler(request)
        if fault == "timeout":
            await asyncio.sleep(HANG_S)
        if fault == "garbage":
            return web.Response(body=GARBAGE, content_type="application/json")
        if fault == "html":
            return web.Response(text=HTML, content_type="text/html")
        if fault == "half":
            return await _half(request)
        return web.Response(status=500, text="<html>gateway</html>", content_type="text/html")


async def _form(request: web.Request) -> dict[str, str]:
    """Returns the form; {} for another body, or a form that can't be read."""
    if request.content_type == "application/json":
        return {}
    try:
        return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    except (ValueError, LookupError):
        return {}


async def _half(request: web.Request) -> web.StreamResponse:
    whole = json.dumps({"meta": {"code": 200, "message": "", "moreInfo": None}, "code": "200", "data": {}}).encode()
    answered = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(whole))})
    await answered.prepare(request)
    await answered.write(whole[: len(whole) // 2])
    if request.transport is not None:
        request.transport.close()
    return answered


def _bent_picture(answered: web.StreamResponse, fault: str) -> web.StreamResponse:
    assert isinstance(answered, web.Response)
    if fault == "no_cors":
        del answered.headers["Access-Control-Allow-Origin"]
    if answered.content_type == "video/mp2t":
        if fault == "sound":
            assert isinstance(answered.body, bytes)
            # names G.711 in the stream's table (stream type 0x90, as surveillance cameras write it) in place of AAC
            answered.body = answered.body.replace(b"\x0f\xe1\x01\xf0", b"\x90\xe1\x01\xf0")
    elif fault == "ended":
        answered.text = f"{answered.text}#EXT-X-ENDLIST\n"
    elif fault == "key":
        answered.text = (answered.text or "").replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="key"\n#EXTINF', 1)
    return answered
