"""Takes hints: into a bounded queue, so that the sender is answered at once, or for reading before the answer."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from registry.driver import Hint
from registry.readings.noticing import Noticing
from store.ports import StoreUnavailable

log = logging.getLogger(__name__)

MOST = 2000  # hints that wait
READERS = 4  # a household whose vendor hangs holds up none of the others
RETRIES_S = (5.0, 15.0, 45.0)  # before each further try for a household that could not be read


@dataclass
class _Waiting:
    due: float  # of time.monotonic()
    tries: int = 0
    hints: list[Hint] = field(default_factory=list)


class Inbox:
    """Hints about devices of all households. Waiting hints about one device are taken together.

    What could not be read is tried again after each of `retries_s`. A poll finds what was dropped after that.
    """

    def __init__(self, noticing: Noticing, *, most: int = MOST, retries_s: Sequence[float] = RETRIES_S) -> None:
        self._noticing, self._most, self._retries_s = noticing, most, retries_s
        self._waiting: dict[tuple[str, str], _Waiting] = {}
        self._count = 0
        self._changed = threading.Condition()
        self._readers: list[threading.Thread] = []

    @property
    def full(self) -> bool:
        return self._count >= self._most

    def offer(self, hint: Hint, account_id: str = "") -> None:
        """For this household, or for all that list the device. A full queue drops it: a poll finds the change."""
        self._put(account_id, hint.serial, [hint], time.monotonic(), 0)

    def look(self, account_id: str, in_s: float) -> None:
        """Reads the household's cameras `in_s` seconds from now, or sooner where such a reading waits already."""
        with self._changed:
            if (account_id, "") not in self._waiting:
                self._put(account_id, "", [Hint("", 0, "read", time.time())], time.monotonic() + in_s, 0)

    def _put(self, account_id: str, serial: str, hints: list[Hint], due: float, tries: int) -> None:
        with self._changed:
            if self._count + len(hints) > self._most:
                return
            waiting = self._waiting.setdefault((account_id, serial), _Waiting(due, tries))
            waiting.due, waiting.tries = min(waiting.due, due), min(waiting.tries, tries)
            waiting.hints += hints
            self._count += len(hints)
            if not self._readers:
                self._start()
            self._changed.notify()

    def _start(self) -> None:
        self._readers = [
            threading.Thread(target=self._work, name=f"hints-{number}", daemon=True) for number in range(READERS)
        ]
        for reader in self._readers:
            reader.start()

    def _work(self) -> None:
        while True:
            account_id, serial, waiting = self._next()
            try:
                accounts = [account_id] if account_id else self._noticing.accounts_with(serial)
            except StoreUnavailable:
                self._again(account_id, serial, waiting)
                continue
            for account in accounts:
                if not self._noticed(account, waiting.hints):
                    self._again(account, serial, waiting)

    def _next(self) -> tuple[str, str, _Waiting]:
        """Waits until one is due; the longest due is first."""
        with self._changed:
            while True:
                key = min(self._waiting, key=lambda key: self._waiting[key].due, default=None)
                left_s = self._waiting[key].due - time.monotonic() if key else None
                if key and left_s is not None and left_s <= 0:
                    waiting = self._waiting.pop(key)
                    self._count -= len(waiting.hints)
                    return *key, waiting
                self._changed.wait(left_s)

    def _noticed(self, account_id: str, hints: list[Hint]) -> bool:
        try:
            return self._noticing.noticed(account_id, hints)
        except StoreUnavailable:
            return False
        except Exception:
            log.exception("a hint could not be handled")
            return True  # it would fail again

    def _again(self, account_id: str, serial: str, waiting: _Waiting) -> None:
        if waiting.tries < len(self._retries_s):
            due = time.monotonic() + self._retries_s[waiting.tries]
            self._put(account_id, serial, waiting.hints, due, waiting.tries + 1)
        else:
            log.warning("what a hint named could not be read in %d tries: a poll finds it", waiting.tries + 1)


class AtOnce:
    """Reads before the sender of a hint is answered, for functions that are frozen after the answer."""

    full = False

    def __init__(self, noticing: Noticing) -> None:
        self._noticing = noticing

    def offer(self, hint: Hint) -> None:
        """Raises StoreUnavailable: the sender must send it again."""
        for account in self._noticing.accounts_with(hint.serial):
            self._noticing.noticed(account, [hint])
