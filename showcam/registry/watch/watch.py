"""Watches every household: reads its cameras all the time, and takes the vendor's messages if there are any.

No vendor sends a message about a new name, Image Encryption or Audio, so messages replace no reading.
"""

import contextlib
import logging
import math
import random
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Literal, Protocol, runtime_checkable

from showcam.drivers.driver import REREAD_S, Hint
from showcam.drivers.errors import DriverError, SignedOut, Unavailable, VendorBusy
from showcam.net.cache import Recent
from showcam.registry.readings.changes import LONGEST_REST_S
from showcam.registry.watch.hints import READ_S, Inbox, Noticing
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import Source

log = logging.getLogger(__name__)

SPREAD = (0.5, 0.9)  # of the longest time between two readings: each takes a part of it by chance
ONCE_MORE = 1 / 8  # of the longest time, after the first failed reading
BACK_OFF = 4  # doublings of the longest time, from the third failed reading on
LISTENERS = 200  # connections a process keeps; further households are polled
# A bell's press is only in the list of messages. It was seen a second after the press by reading each second for half
# a minute after any push, and each few seconds else (AidenShaw2020/ha-ezviz-doorbell, coordinator.py).
BELL_S = 5.0
HURRIED_S = 1.0
HURRY_S = 30.0
MISSED_S = 60.0  # a read goes back this far: a restart and a broken connection have missed no more than this
SAME_RING_S = 15.0  # a ring that comes by the other channel within this is the same; our own choice
READERS = 4
MANY = 500  # messages of a household that are known

type Channel = Literal["push", "list"]


class Listening(Protocol):
    listening: bool

    def stop(self) -> None: ...


@runtime_checkable
class Vendor(Protocol):
    """A vendor with a list of happenings, which also sends messages."""

    def happened(self, source: Source, since: float, deadline_s: float) -> tuple[Hint, ...]: ...

    def listen(self, source: Source, callback: Callable[[Hint], None]) -> Listening: ...


class _Known:
    """The messages of a source that were taken: a message that comes by push and in the list is taken once."""

    def __init__(self) -> None:
        self._ids: Recent[str, bool] = Recent(MANY)
        self._rings: deque[tuple[Channel, Hint]] = deque(maxlen=16)  # not yet seen on the other channel

    def is_new(self, channel: Channel, hint: Hint) -> bool:
        name = hint.message or f"{hint.serial}/{hint.channel}/{hint.kind}/{hint.at}"  # if it has no id
        if self._ids.get(name):
            return False
        is_new = hint.kind != "doorbell" or not self._came_by_other(channel, hint)
        if is_new or channel == "list":
            # the id of a pushed ring that is not new is left out: the list announces it if it was another press
            self._ids.put(name, True)
        return is_new

    def _came_by_other(self, channel: Channel, hint: Hint) -> bool:
        for other in self._rings:
            if other[0] != channel and other[1].serial == hint.serial and abs(other[1].at - hint.at) < SAME_RING_S:
                self._rings.remove(other)
                return True
        self._rings.append((channel, hint))
        return False


@dataclass
class _Followed:
    """A source whose list of messages is read. Its times are monotonic, except `since`."""

    account_id: str
    source: Source
    since: float  # epoch seconds: older messages are not asked for
    due: float
    read_at: float
    is_pushed: bool = False
    has_bell: bool = False
    hurried_until: float = 0.0
    failures: int = 0
    asked: float = 0.0  # the time until which the vendor asked to wait
    busy: bool = False
    looking: Lock = field(default_factory=Lock)  # an older answer must not come after a newer one
    known: _Known = field(default_factory=_Known)


