"""Watches every household: reads its cameras all the time, and takes the vendor's messages where there are any.

No vendor sends a message about a new name, Image Encryption or Audio, so messages replace no reading.
"""

import logging
import math
import random
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

from registry.driver import Hint
from registry.readings.noticing import Noticing
from registry.watch.inbox import Inbox
from registry.watch.messages import Lists, Messages
from store.ports import Store
from store.records import Source

log = logging.getLogger(__name__)

CENSUS_S = 30.0  # between two reads of which households there are
START_S = 15.0  # new households are read within this: what rang before a start is rung for 45 s
SPREAD = (0.5, 0.9)  # of the longest time between two readings: each takes a part of it by chance
ONCE_MORE = 1 / 8  # of that time, after the first reading that failed
BACK_OFF = 4  # doublings of that time, from the third reading that failed on
LISTENERS = 200  # connections a process keeps; further households are polled
READERS = 4


class Listening(Protocol):
    listening: bool

    def stop(self) -> None: ...


class Vendor(Lists, Protocol):
    def listen(self, source: Source, callback: Callable[[Hint], None]) -> Listening: ...


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
        for listener in self.listeners.values():
            listener.stop()
        self.listeners.clear()


class Watch:
    """`turn` is called several times a second. `poll_s`: the longest time between two readings of a household.

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
    ) -> None:
        self._store, self._noticing, self._vendors, self._clock = store, noticing, vendors, clock
        self._poll_s, self._push, self._webhook = poll_s, push, webhook
        self._inbox = Inbox(noticing)
        self._messages = Messages(noticing, vendors, self._inbox.offer, poll_s=poll_s, clock=clock)
        self._watched: dict[str, _Watched] = {}
        self._census_due = 0.0
        self._due: SimpleQueue[tuple[str, _Watched] | None] = SimpleQueue()
        # daemons: a vendor that hangs must not hold up the end of the process
        self._readers = [Thread(target=self._work, name=f"watch-{number}", daemon=True) for number in range(READERS)]
        for reader in self._readers:
            reader.start()

    def turn(self) -> None:
        """Hands the households that are due to the readers. Raises StoreUnavailable."""
        now = self._clock()
        if now >= self._census_due:
            self._take_census()
            self._census_due = now + CENSUS_S
        for account_id, watched in self._watched.items():
            if watched.due <= now and not watched.busy:
                watched.busy = True
                self._due.put((account_id, watched))
        self._messages.turn()

    def close(self) -> None:
        for _ in self._readers:
            self._due.put(None)
        for reader in self._readers:
            reader.join()
        for watched in self._watched.values():
            watched.end()
        self._messages.close()

    def _take_census(self) -> None:
        """New households come due spread over time, not all at once."""
        now, households = self._clock(), {account.id for account in self._store.accounts()}
        for gone in self._watched.keys() - households:
            self._end(self._watched.pop(gone))
        new = households - self._watched.keys()
        spread_s = min(self._poll_s, START_S, len(new) * 0.5)
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
            if watched.signed_in != signed_in or watched.read_due <= self._clock():
                watched.signed_in = signed_in
                well = not sources or self._noticing.refresh(account_id, [source.id for source in sources])
                self._follow(account_id, watched, sources)  # again: one of the cameras may be its first doorbell
                watched.failures = 0 if well else watched.failures + 1
                watched.read_due = self._next(watched) if sources else math.inf
        except Exception:
            watched.failures += 1
            watched.read_due = self._next(watched)
            log.exception("account %s could not be watched", account_id)
        finally:
            look_due = self._clock() + look_s * random.uniform(*SPREAD)  # noqa: S311 - spreads
            watched.due = min(watched.read_due, look_due)
            watched.busy = False

    def _next(self, watched: _Watched) -> float:
        """When the household is read again."""
        pace_s = self._poll_s
        if watched.failures:
            pace_s *= ONCE_MORE if watched.failures == 1 else 2 ** min(watched.failures - 2, BACK_OFF)
        return self._clock() + pace_s * random.uniform(*SPREAD)  # noqa: S311 - spreads

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
                    source, partial(self._heard, account_id, source_id)
                )

    def _heard(self, account_id: str, source_id: str, hint: Hint) -> None:
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
