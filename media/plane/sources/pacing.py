"""What comes in clumps, at the speed of life: to HLS, which needs a whole group of pictures first, and to viewers."""

import asyncio
from collections.abc import Callable

from media.plane.codec.units import SourceFailed, Unit
from media.plane.sources.card_player import Screen
from media.plane.sources.pacer import Pacer


class Pacing:
    """`failed` is told what went wrong while a unit was shown; `room` is clear while there is enough for now."""

    def __init__(self, screen: Screen, failed: Callable[[SourceFailed], None]) -> None:
        self._screen, self._failed = screen, failed
        self._full: set[str] = set()
        self._shift: int | None = None
        self.room = asyncio.Event()
        self.room.set()
        self._hls = Pacer(self._guarded(screen.to_hls), at_once=1, full=self._throttle("hls"))
        self._live = Pacer(self._guarded(self._to_viewers), full=self._throttle("live"))

    def push(self, unit: Unit) -> None:
        self._hls.push(unit)
        self._live.push(unit)

    def close(self) -> None:
        self._hls.close()
        self._live.close()

    def _to_viewers(self, unit: Unit) -> None:
        """On the screen's timeline: a source's times mean nothing beyond one opening of it."""
        if self._shift is None:
            self._shift = self._screen.now() - unit.dts
        self._screen.to_viewers(unit.later(self._shift))

    def _guarded(self, show: Callable[[Unit], None]) -> Callable[[Unit], None]:
        def guarded(unit: Unit) -> None:
            try:
                show(unit)
            except SourceFailed as failed:
                self._failed(failed)
            except Exception:
                # what libav raises may quote what it read
                self._failed(SourceFailed("media_down", again=True))

        return guarded

    def _throttle(self, name: str) -> Callable[[bool], None]:
        def full(is_full: bool) -> None:
            (self._full.add if is_full else self._full.discard)(name)
            (self.room.clear if self._full else self.room.set)()

        return full
