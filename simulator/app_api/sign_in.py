"""Signing in at the app API: by the password's MD5, and by a code where the account requires one."""

import hmac
from dataclasses import dataclass, field
from typing import Any

from simulator.app_api.sessions import Sessions
from simulator.app_api.wire import AppError
from simulator.state import Account, World

WRONG_TRIES = 5
LOCKED_S = 120.0
CODE_LIFE_S = 1800.0
CODE_TRIES = 5
CODES_A_MINUTE = 10


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    locked_until: float = 0.0
    codes_sent: list[float] = field(default_factory=list)
    code_until: float = 0.0
    code_tries: int = 0


class SignIn:
    def __init__(self, world: World, sessions: Sessions) -> None:
        self._world = world
        self._sessions = sessions
        self._tries: dict[str, _Tries] = {}

    def login(self, form: dict[str, str], host: str) -> dict[str, Any]:
        """The answer's data. Raises AppError."""
        for name in ("account", "password", "featureCode"):
            if not form.get(name):
                raise AppError(1021, f"{name} is missing")
        self._check_region(host)
        account = self._world.accounts.get(form["account"])
        if account is None:
            raise AppError(1013, "The user does not exist")
        self._check_password(account, form["password"])
        if account.sign_in_code:
            self._check_code(account, form)
        if not self._sessions.room_for(account.user, form["featureCode"]):
            raise AppError(1069, "The number of terminals has reached its limit")
        session, refresh = self._sessions.open(account.user, form["featureCode"], elevated=bool(account.sign_in_code))
        return {
            "loginSession": {"sessionId": session, "rfSessionId": refresh},
            "loginUser": {"username": account.user, "userId": account.app_key},
            "loginArea": {"apiDomain": host, "areaId": 314, "areaName": "Norway"},
        }

    def send_code(self, user: str) -> None:
        """Sends a code. Raises AppError for an unknown account or too many codes."""
        if user not in self._world.accounts:
            raise AppError(1013, "The user does not exist")
        tries, now = self._of(user), self._world.now()
        tries.codes_sent = [at for at in tries.codes_sent if at > now - 60]
        if len(tries.codes_sent) >= CODES_A_MINUTE:
            raise AppError(1041, "Codes were requested too often")
        tries.codes_sent.append(now)
        tries.code_until, tries.code_tries = now + CODE_LIFE_S, CODE_TRIES

    def _check_region(self, host: str) -> None:
        region = self._world.settings.region
        if region not in ("", host):
            named = host if region == "circle" else region
            raise AppError(1100, "Another region", loginArea={"apiDomain": named})

    def _check_password(self, account: Account, given: str) -> None:
        tries, now = self._of(account.user), self._world.now()
        if tries.locked_until > now:
            raise AppError(1015, "The user is locked")
        if hmac.compare_digest(account.password_md5.encode(), given.encode()):
            tries.wrong = 0
            return
        tries.wrong += 1
        if tries.wrong >= WRONG_TRIES:
            tries.wrong, tries.locked_until = 0, now + LOCKED_S
            raise AppError(1015, "The user is locked")
        raise AppError(1014, "Incorrect password")

    def _check_code(self, account: Account, form: dict[str, str]) -> None:
        tries, now = self._of(account.user), self._world.now()
        given = form.get("smsCode", "")
        if not given:
            raise AppError(6002, "A verification code is needed")
        alive = tries.code_until > now and tries.code_tries > 0
        tries.code_tries -= 1
        if not alive:
            raise AppError(1012, "The verification code has expired")
        right = hmac.compare_digest(account.sign_in_code.encode(), given.encode())
        if (form.get("msgType"), form.get("bizType")) != ("3", "TERMINAL_BIND") or not right:
            raise AppError(1011, "Incorrect verification code")
        tries.code_until = 0.0

    def _of(self, user: str) -> _Tries:
        return self._tries.setdefault(user, _Tries())
