"""Signing in to the vendor on the console's page: user name and password, then the vendor's code if it wants one."""

import hmac
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

import msgspec
import structlog
from flask import Response, g, request
from msgspec import Struct

from showcam.accounts.attempts import Browser, Pace
from showcam.accounts.console_sessions import ConsoleSession, ConsoleSessions
from showcam.accounts.owner_users import BadUser, Busy
from showcam.accounts.states import States
from showcam.console.look import pages
from showcam.console.look.reach import host_of
from showcam.drivers.vendor import ByPage, manner_of
from showcam.i18n.catalogue import Language
from showcam.net.addresses import own_addresses
from showcam.registry.owner.sign_in import SignIn
from showcam.registry.owner.sign_in_outcome import (
    NOT_THESE,
    NOT_THESE_EITHER,
    NOT_THESE_ONES,
    PENDING_S,
    CodeWanted,
    Outcome,
    SignedIn,
    SignInRefused,
    refused,
)
from showcam.store.records import SourceKind, token_hash

log = structlog.get_logger()

# Words of the User-Agent. The first word that is found counts: browsers also name the browsers that they resemble.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_MACHINES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
MAX_TYPED = 200
MAX_KEY = 2048  # the most characters of a vendor's key or code
HERE = "console"  # the tries of all browsers at the console count together, apart from the tries of linking


class Waiting(Struct, frozen=True):
    """A sign-in that waits for the vendor's code; sealed in the store, since `pending` holds the password."""

    pending: bytes
    hint: str
    user: str
    open_way: bool


class There(Struct, frozen=True):
    """A browser that was sent to a vendor's own page. `state` is a hash."""

    going: bytes
    kind: SourceKind
    state: str


@dataclass(frozen=True)
class Refused:
    """`step` names the form that is shown again, with the reason."""

    step: str
    why: str
    retry_after_s: int = 0
    user: str = ""
    region: str = ""  # the region that was searched first for an unknown account


@dataclass(frozen=True)
class Form:
    """The form to show next, with the contents of its fields; door/{name}_form.html is the template."""

    name: Literal["sign_in", "code"]
    fields: dict[str, object]
    status: int = 200


_decoder, _there = msgspec.msgpack.Decoder(Waiting), msgspec.msgpack.Decoder(There)


def own_origin(reached_at: str, back: str, names: Collection[str]) -> str:
    """Returns the console's origin as this browser reaches it, or "" if another machine may be at this origin.

    The callback sends the vendor's code to this origin, so a forged Host would lead the code to a stranger. By https
    only the origin of `back`, the callback, is ours. By http `names` are ours, this machine's IPv4 addresses, and
    localhost.
    """
    origin = reached_at.rstrip("/")
    if back.startswith(f"{origin}/"):
        return origin
    split = urlsplit(origin)
    ours = {"localhost", "::1", *own_addresses(), *(name.lower() for name in names)}
    return origin if split.scheme == "http" and host_of(split.netloc) in ours else ""


