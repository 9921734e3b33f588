"""Tokens of the account's own cloud stream. Each is good for one session, within five minutes of being made.

The next one is fetched a moment after one was used, so that whoever opens a stream then does not wait for the vendor.
It is not fetched at once: tokens that an account is given while a stream is being opened get into each other's way.
"""

import logging
import threading
import time
from collections.abc import Callable

from net.cache import Recent
from registry.errors import DriverError
from store.ports import StoreUnavailable
from store.records import Source

log = logging.getLogger(__name__)

FRESH_S = 240.0  # younger ones are good
AFTER_S = 3.0  # a session is open by then
FETCH_S = 5.0
MANY = 512  # sources

type Fetch = Callable[[Source, float], str]


class StreamTokens:
    """`fetch` asks the vendor for one. `session` tells which session of the account counts: a token is good in its own.

    `later` does something in the background; None: nothing may go on behind an answer, and none is fetched ahead.
    """

    def __init__(
        self,
        fetch: Fetch,
        session: Callable[[Source], str],
        later: Callable[[Callable[[], None]], None] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch, self._session, self._later, self._clock = fetch, session, later, clock
        self._ahead: Recent[str, tuple[str, str, float]] = Recent(MANY)  # by source: session, token, when it was made
        self._fetching: set[str] = set()  # sources
        self._lock = threading.Lock()

    def take(self, source: Source, deadline_s: float) -> str:
        """One that nobody else is given. Raises registry.errors.DriverError."""
        token = self._kept(source) or self._fetch(source, deadline_s)
        if self._later is not None and self._is_due(source):
            self._later(lambda: self._keep(source))
        return token

    def _kept(self, source: Source) -> str:
        with self._lock:
            kept = self._ahead.get(source.id)
            self._ahead.drop(source.id)
        if kept is None:
            return ""
        session, token, made = kept
        return token if session == self._session(source) and self._clock() - made < FRESH_S else ""

    def _is_due(self, source: Source) -> bool:
        with self._lock:
            is_due = source.id not in self._fetching
            self._fetching.add(source.id)
        return is_due

    def _keep(self, source: Source) -> None:
        try:
            session, made = self._session(source), self._clock()
            token = self._fetch(source, FETCH_S)
            with self._lock:
                self._ahead.put(source.id, (session, token, made))
        except (DriverError, StoreUnavailable) as error:
            log.info("no token was kept for source %s: %s", source.id, type(error).__name__)
        finally:
            with self._lock:
                self._fetching.discard(source.id)


def in_a_moment(work: Callable[[], None]) -> None:
    timer = threading.Timer(AFTER_S, work)
    timer.daemon = True
    timer.start()
