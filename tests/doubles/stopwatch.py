"""How long something takes on a machine that others use too."""

import threading
import time
from collections.abc import Callable
from typing import Self

RUNS = 3
STEP_S = 0.01
NOTICED_S = 0.012  # less is how the threads of one process take turns


class Stopwatch:
    """`took_s` of what is done while it is entered, without the time for which the machine let this process stand."""

    def __init__(self) -> None:
        self.took_s = self.stood_s = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="stopwatch")

    def __enter__(self) -> Self:
        self._thread.start()
        self._began = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        passed_s = time.monotonic() - self._began
        self._over.set()
        self._thread.join()
        self.took_s = passed_s - self.stood_s

    def _look(self) -> None:
        """What sleeps for a moment wakes late where others have the machine."""
        asleep = time.monotonic()
        while not self._over.wait(STEP_S):
            woken = time.monotonic()
            late_s = woken - asleep - STEP_S
            self.stood_s += late_s if late_s > NOTICED_S else 0.0
            asleep = woken


def undisturbed[T](measure: Callable[[], T]) -> T:
    """What a run measures. RUNS are made at most, while the machine lets one stand for a twentieth of its time."""
    for _ in range(RUNS):
        with Stopwatch() as machine:
            measured = measure()
        if machine.stood_s < machine.took_s / 20:
            break
    return measured
