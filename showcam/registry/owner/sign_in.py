"""Signing in by user name and password, at the vendor or at showcam itself: who may, how often, and a vendor's code.

A name is either an owner's user at showcam or a vendor's user. The password of an owner's user never leaves
showcam, right or wrong.
"""

import contextlib
import copy
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from showcam.accounts import attempts, households
from showcam.accounts.attempts import Attempts, Browser, Limits, NoPlace, Place
from showcam.accounts.links import LinkingWindow
from showcam.accounts.owner_users import BadUser, Busy, OwnerUsers, check_password, checked_name
from showcam.drivers.errors import DriverError
from showcam.drivers.vendor import ByKey, ByPage, ByPassword, CodeSent, Rejected, Sessions, Vendor, Verdict
from showcam.drivers.vendor import SignedIn as VendorSession
from showcam.net.exchange import PATIENT_S
from showcam.registry.owner.invitations import is_of_owner
from showcam.registry.owner.sign_in_outcome import PENDING_S, CodeWanted, Outcome, SignedIn, SignInRefused, masked
from showcam.store.ports import Inconsistent, Store
from showcam.store.records import Account, Origin, OwnerUser, Source, SourceKind, vendor_key

type SignUp = Literal["owner", "invited", "anyone"]


class _Pending(Struct, frozen=True):
    """`user`: empty if the vendor names the user. `password`: or a key, or PKCE's verifier. `host`: or our callback."""

    user: str
    password: str
    host: str
    until: float
    who: str  # as showcam.accounts.attempts counts
    places: tuple[Place, ...]
    kind: SourceKind  # of the vendor's sources
    to: str = ""  # the household that an unknown user joins; "": a new one


class Going(Struct, frozen=True):
    """The browser goes to `url`. Keep `pending` sealed, for PENDING_S at most."""

    url: str
    pending: bytes


class _Try(Struct, frozen=True):
    """The places of a sign-in, taken before the password is compared."""

    who: str  # as showcam.accounts.attempts counts
    places: tuple[Place, ...]
    own: bool = False


