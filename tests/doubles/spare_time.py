"""Workers of a run that begin a test only if the machine has time to spare, so that as many may be asked for as an idle
machine carries, and a busy one runs as many tests at once as before."""

import os
import time
from collections.abc import Callable
from pathlib import Path

STAT = Path("/proc/stat")
UNASKED = (os.cpu_count() or 1) + 1  # workers that never wait
SPARE = 0.25  # of all cores: what tests compute at their start then delays nobody's picture
LOOK_S = 0.5  # the kernel counts in hundredths of a second
# On a machine that others keep busy such a worker goes on too, a third of the time.
WAIT_S, GO_ON_S = 10.0, 5.0


class SpareTime:
    """Of a worker by its name, such as "gw3"; the first few, and a run without workers, never wait."""

    def __init__(
        self,
        worker: str,
        *,
        stat: Path = STAT,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._asks = worker.startswith("gw") and int(worker.removeprefix("gw")) >= UNASKED and stat.exists()
        self._stat, self._clock, self._sleep = stat, clock, sleep
        self._goes_on_until = 0.0
        self._seen = self._ticks() if self._asks else (0, 0)

    def wait(self) -> None:
        """Returns when a quarter of the machine was idle since the last look, and soon if it never is."""
        if not self._asks or self._clock() < self._goes_on_until:
            return
        end = self._clock() + WAIT_S
        while not self._was_idle() and self._clock() < end:
            self._sleep(LOOK_S)
        self._goes_on_until = self._clock() + GO_ON_S

    def _was_idle(self) -> bool:
        (idle_before, all_before), self._seen = self._seen, self._ticks()
        idle, ticks = self._seen
        return ticks > all_before and (idle - idle_before) / (ticks - all_before) >= SPARE

    def _ticks(self) -> tuple[int, int]:
        """What all cores were idle and what there was, in the kernel's ticks."""
        user, nice, system, idle, for_a_disk, *others = map(int, self._stat.read_text().split("\n", 1)[0].split()[1:9])
        return idle + for_a_disk, user + nice + system + idle + for_a_disk + sum(others)
