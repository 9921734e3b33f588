"""Answers of the Open Platform, and its access tokens: each call gives a new token, valid for seven days."""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from showcam.simulator.camera import Camera
from showcam.simulator.state import Account
from tests.doubles.troubled.names import app_of
from tests.doubles.troubled.trouble import TroubledWorld

MOST_PER_PAGE = 50
MESSAGES = {
    "10001": "A parameter is empty or has a wrong format",
    "10002": "The accessToken is wrong or expired",
    "10017": "The appKey does not exist",
    "10030": "The appKey and appSecret do not match",
    "20002": "The device does not exist",
    "20007": "The device is offline",
    "20008": "The device did not answer in time",
    "20010": "The verification code is wrong",
    "20014": "The device serial is wrong",
    "20016": "The disk is being formatted",
    "20018": "The user does not have this device",
    "20032": "The user has no such channel",
    "60016": "Encryption is off already",
    "60019": "Encryption is on",
    "60020": "The device does not support this",
    "60022": "That is its state already",
    "60026": "The device's privacy mask is on",
    "9048": "The most viewers at once are reached",
}


class OpenError(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def read_form(request: web.Request) -> dict[str, str]:
    """Reads the fields of a form. Raises OpenError."""
    try:
        fields = await request.post()
    except (ValueError, LookupError):  # no form, or an unknown character set
        raise OpenError("10001") from None
    return {key: value for key, value in fields.items() if isinstance(value, str)}


def answer(data: Any = None, page: dict[str, int] | None = None) -> web.Response:
    body: dict[str, Any] = {"code": "200", "msg": "Operation succeeded"}
    if data is not None:
        body["data"] = data
    if page is not None:
        body["page"] = page
    return web.json_response(body)


def refusal(code: str) -> web.Response:
    # outside China an error carries no `data`, not even null
    return web.json_response({"code": code, "msg": MESSAGES[code]})


class Call:
    """A call of a signed-in account, whose parameters are read on demand. Each reader raises OpenError."""

    def __init__(self, world: TroubledWorld, token: "Token", form: Mapping[str, str], host: str) -> None:
        self.world, self.token = world, token
        self.account = token.account
        self.host = host
        self.now = world.now()
        self._form = form

    def owned(self) -> list[Camera]:
        return self.world.owned(self.account.user)

    def visible(self) -> list[Camera]:
        return self.world.visible(self.account.user)

    def text(self, name: str) -> str:
        value = self._form.get(name, "")
        if not value:
            raise OpenError("10001")
        return value

    def optional(self, name: str) -> str | None:
        return self._form.get(name) or None

    def whole(self, name: str, default: int | None, low: int, high: int) -> int:
        value = self._form.get(name)
        if value is None and default is not None:
            return default
        if value is None or not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
            raise OpenError("10001")
        return int(value)

    def flag(self, name: str) -> bool:
        if self._form.get(name) not in ("0", "1"):
            raise OpenError("10001")
        return self._form[name] == "1"

    def camera(self) -> Camera:
        """Returns the camera that `deviceSerial` names. The account must own it; a shared camera is refused."""
        serial = self.text("deviceSerial")
        if not re.fullmatch(r"[A-Z0-9]{9}", serial):
            raise OpenError("20014")
        first = self.world.first(serial)
        if first is None:
            raise OpenError("20002")
        if first.owner != self.account.user:
            raise OpenError("20018")
        camera = self.world.find(serial, self.whole("channelNo", first.channel, 0, 999))
        if camera is None:
            raise OpenError("20032")
        return camera

    def reached(self) -> Camera:
        """Returns the camera, for a call to a camera that must be online and awake."""
        camera = self.camera()
        if not camera.online:
            raise OpenError("20007")
        if not self.world.awake(camera):
            raise OpenError("20008")
        return camera

    def paged(self, rows: list[dict[str, Any]]) -> web.Response:
        """Returns a page of rows. `pageStart` is the index of a page, not of a row."""
        page, size = self.whole("pageStart", 0, 0, 10**8), self.whole("pageSize", 10, 1, MOST_PER_PAGE)
        return answer(rows[page * size : (page + 1) * size], {"total": len(rows), "page": page, "size": size})


@dataclass(frozen=True, slots=True)
class Token:
    account: Account
    expires: float


class Tokens:
    def __init__(self, world: TroubledWorld) -> None:
        self._world = world
        self._tokens: dict[str, Token] = {}

    def issue(self, key: str, secret: str) -> tuple[str, Token]:
        if not key or not secret:
            raise OpenError("10001")
        account = next((known for known in self._world.accounts.values() if app_of(known.user)[0] == key), None)
        if account is None:
            raise OpenError("10017")
        if not hmac.compare_digest(app_of(account.user)[1].encode(), secret.encode()):
            raise OpenError("10030")
        now = self._world.now()
        return self.keep(f"at.{secrets.token_hex(16)}", Token(account, now + self._world.settings.token_s))

    def keep(self, text: str, token: Token) -> tuple[str, Token]:
        now = self._world.now()
        self._tokens = {kept: other for kept, other in self._tokens.items() if other.expires > now} | {text: token}
        return text, token

    def find(self, text: str) -> Token:
        if not text:
            raise OpenError("10001")
        token = self._tokens.get(text)
        if token is None or token.expires <= self._world.now():
            raise OpenError("10002")
        return token