class SignIn:
    """`vendors`: the usual one first. `vendor_s` is how long a person waits for the vendor's verdict.

    `origin`: of the households that begin by this sign-in.

    `owner_users` are given if several sign-ins share the memory for hashes.
    """

    def __init__(
        self,
        store: Store,
        vendors: Iterable[Vendor],
        sign_up: SignUp,
        *,
        origin: Origin = "linking",
        owner_users: OwnerUsers | None = None,
        limits: Limits | None = None,
        vendor_s: float = PATIENT_S,
        clock: Callable[[], float] = time.time,
        by_code: Callable[[str], None] | None = None,
    ) -> None:
        """`by_code` is called with the household's id after a sign-in by the vendor's code."""
        self._by_code = by_code
        self._store, self._sign_up, self._origin = store, sign_up, origin
        self.vendors = {vendor.sessions.kind: vendor for vendor in vendors}
        self.usual = next(iter(self.vendors))
        self._vendor_s, self._clock = vendor_s, clock
        self._attempts = Attempts(store, limits or Limits(), clock)
        self._window = LinkingWindow(store, clock)
        self._owner_users = owner_users or OwnerUsers(store)
        self._is_door = False

    def at_door(self) -> "SignIn":
        """Returns the same sign-in for a browser in the house that gave no printed code.

        Its tries of a name count apart from those of linking, which anybody on the internet can use up.

        It admits only households of the installation's owner; all others are strangers, also while anybody may link.
        """
        door = copy.copy(self)
        door._is_door = True
        return door

    @property
    def vendor(self) -> str:
        """The name of the usual vendor."""
        return self.vendors[self.usual].vendor

    def has_owner_users(self) -> bool:
        """Whether anybody may sign in at showcam itself, because an owner has a user there."""
        return self._owner_users.exist()

    def lacking(self, account_id: str) -> list[SourceKind]:
        """The vendors that the household has no account at: it may add an account at each of them."""
        kinds = {source.kind for source in self._store.sources(account_id)}
        return [kind for kind in self.vendors if kind not in kinds]

    def begin(
        self,
        user: str,
        password: str,
        address: str,
        browser: Browser | None = None,
        *,
        to: str = "",
        kind: SourceKind = "",
    ) -> Outcome:
        """Signs a user in. The password is for this call only, or, with a code to come, also for the next call.

        `to`: the household that an unknown user joins; "": the user gets a new household. `kind`: of the vendor's
        sources, "" for the usual vendor.
        """
        kind = kind or self.usual
        user = user.strip()
        if not user or not password:
            return SignInRefused("wrong")
        owner = self._owner_users.find(user)
        if owner is not None and self._lets_in(owner.account):
            return self._begin_owner(owner, password, address, browser)
        key = vendor_key(self._salt(), kind, user)
        source = self._store.source_by_vendor_key(key)
        if source is not None and not self._lets_in(source.account):
            source = None
        begun = self._try(key, source.account if source else "", address, browser)
        if isinstance(begun, SignInRefused):
            return begun
        if source is None and not self._admits_strangers():
            return self._stranger(password)
        outcome = self._sign_in(_Pending(user, password, "", 0.0, begun.who, begun.places, kind, to))
        return replace(outcome, own=True) if isinstance(outcome, SignInRefused) and begun.own else outcome

    def begin_key(self, key: str, address: str, *, to: str = "", kind: SourceKind) -> Outcome:
        """Signs in by a key, which is for this call only. `to`: as in `begin`."""
        try:
            place = self._attempts.from_address(self._salt(), address)
        except NoPlace as full:
            return SignInRefused("throttled", full.wait_s)
        return self._sign_in(_Pending("", key, "", 0.0, "", (place,), kind, to))

    def go(self, address: str, back: str, state: str, *, to: str = "", kind: SourceKind) -> Going | SignInRefused:
        """Leads a person to the vendor's own page. `back`: our address for the return."""
        vendor = self.vendors[kind]
        if not isinstance(vendor, ByPage):
            return SignInRefused("unsupported")
        try:
            place = self._attempts.from_address(self._salt(), address)
        except NoPlace as full:
            return SignInRefused("throttled", full.wait_s)
        there = vendor.go_there(back, state)
        waiting = _Pending("", there.verifier, back, self._clock() + PENDING_S, "", (place,), kind, to)
        return Going(there.url, msgspec.json.encode(waiting))

    def come_back(self, pending: bytes, code: str) -> Outcome:
        """Takes the code from the callback. The caller has compared the state, and calls once for each `Going`."""
        waiting = self._waiting(pending)
        if waiting is None:
            return SignInRefused("expired")
        return self._sign_in(waiting, code)

    def _begin_owner(self, owner: OwnerUser, password: str, address: str, browser: Browser | None) -> Outcome:
        begun = self._try(owner.key, owner.account, address, browser)
        if isinstance(begun, SignInRefused):
            return begun
        try:
            fits = self._owner_users.fits(owner, password)
        except Busy:
            self._attempts.were_right(*begun.places)
            return SignInRefused("crowded")
        account = self._store.account(owner.account) if fits else None
        if account is None:
            return SignInRefused("wrong_password", own=begun.own)
        self._attempts.were_right(*begun.places)
        return SignedIn(account)

    def _try(self, key: str, account_id: str, address: str, browser: Browser | None) -> _Try | SignInRefused:
        """Takes the places of a try under the name of this key; `account_id` is "" if nobody here has the name."""
        if account_id and browser is not None and browser.knows(account_id):
            who = attempts.own(account_id, browser)
            try:
                return _Try(who, (self._attempts.of(who),), own=True)
            except NoPlace as full:
                return SignInRefused("throttled", full.wait_s, own=True)
        try:
            place = self._attempts.from_address(self._salt(), address)
        except NoPlace as full:
            return SignInRefused("throttled", full.wait_s)
        who = attempts.strangers(key, at_door=self._is_door)
        if not account_id and not self._admits_strangers():
            return _Try(who, (place,))
        try:
            return _Try(who, (place, self._attempts.of(who)))
        except NoPlace:
            return SignInRefused("too_many")

    def _lets_in(self, account_id: str) -> bool:
        return not self._is_door or is_of_owner(self._store, account_id)

    def _admits_strangers(self) -> bool:
        if self._is_door:
            return False
        return self._sign_up == "anyone" or self._window.left_s() > 0

    def _stranger(self, password: str) -> Outcome:
        """Refuses an unknown name. If owners have users here, this takes as long as a known user's wrong password."""
        try:
            if self._owner_users.exist():
                self._owner_users.fits(None, password)
        except Busy:
            return SignInRefused("crowded")
        return SignInRefused("stranger")

    def begin_own(self, name: str, password: str, locale: str) -> Account:
        """Adds a household with only cameras in the house. Its owner signs in by this name at showcam itself.

        The caller must be allowed to add any account. Raises BadUser and Busy of showcam.accounts.owner_users.
        """
        name = checked_name(name)
        if households.find_at_any(self._store, self.vendors, name) is not None:
            raise BadUser("taken", "a user of the vendor's has that name")
        check_password(password, name)
        account = households.add_of_lan(self._store, locale=locale)
        try:
            self._owner_users.set(account.id, name, password)
        except BaseException:
            self._store.drop_household(account.id)
            raise
        return account

    def submit_code(self, pending: bytes, code: str) -> Outcome:
        """Takes the code as typed; it is text, and may start with 0."""
        waiting = self._waiting(pending)
        if waiting is None:
            return SignInRefused("expired")
        try:
            place = self._attempts.code_of(waiting.who)
        except NoPlace as full:
            return SignInRefused("guessed", full.wait_s)
        code = code.strip()
        if not code.isascii() or not code.isalnum() or len(code) > 12:
            return SignInRefused("wrong_code")
        return self._sign_in(replace(waiting, places=(*waiting.places, place)), code)

    def _waiting(self, pending: bytes) -> _Pending | None:
        """The sign-in that waits; None if it has expired, or was kept by another version."""
        try:
            waiting = msgspec.json.decode(pending, type=_Pending)
        except msgspec.MsgspecError:
            return None
        return waiting if self._clock() < waiting.until and waiting.kind in self.vendors else None

    def allow_open_way(self, account_id: str, *, allowed: bool, user: str = "") -> None:
        """Stores whether pictures may come unencrypted. If this can't be stored, the next link asks again.

        `user`: the user who answered while signing in; the answer is stored only for this user's source. A user
        without an account at a vendor answers for all sources of the household.
        """
        found = [households.find(self._store, kind, user) for kind in self.vendors] if user else []
        own = [source for source in found if source is not None]
        for source in self._store.sources(account_id):
            if source.kind in self.vendors and (not own or source in own):
                with contextlib.suppress(DriverError):
                    self.vendors[source.kind].sessions.allow_open_way(source, allowed=allowed)

    def _sign_in(self, pending: _Pending, code: str = "") -> Outcome:
        """Tries a sign-in at the vendor. A try without an answer stays counted: the vendor may have counted it, too."""
        sessions = self.vendors[pending.kind].sessions
        try:
            verdict = self._ask(pending, code)
            if isinstance(verdict, VendorSession):
                user = pending.user or verdict.user
                account = self._admit(sessions, user, verdict, pending.to)
                if account is None:
                    return SignInRefused("uninvited")
                self._attempts.were_right(*pending.places)
                if code and pending.user and self._by_code is not None:
                    self._by_code(account.id)
                return SignedIn(account, user)
        except DriverError as error:
            return SignInRefused("no_internet" if error.reason == "no_internet" else "vendor_down")
        if not isinstance(verdict, CodeSent):
            if not isinstance(verdict, Rejected):
                return SignInRefused("unsupported")
            if verdict.why == "terminals":
                self._attempts.were_right(*pending.places)
            is_key = not pending.user and verdict.why == "wrong"
            return SignInRefused("wrong_key" if is_key else verdict.why, region=verdict.region)
        # the password's places stay taken until the code is right: whoever has only a password gets few codes sent
        waiting = replace(pending, host=verdict.host, until=self._clock() + PENDING_S)
        return CodeWanted(msgspec.json.encode(waiting), masked(pending.user))

    def _ask(self, pending: _Pending, code: str) -> Verdict:
        """Asks the vendor. A typed name goes only to a vendor that checks it; other vendors' answers name the user."""
        vendor, user, secret, host = self.vendors[pending.kind], pending.user, pending.password, pending.host
        if user and isinstance(vendor, ByPassword):
            return vendor.sign_in(user, secret, self._vendor_s, code=code, host=host)
        if not user and not host and isinstance(vendor, ByKey):
            return vendor.sign_in_by_key(secret, self._vendor_s)
        if not user and host and isinstance(vendor, ByPage):
            return vendor.came_back(code, host, secret, self._vendor_s)
        return Rejected("unsupported")

    def _admit(self, sessions: Sessions, user: str, verdict: VendorSession, to: str) -> Account | None:
        """Signs the household in; None if the name may not come in.

        `begin` refuses such a name too. Here it is asked again, since an owner may have taken an invitation back,
        removed the household or closed the linking window while a code was awaited.
        """
        source = households.find(self._store, sessions.kind, user) if user else None
        if source is None or not self._lets_in(source.account):
            if not user or not self._admits_strangers():
                return None
            source = self._sign_up_now(sessions, user, to)
        try:
            # first: until then the end of a last link may sign the household out (showcam.registry.owner.departures)
            households.note_came(self._store, source.account, self._clock())
            sessions.signed_in(source, user, verdict.session)
        except Inconsistent:
            return None  # removed in this moment
        return self._store.account(source.account)

    def _sign_up_now(self, sessions: Sessions, user: str, to: str = "") -> Source:
        """`to`: as in `begin`; ignored if that household was removed meanwhile, or has an account at the vendor now."""
        sealed, kind = sessions.waiting(user), sessions.kind
        with contextlib.suppress(households.AlreadyAdded):  # the same person, twice at once
            if to and self._store.account(to) is not None and kind in self.lacking(to):
                households.add_to(self._store, to, kind, user, sealed)
            else:
                households.add(self._store, kind, user, sealed, origin=self._origin)
        source = households.find(self._store, kind, user)
        assert source is not None
        return source

    def _salt(self) -> str:
        return self._store.meta_once("vendor_salt", secrets.token_hex(32))
