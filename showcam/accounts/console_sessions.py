"""Browsers that are signed in at the console, and who is shown a picture: such a browser, or an assistant by its link.

A browser has a cookie of its own for thirty days, sealed in the store. The store finds a session by its id, which the
cookie's text gives and which gives no cookie. So the id may stand in a stream's grant, and the gate still finds out
whether its browser is signed in.
"""

import time
from collections.abc import Callable
from typing import Literal, Protocol, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from showcam.accounts.identity import new_secret, token_hash
from showcam.store.household_ports import Accounts, AccountSecrets
from showcam.store.ports import Links, Throttle, Visits
from showcam.store.records import MONTH_S

KEPT_S = MONTH_S
SLOW_S = 60.0  # a browser is listed before its session is kept: for so long the session may be on its way
LISTED = "browser-"  # of a household's secrets: a browser's begins so, its session's id follows
PREFIX = "home-"  # of the ids: no link's id has a hyphen

# What is remembered of a browser: its sign-in that waits for a code, cameras whose encryption or whose key waits for
# one, and the language in which it tries a sentence.
type Name = Literal["next", "encryption", "keys", "language"]
NAMES: tuple[Name, ...] = get_args(Name.__value__)


class ConsoleSession(Struct, frozen=True):
    """`account` is "" until somebody has signed in to a vendor: until then the browser sees no camera.

    `user` without an account: it signed out. It was let in once, so it may sign in, and nothing else.
    """

    id: str
    expires: float
    account: str = ""
    user: str = ""  # with which name that was

    @property
    def has_left(self) -> bool:
        return bool(self.user) and not self.account


class Listed(Struct, frozen=True):
    """What is kept of a browser for its owner to read. `browser`: a name that the console gives it."""

    since: float = 0.0
    browser: str = ""


class SignedInBrowser(Struct, frozen=True):
    session: ConsoleSession
    since: float
    browser: str


class Store(Visits, AccountSecrets, Throttle, Protocol):
    """What sessions take."""


_decoder = msgspec.msgpack.Decoder(ConsoleSession)
_listed = msgspec.msgpack.Decoder(Listed)


class ConsoleSessions:
    """Each method may raise StoreUnavailable."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def begin(self, *, account: str = "", user: str = "", kept_s: float = KEPT_S, browser: str | None = None) -> str:
        """The text of the cookie, from which `read` finds the session. A `browser` is in the household's list."""
        text = new_secret()
        session = ConsoleSession(_id(text), self._clock() + kept_s, account, user)
        if browser is not None:
            listed = msgspec.msgpack.encode(Listed(self._clock(), browser))
            self._store.put_account_secret(account, LISTED + session.id, listed)
        self._keep(session)
        return text

    def browsers(self, account: str) -> list[SignedInBrowser]:
        """The browsers that are signed in to the household, the last one first; what is over leaves the list."""
        found = []
        for name, data in self._store.account_secrets(account, LISTED).items():
            session, listed = self.find(name.removeprefix(LISTED)), _listed.decode(data)
            if session is not None and session.account == account:
                found.append(SignedInBrowser(session, listed.since, listed.browser))
            elif listed.since + SLOW_S < self._clock():
                self._store.drop_account_secret(account, name)
        return sorted(found, key=lambda browser: -browser.since)

    def renew(self, session: ConsoleSession, kept_s: float) -> None:
        """Keep it for that long from now."""
        self._keep(replace(session, expires=self._clock() + kept_s))

    def read(self, text: str) -> ConsoleSession | None:
        """The session of the cookie's text."""
        return self.find(_id(text)) if text else None

    def find(self, session_id: str) -> ConsoleSession | None:
        data = self._store.visit(_row(session_id), self._clock())
        try:
            return _decoder.decode(data) if data else None
        except msgspec.MsgspecError:
            return None  # written by another version

    def end(self, session: ConsoleSession) -> None:
        self._store.drop_visit(_row(session.id))
        if session.account:
            self._store.drop_account_secret(session.account, LISTED + session.id)
        for name in NAMES:
            self.forget(session, name)

    def remember(self, session: ConsoleSession, data: bytes, seconds: float, name: Name = "next") -> None:
        """Keep what a later step of the browser needs, sealed, for that long."""
        self._store.put_visit(_named(session, name), data, self._clock() + seconds)

    def remembered(self, session: ConsoleSession, name: Name = "next") -> bytes | None:
        return self._store.visit(_named(session, name), self._clock())

    def claim(self, state: str) -> bool:
        """True for the first of several requests that bring the same state back."""
        return self._store.hit(f"callback:{token_hash(state)}", 3600, self._clock()) == 1

    def forget(self, session: ConsoleSession, name: Name = "next") -> None:
        self._store.drop_visit(_named(session, name))

    def _keep(self, session: ConsoleSession) -> None:
        self._store.put_visit(_row(session.id), msgspec.msgpack.encode(session), session.expires)


def _id(text: str) -> str:
    return PREFIX + token_hash(f"console|{text}")


def _row(session_id: str) -> str:
    return token_hash(session_id)


def _named(session: ConsoleSession, name: Name) -> str:
    return token_hash(f"{name}|{session.id}")


class Viewer(Protocol):
    """A link of an assistant's, or a session of the console."""

    @property
    def id(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def cameras(self) -> tuple[str, ...] | None:
        """Ids of the cameras that the viewer may see; None means all cameras of the account."""
        ...


class OwnersPage(Struct, frozen=True):
    """A browser of an owner's, to which all cameras of the household are visible."""

    id: str
    account: str
    cameras: None = None


class ViewerStore(Accounts, AccountSecrets, Links, Throttle, Visits, Protocol):
    """What finding a viewer takes."""


def find_viewer(store: ViewerStore, viewer_id: str) -> Viewer | None:
    """None where it never was or is over. Raises StoreUnavailable."""
    if viewer_id.startswith(PREFIX):
        session = ConsoleSessions(store).find(viewer_id)
        if session is None or store.account(session.account) is None:
            return None  # signed out, or its household was removed
        return OwnersPage(session.id, session.account)
    link = store.link(viewer_id)
    return link if link is not None and link.ended is None else None
