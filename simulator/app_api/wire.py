"""What every answer of the app API looks like, and the ways it fails."""

from typing import Any

from aiohttp import web


class AppError(Exception):
    """A business error: HTTP 200 and the number in `meta.code`; more keys ride along."""

    def __init__(self, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.more = more


class NoSession(Exception):
    """HTTP 401: no session, or one that is over."""


def answer(code: int = 200, message: str = "Operation succeeded", /, *, status: int = 200, **data: Any) -> web.Response:
    return web.json_response({"meta": {"code": code, "message": message, "moreInfo": None}, **data}, status=status)


def old_answer(code: str = "0", message: str = "") -> web.Response:
    """The older endpoints' style: `resultCode`, a string."""
    return web.json_response({"resultCode": code, "resultDes": message})


async def form(request: web.Request) -> dict[str, str]:
    try:
        fields = await request.post()
    except (ValueError, LookupError):  # no form, or of a character set there is none of
        raise AppError(1021, "The form can't be read") from None
    return {key: value for key, value in fields.items() if isinstance(value, str)}
