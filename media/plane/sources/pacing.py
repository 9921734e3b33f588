"""Units that arrive in clumps, released at real speed: to HLS, which first needs a whole GOP, and to WebRTC viewers."""

from collections.abc import Callable
from typing import Protocol

import structlog

from media.plane.codec.units import CLOCK, SourceFailed, Unit
from media.plane.sources.pacer import Pacer
from media.plane.sources.screen import Screen

_log = structlog.get_logger()

_ORIGIN = 2 * CLOCK  # of HLS: a transcoder may repeat the first picture in front of itself


class Room(Protocol):
    """An event of asyncio or of threading, by where the source reads."""

    def set(self) -> None: ...

    def clear(self) -> None: ...


class Pacing:
    """`failed` gets what went wrong while a unit was shown. `room` is clear while units enough for now are waiting."""

    def __init__(self, screen: Screen, failed: Callable[[SourceFailed], None], room: Room) -> None:
        self._screen, self._failed, self._room = screen, failed, room
        self._full: set[str] = set()
        self._shift: int | None = None
        # HLS needs a whole group of pictures before it can show anything: it gets the first one at once
        self._hls = Pacer(self._guarded(self._to_hls), at_once=1, full=self._throttle("hls"))
        self._live = Pacer(self._guarded(self._to_viewers), full=self._throttle("live"))

    def push(self, unit: Unit) -> None:
        self._hls.push(unit)
        self._live.push(unit)

    def close(self) -> None:
        self._hls.close()
        self._live.close()

    def _to_hls(self, unit: Unit) -> None:
        if unit.form is not None:
            self._screen.begin(unit.form)
        self._screen.to_hls(unit.later(_ORIGIN))

    def _to_viewers(self, unit: Unit) -> None:
        """On the screen's timeline, since each opening of a source has a clock of its own."""
        if self._shift is None:
            self._shift = self._screen.now() - unit.dts
        self._screen.to_viewers(unit.later(self._shift))

    def _guarded(self, show: Callable[[Unit], None]) -> Callable[[Unit], None]:
        def guarded(unit: Unit) -> None:
            try:
                show(unit)
            except SourceFailed as failed:
                self._failed(failed)
            except Exception as error:
                # libav's error may quote what it read: only its type is logged
                _log.warning("opening broke", error=type(error).__name__)
                self._failed(SourceFailed("media_down", again=True))

        return guarded

    def _throttle(self, name: str) -> Callable[[bool], None]:
        def full(is_full: bool) -> None:
            (self._full.add if is_full else self._full.discard)(name)
            (self._room.clear if self._full else self._room.set)()

        return full
