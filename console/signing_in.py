"""Signing in to the vendor on the console's page: user name and password, then the vendor's code where it wants one."""

from dataclasses import dataclass
from typing import Literal

import msgspec
import structlog
from flask import request
from msgspec import Struct

from accounts.attempts import Browser
from accounts.console_sessions import ConsoleSession, ConsoleSessions
from accounts.owner_users import BadUser, Busy
from console import browser_names, pages
from registry.owner.sign_in import SignIn
from registry.owner.sign_in_outcome import PENDING_S, CodeWanted, Outcome, SignedIn, SignInRefused, refused
from words.catalogue import Language

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
    region: str = ""  # where an account that is unknown was looked for first


@dataclass(frozen=True)
class Form:
    """The form that is due, and what it holds; home/{name}_form.html has its fields."""

    name: Literal["sign_in", "code"]
    fields: dict[str, str | bool]


_decoder = msgspec.msgpack.Decoder(Waiting)


class SigningIn:
    """Each step answers the cookie of the session that is signed in, None where another form is due, or Refused.

    `adds`: whether there may be households of cameras in the house alone.
    """

    def __init__(self, sign_in: SignIn, sessions: ConsoleSessions, *, adds: bool) -> None:
        self._sign_in, self._sessions, self._adds = sign_in, sessions, adds

    def takes(self, current: ConsoleSession, step: str) -> bool:
        """Whether it is a step of the forms that this browser may be shown."""
        return step in ("sign-in", "code", "again") or (step == "own" and self._owns(current))

    def take(self, current: ConsoleSession, step: str) -> str | Refused | None:
        match step:
            case "sign-in":
                return self.begin(current)
            case "own":
                return self.own(current, pages.language())
            case "code":
                return self.code(current)
        self._sessions.forget(current)
        return None

    def due(self, current: ConsoleSession) -> Form | None:
        """The form that is to be shown, None to who is signed in."""
        waiting = self.waiting(current)
        if waiting is not None:
            return Form("code", {"hint": waiting.hint})
        return None if current.account else self.form(current)

    def joins(self, current: ConsoleSession) -> bool:
        """Whether signing in to the vendor adds its cameras to the household that is signed in."""
        return bool(current.account) and self._sign_in.lacks_vendor(current.account)

    def form(self, current: ConsoleSession, **fields: str | bool) -> Form:
        """The form for user name and password. `fields`: what differs from an empty one."""
        owners = self._sign_in.has_owner_users() and not self.joins(current)
        given = {"open_way": True, "owners": owners, "owns": self._owns(current), "has_left": current.has_left}
        return Form("sign_in", {**given, **fields})

    def again(self, current: ConsoleSession, why: Refused) -> Form:
        """The form that was refused, with the reason and what was typed but for secrets."""
        text = refused(why.why, pages.language(), self._sign_in.vendor, why.retry_after_s, region=why.region)
        if why.step == "code":
            waiting = self.waiting(current)
            return Form("code", {"error": text, "invalid": True, "hint": waiting.hint if waiting else ""})
        if why.step == "own":
            return self.form(current, own_error=text, own_user=why.user)
        ticked = "open_way" in request.form or "user" not in request.form
        return self.form(current, error=text, invalid=True, user=why.user, open_way=ticked)

    def _owns(self, current: ConsoleSession) -> bool:
        return self._adds and not current.account and not current.has_left

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
        outcome = self._sign_in.begin(user, password, request.remote_addr or "", browser, to=current.account)
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
        return self._begun(account.id, user)

    def code(self, current: ConsoleSession) -> str | Refused | None:
        waiting = self.waiting(current)
        if waiting is None:
            return Refused("sign-in", "expired")
        code = "".join(request.form.get("code", "").split())
        if not code:
            return Refused("code", "no_code")
        outcome = self._sign_in.submit_code(waiting.pending, code)
        if isinstance(outcome, SignInRefused) and outcome.why in ("wrong_code", "no_internet", "vendor_down"):
            return Refused("code", outcome.why)
        self._sessions.forget(current)
        return self._taken(current, outcome, waiting.user, waiting.open_way)

    def _taken(self, current: ConsoleSession, outcome: Outcome, user: str, open_way: bool) -> str | Refused | None:
        if isinstance(outcome, SignInRefused):
            log.info("sign-in at the console refused", why=outcome.why)
            return Refused("sign-in", outcome.why, outcome.retry_after_s, user, outcome.region)
        if isinstance(outcome, CodeWanted):
            waiting = Waiting(outcome.pending, outcome.hint, user, open_way)
            self._sessions.remember(current, msgspec.msgpack.encode(waiting), PENDING_S)
            return None
        return self._signed_in(current, outcome, user, open_way)

    def _signed_in(self, current: ConsoleSession, outcome: SignedIn, user: str, open_way: bool) -> str:
        """Under a cookie of its own, so that whoever knew the one before is not signed in."""
        self._sign_in.allow_open_way(outcome.account.id, allowed=open_way, user=user)
        self._sessions.end(current)
        log.info("signed in at the console", account=outcome.account.id)
        return self._begun(outcome.account.id, user)

    def _begun(self, account: str, user: str) -> str:
        browser = browser_names.named(request.headers.get("User-Agent", ""))
        return self._sessions.begin(account=account, user=user, browser=browser)
