"""The answers of the app API, and its errors."""

from typing import Any

from aiohttp import web


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
