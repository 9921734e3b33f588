"""Signing in to the vendor on the console's page: user name and password, then the vendor's code where it wants one."""

from dataclasses import dataclass

import msgspec
import structlog
from flask import request
from msgspec import Struct

from accounts.attempts import Browser
from accounts.console_sessions import ConsoleSession, ConsoleSessions
from accounts.owner_users import BadUser
from accounts.passwords import Busy
from registry.owner.outcome import PENDING_S, CodeWanted, Outcome, SignedIn, SignInRefused
from registry.owner.sign_in import SignIn
from words.languages import Language

log = structlog.get_logger()

MAX_TYPED = 200
HERE = "console"  # tries of all its browsers count together, apart from those of linking


class Waiting(Struct, frozen=True):
    """A sign-in that waits for the vendor's code; sealed in the store, since `pending` holds the password."""

    pending: bytes
    hint: str
    user: str
    open_way: bool


@dataclass(frozen=True)
class Refused:
    """`step`: whose form is shown again, with why."""

    step: str
    why: str
    retry_after_s: int = 0
    user: str = ""


_decoder = msgspec.msgpack.Decoder(Waiting)


class SigningIn:
    """Each step answers the cookie of the session that is signed in, None where a code is wanted, or Refused."""

    def __init__(self, sign_in: SignIn, sessions: ConsoleSessions) -> None:
        self._sign_in, self._sessions = sign_in, sessions

    def waiting(self, current: ConsoleSession) -> Waiting | None:
        data = self._sessions.remembered(current)
        try:
            return _decoder.decode(data) if data else None
        except msgspec.MsgspecError:
            return None  # written by another version

    def begin(self, current: ConsoleSession) -> str | Refused | None:
        user, password = request.form.get("user", "").strip(), request.form.get("password", "")
        open_way = "open_way" in request.form
        if not user or not password:
            return Refused("sign-in", "empty", user=user[:MAX_TYPED])
        if len(user) > MAX_TYPED or len(password) > MAX_TYPED:
            return Refused("sign-in", "wrong")
        # strangers' tries at linking don't keep its owner out; each sign-in begins a session, so none has its own tries
        browser = Browser(HERE, every=True)
        outcome = self._sign_in.begin(user, password, request.remote_addr or "", browser)
        return self._taken(current, outcome, user, open_way)

    def own(self, current: ConsoleSession, language: Language) -> str | Refused:
        """Begins a household of cameras in the house alone, for which no vendor is asked."""
        user, password = request.form.get("own_user", "").strip(), request.form.get("own_password", "")
        try:
            account = self._sign_in.begin_own(user, password, language)
        except BadUser as bad:
            return Refused("own", f"own_{bad.why}", user=user[:MAX_TYPED])
        except Busy:
            return Refused("own", "crowded", user=user[:MAX_TYPED])
        self._sessions.end(current)
        log.info("a household of cameras in the house was added at the console", account=account.id)
        return self._sessions.begin(account=account.id, user=user)

    def code(self, current: ConsoleSession) -> str | Refused | None:
        waiting = self.waiting(current)
        if waiting is None:
            return Refused("sign-in", "expired")
        code = "".join(request.form.get("code", "").split())
        if not code:
            return Refused("code", "no_code")
        outcome = self._sign_in.submit_code(waiting.pending, code)
        if isinstance(outcome, SignInRefused) and outcome.why in ("wrong_code", "vendor_down"):
            return Refused("code", outcome.why)
        self._sessions.forget(current)
        return self._taken(current, outcome, waiting.user, waiting.open_way)

    def _taken(self, current: ConsoleSession, outcome: Outcome, user: str, open_way: bool) -> str | Refused | None:
        if isinstance(outcome, SignInRefused):
            log.info("sign-in at the console refused", why=outcome.why)
            return Refused("sign-in", outcome.why, outcome.retry_after_s, user)
        if isinstance(outcome, CodeWanted):
            waiting = Waiting(outcome.pending, outcome.hint, user, open_way)
            self._sessions.remember(current, msgspec.msgpack.encode(waiting), PENDING_S)
            return None
        return self._signed_in(current, outcome, user, open_way)

    def _signed_in(self, current: ConsoleSession, outcome: SignedIn, user: str, open_way: bool) -> str:
        """Under a cookie of its own, so that whoever knew the one before is not signed in."""
        self._sign_in.allow_open_way(outcome.account.id, allowed=open_way)
        self._sessions.end(current)
        log.info("signed in at the console", account=outcome.account.id)
        return self._sessions.begin(account=outcome.account.id, user=user)
