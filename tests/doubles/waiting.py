"""Waiting for something that a thread or a process does by itself."""

import sys
import threading
import time
from collections.abc import Callable

LONG_S = 60.0  # generous: a busy machine is not what is tested
SOON_S, LATER_S = 0.02, 0.1  # between two looks: many look by a request, which costs two processes a millisecond


def until(holds: Callable[[], object], within_s: float = LONG_S) -> None:
    """A shorter time belongs where a longer one would prove less."""
    end, pause_s = time.monotonic() + within_s, SOON_S
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(pause_s)
        pause_s = min(1.25 * pause_s, LATER_S)


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether it becomes so in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False


def is_waiting(thread: threading.Thread) -> bool:
    """Whether it waits for what another thread sets."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and frame.f_code is threading.Condition.wait.__code__


def waiting(name: str) -> int:
    """Counts the waiting threads whose names begin with this text."""
    return sum(is_waiting(thread) for thread in threading.enumerate() if thread.name.startswith(name))
