"""Reads the vendor's list of messages: every few seconds where there is a doorbell, whose press no push brings.

Whoever comes to the door is usually seen first, and that is pushed. Who has measured the paces on a real doorbell is
said in the driver, in `events.py`.
"""

import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Literal, Protocol

from net.cache import Recent
from registry.driver import Hint
from registry.errors import DriverError, SignedOut, Unavailable, VendorBusy
from registry.readings.noticing import Noticing
from store.ports import StoreUnavailable
from store.records import Source

log = logging.getLogger(__name__)

BELL_S = 5.0  # between two reads of a household with a doorbell
HURRIED_S = 1.0  # between two after something was pushed
HURRY_S = 30.0  # how long that lasts
MISSED_S = 60.0  # a read goes so far back: a restart and a broken connection have missed no more than that
CALL_S = 5.0  # one read
REST_S = 15.0  # longest pause after failures: a ring that is 45 s old is not rung any more
SIGNED_OUT_S = 60.0
SAME_RING_S = 15.0  # a ring that comes by the other channel within this is the same
READERS = 4
MANY = 500  # messages of a household that are known

type Channel = Literal["push", "list"]


class Lists(Protocol):
    """A vendor that lists what happened."""

    def happened(self, source: Source, since: float, deadline_s: float) -> tuple[Hint, ...]: ...


class _Known:
    """Which messages of a source were taken, so that what comes by push and in the list is taken once."""

    def __init__(self) -> None:
        self._ids: Recent[str, bool] = Recent(MANY)
        self._rings: deque[tuple[Channel, Hint]] = deque(maxlen=16)  # not yet seen on the other channel

    def is_new(self, channel: Channel, hint: Hint) -> bool:
        name = hint.message or f"{hint.serial}/{hint.channel}/{hint.kind}/{hint.at}"  # if it has no id
        if self._ids.get(name):
            return False
        is_new = hint.kind != "doorbell" or not self._came_by_other(channel, hint)
        if is_new or channel == "list":
            # the id of a pushed ring that is not new is left out: if it was another press after all, the list rings it
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
    account_id: str
    source: Source
    since: float  # older messages are not asked for
    due: float
    read_at: float
    is_pushed: bool = False
    has_bell: bool = False
    hurried_until: float = 0.0
    failures: int = 0
    asked: float = 0.0  # until when the vendor asked to wait
    busy: bool = False
    looking: Lock = field(default_factory=Lock)  # so that an older answer does not come after a newer one
    known: _Known = field(default_factory=_Known)


class Messages:
    """`turn` is called several times a second. `offer` takes the hints, each with the id of its household."""

    def __init__(
        self,
        noticing: Noticing,
        vendors: Mapping[str, Lists],
        offer: Callable[[Hint, str], None],
        *,
        poll_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._noticing, self._vendors, self._offer = noticing, vendors, offer
        self._poll_s, self._clock = poll_s, clock
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
        now = self._clock()
        with self._lock:
            followed = self._followed.get(source.id)
            if followed is None:
                followed = _Followed(account_id, source, since=now - MISSED_S, due=now, read_at=now)
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

        The empty hint is a new connection, before which something may have been missed. Any other one means that
        somebody may be on the way to the door.
        """
        now = self._clock()
        with self._lock:
            followed = self._followed.get(source_id)
            if followed is None:
                return True
            if hint == Hint():
                followed.since = min(followed.since, now - MISSED_S)
                followed.due = min(followed.due, max(now, followed.asked))
                return True
            followed.hurried_until = now + HURRY_S
            if self._pace_s(followed) <= HURRIED_S and not followed.failures:
                followed.due = min(followed.due, now)
            return followed.known.is_new("push", hint)

    def turn(self) -> None:
        now = self._clock()
        with self._lock:
            for followed in self._followed.values():
                if followed.due <= now and not followed.busy:
                    followed.busy, followed.due = True, math.inf
                    self._due.put(followed)

    def close(self) -> None:
        for _ in self._readers:
            self._due.put(None)
        for reader in self._readers:
            reader.join()

    def _pace_s(self, followed: _Followed) -> float:
        if followed.has_bell:
            return HURRIED_S if self._clock() < followed.hurried_until else BELL_S
        return math.inf if followed.is_pushed else self._poll_s

    def _look_for_bell(self, followed: _Followed) -> None:
        with contextlib.suppress(StoreUnavailable, Unavailable), followed.looking:  # it is as it was
            followed.has_bell = self._noticing.has_bell(followed.account_id, followed.source)

    def _work(self) -> None:
        while (followed := self._due.get()) is not None:
            began, rest_s = self._clock(), 0.0
            try:
                self._read(followed, began)
                followed.failures = 0
            except DriverError as error:
                rest_s = self._rest_s(followed, error, began)
            except Exception:
                rest_s = REST_S
                log.exception("the messages of source %s could not be read", followed.source.id)
            with self._lock:
                followed.read_at = began
                pace_s = rest_s or self._pace_s(followed)
                followed.due, followed.busy = min(followed.due, began + pace_s), False

    def _read(self, followed: _Followed, began: float) -> None:
        source = followed.source
        hints = self._vendors[source.kind].happened(source, followed.since, CALL_S)
        with self._lock:
            new = [hint for hint in hints if followed.known.is_new("list", hint)]
        # the newest first: of several rings of a camera it is the one that is rung
        for hint in sorted(new, key=lambda hint: -hint.at):
            self._offer(hint, followed.account_id)
        followed.since = began - MISSED_S
        self._look_for_bell(followed)

    @staticmethod
    def _rest_s(followed: _Followed, error: DriverError, began: float) -> float:
        followed.failures += 1
        if isinstance(error, SignedOut):
            return SIGNED_OUT_S
        asked_s = error.after_s if isinstance(error, VendorBusy) else 0.0
        followed.asked = began + asked_s
        return asked_s or min(HURRIED_S * 2.0 ** min(followed.failures, 8), REST_S)
