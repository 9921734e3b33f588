"""Keeps the browsers that are signed in at the console.

A browser has its own cookie, sealed in the store. The store finds a session by its id. The cookie's text gives this
id, but the id does not give the cookie. So a stream's grant may name the id, and the gate still finds out whether the
browser is signed in.

A session ends thirty days after its last use, or when the household is removed. It has no other end: a tablet in the
kitchen stays signed in while the family uses it, and its owner sees it in a list and ends it there.
"""

import time
from collections.abc import Callable
from typing import Literal, Protocol, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from showcam.accounts.links import SESSION
from showcam.store.ports import Store
from showcam.store.records import DAY_S, MONTH_S, new_secret, token_hash

KEPT_S = MONTH_S
COOKIE_S = 400 * 86_400  # browsers limit cookies to 400 days
SLOW_S = 60.0  # a browser is listed before its session is stored: the session may be missing for this time
# A browser's row in a household's secrets is named by this and the session's id. A signed-out browser has a row too.
LISTED = "browser-"

# The kinds of data that are remembered for a browser. `next`: a sign-in that waits for a code. `encryption` and `keys`:
# cameras whose encryption or key waits for a code. `language`: the language of the sentences that the browser tries.
# `phone`: the row of the code of a phone.
type Name = Literal["next", "encryption", "keys", "language", "phone"]
type Role = Literal["owner", "member"]  # a member watches, and changes nothing
NAMES: tuple[Name, ...] = get_args(Name.__value__)


class ConsoleSession(Struct, frozen=True):
    """A browser's session at the console.

    `account` is "" until somebody has signed in; until then the browser sees no camera.
    """

    id: str
    expires: float
    account: str = ""
    user: str = ""  # the user name before the browser signed out
    left: str = ""  # the household that the browser signed out of
    role: Role = "owner"
    by_code: bool = True  # False: the browser gave no printed code, and its sign-in waits for the vendor

    @property
    def at_door(self) -> bool:
        """Whether the browser may sign in to a household of the owner's, and nothing else.

        It signed out, or gave no printed code.
        """
        return not self.account and (bool(self.user) or not self.by_code)


class Listed(Struct, frozen=True):
    """The data about a browser for its owner to read. The console makes up the name in `browser`."""

    since: float = 0.0
    browser: str = ""


class SignedInBrowser(Struct, frozen=True):
    session: ConsoleSession
    since: float
    browser: str


_decoder = msgspec.msgpack.Decoder(ConsoleSession)
_listed = msgspec.msgpack.Decoder(Listed)


class ConsoleSessions:
    """The sessions of browsers at the console. Each method may raise StoreUnavailable."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def begin(
        self,
        *,
        account: str = "",
        user: str = "",
        left: str = "",
        role: Role = "owner",
        kept_s: float = KEPT_S,
        browser: str | None = None,
    ) -> str:
        """Begins a session and returns the text of its cookie, which `read` takes.

        With a `browser` name the household's list of browsers shows the session. A listed session ends with its
        household, and so does the session of a signed-out browser. Raises Inconsistent if the household is gone.
        """
        text = new_secret()
        session = ConsoleSession(_id(text), self._clock() + kept_s, account, user, left, role)
        if browser is not None or left:
            listed = msgspec.msgpack.encode(Listed(self._clock(), browser or ""))
            self._store.put_account_secret(account or left, LISTED + session.id, listed)
        self.keep(session)
        return text

    def at_door(self, kept_s: float) -> tuple[str, ConsoleSession]:
        """Returns a new cookie's text and the session of a browser that signs in at the door. `keep` stores it."""
        text = new_secret()
        return text, ConsoleSession(_id(text), self._clock() + kept_s, by_code=False)

    def keep(self, session: ConsoleSession) -> None:
        self._store.put_visit(_row(session.id), msgspec.msgpack.encode(session), session.expires)

    def browsers(self, account: str) -> list[SignedInBrowser]:
        """The browsers that are signed in to the household, the newest first. Removes those whose session has ended."""
        found = []
        for name, data in self._store.account_secrets(account, LISTED).items():
            session, listed = self.find(name.removeprefix(LISTED)), _listed.decode(data)
            if session is not None and session.account == account:
                found.append(SignedInBrowser(session, listed.since, listed.browser))
            elif (session is None or session.left != account) and listed.since + SLOW_S < self._clock():
                self._store.drop_account_secret(account, name)
        return sorted(found, key=lambda browser: -browser.since)

    def renew(self, session: ConsoleSession, kept_s: float) -> bool:
        """Makes the session last for `kept_s` seconds. False, and nothing changes, if the session has ended."""
        now = self._clock()
        renewed = replace(session, expires=now + kept_s)
        return self._store.change_visit(_row(session.id), msgspec.msgpack.encode(renewed), renewed.expires, now)

    def use(self, session: ConsoleSession) -> bool:
        """Notes a use of a signed-in browser's session, once a day: otherwise each request would write.

        Returns True if its cookie lasts longer from now on.
        """
        if not session.account or session.expires - self._clock() > KEPT_S - DAY_S:
            return False
        return self.renew(session, KEPT_S)

    def read(self, text: str) -> ConsoleSession | None:
        """The session that belongs to the cookie's text, or None."""
        return self.find(_id(text)) if text else None

    def find(self, session_id: str) -> ConsoleSession | None:
        data = self._store.visit(_row(session_id), self._clock())
        try:
            return _decoder.decode(data) if data else None
        except msgspec.MsgspecError:
            return None  # written by another version

    def end(self, session: ConsoleSession) -> None:
        self._store.drop_visit(_row(session.id))
        if household := session.account or session.left:
            self._store.drop_account_secret(household, LISTED + session.id)
        if code := self.remembered(session, "phone"):
            self._store.drop_visit(code.decode())
        for name in NAMES:
            self.forget(session, name)

    def end_all(self, account: str) -> list[str]:
        """Ends the session of each browser that is signed in to the household, or was when it signed out.

        Returns the ids of these sessions.
        """
        names = self._store.account_secrets(account, LISTED)
        ids = [name.removeprefix(LISTED) for name in names]
        for session_id in ids:
            self.end(ConsoleSession(session_id, expires=0.0, account=account))
        return ids

    def remember(self, session: ConsoleSession, data: bytes, seconds: float, name: Name = "next") -> None:
        """Stores data for a later step of the browser, sealed, for `seconds`."""
        self._store.put_visit(_named(session, name), data, self._clock() + seconds)

    def remembered(self, session: ConsoleSession, name: Name = "next") -> bytes | None:
        return self._store.visit(_named(session, name), self._clock())

    def claim(self, state: str) -> bool:
        """True for the first of several requests that bring back the same state of a vendor's page."""
        return self._store.hit(f"callback:{token_hash(state)}", 3600, self._clock()) == 1

    def forget(self, session: ConsoleSession, name: Name = "next") -> None:
        self._store.drop_visit(_named(session, name))


def _id(text: str) -> str:
    return SESSION + token_hash(f"console|{text}")


def _row(session_id: str) -> str:
    return token_hash(session_id)


def _named(session: ConsoleSession, name: Name) -> str:
    return token_hash(f"{name}|{session.id}")


class Viewer(Protocol):
    """A link of an assistant, or a session of the console."""

    @property
    def id(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def cameras(self) -> tuple[str, ...] | None:
        """Ids of the cameras that the viewer may see; None means all cameras of the account."""
        ...


class OwnersPage(Struct, frozen=True):
    """An owner's browser, which may see all cameras of the household."""

    id: str
    account: str
    cameras: None = None
