"""Threads that tell one assistant's links what is due: at once after a change in this process, else within POLL_S."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from registry.telling.telling import Telling
from store.ports import Store, StoreUnavailable

log = logging.getLogger(__name__)

POLL_S = 0.25  # other processes' changes are found within this
SENDERS = 16  # links that are told at the same time: an answer that hangs holds up none of the others
PAUSE_S = 1.0  # while the store can't be used


class Sending:
    """One per assistant, so that a service that hangs does not hold up the other's."""

    def __init__(
        self,
        store: Store,
        telling: Telling,
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
        self._pool = ThreadPoolExecutor(senders, thread_name_prefix=f"telling-{telling.assistant}")
        self._thread = threading.Thread(target=self._work, name=f"telling-{telling.assistant}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """After a change in this process."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def close(self) -> None:
        """Waits for the calls that are being made, not for what is due."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    def _work(self) -> None:
        while not self._ended:
            pause_s = self._poll_s
            try:
                self._hand_out()
            except StoreUnavailable as error:
                log.warning("what assistants are to be told can't be read: %s", error, extra={"reason": "store"})
                pause_s = PAUSE_S
            except Exception:
                log.exception("what assistants are to be told could not be handed out")
                pause_s = PAUSE_S
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
            with self._changed:
                self._busy.add(link)
            self._pool.submit(self._tell, account, link)

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
                self._changed.notify()
