"""Takes hints: into a bounded queue, so that the sender is answered at once, or for reading before the answer."""

import logging
import threading
from collections import OrderedDict

from registry.driver import Hint
from registry.readings.noticing import Noticing
from store.ports import StoreUnavailable

log = logging.getLogger(__name__)

MOST = 2000  # hints that wait
READERS = 4  # a household whose vendor hangs holds up none of the others


class Inbox:
    """Hints about devices of all households. Waiting hints about one device are taken together."""

    def __init__(self, noticing: Noticing, *, most: int = MOST) -> None:
        self._noticing, self._most = noticing, most
        self._waiting: OrderedDict[tuple[str, str], list[Hint]] = OrderedDict()
        self._count = 0
        self._changed = threading.Condition()
        self._readers: list[threading.Thread] = []

    @property
    def full(self) -> bool:
        return self._count >= self._most

    def offer(self, hint: Hint, account_id: str = "") -> None:
        """For this household, or for all that list the device. A full queue drops it: a poll finds the change."""
        with self._changed:
            if self._count >= self._most:
                return
            self._waiting.setdefault((account_id, hint.serial), []).append(hint)
            self._count += 1
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
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                (account_id, serial), hints = self._waiting.popitem(last=False)
                self._count -= len(hints)
            try:
                accounts = [account_id] if account_id else self._noticing.accounts_with(serial)
                for account in accounts:
                    self._noticing.noticed(account, hints)
            except StoreUnavailable:
                log.warning("a hint was lost: the store can't be reached")
            except Exception:
                log.exception("a hint could not be handled")


class AtOnce:
    """Reads before the sender of a hint is answered, for functions that are frozen after the answer."""

    full = False

    def __init__(self, noticing: Noticing) -> None:
        self._noticing = noticing

    def offer(self, hint: Hint) -> None:
        """Raises StoreUnavailable: the sender must send it again."""
        for account in self._noticing.accounts_with(hint.serial):
            self._noticing.noticed(account, [hint])
