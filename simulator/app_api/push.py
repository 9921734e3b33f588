"""The app's push service: registration, and messages by MQTT."""

import base64
import binascii
import json
import secrets
import time
from typing import Any

from aiohttp import web

from simulator.app_api.sessions import Sessions
from simulator.app_api.wire import form
from simulator.broker import ACCEPTED, NOT_AUTHORISED, UNKNOWN_CLIENT, Broker
from simulator.camera import ALARMS, Camera, Event
from simulator.state import World


class Push:
    """Issues client ids, ties them to sessions, and admits them at the broker."""

    def __init__(self, world: World, sessions: Sessions) -> None:
        self._world, self._sessions = world, sessions
        self._keys: dict[str, str] = {}  # client id: its app key
        self._started: dict[str, str] = {}  # client id: session id
        self.broker = Broker(self._admit, lambda: world.settings.push_fault)
        world.listeners.append(self._happened)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/v1/getClientId", self.client_id)
        app.router.add_post("/api/push/start", self.start)
        app.router.add_post("/api/push/stop", self.stop)

    async def client_id(self, request: web.Request) -> web.Response:
        fields = await form(request)
        key = fields.get("appKey", "")
        if not key or _basic(request) != key or not fields.get("mac") or fields.get("clientType") != "5":
            return web.json_response({"status": 401, "message": "Unauthorized"})
        name = secrets.token_hex(16)
        self._keys[name] = key
        return web.json_response({"status": 200, "message": "success", "data": {"clientId": name}})

    async def start(self, request: web.Request) -> web.Response:
        fields = await form(request)
        name, session = fields.get("clientId", ""), fields.get("sessionId", "")
        user = self._sessions.user(session)
        if self._keys.get(name) != fields.get("appKey") or user is None or fields.get("username") != user:
            return web.json_response({"status": 403, "message": "Forbidden"})
        self._started[name] = session
        return web.json_response({"status": 200, "message": "success", "ticket": secrets.token_hex(16)})

    async def stop(self, request: web.Request) -> web.Response:
        self._started.pop((await form(request)).get("clientId", ""), None)
        return web.json_response({"status": 200, "message": "success"})

    def _admit(self, name: str, user: str, password: str) -> int:
        if self._world.settings.push_fault == "refuse":
            return NOT_AUTHORISED
        if name not in self._started or self._sessions.user(self._started[name]) is None:
            return UNKNOWN_CLIENT
        return ACCEPTED if user == self._keys[name] and password else NOT_AUTHORISED

    def _happened(self, camera: Camera, event: Event) -> None:
        if event.kind not in ALARMS or (event.kind == "press" and not self._world.settings.pushes_rings):
            return  # the app gets no message when a camera comes or goes, nor when somebody rings
        fault = self._world.settings.push_fault
        for name, session in self._started.items():
            user = self._sessions.user(session)
            if user is None or camera not in self._world.visible(user):
                continue
            topic = f"{self._keys[name]}/{name}"
            if fault == "garbage":
                for nonsense in (b"{", b"\xff\xfe", b"[" * 20_000, b"null", b'{"ext": 7}', b'{"ext": ",,,"}'):
                    self.broker.publish(name, topic, nonsense)
            self.broker.publish(name, topic, json.dumps(_message(camera, event)).encode())
        if fault == "drop":
            self.broker.close()


def _message(camera: Camera, event: Event) -> dict[str, Any]:
    code, title = (0, "Doorbell") if event.kind == "press" else ALARMS[event.kind]
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(event.at))
    name = camera.name.replace(",", " ")
    fields = [
        *("1", at, camera.serial, str(camera.channel), str(code)),
        *("", "", ""),  # pictures
        *("1", "0", "", "0", "", "0", ""),  # resource type, flag, file, encrypted, checksum, video, metadata
        *(event.id, "", name, "", "1"),  # message, image, name, reserved, sequence
    ]
    return {"id": event.id, "alert": f"{title} ({camera.name})", "ext": ",".join(fields)}


def _basic(request: web.Request) -> str:
    """The user part of HTTP basic authentication."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    try:
        return base64.b64decode(text).decode().partition(":")[0] if scheme == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""
