"""Vendor HLS arrives in bursts of whole segments; viewers get it at the speed of life."""

import asyncio
import heapq
from collections.abc import Callable

from media.plane.codec.units import CLOCK, Unit

LATE_S = 0.3  # a unit later than this moves everything after it
SPARE_S = 3.0  # more than this kept in hand for long is latency for nothing
_WINDOW_S = 10.0
MOST, MOST_BYTES = 3000, 16 * 1024 * 1024  # in hand before the reader is asked to wait, and half of it until it goes on


class Pacer:
    """Order by DTS over both streams, release at base + DTS.

    `at_once`: how many keyframes go through unpaced first. With one, the second keyframe sets the base, so that a
    first whole group of pictures is there at once for HLS, which needs it whole.
    """

    def __init__(self, release: Callable[[Unit], None], *, at_once: int = 0, full: Callable[[bool], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._release = release
        self._full = full
        self._left = at_once
        self._heap: list[tuple[int, int, Unit]] = []
        self._count = self._bytes = 0
        self._base: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._spare: float | None = None
        self._window_end = 0.0
        self._is_full = False
        self.moves = 0

    def push(self, unit: Unit) -> None:
        self._count += 1
        if self._base is None and not self._start(unit):
            self._release(unit)
            return
        heapq.heappush(self._heap, (unit.dts, self._count, unit))
        self._bytes += len(unit.data)
        self._watch_spare(unit)
        if not self._is_full and (len(self._heap) > MOST or self._bytes > MOST_BYTES):
            self._is_full = True
            self._full(True)
        self._turn()

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._heap.clear()

    def _start(self, unit: Unit) -> bool:
        if unit.kind != "video" or not unit.key:
            return False
        if self._left > 0:
            self._left -= 1
            return False
        self._base = self._loop.time() - unit.dts / CLOCK
        self._window_end = self._loop.time() + _WINDOW_S
        return True

    def _turn(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        assert self._base is not None
        while self._heap:
            now, due = self._loop.time(), self._base + self._heap[0][0] / CLOCK
            if due > now + 0.002:
                self._timer = self._loop.call_at(due, self._turn)
                break
            if now - due > LATE_S:
                self._base += now - due
                self.moves += 1
            unit = heapq.heappop(self._heap)[2]
            self._bytes -= len(unit.data)
            self._release(unit)
        if self._is_full and len(self._heap) < MOST // 2 and self._bytes < MOST_BYTES // 2:
            self._is_full = False
            self._full(False)

    def _watch_spare(self, unit: Unit) -> None:
        """Once the source has caught up after a stall, win back what the stall cost, half a second at a time."""
        assert self._base is not None
        now = self._loop.time()
        spare = self._base + unit.dts / CLOCK - now
        self._spare = spare if self._spare is None else min(spare, self._spare)
        if now >= self._window_end:
            if self._spare > SPARE_S:
                self._base -= min(0.5, self._spare - SPARE_S)
            self._spare, self._window_end = None, now + _WINDOW_S
