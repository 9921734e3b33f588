"""Sessions of the app, and signing in: by the password's MD5, and by a code if the account requires one.

A file keeps them, so that the ids a client has stored are valid after a restart.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from showcam.simulator.app_api.wire import AppError
from showcam.simulator.state import Account, World


@dataclass(slots=True)
class Session:
    user: str
    terminal: str
    issued: float
    expires: float
    refresh: str  # digest
    elevated: bool = False  # in this session, keys of cameras are given without a mailed code


class Sessions:
    def __init__(self, world: World, file: Path) -> None:
        self._world = world
        self._file = file
        self._key = secrets.token_bytes(32)
        self._sessions: dict[str, Session] = {}  # by the id's digest
        self.terminals: dict[str, list[str]] = {}
        self._load()

    def open(self, user: str, terminal: str, *, elevated: bool = False) -> tuple[str, str]:
        """Opens a session and returns its two ids. `elevated`: a person signed in with a code."""
        known = self.terminals.setdefault(user, [])
        if terminal not in known:
            known.append(terminal)
        now = self._world.now()
        expires = now + self._world.settings.session_s
        jwt, refresh = self._jwt(user, now, expires), f"rf.{secrets.token_hex(24)}"
        self._sessions[_digest(jwt)] = Session(user, terminal, now, expires, _digest(refresh), elevated)
        self._save()
        return jwt, refresh

    def room_for(self, user: str, terminal: str) -> bool:
        known = self.terminals.get(user, [])
        return terminal in known or len(known) < self._world.settings.terminals

    def user(self, session_id: str) -> str | None:
        """Returns the session's user; None if the session is unknown or has expired."""
        session = self._sessions.get(_digest(session_id))
        if session is None or session.expires <= self._world.now():
            return None
        return session.user

    def is_elevated(self, session_id: str) -> bool:
        session = self._sessions.get(_digest(session_id))
        return session is not None and session.elevated

    def elevate(self, session_id: str) -> None:
        """Marks the session after a mailed code has given a key: later keys need no code."""
        self._sessions[_digest(session_id)].elevated = True
        self._save()

    def signed(self, session_id: str, sign: str) -> bool:
        """Tells whether `sign` is the one in the session's own claims; the app asks for streams with it."""
        try:
            claims = session_id.split(".")[1]
            claimed = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        except (IndexError, ValueError):
            return False
        return bool(sign) and hmac.compare_digest(str(claimed.get("s")).encode(), sign.encode())

    def refresh(self, refresh_id: str, terminal: str) -> tuple[str, str] | None:
        """Replaces both ids; None if the refresh id is not valid.

        No public source says that the session stays elevated.
        """
        digest = _digest(refresh_id)
        found = next((key for key, known in self._sessions.items() if hmac.compare_digest(known.refresh, digest)), None)
        if found is None:
            return None
        session = self._sessions[found]
        if session.terminal != terminal:
            return None
        del self._sessions[found]
        return self.open(session.user, terminal)

    def end(self, session_id: str) -> bool:
        ended = self._sessions.pop(_digest(session_id), None) is not None
        self._save()
        return ended

    def _jwt(self, user: str, now: float, expires: float) -> str:
        claims = {
            "aud": "ezviz",
            "iss": user,
            "iat": int(now),
            "exp": int(expires),
            "jti": secrets.token_hex(8),
            "s": secrets.token_hex(16),  # the app signs its own video streams with this
        }
        head = _b64({"typ": "JWT", "alg": "HS256"}) + "." + _b64(claims)
        tag = hmac.digest(self._key, head.encode(), hashlib.sha256)
        return f"{head}.{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}"

    def _load(self) -> None:
        try:
            kept = json.loads(self._file.read_bytes())
            self._sessions = {key: Session(**value) for key, value in kept["sessions"].items()}
            self.terminals = {user: list(known) for user, known in kept["terminals"].items()}
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            self._sessions, self.terminals = {}, {}

    def _save(self) -> None:
        kept = {
            "sessions": {key: asdict(session) for key, session in self._sessions.items()},
            "terminals": self.terminals,
        }
        new = self._file.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(kept, file)
        new.replace(self._file)


def _b64(data: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


WRONG_TRIES = 5
LOCKED_S = 120.0  # the vendor's lock was about half an hour (1015): too long to practise with
CODE_LIFE_S = 1800.0  # a mailed code works for about half an hour (Bobsilvio/ezviz_hp7 issue 47)
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
        """Returns the answer's data. Raises AppError."""
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
            "loginUser": {"username": account.user, "userId": account.user.partition("@")[0]},
            "loginArea": {"apiDomain": host, "areaId": 314, "areaName": "Norway"},
        }

    def send_code(self, user: str) -> None:
        """Mails the user a code. Raises AppError for an unknown account or too many codes."""
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
