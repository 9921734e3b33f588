"""The app's settings beyond the switches: newer calls answer with meta, older calls with resultCode."""

import asyncio
import hmac
import json
import secrets
from typing import Any

from aiohttp import web

from showcam.simulator.app_api.sessions import CODE_LIFE_S, Sessions
from showcam.simulator.app_api.wire import AppError, answer, form, old_answer, writable
from showcam.simulator.camera import Camera
from showcam.simulator.state import Account, World

ASKED_AGAIN_S = 60.0  # 10001: a camera's key is not to be requested again within 1 to 2 min (pyEzvizApi, get_cam_key)
WRONG_CODES = 5  # wrong codes allowed for one mail
LONGEST_PASSWORD = 12
LONGEST_NAME = 50  # bytes
_BUSINESS = ("DEVICE_ENCRYPTION", "DEVICE_AUTH_CODE")


class SettingCalls:
    def __init__(self, world: World, sessions: Sessions) -> None:
        self._world, self._sessions = world, sessions

    async def encryption(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        wanted = fields.get("isEncrypt", "")
        if wanted not in ("0", "1", "2"):
            raise AppError(1021, "isEncrypt is wrong")
        camera = writable(self._world, account, fields.get("deviceSerial", ""))
        if wanted == "2":
            self._change_password(camera, fields.get("oldPassword", ""), fields.get("password", ""))
            return answer()
        if wanted == "0":
            self._check_code(camera, account, fields.get("validateCode", ""))
        camera.encrypt(wanted == "1", self._world.now(), self._world.settings.encryption_delay_s)
        return answer()

    async def mail_code(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        if fields.get("bizType") not in _BUSINESS or fields.get("from") != account.user:
            raise AppError(1021, "A parameter is wrong")
        self._mail(account)
        return answer(contact={"type": "EMAIL", "fuzzyContact": f"{account.user[0]}***@example.com"})

    async def arm(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        camera = writable(self._world, account, request.match_info["serial"])
        if fields.get("type") != "Global" or fields.get("status") not in ("0", "1"):
            raise AppError(1021, "type or status is wrong")
        camera.armed = fields["status"] == "1"
        return answer()

    async def key_value(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        camera = writable(self._world, account, request.match_info["serial"])
        if fields.get("key") != "NightVision_Model":
            raise AppError(2030, "The device does not support this")
        try:
            mode = json.loads(fields.get("value", ""))["graphicType"]
        except (ValueError, KeyError, TypeError):
            raise AppError(1021, "value is wrong") from None
        if mode not in (0, 1, 2):
            raise AppError(1021, "value is wrong")
        camera.night_vision = mode
        return answer()

    async def turn(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        camera = writable(self._world, account, request.match_info["serial"], fields.get("channelNo", ""))
        if not camera.turns:
            raise AppError(60000, "The device does not support PTZ control")
        action, command = fields.get("action"), fields.get("command", "")
        if action not in ("START", "STOP") or command not in ("LEFT", "RIGHT", "UP", "DOWN"):
            raise AppError(1021, "action or command is wrong")
        camera.turn(command.lower() if action == "START" else "")
        return answer()

    async def mirror(self, request: web.Request, account: Account) -> web.Response:
        camera = writable(self._world, account, request.match_info["serial"])
        camera.flipped = not camera.flipped
        return answer()

    async def feature(self, request: web.Request, account: Account) -> web.Response:
        """Sets a row of FEATURE_INFO; only ImageFlip is known here."""
        at = request.match_info
        camera = writable(self._world, account, at["serial"], at["channel"])
        named = (at["resource"].partition("_")[0], at["domain"], at["action"]) == (
            "Video",
            "VideoAdjustment",
            "ImageFlip",
        )
        if not named or not camera.flip_feature or camera.only_mirrors:
            raise AppError(2030, "The device does not support this")
        try:
            turned = (await request.json())["value"]["enabled"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise AppError(1021, "value is wrong") from None
        if not isinstance(turned, bool):
            raise AppError(1021, "value is wrong")
        camera.flipped = turned
        return answer()

    async def mute(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        camera = writable(self._world, account, request.match_info["serial"], request.match_info["channel"])
        if fields.get("enable") not in ("0", "1"):
            raise AppError(1021, "enable is wrong")
        camera.muted = fields["enable"] == "1"
        return answer()

    async def algorithms(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        camera = writable(self._world, account, fields.get("subSerial", ""))
        listed: list[dict[str, Any]] = [
            {"type": _detection(camera), "value": str(camera.sensitivity), "channel": camera.channel},
            {"type": "5", "value": "0", "channel": camera.channel},
        ]
        return web.json_response({"resultCode": "0", "resultDes": "", "algorithmConfig": {"algorithmList": listed}})

    async def algorithm(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        camera = writable(self._world, account, fields.get("subSerial", ""), fields.get("channelNo", ""))
        value, finest = fields.get("value", ""), 6 if camera.battery is None else 100
        if fields.get("type") != _detection(camera) or not value.isdecimal() or not 1 <= int(value) <= finest:
            raise AppError(1021, "type or value is wrong")
        camera.sensitivity = int(value)
        return old_answer()

    async def rename(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        name = fields.get("deviceName", "").strip()
        camera = writable(self._world, account, fields.get("deviceSerialNo", ""))
        if not 0 < len(name.encode()) <= LONGEST_NAME:
            raise AppError(1021, "deviceName is wrong")
        camera.name = name
        return old_answer()

    async def offline_notice(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        camera = writable(self._world, account, fields.get("serial", ""))
        if fields.get("reqType") != "1" or fields.get("status") not in ("0", "1"):
            raise AppError(1021, "reqType or status is wrong")
        camera.offline_notify = fields["status"] == "1"
        return old_answer()

    async def restart(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        serial = request.match_info["serial"]
        camera = writable(self._world, account, serial)
        if fields.get("oper") != "1" or fields.get("deviceSerial") != serial:
            raise AppError(1021, "oper or deviceSerial is wrong")
        restart(camera, self._world)
        return old_answer()

    async def storage(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        camera = writable(self._world, account, fields.get("subSerial", ""))
        status = [] if camera.disk is None else [{"index": 0, "name": "SD", "status": camera.disk}]
        return web.json_response({"resultCode": "0", "resultDes": "", "storageStatus": status})

    async def password(self, request: web.Request, account: Account) -> web.Response:
        """Returns the password of encrypted pictures, for a camera that the account owns.

        The request makes the vendor mail a code, which the next request must have, unless the session is elevated. Some
        real accounts get every key without a code, which is kinder and not done here.
        """
        fields, now = await form(request), self._world.now()
        session, given = request.headers.get("sessionId", ""), fields.get("checkcode", "")
        try:
            camera = writable(self._world, account, fields.get("serial", ""))
        except AppError as error:
            raise AppError(2009 if error.code == 2003 else error.code, error.message) from None
        if not given and not self._sessions.is_elevated(session):
            if now - account.key_asked_at < ASKED_AGAIN_S:
                raise AppError(10001, "Requested again too soon")
            account.key_asked_at = now
            self._mail(account)
            raise AppError(20002, "A verification code was sent")
        if given and account.wrong_codes >= WRONG_CODES:
            raise AppError(1043, "Too many incorrect verification codes")
        if given and not self._is_mailed(account, given):
            account.wrong_codes += 1
            raise AppError(1011, "Incorrect verification code")
        if given:
            self._sessions.elevate(session)
        return web.json_response({"resultCode": "0", "resultDes": "", "encryptkey": camera.secret})

    def _mail(self, account: Account) -> None:
        """Mails a new code, which makes the earlier code void."""
        account.mailed_code = f"{secrets.randbelow(10_000):04}"
        account.mailed_until = self._world.now() + CODE_LIFE_S
        account.wrong_codes = 0

    def _check_code(self, camera: Camera, account: Account, given: str) -> None:
        """Raises AppError unless the code switches encryption off.

        A mailed code works once; the camera's own code works if its firmware accepts label codes.
        """
        if self._is_mailed(account, given):
            return
        if camera.rejects_label_code or not hmac.compare_digest(camera.secret.encode(), given.encode()):
            raise AppError(1011, "Incorrect verification code")

    def _is_mailed(self, account: Account, given: str) -> bool:
        """Tells whether the code is the mailed code, which works only once.

        Raises AppError if the mailed code is too old.
        """
        if not account.mailed_code or not hmac.compare_digest(account.mailed_code.encode(), given.encode()):
            return False
        account.mailed_code = ""
        if account.mailed_until <= self._world.now():
            raise AppError(1012, "The verification code has expired")
        return True

    @staticmethod
    def _change_password(camera: Camera, old: str, new: str) -> None:
        if not hmac.compare_digest(camera.secret.encode(), old.encode()):
            raise AppError(1011, "Incorrect password")
        if not 6 <= len(new) <= LONGEST_PASSWORD:
            raise AppError(1021, "password is wrong")
        camera.password = new


def _detection(camera: Camera) -> str:
    """The kind of the camera's detection: by picture, or by warmth if the camera has a battery."""
    return "0" if camera.battery is None else "3"


def restart(camera: Camera, world: World) -> None:
    """Takes the camera offline for `restart_s`."""
    camera.online = False
    world.restarted(camera)

    def back() -> None:
        camera.online = True

    asyncio.get_running_loop().call_later(world.settings.restart_s, back)