class SigningIn:
    """A step answers the cookie of the session that is signed in, a form, the way to the vendor, or None for a page.

    `adds`: whether there may be households that have only cameras in the house. `back`: the callback's address.
    `names`: the house's own names for this machine.

    `pace`: given for browsers that gave no printed code. They get one answer, and after one time, for all causes that
    must not show, and no try on the internet counts against theirs.
    """

    def __init__(
        self,
        sign_in: SignIn,
        sessions: ConsoleSessions,
        states: States,
        *,
        adds: bool,
        back: str,
        names: Collection[str],
        pace: Pace | None = None,
    ) -> None:
        self._sign_in, self._sessions, self._adds = sign_in, sessions, adds
        self._states, self._back, self._names, self._pace = states, back, names, pace

    def takes(self, current: ConsoleSession, step: str) -> bool:
        """Tells whether this browser may be shown the form of this step."""
        return step in ("sign-in", "door", "key", "vendor", "code", "again") or (step == "own" and self._owns(current))

    def take(self, current: ConsoleSession, step: str) -> str | Form | Response | None:
        outcome = self._run_step(current, step)
        return self.again(current, outcome) if isinstance(outcome, Refused) else outcome

    def _run_step(self, current: ConsoleSession, step: str) -> str | Refused | Form | Response | None:
        match step:
            case "vendor":
                return self.choose(current)
            case "key":
                return self.key(current)
            case "sign-in" | "door":
                return self.begin(current)
            case "own":
                return self.own(current, pages.language())
            case "code":
                return self.code(current)
        self._sessions.forget(current)
        return None

    def due(self, current: ConsoleSession) -> Form | None:
        """Returns the form that is due, or None if no form is."""
        waiting = self.waiting(current)
        if waiting is not None:
            return Form("code", {"hint": waiting.hint})
        return None if current.account else self.form(current)

    def joins(self, current: ConsoleSession) -> bool:
        """Tells whether signing in to a vendor adds the vendor's cameras to the household that is signed in."""
        return bool(current.account) and bool(self._sign_in.lacking(current.account))

    def form(self, current: ConsoleSession, kind: SourceKind = "", *, missing: bool = False, **fields: object) -> Form:
        """Returns the form of a vendor, and the way to each other vendor.

        `fields`: values that differ from an empty form.

        `missing`: only vendors that the household has no account at.
        """
        vendors = self._sign_in.vendors
        choice = self._sign_in.lacking(current.account) if missing else [*vendors]
        kind = kind or next((each for each in choice if manner_of(vendors[each]) != "page"), choice[0])
        manner, g.vendor = manner_of(vendors[kind]), vendors[kind].vendor
        g.leads_to = [o for each in choice if isinstance(vendor := vendors[each], ByPage) for o in vendor.origins]
        others = [(each, vendors[each].vendor) for each in choice if each != kind or manner == "page"]
        fields = {"kind": kind if len(vendors) > 1 else "", "manner": manner, "others": others, **fields}
        owners = self._sign_in.has_owner_users() and not self.joins(current)
        given = {"open_way": True, "owners": owners, "owns": self._owns(current), "door": self._pace is not None}
        return Form("sign_in", {**given, **fields})

    def again(self, current: ConsoleSession, why: Refused) -> Form:
        """Returns the refused form again, with the reason and the typed values except secrets."""
        kind = self._chosen()
        vendor = self._sign_in.vendors[kind].vendor
        text = refused(why.why, pages.language(), vendor, why.retry_after_s, self._one_answer(why), region=why.region)
        if why.step == "code":
            waiting = self.waiting(current)
            return Form("code", {"error": text, "invalid": True, "hint": waiting.hint if waiting else ""}, 403)
        if why.step == "own":
            form = self.form(current, own_error=text, own_user=why.user)
        else:
            ticked = "open_way" in request.form or "user" not in request.form
            form = self.form(current, kind, error=text, invalid=True, user=why.user, open_way=ticked)
        return replace(form, status=403)

    def _one_answer(self, why: Refused) -> str:
        if self._pace is None or why.why != "wrong":
            return ""
        return NOT_THESE_EITHER if self._sign_in.has_owner_users() else NOT_THESE_ONES

    def _owns(self, current: ConsoleSession) -> bool:
        return self._adds and not current.account

    def waiting(self, current: ConsoleSession) -> Waiting | None:
        data = self._sessions.remembered(current)
        try:
            return _decoder.decode(data) if data else None
        except msgspec.MsgspecError:
            return None  # another version wrote this

    def begin(self, current: ConsoleSession) -> str | Refused | None:
        user, password = request.form.get("user", "").strip(), request.form.get("password", "")
        kind = self._chosen()
        open_way = "open_way" in request.form
        if not user or not password:
            return Refused("sign-in", "empty", user=user[:MAX_TYPED])
        if len(user) > MAX_TYPED or len(password) > MAX_TYPED:
            return Refused("sign-in", "wrong")
        began = time.monotonic()
        browser, address = self._browser(current), request.remote_addr or ""
        outcome = self._sign_in.begin(user, password, address, browser, to=current.account, kind=kind)
        if self._pace and isinstance(outcome, SignInRefused) and outcome.why in NOT_THESE:
            self._pace.wait(began)
            if not outcome.own:
                log.info("sign-in at the console refused", why=outcome.why)
                return Refused("sign-in", "wrong", user=user)
        return self._follow(current, outcome, user, open_way)

    def _browser(self, current: ConsoleSession) -> Browser | None:
        """Returns whose tries are counted; None: those of all strangers. Strangers can't lock the owner out.

        Each sign-in by a printed code is a new session, so a session can't count there.
        """
        if self._pace is None:
            return Browser(HERE, every=True)
        known = current.account or current.left
        return Browser(current.id, (known,)) if known else None

    def _chosen(self) -> SourceKind:
        """Returns the form's vendor, or the usual vendor."""
        named = request.form.get("vendor", "")
        return named if named in self._sign_in.vendors else self._sign_in.usual

    def choose(self, current: ConsoleSession) -> Form | Refused | Response:
        """Returns the form of the chosen vendor, or leads to the vendor's own page."""
        kind = self._chosen()
        if manner_of(self._sign_in.vendors[kind]) != "page":
            return self.form(current, kind)
        origin = own_origin(request.host_url, self._back, self._names)
        if not origin:
            return Refused("vendor", "callback")
        state = self._states.new(origin)
        back = f"{self._back}/{kind}"
        going = self._sign_in.go(request.remote_addr or "", back, state, to=current.account, kind=kind)
        if isinstance(going, SignInRefused):
            return Refused("sign-in", going.why, going.retry_after_s)
        there = There(going.pending, kind, token_hash(state))
        self._sessions.remember(current, msgspec.msgpack.encode(there), PENDING_S)
        return pages.led(going.url)

    def came_back(self, current: ConsoleSession, kind: SourceKind) -> str | Refused:
        """Takes a browser that the vendor sent back from its own page, with a code or an error."""
        state, code, data = request.args.get("state", ""), request.args.get("code", ""), b""
        try:
            data = self._sessions.remembered(current) or b""
            there = _there.decode(data)
        except msgspec.MsgspecError:
            return Refused("vendor", "callback")
        is_same = hmac.compare_digest(there.state.encode(), token_hash(state).encode())
        if there.kind != kind or not is_same or not self._sessions.claim(state):
            return Refused("vendor", "callback")
        self._sessions.forget(current)
        if "error" in request.args or not 0 < len(code) <= MAX_KEY:
            return Refused("vendor", "denied")
        outcome = self._sign_in.come_back(there.going, code)
        if isinstance(outcome, SignedIn):
            return self._signed_in(current, outcome, outcome.user, open_way=False)
        return Refused("vendor", outcome.why if isinstance(outcome, SignInRefused) else "unsupported")

    def key(self, current: ConsoleSession) -> str | Refused | None:
        key = request.form.get("key", "").strip()
        if not key or len(key) > MAX_KEY:
            return Refused("sign-in", "wrong_key" if key else "empty_key")
        address = request.remote_addr or ""
        outcome = self._sign_in.begin_key(key, address, to=current.account, kind=self._chosen())
        return self._follow(current, outcome, outcome.user if isinstance(outcome, SignedIn) else "", open_way=False)

    def own(self, current: ConsoleSession, language: Language) -> str | Refused:
        """Begins a household that has only cameras in the house, without any vendor."""
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
        return self._follow(current, outcome, waiting.user, waiting.open_way)

    def _follow(self, current: ConsoleSession, outcome: Outcome, user: str, open_way: bool) -> str | Refused | None:
        if isinstance(outcome, SignInRefused):
            log.info("sign-in at the console refused", why=outcome.why)
            return Refused("sign-in", outcome.why, outcome.retry_after_s, user, outcome.region)
        if isinstance(outcome, CodeWanted):
            waiting = Waiting(outcome.pending, outcome.hint, user, open_way)
            self._sessions.remember(current, msgspec.msgpack.encode(waiting), PENDING_S)
            return None
        return self._signed_in(current, outcome, user, open_way)

    def _signed_in(self, current: ConsoleSession, outcome: SignedIn, user: str, open_way: bool) -> str:
        """Begins a session with a new cookie, so that whoever knew the old cookie is not signed in."""
        if self._pace is None:  # the door does not ask for it
            self._sign_in.allow_open_way(outcome.account.id, allowed=open_way, user=user)
        self._sessions.end(current)
        log.info("signed in at the console", account=outcome.account.id)
        return self._begun(outcome.account.id, user)

    def _begun(self, account: str, user: str) -> str:
        browser = browser_name(request.headers.get("User-Agent", ""))
        return self._sessions.begin(account=account, user=user, browser=browser)


def browser_name(agent: str) -> str:
    """Reads browser and machine from the User-Agent, as far as known, so that an owner recognises the browser."""
    found = (next((name for word, name in words if word in agent), "") for words in (_BROWSERS, _MACHINES))
    return ", ".join(filter(None, found))
