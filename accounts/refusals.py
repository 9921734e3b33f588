"""What was refused to an assistant lately, so that the doctor can name the cause: counts alone, no content."""

import contextlib
import time
from collections.abc import Callable
from typing import Literal

from store.ports import StoreUnavailable, Throttle

type Refused = Literal["forwarder", "skill"]

WINDOW_S = 900


class Refusals:
    """Strangers can cause the refusal of a client whose id they know, so a count is a hint and no proof."""

    def __init__(self, store: Throttle, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def note(self, what: Refused) -> None:
        self._note(what)

    def note_client(self, client_id: str) -> None:
        """Count a client that came with another secret than the registered one."""
        self._note(f"client/{client_id}")

    def lately(self, what: Refused) -> int:
        """How often within the last 15 to 30 minutes."""
        return self._lately(what)

    def lately_of_client(self, client_id: str) -> int:
        return self._lately(f"client/{client_id}")

    def _note(self, what: str) -> None:
        with contextlib.suppress(StoreUnavailable):  # it was refused all the same
            self._store.hit(f"refused/{what}", WINDOW_S, self._clock())

    def _lately(self, what: str) -> int:
        now = self._clock()
        return sum(self._store.hits(f"refused/{what}", WINDOW_S, at) for at in (now, now - WINDOW_S))
