"""Answers of the Open Platform, and its access tokens: each call gives a new token, valid for seven days."""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from showcam.simulator.camera import Camera
from showcam.simulator.faults import OWN_WORDS, Faulty, met
from showcam.simulator.state import Account, SubAccount, World

MOST_PER_PAGE = 50
MESSAGES = {
    "10001": "A parameter is empty or has a wrong format",
    "10002": "The accessToken is wrong or expired",
    "10007": "The quota of calls is used up",
    "10017": "The appKey does not exist",
    "10029": "Called too often",
    "10031": "The sub-account has no permission",
    "10032": "There is no such sub-account",
    "10034": "The name of the sub-account is taken",
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

    def __init__(
        self,
        world: World,
        account: Account,
        form: Mapping[str, str],
        host: str,
        token_issued: float,
        sub: SubAccount | None = None,
    ) -> None:
        self.world = world
        self.account = account
        self.host = host
        self.now = world.now()
        self._form = form
        self._sub = sub
        self._token_issued = token_issued
        self.patient = False  # the call has been delayed

    def developer(self) -> Account:
        """Returns the account, for calls that sub-accounts may not make."""
        if self._sub is not None:
            raise OpenError("10031")
        return self.account

    def owned(self) -> list[Camera]:
        """Returns the cameras that the call may see: a sub-account's cameras, or all of the account's own."""
        return [camera for camera in self.world.owned(self.account.user) if self._sees(camera)]

    def visible(self) -> list[Camera]:
        return [camera for camera in self.world.visible(self.account.user) if self._sees(camera)]

    def _sees(self, camera: Camera) -> bool:
        return self._sub is None or camera.serial in self._sub.serials

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
        if not self._sees(first):
            raise OpenError("10031")
        camera = self.world.find(serial, self.whole("channelNo", first.channel, 0, 999))
        self.meet([camera or first])
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

    def meet(self, cameras: list[Camera]) -> None:
        """Raises the fault of a call about these cameras, if there is one."""
        fault, camera = met(self.world, cameras)
        if fault == "rate":
            raise OpenError("10029")
        if fault == "quota":
            raise OpenError("10007")
        # "expired" concerns a token issued before the fault; a later one is valid, as in life
        if fault == "expired" and camera is not None and self._token_issued < camera.fault_since:
            raise OpenError("10002")
        if fault is not None and fault not in OWN_WORDS and not (fault == "delay" and self.patient):
            raise Faulty(fault)

    def paged(self, rows: list[dict[str, Any]]) -> web.Response:
        """Returns a page of rows. `pageStart` is the index of a page, not of a row."""
        page, size = self.whole("pageStart", 0, 0, 10**8), self.whole("pageSize", 10, 1, MOST_PER_PAGE)
        return answer(rows[page * size : (page + 1) * size], {"total": len(rows), "page": page, "size": size})


@dataclass(frozen=True, slots=True)
class Token:
    account: Account
    issued: float
    expires: float
    sub: SubAccount | None = None


class Tokens:
    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, Token] = {}

    def issue(self, key: str, secret: str) -> tuple[str, Token]:
        if not key or not secret:
            raise OpenError("10001")
        account = next((known for known in self._world.accounts.values() if known.app_key == key), None)
        if account is None:
            raise OpenError("10017")
        if not hmac.compare_digest(account.app_secret.encode(), secret.encode()):
            raise OpenError("10030")
        return self._issue("at", account, None)

    def issue_to(self, account: Account, sub: SubAccount) -> tuple[str, Token]:
        return self._issue("ra", account, sub)

    def end(self, sub_id: str) -> None:
        self._tokens = {text: token for text, token in self._tokens.items() if not token.sub or token.sub.id != sub_id}

    def _issue(self, prefix: str, account: Account, sub: SubAccount | None) -> tuple[str, Token]:
        now = self._world.now()
        self._tokens = {text: token for text, token in self._tokens.items() if token.expires > now}
        text = f"{prefix}.{secrets.token_hex(16)}"
        token = self._tokens[text] = Token(account, now, now + self._world.settings.token_s, sub)
        return text, token

    def find(self, text: str) -> Token:
        if not text:
            raise OpenError("10001")
        token = self._tokens.get(text)
        if token is None or token.expires <= self._world.now():
            raise OpenError("10002")
        return token
