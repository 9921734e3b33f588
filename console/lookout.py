"""How this house is reached, as it was last found out on the page of set-up."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Struct

log = logging.getLogger(__name__)

GOOD_FOR_S = 10.0  # a button that is pressed again at once asks nobody again


class Reachability(Struct, frozen=True):
    """`forwards`: whether a port of a public IPv4 address can be led here. `sentences`: one for each point, English."""

    forwards: bool
    sentences: tuple[str, ...]


@dataclass
class Lookout:
    """`look` takes seconds, and ends by itself. One look at a time. Safe to use from many threads."""

    look: Callable[[], Reachability]
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    last: Reachability | None = None
    at: float = 0.0  # when that was, in epoch seconds
    broke: bool = False  # the last look ended without a result
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def again(self) -> None:
        with self._lock:
            if self.clock() < self._until:
                return
            try:
                self.last, self.broke, self.at = self.look(), False, self.now()
            except Exception:
                log.exception("how this house is reached could not be looked at")
                self.last, self.broke = None, True
            self._until = self.clock() + GOOD_FOR_S
