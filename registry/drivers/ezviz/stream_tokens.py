"""Tokens of the account's own cloud stream. Each is good for one session, within five minutes of being made.

From fetching a token to the stream node's answer an account does one thing at a time: sessions that open at once get
into each other's way at EZVIZ. The next token is fetched once a session is open, so that whoever opens a stream then
does not wait for the vendor.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from net.cache import Recent
from registry.errors import DriverError, Refused
from store.ports import StoreUnavailable
from store.records import Source

log = logging.getLogger(__name__)

FRESH_S = 240.0  # younger ones are good
OPENS_S = 6.0  # an opening whose end nobody has reported is over after so long
FETCH_S = 5.0
RENEWED_S = 600.0  # a session is not renewed again sooner for tokens that nobody takes
MANY = 512  # sources

type Fetch = Callable[[Source, float], str]


class Token(NamedTuple):
    """`number` names it when its end is reported; 0: its end need not be reported."""

    text: str
    number: int


class StreamTokens:
    """`fetch` asks the vendor for one. `session` is the session of the account that counts: a token is good in its own.

    `later` does something in the background; None: nothing may go on behind an answer, so none is fetched ahead, and
    no session's opening is known of.
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
        self._opening: Recent[str, tuple[int, float]] = Recent(MANY)  # by source: which, and until when it may last
        self._refused: Recent[str, bool] = Recent(MANY)  # by source: whether nobody took the last token
        self._renewed: Recent[str, float] = Recent(MANY)
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()

    def take(self, source: Source, deadline_s: float) -> Token:
        """One that nobody else is given, once no other session of the account is being opened.

        Raises registry.errors.DriverError.
        """
        if self._later is None:
            return Token(self._fetch(source, deadline_s), 0)
        until = self._clock() + deadline_s
        number = self._begun(source, until)
        try:
            token = self._kept(source) or self._fetch(source, until - self._clock())
        except BaseException:
            self._end(source, number)
            raise
        with self._changed:
            self._opening.put(source.id, (number, self._clock() + OPENS_S))
        return Token(token, number)

    def opened(self, source: Source, number: int, *, is_next_wanted: bool = True) -> None:
        """The session of that token is open, or will never be."""
        if self._later is not None and self._end(source, number):
            self._refused.drop(source.id)
            if is_next_wanted:
                self._later(lambda: self._keep(source))

    def refused(self, source: Source, number: int) -> bool:
        """Nobody took that token. Whether it is the second in a row, so that the account's session may be why."""
        if not self._end(source, number):
            return False
        is_second, now = self._refused.get(source.id) is not None, self._clock()
        self._refused.put(source.id, True)
        if not is_second or now - (self._renewed.get(source.id) or -RENEWED_S) < RENEWED_S:
            return False
        self._renewed.put(source.id, now)
        return True

    def _begun(self, source: Source, until: float) -> int:
        """Raises Refused."""
        with self._changed:
            while (left_s := self._left_s(source)) > 0:
                patience_s = until - self._clock()
                if patience_s <= 0:
                    raise Refused("busy", "another session of the account is being opened")
                self._changed.wait(min(left_s, patience_s))
            return self._begin(source)

    def _left_s(self, source: Source) -> float:
        """How long the opening that goes on may still last."""
        _, until = self._opening.get(source.id) or (0, 0.0)
        return until - self._clock()

    def _begin(self, source: Source) -> int:
        number = next(self._numbers)
        self._opening.put(source.id, (number, self._clock() + FETCH_S + OPENS_S))
        return number

    def _end(self, source: Source, number: int) -> bool:
        """Whether it was going on."""
        with self._changed:
            opening, _ = self._opening.get(source.id) or (0, 0.0)
            if opening == number:
                self._opening.drop(source.id)
                self._changed.notify_all()
            return opening == number

    def _kept(self, source: Source) -> str:
        with self._changed:
            kept = self._ahead.get(source.id)
            self._ahead.drop(source.id)
        if kept is None:
            return ""
        session, token, made = kept
        return token if session == self._session(source) and self._clock() - made < FRESH_S else ""

    def _keep(self, source: Source) -> None:
        with self._changed:
            if self._left_s(source) > 0 or self._ahead.get(source.id) is not None:
                return  # whose end comes, or which will be taken
            number = self._begin(source)
        try:
            session, made = self._session(source), self._clock()
            token = self._fetch(source, FETCH_S)
            with self._changed:
                self._ahead.put(source.id, (session, token, made))
        except (DriverError, StoreUnavailable) as error:
            log.info("no token was kept for source %s: %s", source.id, type(error).__name__)
        finally:
            self._end(source, number)


def in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="stream token", daemon=True).start()
