"""The app's settings beyond the switches: newer calls answer with meta, older ones with resultCode."""

import asyncio
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.app_api.wire import AppError, answer, form, old_answer
from simulator.state import Account, Camera, World

type Writable = Callable[[Account, str], Awaitable[Camera]]

MAILED_S = 1800.0
LONGEST_PASSWORD = 12
LONGEST_NAME = 50  # bytes
_BUSINESS = ("DEVICE_ENCRYPTION", "DEVICE_AUTH_CODE")


class SettingCalls:
    """`writable` finds an account's own camera that is online. Raises AppError."""

    def __init__(self, world: World, writable: Writable) -> None:
        self._world, self._writable = world, writable

    async def encryption(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        wanted = fields.get("isEncrypt", "")
        if wanted not in ("0", "1", "2"):
            raise AppError(1021, "isEncrypt is wrong")
        camera = await self._writable(account, fields.get("deviceSerial", ""))
        if wanted == "2":
            self._change_password(camera, fields.get("oldPassword", ""), fields.get("password", ""))
            return answer()
        if wanted == "0" and not self._opens(camera, account, fields.get("validateCode", "")):
            raise AppError(1011, "Incorrect verification code")
        camera.encrypt(wanted == "1", self._world.now(), self._world.settings.encryption_delay_s)
        return answer()

    async def mail_code(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        if fields.get("bizType") not in _BUSINESS or fields.get("from") != account.user:
            raise AppError(1021, "A parameter is wrong")
        account.mailed_code = f"{secrets.randbelow(10_000):04}"
        account.mailed_until = self._world.now() + MAILED_S
        return answer(contact={"type": "EMAIL", "fuzzyContact": f"{account.user[0]}***@example.com"})

    async def arm(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        camera = await self._writable(account, request.match_info["serial"])
        if fields.get("type") != "Global" or fields.get("status") not in ("0", "1"):
            raise AppError(1021, "type or status is wrong")
        camera.armed = fields["status"] == "1"
        return answer()

    async def key_value(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        camera = await self._writable(account, request.match_info["serial"])
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

    async def mirror(self, request: web.Request, account: Account) -> web.Response:
        camera = await self._writable(account, request.match_info["serial"])
        camera.flipped = not camera.flipped
        return answer()

    async def rename(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        name = fields.get("deviceName", "").strip()
        try:
            camera = await self._writable(account, fields.get("deviceSerialNo", ""))
        except AppError as error:
            return old_answer(str(error.code), error.message)
        if not 0 < len(name.encode()) <= LONGEST_NAME:
            return old_answer("1021", "deviceName is wrong")
        camera.name = name
        return old_answer()

    async def offline_notice(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        try:
            camera = await self._writable(account, fields.get("serial", ""))
        except AppError as error:
            return old_answer(str(error.code), error.message)
        if fields.get("reqType") != "1" or fields.get("status") not in ("0", "1"):
            return old_answer("1021", "reqType or status is wrong")
        camera.offline_notify = fields["status"] == "1"
        return old_answer()

    async def restart(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        serial = request.match_info["serial"]
        try:
            camera = await self._writable(account, serial)
        except AppError as error:
            return old_answer(str(error.code), error.message)
        if fields.get("oper") != "1" or fields.get("deviceSerial") != serial:
            return old_answer("1021", "oper or deviceSerial is wrong")
        restart(camera, self._world)
        return old_answer()

    async def storage(self, request: web.Request, account: Account) -> web.Response:
        fields = await form(request)
        try:
            camera = await self._writable(account, fields.get("subSerial", ""))
        except AppError as error:
            return old_answer(str(error.code), error.message)
        status = [] if camera.disk is None else [{"index": 0, "name": "SD", "status": camera.disk}]
        return web.json_response({"resultCode": "0", "resultDes": "", "storageStatus": status})

    def _opens(self, camera: Camera, account: Account, given: str) -> bool:
        """Whether the code switches encryption off: a mailed one once, the camera's own if its firmware accepts it."""
        if account.mailed_code and hmac.compare_digest(account.mailed_code.encode(), given.encode()):
            good = account.mailed_until > self._world.now()
            account.mailed_code = ""
            return good
        return not camera.rejects_label_code and hmac.compare_digest(camera.secret.encode(), given.encode())

    @staticmethod
    def _change_password(camera: Camera, old: str, new: str) -> None:
        if not hmac.compare_digest(camera.secret.encode(), old.encode()):
            raise AppError(1011, "Incorrect password")
        if not 6 <= len(new) <= LONGEST_PASSWORD:
            raise AppError(1021, "password is wrong")
        camera.password = new


def restart(camera: Camera, world: World) -> None:
    """Takes the camera offline for `restart_s`."""
    camera.online = False

    def back() -> None:
        camera.online = True

    asyncio.get_running_loop().call_later(world.settings.restart_s, back)