class Messages:
    """Reads vendors' lists of messages: every few seconds if there is a doorbell, since no push brings its press.

    A visitor at the door is usually seen first, and the vendor pushes that. The comment at BELL_S names the source of
    these paces, which was measured on a real doorbell. `turn` is called several times a second. `offer` takes the new
    hints of a list, with the id of its household.
    """

    def __init__(
        self,
        noticing: Noticing,
        vendors: Mapping[str, Vendor],
        offer: Callable[[Sequence[Hint], str], None],
        *,
        poll_s: float,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._noticing, self._vendors, self._offer = noticing, vendors, offer
        self._poll_s, self._clock, self._monotonic = poll_s, clock, monotonic
        self._followed: dict[str, _Followed] = {}  # by source
        self._lock = Lock()
        self._due: SimpleQueue[_Followed | None] = SimpleQueue()
        # daemons: a vendor that hangs must not hold up the end of the process
        self._readers = [Thread(target=self._work, name=f"messages-{number}", daemon=True) for number in range(READERS)]
        for reader in self._readers:
            reader.start()

    @property
    def busy(self) -> bool:
        return any(followed.busy for followed in list(self._followed.values()))

    def follow(self, account_id: str, source: Source, *, is_pushed: bool) -> None:
        """Called at each reading of the household. A new source's list is read at once, for the minute before."""
        now = self._monotonic()
        with self._lock:
            followed = self._followed.get(source.id)
            if followed is None:
                followed = _Followed(account_id, source, since=self._clock() - MISSED_S, due=now, read_at=now)
                self._followed[source.id] = followed
        self._look_for_bell(followed)
        with self._lock:
            followed.source, followed.is_pushed = source, is_pushed
            if not followed.failures and not followed.busy:
                followed.due = min(followed.due, followed.read_at + self._pace_s(followed))

    def leave(self, source_id: str) -> None:
        with self._lock:
            self._followed.pop(source_id, None)

    def pushed(self, source_id: str, hint: Hint) -> bool:
        """Notes a hint that the vendor pushed; False: the list has brought it already.

        The empty hint is a new connection: something may have been missed before it. Any other hint means that somebody
        may be on the way to the door.
        """
        now = self._monotonic()
        with self._lock:
            followed = self._followed.get(source_id)
            if followed is None:
                return True
            if hint == Hint():
                followed.since = min(followed.since, self._clock() - MISSED_S)
                followed.due = min(followed.due, max(now, followed.asked))
                return True
            followed.hurried_until = now + HURRY_S
            if self._pace_s(followed) <= HURRIED_S and not followed.failures:
                followed.due = min(followed.due, now)
            return followed.known.is_new("push", hint)

    def turn(self) -> None:
        now = self._monotonic()
        with self._lock:
            for followed in self._followed.values():
                if followed.due <= now and not followed.busy:
                    followed.busy, followed.due = True, math.inf
                    self._due.put(followed)

    def close(self) -> None:
        """Waits for the readers: for tests, since a process ends without waiting for a vendor."""
        for _ in self._readers:
            self._due.put(None)
        for reader in self._readers:
            reader.join()

    def _pace_s(self, followed: _Followed) -> float:
        if followed.has_bell:
            return HURRIED_S if self._monotonic() < followed.hurried_until else BELL_S
        return math.inf if followed.is_pushed else self._poll_s

    def _look_for_bell(self, followed: _Followed) -> None:
        with contextlib.suppress(StoreUnavailable, Unavailable), followed.looking:  # the answer stays as before
            followed.has_bell = self._noticing.has_bell(followed.account_id, followed.source)

    def _work(self) -> None:
        while (followed := self._due.get()) is not None:
            began, rest_s = self._monotonic(), 0.0
            try:
                self._read(followed)
                followed.failures = 0
            except DriverError as error:
                rest_s = self._rest_s(followed, error, began)
            except Exception:
                rest_s = LONGEST_REST_S
                log.exception("the messages of source %s could not be read", followed.source.id)
            with self._lock:
                followed.read_at = began
                pace_s = rest_s or self._pace_s(followed)
                followed.due, followed.busy = min(followed.due, began + pace_s), False

    def _read(self, followed: _Followed) -> None:
        source, asked_at = followed.source, self._clock()
        hints = self._vendors[source.kind].happened(source, followed.since, READ_S)
        with self._lock:
            new = [hint for hint in hints if followed.known.is_new("list", hint)]
        # the newest first: of several rings of a camera only the newest is announced
        self._offer(sorted(new, key=lambda hint: -hint.at), followed.account_id)
        followed.since = asked_at - MISSED_S
        self._look_for_bell(followed)

    @staticmethod
    def _rest_s(followed: _Followed, error: DriverError, began: float) -> float:
        followed.failures += 1
        if isinstance(error, SignedOut):
            return REREAD_S
        asked_s = error.after_s if isinstance(error, VendorBusy) else 0.0
        followed.asked = began + asked_s
        return asked_s or min(HURRIED_S * 2.0 ** min(followed.failures, 8), LONGEST_REST_S)


@dataclass
class _Watched:
    due: float
    read_due: float = 0.0
    signed_in: set[str] = field(default_factory=set)  # its sources at the last reading
    failures: int = 0
    busy: bool = False
    listeners: dict[str, Listening] = field(default_factory=dict)  # by source
    followed: set[str] = field(default_factory=set)  # sources whose list of messages is read

    def end(self) -> None:
        """Stops a household's listeners. A reader that adds a listener just then stops the listener itself."""
        for listener in list(self.listeners.values()):
            listener.stop()


class Watch:
    """`turn` is called several times a second. `poll_s`: the longest time between two readings of a household.

    Readings are due by `monotonic`: a machine without a battery for its clock may set the clock back by hours.
    `vendors` that list or send messages, by the kind of their sources. `push`: the kinds that are listened to;
    `webhook`: the kinds whose vendor calls ours. The messages of other sources are polled with each reading.
    """

    def __init__(
        self,
        store: Store,
        noticing: Noticing,
        vendors: Mapping[str, Vendor],
        *,
        poll_s: float,
        push: Collection[str],
        webhook: Collection[str],
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._noticing, self._vendors, self._monotonic = store, noticing, vendors, monotonic
        self._poll_s, self._push, self._webhook = poll_s, push, webhook
        self._inbox = Inbox(noticing)
        self._messages = Messages(
            noticing, vendors, self._inbox.offer_list, poll_s=poll_s, clock=clock, monotonic=monotonic
        )
        self._watched: dict[str, _Watched] = {}
        self._census_due = 0.0
        self._due: SimpleQueue[tuple[str, _Watched] | None] = SimpleQueue()
        # daemons: a vendor that hangs must not hold up the end of the process
        self._readers = [Thread(target=self._work, name=f"watch-{number}", daemon=True) for number in range(READERS)]
        for reader in self._readers:
            reader.start()

    def turn(self) -> None:
        """Hands the households that are due to the readers. Raises StoreUnavailable."""
        now = self._monotonic()
        if now >= self._census_due:
            self._take_census()
            self._census_due = now + REREAD_S
        for account_id, watched in self._watched.items():
            if watched.due <= now and not watched.busy:
                watched.busy = True
                self._due.put((account_id, watched))
        self._messages.turn()

    def close(self) -> None:
        """Waits for the readers and stops the listeners: for tests, as `Messages.close`."""
        for _ in self._readers:
            self._due.put(None)
        for reader in self._readers:
            reader.join()
        for watched in self._watched.values():
            watched.end()
        self._messages.close()

    def _take_census(self) -> None:
        """New households come due spread over time, not all at once."""
        now, households = self._monotonic(), {account.id for account in self._store.accounts()}
        for gone in self._watched.keys() - households:
            self._end(self._watched.pop(gone))
        new = households - self._watched.keys()
        spread_s = min(self._poll_s, LONGEST_REST_S, len(new) * 0.5)
        for account_id in new:
            self._watched[account_id] = _Watched(now + spread_s * random.random())  # noqa: S311 - spreads

    def _work(self) -> None:
        while (due := self._due.get()) is not None:
            self._read(*due)

    def _read(self, account_id: str, watched: _Watched) -> None:
        """Reads the household if its time has come, or if somebody has signed in to a source of it or out."""
        look_s = math.inf
        try:
            known = self._store.sources(account_id)
            sources = [source for source in known if self._is_signed_in(source)]
            if not sources or len(sources) < len(known):
                look_s = min(self._poll_s, max(2.0, 0.05 * len(self._watched)))  # this reads nothing but our own store
            self._listen(account_id, watched, sources)
            self._follow(account_id, watched, sources)  # before the cameras are read: a ring waits for no list of them
            signed_in = {source.id for source in sources}
            if watched.signed_in != signed_in or watched.read_due <= self._monotonic():
                watched.signed_in = signed_in
                well = not sources or self._noticing.refresh(account_id, [source.id for source in sources])
                self._follow(account_id, watched, sources)  # again: one of the cameras may be a new doorbell
                watched.failures = 0 if well else watched.failures + 1
                watched.read_due = self._next(watched) if sources else math.inf
        except Exception:
            watched.failures += 1
            watched.read_due = self._next(watched)
            log.exception("account %s could not be watched", account_id)
        finally:
            look_due = self._monotonic() + look_s * random.uniform(*SPREAD)  # noqa: S311 - spreads
            watched.due = min(watched.read_due, look_due)
            if self._watched.get(account_id) is not watched:
                self._end(watched)  # the household was removed meanwhile, and may be followed again since
            watched.busy = False

    def _next(self, watched: _Watched) -> float:
        """When the household is read again."""
        pace_s = self._poll_s
        if watched.failures:
            pace_s *= ONCE_MORE if watched.failures == 1 else 2 ** min(watched.failures - 2, BACK_OFF)
        return self._monotonic() + pace_s * random.uniform(*SPREAD)  # noqa: S311 - spreads

    def _is_signed_in(self, source: Source) -> bool:
        session = self._store.read_session(source.account, source.id)
        return session is not None and session.state == "ok"

    def _listen(self, account_id: str, watched: _Watched, sources: list[Source]) -> None:
        wanted = {source.id: source for source in sources if source.kind in self._push}
        for gone in watched.listeners.keys() - wanted.keys():
            watched.listeners.pop(gone).stop()
        for source_id in wanted.keys() - watched.listeners.keys():
            if sum(len(household.listeners) for household in list(self._watched.values())) < LISTENERS:
                source = wanted[source_id]
                watched.listeners[source_id] = self._vendors[source.kind].listen(
                    source, partial(self._receive, account_id, source_id)
                )

    def _receive(self, account_id: str, source_id: str, hint: Hint) -> None:
        if self._messages.pushed(source_id, hint):
            self._inbox.offer(hint, account_id)

    def _follow(self, account_id: str, watched: _Watched, sources: list[Source]) -> None:
        followed = {source.id: source for source in sources if source.kind in self._vendors}
        for gone in watched.followed - followed.keys():
            self._messages.leave(gone)
        for source in followed.values():
            self._messages.follow(account_id, source, is_pushed=self._is_pushed(watched, source))
        watched.followed = set(followed)

    def _end(self, watched: _Watched) -> None:
        watched.end()
        for source_id in watched.followed:
            self._messages.leave(source_id)

    def _is_pushed(self, watched: _Watched, source: Source) -> bool:
        listener = watched.listeners.get(source.id)
        return source.kind in self._webhook or (listener is not None and listener.listening)
