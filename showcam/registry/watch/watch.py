"""Watches every household: reads its cameras all the time, and takes the vendor's messages if there are any.

No vendor sends a message about a new name, Image Encryption or Audio, so messages replace no reading.
"""

import logging
import math
import random
import time
from collections.abc import Callable, Collection, Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from showcam.drivers.driver import REREAD_S, Hint
from showcam.registry.readings.changes import LONGEST_REST_S
from showcam.registry.watch.hints import Inbox, Noticing
from showcam.registry.watch.messages import Listening, Messages, Vendor
from showcam.store.ports import Store
from showcam.store.records import Source

if TYPE_CHECKING:
    from showcam.registry.watch.share import Share

log = logging.getLogger(__name__)

SPREAD = (0.5, 0.9)  # of the longest time between two readings: each takes a part of it by chance
ONCE_MORE = 1 / 8  # of the longest time, after the first failed reading
BACK_OFF = 4  # doublings of the longest time, from the third failed reading on
LISTENERS = 200  # connections a process keeps; further households are polled
READERS = 4
# Connections that a process begins in a second if it watches a share of all households. Each takes four calls of the
# vendor: its own two, the cameras, and the list of messages.
STARTED_PER_S = 10.0


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

    `share`: watches only these households, if an assistant takes reports about them. No cameras are read
    ahead then, and only the sources that are listened to are followed.
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
        share: "Share | None" = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._noticing, self._vendors, self._monotonic = store, noticing, vendors, monotonic
        self._poll_s, self._push, self._webhook, self._share = poll_s, push, webhook, share
        self._most = LISTENERS if share is None else share.most
        self._inbox = Inbox(noticing)
        self._messages = Messages(
            noticing,
            vendors,
            self._inbox.offer_list,
            poll_s=poll_s,
            rereads=share is None,
            clock=clock,
            monotonic=monotonic,
        )
        self._watched: dict[str, _Watched] = {}
        self._census: Collection[str] = ()
        self._census_due = 0.0
        self._due: SimpleQueue[tuple[str, _Watched] | None] = SimpleQueue()
        # daemons: a vendor that hangs must not hold up the end of the process
        self._readers = [Thread(target=self._work, name=f"watch-{number}", daemon=True) for number in range(READERS)]
        for reader in self._readers:
            reader.start()

    def turn(self) -> None:
        """Hands the households that are due to the readers. Raises StoreUnavailable."""
        now = self._monotonic()
        if self._share is not None:
            if self._share.households is not self._census:
                self._take_census(self._share.households)
        elif now >= self._census_due:
            self._take_census({account.id for account in self._store.accounts()})
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

    @property
    def listened_to(self) -> int:
        """The number of the vendors' connections that are open, or about to be."""
        return sum(len(household.listeners) for household in list(self._watched.values()))

    def _take_census(self, households: Set[str]) -> None:
        """New households come due spread over time, not all at once."""
        now, self._census = self._monotonic(), households
        for gone in self._watched.keys() - households:
            self._end(self._watched.pop(gone))
        new = households - self._watched.keys()
        spread_s = min(self._poll_s, LONGEST_REST_S, len(new) * 0.5)
        if self._share is not None:
            spread_s = len(new) / STARTED_PER_S
        for account_id in new:
            self._watched[account_id] = _Watched(now + spread_s * random.random())  # noqa: S311 - spreads

    def _work(self) -> None:
        while (due := self._due.get()) is not None:
            self._read(*due)

    def _read(self, account_id: str, watched: _Watched) -> None:
        """Reads the household if its time has come, or if somebody has signed in to a source of it or out."""
        look_s = math.inf
        try:
            is_wanted = self._share is None or self._share.wants(account_id)
            known = self._store.sources(account_id) if is_wanted else []
            sources = [source for source in known if self._is_signed_in(source)]
            if self._share is not None:
                is_known = {source.id for source in sources} <= watched.listeners.keys()
                # soon again after a start: its first list of cameras may have a doorbell
                look_s, watched.read_due = self._share.look_s if is_known else REREAD_S, math.inf
            elif not sources or len(sources) < len(known):
                look_s = min(self._poll_s, max(2.0, 0.05 * len(self._watched)))  # this reads nothing but our own store
            self._listen(account_id, watched, sources)
            self._follow(account_id, watched, sources)  # before the cameras are read: a ring waits for no list of them
            if self._share is not None:
                return
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
            if self.listened_to < self._most:
                source = wanted[source_id]
                watched.listeners[source_id] = self._vendors[source.kind].listen(
                    source, partial(self._receive, account_id, source_id)
                )

    def _receive(self, account_id: str, source_id: str, hint: Hint) -> None:
        if self._messages.pushed(source_id, hint):
            self._inbox.offer(hint, account_id)

    def _follow(self, account_id: str, watched: _Watched, sources: list[Source]) -> None:
        followed = {
            source.id: source
            for source in sources
            if source.id in watched.listeners or (self._share is None and source.kind in self._vendors)
        }
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
