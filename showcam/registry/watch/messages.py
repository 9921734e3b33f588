"""Reads the lists of happenings that vendors keep, while the same vendors push messages.

A message that comes by both is taken once.
"""

import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Literal, Protocol, runtime_checkable

from showcam.drivers.driver import REREAD_S, Hint
from showcam.drivers.errors import DriverError, SignedOut, Unavailable, VendorBusy
from showcam.net.cache import Recent
from showcam.registry.readings.changes import LONGEST_REST_S
from showcam.registry.watch.hints import READ_S, Noticing
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Source

log = logging.getLogger(__name__)

# A bell's press is only in the list of messages. It was seen a second after the press by reading each second for half
# a minute after any push, and each few seconds else (AidenShaw2020/ha-ezviz-doorbell, coordinator.py).
BELL_S = 5.0
HURRIED_S = 1.0
HURRY_S = 30.0
MISSED_S = 60.0  # a read goes back this far: a restart and a broken connection have missed no more than this
SAME_RING_S = 15.0  # a ring that comes by the other channel within this is the same; our own choice
READERS = 4
LISTS_READERS = 16  # of a process with a share of all households: a hundred lists a second, if each takes 150 ms
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
    hints of a list, with the id of its household. `rereads`: whether a list is also followed by the question whether
    there is a new doorbell, which reads the store.
    """

    def __init__(
        self,
        noticing: Noticing,
        vendors: Mapping[str, Vendor],
        offer: Callable[[Sequence[Hint], str], None],
        *,
        poll_s: float,
        rereads: bool = True,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._noticing, self._vendors, self._offer, self._rereads = noticing, vendors, offer, rereads
        self._poll_s, self._clock, self._monotonic = poll_s, clock, monotonic
        self._followed: dict[str, _Followed] = {}  # by source
        self._lock = Lock()
        self._due: SimpleQueue[_Followed | None] = SimpleQueue()
        # daemons: a vendor that hangs must not hold up the end of the process
        readers = READERS if rereads else LISTS_READERS
        self._readers = [Thread(target=self._work, name=f"messages-{number}", daemon=True) for number in range(readers)]
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
        if self._rereads:
            self._look_for_bell(followed)

    @staticmethod
    def _rest_s(followed: _Followed, error: DriverError, began: float) -> float:
        followed.failures += 1
        if isinstance(error, SignedOut):
            return REREAD_S
        asked_s = error.after_s if isinstance(error, VendorBusy) else 0.0
        followed.asked = began + asked_s
        return asked_s or min(HURRIED_S * 2.0 ** min(followed.failures, 8), LONGEST_REST_S)
