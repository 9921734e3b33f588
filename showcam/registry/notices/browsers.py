"""The browsers that are sent rings by Web Push: each subscription is sealed, and ends with its browser's sign-in."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import msgspec
from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.net.notices import WITHIN_S
from showcam.net.web_push import Ended, Sender, Subscription, new_key
from showcam.registry.readings.changes import RUNG_S
from showcam.store.ports import Store

MOST = 20  # subscriptions of a household
_KEY, _ROW = (
    "push-key",
    "push/",
)  # names of secrets of an account; a row's is followed by the id of the browser's session


class TooMany(ValueError):
    """The household has as many subscriptions as it may."""


class _Kept(Struct):
    address: str
    key: bytes
    secret: bytes
    since: float


_decoder = msgspec.msgpack.Decoder(_Kept)


class Browsers:
    """Each method may raise StoreUnavailable. `clock`: epoch seconds."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._sessions, self._clock = store, ConsoleSessions(store, clock), clock

    def key(self, account_id: str) -> bytes:
        """The household's key as a sender, which is made at the first need: a subscription is good for one key only."""
        kept = self._store.account_secret(account_id, _KEY)
        if kept is None:
            kept = new_key()
            self._store.put_account_secret(account_id, _KEY, kept)
        return kept

    def add(self, account_id: str, session: str, given: Subscription) -> None:
        """Keeps the subscription of the browser with this session, in place of an earlier one. Raises TooMany."""
        kept = self.of(account_id)
        if session not in kept and len(kept) >= MOST:
            raise TooMany(f"a household has at most {MOST} browsers that are sent rings")
        row = _Kept(given.address, given.key, given.secret, self._clock())
        self._store.put_account_secret(account_id, _ROW + session, msgspec.msgpack.encode(row))

    def remove(self, account_id: str, session: str) -> None:
        self._store.drop_account_secret(account_id, _ROW + session)

    def has(self, account_id: str, session: str) -> bool:
        return self._store.account_secret(account_id, _ROW + session) is not None

    def of(self, account_id: str) -> dict[str, Subscription]:
        """The subscriptions by the ids of their browsers' sessions. Removes those whose browser has signed out."""
        found = {}
        for name, data in self._store.account_secrets(account_id, _ROW).items():
            session_id = name.removeprefix(_ROW)
            session = self._sessions.find(session_id)
            if session is None or session.account != account_id:
                self.remove(account_id, session_id)
                continue
            kept = _decoder.decode(data)
            found[session_id] = Subscription(kept.address, kept.key, kept.secret)
        return found


class Pushing:
    """Sends to a household's browsers. `sender` makes what sends with a household's key."""

    def __init__(self, browsers: Browsers, sender: Callable[[bytes], Sender]) -> None:
        self._browsers, self._sender = browsers, sender

    def of(self, account_id: str) -> Iterator[tuple[str, Callable[[bytes], bool]]]:
        """The id of each browser's session, and what sends a message to it and answers whether it was taken."""
        subscriptions = self._browsers.of(account_id)
        sender = self._sender(self._browsers.key(account_id)) if subscriptions else None
        for session, to in subscriptions.items():
            assert sender is not None
            yield session, partial(self._send, sender, account_id, session, to)

    def _send(self, sender: Sender, account_id: str, session: str, to: Subscription, message: bytes) -> bool:
        try:
            return sender.send(to, message, int(RUNG_S), WITHIN_S)
        except Ended:
            self._browsers.remove(account_id, session)
            return False
