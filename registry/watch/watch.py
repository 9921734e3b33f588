"""An eye on every household: by the vendor's messages where they come, by asking now and then where not."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

from registry.driver import Hint
from registry.errors import DriverError
from registry.readings.noticing import Noticing
from registry.watch.inbox import Inbox
from store.ports import Store, StoreUnavailable
from store.records import Source

log = logging.getLogger(__name__)

CENSUS_S = 30.0  # how often one looks who there is
HEARD = 5  # a household whose vendor tells by itself is read so much less often: not all that changes is told
BACK_OFF = 4  # doublings of the pace of a household that can't be read
LISTENERS = 200  # connections a process keeps; who finds no place is polled
LOOKERS = 4
MESSAGES_S = 5.0


class Listening(Protocol):
    listening: bool

    def stop(self) -> None: ...


class Vendor(Protocol):
    def happened(self, source: Source, since: float, deadline_s: float) -> tuple[Hint, ...]: ...

    def listen(self, source: Source, told: Callable[[Hint], None]) -> Listening: ...


@dataclass
class _Watched:
    due: float
    since: float  # what happened before is history
    failures: int = 0
    busy: bool = False
    listeners: dict[str, Listening] = field(default_factory=dict)  # by source

    def end(self) -> None:
        for listener in self.listeners.values():
            listener.stop()
        self.listeners.clear()


class Watch:
    """`turn` is called every second or so. `told`: the vendor tells by webhook; `push`: it may be listened to."""

    def __init__(
        self,
        store: Store,
        noticing: Noticing,
        vendor: Vendor,
        *,
        poll_s: float,
        push: bool,
        told: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._noticing, self._vendor, self._clock = store, noticing, vendor, clock
        self._poll_s, self._push, self._told = poll_s, push, told
        self._inbox = Inbox(noticing)
        self._watched: dict[str, _Watched] = {}
        self._census_due = 0.0
        self._due: SimpleQueue[tuple[str, _Watched] | None] = SimpleQueue()
        # daemons: a vendor that hangs must not hold up the end of the process
        self._lookers = [Thread(target=self._look_on, name=f"watch-{each}", daemon=True) for each in range(LOOKERS)]
        for looker in self._lookers:
            looker.start()

    def turn(self) -> None:
        """Starts looking at the households that are due. Raises StoreUnavailable."""
        now = self._clock()
        if now >= self._census_due:
            self._count()
            self._census_due = now + CENSUS_S
        for account_id, watched in self._watched.items():
            if watched.due <= now and not watched.busy:
                watched.busy = True
                self._due.put((account_id, watched))

    def close(self) -> None:
        for _ in self._lookers:
            self._due.put(None)
        for looker in self._lookers:
            looker.join()
        for watched in self._watched.values():
            watched.end()

    def _count(self) -> None:
        """New households are looked at in the time to come, not all at once."""
        now, there = self._clock(), {account.id for account in self._store.accounts()}
        for gone in self._watched.keys() - there:
            self._watched.pop(gone).end()
        new = there - self._watched.keys()
        spread_s = min(self._poll_s, len(new) * 0.5)
        for account_id in new:
            self._watched[account_id] = _Watched(now + spread_s * random.random(), now)  # noqa: S311 - spreads

    def _look_on(self) -> None:
        while (due := self._due.get()) is not None:
            self._look(*due)

    def _look(self, account_id: str, watched: _Watched) -> None:
        pace_s = self._poll_s
        try:
            pace_s = self._looked(account_id, watched)
        except Exception:
            watched.failures += 1
            log.exception("account %s could not be looked at", account_id)
        finally:
            pace_s *= 2 ** min(watched.failures, BACK_OFF)
            watched.due = self._clock() + pace_s * random.uniform(0.9, 1.1)  # noqa: S311 - spreads
            watched.busy = False

    def _looked(self, account_id: str, watched: _Watched) -> float:
        """Seconds until the next look, if nothing is wrong."""
        sources = [each for each in self._store.sources(account_id) if self._is_signed_in(each)]
        self._listen(account_id, watched, sources)
        if not sources:
            watched.failures = 0
            return min(self._poll_s, max(2.0, 0.05 * len(self._watched)))  # nobody but our own store is asked
        heard = self._told or all(self._hears(watched, each) for each in sources)
        well = self._noticing.refresh(account_id)
        if not heard:
            well = self._ask(account_id, watched, sources) and well
        watched.failures = 0 if well else watched.failures + 1
        return self._poll_s * (HEARD if heard else 1)

    def _is_signed_in(self, source: Source) -> bool:
        session = self._store.read_session(source.account, source.id)
        return session is not None and session.state == "ok"

    def _listen(self, account_id: str, watched: _Watched, sources: list[Source]) -> None:
        wanted = {each.id: each for each in sources} if self._push else {}
        for gone in watched.listeners.keys() - wanted.keys():
            watched.listeners.pop(gone).stop()
        for source_id in wanted.keys() - watched.listeners.keys():
            if sum(len(each.listeners) for each in list(self._watched.values())) < LISTENERS:
                watched.listeners[source_id] = self._vendor.listen(
                    wanted[source_id], lambda hint: self._inbox.offer(hint, account_id)
                )

    @staticmethod
    def _hears(watched: _Watched, source: Source) -> bool:
        listener = watched.listeners.get(source.id)
        return listener is not None and listener.listening

    def _ask(self, account_id: str, watched: _Watched, sources: list[Source]) -> bool:
        """What the vendor lists as having happened since it was asked last."""
        for source in sources:
            try:
                hints = self._vendor.happened(source, watched.since, MESSAGES_S)
                self._noticing.noticed(account_id, hints)
            except (DriverError, StoreUnavailable):
                return False
            watched.since = max(watched.since, *(hint.at for hint in hints), 0.0)
        return True
