"""Signing in with the EZVIZ user name and password: who may, how often, the vendor’s word, its code if it wants one."""

import contextlib
import hashlib
import math
import secrets
import time
from collections.abc import Callable
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from accounts import households
from accounts.identity import vendor_key
from registry.drivers.ezviz_account import CodeSent, Rejected
from registry.drivers.ezviz_account import SignedIn as VendorSession
from registry.drivers.ezviz_sessions import Sessions
from registry.errors import DriverError
from store.ports import Store
from store.records import Account, Source

type SignUp = Literal["owner", "invited", "anyone"]

PENDING_S = 300
GUESSES = 5
KIND = "ezviz"


class SignedIn(Struct, frozen=True):
    account: Account


class CodeWanted(Struct, frozen=True):
    """`pending` holds the password: keep it sealed, and for no longer than PENDING_S."""

    pending: bytes
    hint: str  # to whom the vendor sent the code, in part


class SignInRefused(Struct, frozen=True):
    why: Literal[
        "wrong",
        "locked",
        "terminals",
        "too_often",
        "stranger",
        "throttled",
        "vendor_down",
        "expired",
        "wrong_code",
        "unsupported",
    ]
    retry_after_s: int = 0


type Outcome = SignedIn | CodeWanted | SignInRefused


class Limits(Struct, frozen=True):
    """Attempts in a window, counted before the vendor is called."""

    per_user: int = 5
    per_address: int = 20
    window_s: int = 900


class Vendor(Protocol):
    """registry.drivers.ezviz.EzvizDriver, as far as it signs in."""

    def sign_in(
        self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = ""
    ) -> VendorSession | CodeSent | Rejected: ...


class _Pending(Struct, frozen=True):
    user: str
    password: str
    host: str
    until: float
    nonce: str


class SignIn:
    """`vendor_s` is how long a person waits for the vendor's verdict."""

    def __init__(
        self,
        store: Store,
        ezviz: Vendor,
        sign_up: SignUp,
        *,
        limits: Limits | None = None,
        vendor_s: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._ezviz, self._sign_up = store, ezviz, sign_up
        self._limits, self._vendor_s, self._clock = limits or Limits(), vendor_s, clock
        self._sessions = Sessions(store)

    def begin(self, user: str, password: str, address: str) -> Outcome:
        """The password is for this one call, or, with a code to come, for the call after it."""
        user = user.strip()
        if not user or not password:
            return SignInRefused("wrong")
        key = vendor_key(self._salt(), KIND, user)
        if wait := self._throttled(key, address):
            return SignInRefused("throttled", wait)
        source = self._store.source_by_vendor_key(key)
        if source is None and self._sign_up != "anyone":
            return SignInRefused("stranger")
        return self._ask(user, password)

    def submit_code(self, pending: bytes, code: str) -> Outcome:
        """The code as typed; it is text, and may start with 0."""
        try:
            waiting = msgspec.json.decode(pending, type=_Pending)
        except msgspec.MsgspecError:
            return SignInRefused("expired")  # kept by another version
        now = self._clock()
        if now >= waiting.until:
            return SignInRefused("expired")
        if self._store.hit(f"sign_in/code/{waiting.nonce}", 2 * PENDING_S, now) > GUESSES:
            return SignInRefused("expired")
        code = code.strip()
        if not code.isascii() or not code.isalnum() or len(code) > 12:
            return SignInRefused("wrong_code")
        return self._ask(waiting.user, waiting.password, code=code, host=waiting.host)

    def _ask(self, user: str, password: str, *, code: str = "", host: str = "") -> Outcome:
        try:
            verdict = self._ezviz.sign_in(user, password, self._vendor_s, code=code, host=host)
            if isinstance(verdict, VendorSession):
                return SignedIn(self._admit(user, verdict))
        except DriverError:
            return SignInRefused("vendor_down")
        if isinstance(verdict, Rejected):
            return SignInRefused(verdict.why)
        until = self._clock() + PENDING_S
        waiting = _Pending(user, password, verdict.host, until, secrets.token_hex(16))
        return CodeWanted(msgspec.json.encode(waiting), masked(user))

    def _admit(self, user: str, verdict: VendorSession) -> Account:
        source = households.find(self._store, user) or self._sign_up_now(user)
        self._sessions.signed_in(source, user, verdict.session)
        account = self._store.account(source.account)
        assert account is not None  # a source belongs to one
        return account

    def _sign_up_now(self, user: str) -> Source:
        with contextlib.suppress(households.AlreadyThere):  # the same person, twice at once
            households.add_owner(self._store, user)
        source = households.find(self._store, user)
        assert source is not None
        return source

    def _throttled(self, key: str, address: str) -> int:
        """Seconds to wait, or 0. Both are counted each time, so that neither limit hides the other."""
        now, window_s = self._clock(), self._limits.window_s
        where = hashlib.sha256(f"{self._salt()}\x00{address}".encode()).hexdigest()[:32]
        by_user = self._store.hit(f"sign_in/user/{key}", window_s, now)
        by_address = self._store.hit(f"sign_in/address/{where}", window_s, now)
        if by_user <= self._limits.per_user and by_address <= self._limits.per_address:
            return 0
        return math.ceil(window_s - now % window_s)

    def _salt(self) -> str:
        return self._store.meta_once("vendor_salt", secrets.token_hex(32))


def masked(user: str) -> str:
    """k…@example.com, or the last two digits of a telephone number: enough to know where to look."""
    name, at, host = user.partition("@")
    return f"{name[:1]}…@{host}" if at else f"…{user[-2:]}"
