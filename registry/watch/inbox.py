"""Where hints are brought: a bounded queue, so that whoever brings one is answered at once; or a look on the spot."""

import logging
import threading
from collections import OrderedDict

from registry.driver import Hint
from registry.readings.noticing import Noticing
from store.ports import StoreUnavailable

log = logging.getLogger(__name__)

MOST = 2000  # hints that wait
LOOKERS = 4  # a household whose vendor hangs holds up none of the others


class Inbox:
    """Hints about devices, of whichever households those are. What waits of one device is looked into together."""

    def __init__(self, noticing: Noticing, *, most: int = MOST) -> None:
        self._noticing, self._most = noticing, most
        self._waiting: OrderedDict[tuple[str, str], list[Hint]] = OrderedDict()
        self._count = 0
        self._changed = threading.Condition()
        self._lookers: list[threading.Thread] = []

    @property
    def full(self) -> bool:
        return self._count >= self._most

    def offer(self, hint: Hint, account_id: str = "") -> None:
        """For this household, or for all that list the device. What finds no room is dropped: a poll will see it."""
        with self._changed:
            if self._count >= self._most:
                return
            self._waiting.setdefault((account_id, hint.serial), []).append(hint)
            self._count += 1
            if not self._lookers:
                self._start()
            self._changed.notify()

    def _start(self) -> None:
        self._lookers = [
            threading.Thread(target=self._look_on, name=f"looker-{number}", daemon=True) for number in range(LOOKERS)
        ]
        for looker in self._lookers:
            looker.start()

    def _look_on(self) -> None:
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
                log.warning("a hint could not be looked into: the store can't be reached")
            except Exception:
                log.exception("a hint could not be looked into")


class AtOnce:
    """Looks before whoever brings a hint is answered, where nothing goes on after the answer."""

    full = False

    def __init__(self, noticing: Noticing) -> None:
        self._noticing = noticing

    def offer(self, hint: Hint) -> None:
        """Raises StoreUnavailable: it is to be brought again."""
        for account in self._noticing.accounts_with(hint.serial):
            self._noticing.noticed(account, [hint])
