"""The answers of the app API, its errors, and the cameras that an account may see and change."""

from typing import Any

from aiohttp import web

from showcam.simulator.camera import Camera
from showcam.simulator.state import Account, World


class AppError(Exception):
    """A business error: HTTP 200 with the number in `meta.code`, and more keys in the answer."""

    def __init__(self, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.more = more


class NoSession(Exception):
    """HTTP 401: no session, or an expired one."""


def answer(code: int = 200, message: str = "Operation succeeded", /, *, status: int = 200, **data: Any) -> web.Response:
    return web.json_response({"meta": {"code": code, "message": message, "moreInfo": None}, **data}, status=status)


def old_answer(code: str = "0", message: str = "") -> web.Response:
    """An answer of the older endpoints: `resultCode` is a string."""
    return web.json_response({"resultCode": code, "resultDes": message})


async def form(request: web.Request) -> dict[str, str]:
    try:
        fields = await request.post()
    except (ValueError, LookupError):  # no form, or an unknown character set
        raise AppError(1021, "The form can't be read") from None
    return {key: value for key, value in fields.items() if isinstance(value, str)}


def whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def seen(world: World, account: Account, serial: str, channel: str = "1") -> Camera:
    """Returns a camera that the account sees; channel 0 is the device's first. Raises AppError."""
    number = whole(channel)
    if number is None:
        raise AppError(1021, "The channel is wrong")
    camera = world.find(serial, number or 1)
    if camera is None or camera not in world.visible(account.user):
        raise AppError(2000, "The device does not exist")
    return camera


def writable(world: World, account: Account, serial: str, channel: str = "1") -> Camera:
    """Returns the account's own camera, which must be online. Raises AppError."""
    camera = seen(world, account, serial, channel)
    if camera.owner != account.user:
        raise AppError(10031, "The user has no permission")
    if not camera.online:
        raise AppError(2003, "The device is offline")
    return camera
