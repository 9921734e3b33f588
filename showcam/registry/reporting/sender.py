"""Decides when a link is reported to: threads for due rows, a note of a fetched list, a comparison of every link."""

import logging
import threading
import time
from collections.abc import Callable

from showcam.accounts.links import TOUCH_S
from showcam.drivers.driver import RETRY_S
from showcam.net.cache import Recent
from showcam.net.child import ENDING_S
from showcam.registry.readings.households import IN_MEMORY, Listing
from showcam.registry.reporting.delivery import Delivery
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import DAY_S, Account, Link

log = logging.getLogger(__name__)
POLL_S = 0.25  # other processes' changes are found within this
SENDERS = 16  # links that are reported to at the same time: an answer that hangs holds up none of the others
SETTLES_S = 5.0  # an assistant knows its cameras this long after the fetch of the list
EVERY_S = 300.0  # between two calls of `turn_of_day`
TARDY_S = 60.0  # a call by a clock or a queue may come this much later
_IDS = "234567abcdefghijklmnopqrstuvwxyz"  # the characters of households' ids, in the order of sorting


class Sender:
    """Hands out due links to threads, for one assistant: a service that hangs does not hold up the other's reports."""

    def __init__(
        self,
        store: Store,
        telling: Delivery,
        *,
        senders: int = SENDERS,
        poll_s: float = POLL_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._telling, self._clock = store, telling, clock
        self._senders, self._poll_s = senders, poll_s
        self._busy: set[str] = set()
        self._woken = False
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=f"telling-{telling.assistant}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Makes the sender look for due links at once, after a change in this process."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def close(self) -> None:
        """Waits for the calls that are being made, but no longer than ENDING_S, and not for what is due."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join()
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, ENDING_S)  # the rest is repeated with the same ids

    def _work(self) -> None:
        while not self._ended:
            pause_s = self._poll_s
            try:
                self._hand_out()
            except StoreUnavailable as error:
                log.warning("what assistants are to be told can't be read: %s", error, extra={"reason": "store"})
                pause_s = RETRY_S
            except Exception:
                log.exception("what assistants are to be told could not be handed out")
                pause_s = RETRY_S
            with self._changed:
                self._changed.wait_for(lambda: self._woken or self._ended, pause_s)
                self._woken = False

    def _hand_out(self) -> None:
        with self._changed:
            busy = set(self._busy)
        if len(busy) >= self._senders:
            return  # a sender that is done wakes this thread
        due = self._store.due(self._telling.assistant, self._clock(), self._senders + len(busy))
        for account, link in [pair for pair in due if pair[1] not in busy][: self._senders - len(busy)]:
            # a daemon: an assistant that hangs must not hold up the end of the process
            thread = threading.Thread(target=self._tell, args=(account, link), name=self._thread.name, daemon=True)
            with self._changed:
                self._busy.add(link)
            try:
                thread.start()
            except RuntimeError:  # the machine has no thread left
                with self._changed:
                    self._busy.discard(link)
                raise

    def _tell(self, account: str, link: str) -> None:
        try:
            while self._telling.tell(account, link) and not self._ended:
                pass
        except StoreUnavailable as error:
            log.warning("link %s could not be told what changed: %s", link, error, extra={"reason": "store"})
        except Exception:
            log.exception("link %s could not be told what changed", link)
        finally:
            with self._changed:
                self._busy.discard(link)
                self._woken = True
                self._changed.notify_all()


class Listed:
    """Notes fetched lists. `note` is for Registry.when_listed, and usually costs one look-up in memory."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._noted: Recent[str, float] = Recent(IN_MEMORY)

    def note(self, link: Link, _listing: Listing) -> None:
        now = self._clock()
        noted = self._noted.get(link.id)
        if noted is not None and 0 <= now - noted < TOUCH_S:
            return
        self._noted.put(link.id, now)
        try:
            self._store.note_listed(link.account, link.id, now, now + SETTLES_S)
        except StoreUnavailable:
            self._noted.drop(link.id)  # the list is answered all the same


class Reconciliation:
    """Compares every link daily, and after each start, since an upgrade may offer more.

    `is_gone` is asked first about each household: True if it was deleted.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float] = time.time,
        is_gone: Callable[[Account], bool] = lambda account: False,
    ) -> None:
        self._store, self._clock, self._is_gone = store, clock, is_gone

    def turn(self) -> list[str]:
        """Adds a LOOK for each link of every household; returns the households' ids. Raises StoreUnavailable."""
        return self._reconcile("", "")

    def turn_of_day(self) -> list[str]:
        """Does the same for households whose turn came since the last call; returns their ids. Raises StoreUnavailable.

        A household's id gives the time of the day of its turn. So the work is spread evenly, and nothing is kept
        between two calls.
        """
        now = self._clock()
        first, last = _id_at(now - EVERY_S - TARDY_S), _id_at(now)
        if first <= last:
            return self._reconcile(first, last)
        return [*self._reconcile(first, ""), *self._reconcile("", last)]

    def _reconcile(self, after: str, until: str) -> list[str]:
        looked_at = []
        for account in self._store.accounts(after, until):
            if not self._is_gone(account):
                self._store.look(account.id, self._clock())
                looked_at.append(account.id)
        return looked_at


def _id_at(at: float) -> str:
    """The first four characters of the ids whose turn comes at that time of the day."""
    return first_id(at % DAY_S / DAY_S)


def first_id(share: float) -> str:
    """The first four characters of the ids that begin after this share of all ids, which is below 1."""
    number = int(share * len(_IDS) ** 4)
    return "".join(_IDS[number // len(_IDS) ** place % len(_IDS)] for place in (3, 2, 1, 0))
