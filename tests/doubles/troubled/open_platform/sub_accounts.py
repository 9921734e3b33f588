"""The Open Platform's sub-accounts (RAM) with their own cameras, and the calls that only the Chinese one has."""

import json
import re
import secrets
from dataclasses import dataclass

from aiohttp import web

from showcam.simulator.app_api.settings import restart
from showcam.simulator.camera import Camera
from tests.doubles.troubled.open_platform.door import Addresses
from tests.doubles.troubled.open_platform.face import OpenFace
from tests.doubles.troubled.open_platform.settings import answer_v3, of_china
from tests.doubles.troubled.open_platform.wire import MESSAGES, Call, OpenError, Token, answer
from tests.doubles.troubled.trouble import TroubledWorld

MESSAGES |= {
    "10031": "The sub-account has no permission",
    "10032": "There is no such sub-account",
    "10034": "The name of the sub-account is taken",
}
_NAME = re.compile(r"[A-Za-z0-9_-]{4,40}")
_MD5 = re.compile(r"[0-9a-f]{32}")


@dataclass(slots=True)
class SubAccount:
    """An account under a developer's key, which sees only the given cameras."""

    id: str
    name: str
    user: str
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubToken(Token):
    sub: SubAccount


class SubCall(Call):
    @property
    def _sub(self) -> SubAccount | None:
        return self.token.sub if isinstance(self.token, SubToken) else None

    def developer(self) -> str:
        """Returns the user, for calls that sub-accounts may not make."""
        if self._sub is not None:
            raise OpenError("10031")
        return self.account.user

    def owned(self) -> list[Camera]:
        return [camera for camera in super().owned() if self._sees(camera)]

    def visible(self) -> list[Camera]:
        return [camera for camera in super().visible() if self._sees(camera)]

    def camera(self) -> Camera:
        camera = super().camera()
        if not self._sees(camera):
            raise OpenError("10031")
        return camera

    def _sees(self, camera: Camera) -> bool:
        return self._sub is None or camera.serial in self._sub.serials


class WholeOpenFace(OpenFace):
    CALL = SubCall

    def __init__(self, world: TroubledWorld, addresses: Addresses) -> None:
        super().__init__(world, addresses)
        self._settings = world.settings
        self._subs: dict[str, SubAccount] = {}
        self.operations |= {
            "device/notify/switch": self.offline_notice,
            "ram/account/create": self.create,  # type: ignore[dict-item]
            "ram/account/delete": self.delete,  # type: ignore[dict-item]
            "ram/policy/set": self.set_policy,  # type: ignore[dict-item]
            "ram/token/get": self.sub_token,  # type: ignore[dict-item]
        }
        self.operations_v3["POST", "device/systemOperate"] = self.system_operate

    def offline_notice(self, call: Call) -> web.Response:
        if not self._settings.china:
            return of_china(call)
        camera, on = call.camera(), call.flag("enable")
        camera.offline_notify = on
        return answer()

    def system_operate(self, call: Call) -> web.Response:
        if not self._settings.china:
            return of_china(call)
        camera = call.reached()
        if call.text("systemOperation") != "reboot":
            raise OpenError("60020")
        restart(camera, call.world)
        return answer_v3()

    def create(self, call: SubCall) -> web.Response:
        name, password = call.text("accountName"), call.text("password")
        if not _NAME.fullmatch(name) or not _MD5.fullmatch(password):
            raise OpenError("10001")
        user = call.developer()
        if any((sub.name, sub.user) == (name, user) for sub in self._subs.values()):
            raise OpenError("10034")
        sub = SubAccount(secrets.token_hex(16), name, user)
        self._subs[sub.id] = sub
        return answer({"accountId": sub.id})

    def delete(self, call: SubCall) -> web.Response:
        sub = self._named(call)
        del self._subs[sub.id]
        kept = self.tokens._tokens.items()
        self.tokens._tokens = {text: one for text, one in kept if not isinstance(one, SubToken) or one.sub != sub}
        return answer()

    def set_policy(self, call: SubCall) -> web.Response:
        self._named(call).serials = tuple(_rights(call.text("policy")))
        return answer()

    def sub_token(self, call: SubCall) -> web.Response:
        sub, expires = self._named(call), call.now + self._settings.token_s
        text, token = self.tokens.keep(f"ra.{secrets.token_hex(16)}", SubToken(call.account, expires, sub))
        area = f"https://{call.host}"
        return answer({"accessToken": text, "expireTime": int(token.expires * 1000), "areaDomain": area})

    def _named(self, call: SubCall) -> SubAccount:
        user, sub = call.developer(), self._subs.get(call.text("accountId"))
        if sub is None or sub.user != user:
            raise OpenError("10032")
        return sub


def _rights(statement: str) -> list[str]:
    """Returns the serials that a policy names. Raises OpenError."""
    try:
        resources = [str(resource) for row in json.loads(statement)["Statement"] for resource in row["Resource"]]
        return [resource.split(":")[1] for resource in resources if resource.startswith(("dev:", "cam:"))]
    except (ValueError, KeyError, TypeError, IndexError):
        raise OpenError("10001") from None
