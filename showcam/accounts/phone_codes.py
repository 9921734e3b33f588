"""One-time codes that sign a phone in at the console: an owner's page shows one as a QR code, a phone takes it once.

The store finds a code by its hash only. A code works for ten minutes, while the browser that made it is signed in, and
until that browser makes another.
"""

import time
from collections.abc import Callable

import msgspec
from msgspec import Struct

from showcam.accounts.attempts import Verdict, code_place
from showcam.accounts.console_sessions import ConsoleSession, ConsoleSessions, Role
from showcam.store.ports import Inconsistent, Store
from showcam.store.records import new_secret, token_hash

LIFE_S = 10 * 60  # somebody has to fetch the phone and unlock it


class Offer(Struct, frozen=True):
    """The household and the role of the phone's session. `by`: the session that made the code."""

    account: str
    user: str
    role: Role
    by: str


_decoder = msgspec.msgpack.Decoder(Offer)


class PhoneCodes:
    """Each method may raise StoreUnavailable."""

    def __init__(self, store: Store, sessions: ConsoleSessions, clock: Callable[[], float] = time.time) -> None:
        self._store, self._sessions, self._clock = store, sessions, clock

    def new(self, owner: ConsoleSession, role: Role) -> str:
        """Makes a code. An earlier code of the same browser no longer works."""
        if before := self._sessions.remembered(owner, "phone"):
            self._store.drop_visit(before.decode())
        code = new_secret()
        offer = msgspec.msgpack.encode(Offer(owner.account, owner.user, role, owner.id))
        self._store.put_visit(_row(code), offer, self._clock() + LIFE_S)
        self._sessions.remember(owner, _row(code).encode(), LIFE_S, "phone")
        return code

    def take(self, code: str, address: str, browser: str) -> tuple[Verdict, str]:
        """Uses the code up, and begins the phone's session: the verdict, and the text of the phone's cookie.

        Wrong codes are counted by the phone's address. `browser`: its name for the list of browsers.
        """
        place = code_place(self._store, address, self._clock())
        if place is None:
            return "too_many", ""
        offer = self._offer(code)
        if offer is None:
            return "wrong", ""
        self._store.leave_place(place.key, place.ends)
        try:
            begun = self._sessions.begin(account=offer.account, user=offer.user, role=offer.role, browser=browser)
        except Inconsistent:  # the household was removed a moment ago
            return "wrong", ""
        return "right", begun

    def _offer(self, code: str) -> Offer | None:
        data = self._store.take_visit(_row(code), self._clock())
        try:
            offer = _decoder.decode(data) if data else None
        except msgspec.MsgspecError:
            return None  # written by another version
        maker = self._sessions.find(offer.by) if offer else None
        is_owner = maker is not None and offer is not None and maker.account == offer.account
        return offer if is_owner and maker is not None and maker.role == "owner" else None


def _row(code: str) -> str:
    return token_hash(f"code of a phone|{code}")  # `ConsoleSessions.remember` has rows named "phone|…"
