"""The app's messages: the list of alarms, the stills that the app requests of cameras, and the push service by MQTT.

A still is encrypted with the camera's password while the camera's Image Encryption is on.
"""

import base64
import binascii
import io
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from showcam.simulator.app_api.sessions import Sessions
from showcam.simulator.app_api.wire import form
from showcam.simulator.broker import ACCEPTED, NOT_AUTHORISED, UNKNOWN_CLIENT, Broker
from showcam.simulator.camera import ALARMS, Camera, Event
from showcam.simulator.pictures.painter import Painter
from showcam.simulator.state import World, md5

MOST = 50


def listed(cameras: Sequence[Camera], day: str, limit: int, after: str, at: str) -> dict[str, Any]:
    """Lists messages of one `day`, YYYYMMDD in local time ("": of all days), after the message with the id `after`.

    Their pictures are at the address `at`.
    """
    rows = [(event, camera) for camera in cameras for event in camera.events if day in ("", _day(event))]
    rows.sort(key=lambda row: -row[0].at)
    ids = [event.id for event, _camera in rows]
    start = ids.index(after) + 1 if after in ids else 0
    shown = rows[start : start + limit]
    return {"message": [_message(*row, at) for row in shown], "hasNext": start + limit < len(rows)}


def _day(event: Event) -> str:
    return time.strftime("%Y%m%d", time.localtime(event.at))


def _message(event: Event, camera: Camera, at: str) -> dict[str, Any]:
    picture = f"{at}/{event.id}.jpg" if event.has_picture else ""
    message = {
        "msgId": event.id,
        "deviceSerial": camera.serial,
        "channel": camera.channel,
        "time": int(event.at * 1000),
        "timeStr": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(event.at)),
        "pic": picture,
        "picCrypt": int(event.encrypted),
    }
    return message | (_call() if event.kind == "press" else _alarm(event, camera, picture))


def _call() -> dict[str, Any]:
    """Returns a press as an EP8x lists it (AidenShaw2020/ha-ezviz-doorbell, README)."""
    ext = {"callingStatus": 1, "text": "somebody there ring the door", "preTime": 5, "delayTime": 25}
    return {"subType": 2701, "title": "Your doorbell is ringing", "ext": ext}


def _alarm(event: Event, camera: Camera, picture: str) -> dict[str, Any]:
    kind, title = ALARMS[event.kind]
    ext = {"alarmType": str(kind), "pics": picture, "picCrypt": int(event.encrypted), "picChecksum": ""}
    return {"subType": str(kind), "title": f"{title} ({camera.name})", "ext": ext}


MANY = 32
_IV = b"01234567" + bytes(8)


class Captures:
    def __init__(self) -> None:
        self.kept: OrderedDict[str, bytes] = OrderedDict()  # by name, the newest last

    def take(self, camera: Camera, now: float) -> str:
        """Draws a still of this moment and returns its name."""
        name = secrets.token_hex(16)
        self.kept[name] = _still(camera, now, camera.secret if camera.encrypted(now) else "")
        while len(self.kept) > MANY:
            self.kept.popitem(last=False)
        return name


def of_alarm(cameras: Iterable[Camera], name: str) -> bytes | None:
    """Draws the picture of the event with the id `name`, as the camera sent it then."""
    found = ((camera, event) for camera in cameras for event in camera.events if event.id == name)
    camera, event = next(found, (None, None))
    if camera is None or event is None or not event.has_picture:
        return None
    return _still(camera, event.at, event.secret)


def _still(camera: Camera, at: float, password: str) -> bytes:
    made = io.BytesIO()
    Painter(camera.scene, *camera.size).still(camera.name, at).convert("RGB").save(made, "JPEG")
    return encoded(made.getvalue(), password) if password else made.getvalue()


def encoded(data: bytes, password: str) -> bytes:
    """Encodes as the vendor does: a heading, the password's digest, AES-128-CBC (github.com/RenierM26/pyEzvizApi,
    utils.py).
    """
    pad = 16 - len(data) % 16
    cipher = Cipher(AES(password.encode()[:16].ljust(16, b"\0")), CBC(_IV)).encryptor()
    body = cipher.update(data + bytes([pad]) * pad) + cipher.finalize()
    return b"hikencodepicture" + md5(md5(password)).encode() + body


class Push:
    """Issues client ids, ties them to sessions, and admits them at the broker."""

    BROKER = Broker

    def __init__(self, world: World, sessions: Sessions) -> None:
        self._world, self._sessions = world, sessions
        self._keys: dict[str, str] = {}  # client id: its app key
        self._started: dict[str, str] = {}  # client id: session id
        self.broker = self.BROKER(self._admit)
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
        if name not in self._started or self._sessions.user(self._started[name]) is None:
            return UNKNOWN_CLIENT
        return ACCEPTED if user == self._keys[name] and password else NOT_AUTHORISED

    def _happened(self, camera: Camera, event: Event) -> None:
        if event.kind in ("motion", "person"):  # not when a camera comes or goes, nor when somebody rings
            self.publish(camera, json.dumps(pushed_message(camera, event, *ALARMS[event.kind])).encode())

    def publish(self, camera: Camera, message: bytes) -> None:
        """Sends the message to every client whose user sees the camera."""
        for name, session in self._started.items():
            user = self._sessions.user(session)
            if user is not None and camera in self._world.visible(user):
                self.broker.publish(name, f"{self._keys[name]}/{name}", message)


def pushed_message(camera: Camera, event: Event, code: int, title: str) -> dict[str, Any]:
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
    """Returns the user part of HTTP basic authentication."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    try:
        return base64.b64decode(text).decode().partition(":")[0] if scheme == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""
