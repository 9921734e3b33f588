"""How busy the event loop is that carries all pictures: the measure of how many cameras this machine can pull."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

OVER_S = 10.0  # a page that opens many cameras at once makes the loop busy for a second or two
FEW = 4  # cameras that are always admitted, whatever else makes the loop busy


class Load:
    """The loop runs in one thread, so `cpu` is that thread's time: a machine that is slow for other reasons admits.

    `full`: the part of a core from which on no further camera is admitted.
    """

    def __init__(
        self, full: float, cpu: Callable[[], float] = time.thread_time, clock: Callable[[], float] | None = None
    ) -> None:
        self._full, self._cpu = full, cpu
        self._clock = clock or asyncio.get_running_loop().time
        self._samples: deque[tuple[float, float]] = deque([(self._clock(), cpu())])

    def sample(self) -> None:
        now = self._clock()
        self._samples.append((now, self._cpu()))
        while len(self._samples) > 2 and now - self._samples[1][0] >= OVER_S:
            self._samples.popleft()

    @property
    def part(self) -> float:
        """The part of a core that the loop took over the last ten seconds."""
        (began, at_first), (now, at_last) = self._samples[0], self._samples[-1]
        return (at_last - at_first) / (now - began) if now > began else 0.0

    def admits(self, cameras: int) -> bool:
        """True if one more camera may be pulled beside that many."""
        return cameras < FEW or self.part < self._full
