"""MPEG-TS segments by copy: libavformat's segment muxer.

Its HLS muxer would take three times as long, and keep the segment that is not whole twice.
"""

import io
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

import av

from media.plane.codec import sound
from media.plane.codec.units import CLOCK, Format, Unit

_SHORTEST = CLOCK  # of a segment: a keyframe that comes earlier begins none, unless there is a reason to
_HOLE = CLOCK // 10
_TICK = Fraction(1, CLOCK)


class Cut(Protocol):
    """Takes a whole segment; `first`: of its muxer."""

    def __call__(self, data: bytes, seconds: float, /, *, first: bool) -> None: ...


class SegmentMuxer:
    """One timeline of one format. What comes before the first keyframe is left out.

    `is_soon`: segments are as short as their keyframes make them. `early`: whether a segment is to end that has
    lasted so many seconds, where the next keyframe may be too far away.
    """

    def __init__(
        self,
        form: Format,
        number: int,
        *,
        silent_track: bool,
        cut: Cut,
        silent_rate: int = sound.SILENT_RATE,
        is_soon: bool = False,
        early: Callable[[float], bool] = lambda seconds: False,
    ) -> None:
        self._cut, self._is_soon, self._early = cut, is_soon, early
        self._first = True
        self._begins: deque[int] = deque()  # presentation times of the keyframes that segments begin with
        self._began: int | None = None  # decoding time of the keyframe that the open segment begins with
        self._last = self._step = 0  # decoding time of the latest picture, and how long after the one before
        self.open_bytes = 0  # of the segment that is not whole yet
        self._silent_dts: int | None = None
        self._container = av.open(
            "%d.ts",
            "w",
            format="segment",
            options={
                "segment_format": "mpegts",
                "segment_format_options": "pat_period=1000000:sdt_period=1000000",  # s: each segment begins with them
                "segment_time": "0.001",  # each picture that is marked as a keyframe begins one
                "segment_start_number": str(number),
                "max_interleave_delta": "500000",  # µs that pictures wait for announced sound that does not come
            },
            io_open=lambda _url, _flags, _options: _Body(self._closed),
        )
        self._video: Any = self._container.add_mux_stream("h264", width=form.width, height=form.height)
        self._video.time_base = _TICK
        self._audio: Any = None
        self._silent, self._silent_rate = silent_track, silent_rate
        if form.audio or silent_track:
            rate = silent_rate if silent_track else form.audio_rate
            self._audio = self._container.add_mux_stream("aac", rate=rate)
            self._audio.time_base = _TICK

    @property
    def open_since(self) -> int | None:
        """Decoding time of the keyframe that the segment begins with that is not whole yet."""
        return self._began

    @property
    def open_s(self) -> float:
        """How long the pictures last of the segment that is not whole yet."""
        return self.open_until(self._last)

    def open_until(self, dts: int) -> float:
        """How long it would last up to a picture of that decoding time."""
        return 0.0 if self._began is None else (dts - self._began) / CLOCK

    def is_hole(self, dts: int) -> bool:
        """Whether pictures are missing before one of that decoding time."""
        return self._step > 0 and dts - self._last > max(2 * self._step, _HOLE)

    def write(self, unit: Unit) -> None:
        if unit.kind == "video":
            self._picture(unit)
        elif self._began is not None and self._audio is not None and not self._silent:
            self._mux(self._audio, unit.data, unit.pts, unit.dts, key=True)

    def close(self) -> None:
        if self._began is not None:
            self._container.close()

    def discard(self) -> None:
        """End without the segment that is not whole."""
        self._cut = _nothing
        self.close()

    def __del__(self) -> None:
        """libavformat's open file is closed before what it is written into is gone."""
        self.discard()

    def _picture(self, unit: Unit) -> None:
        if self._began is None and not unit.key:
            return
        begins = self._began is None or (unit.key and self._may_end(unit.dts))
        if begins:
            self._began, self.open_bytes = unit.dts, 0
            self._begins.append(unit.pts)
        elif unit.dts > self._last:
            self._step = unit.dts - self._last
        self._last = unit.dts
        self._mux(self._video, unit.data, unit.pts, unit.dts, key=begins)
        if self._silent:
            self._keep_silent(unit.dts)

    def _may_end(self, dts: int) -> bool:
        """Whether the open segment may end where the keyframe of that decoding time begins the next."""
        open_s = self.open_until(dts)
        return open_s * CLOCK >= _SHORTEST or self._is_soon or self._early(open_s)

    def _keep_silent(self, until: int) -> None:
        if self._silent_dts is None:
            self._silent_dts = until
        silence = sound.silent_aac(self._silent_rate)
        while self._silent_dts <= until:
            self._mux(self._audio, silence, self._silent_dts, self._silent_dts, key=True)
            self._silent_dts += sound.AAC_SAMPLES * CLOCK // self._silent_rate

    def _mux(self, stream: Any, data: bytes, pts: int, dts: int, *, key: bool) -> None:
        self.open_bytes += len(data)
        packet = av.Packet(data)
        packet.pts, packet.dts, packet.time_base = pts, dts, _TICK
        packet.is_keyframe, packet.stream = key, stream
        self._container.mux(packet)

    def _closed(self, data: bytes) -> None:
        """A segment is whole: it lasts up to the keyframe that begins the next one, or as long as its pictures do."""
        begun = self._begins.popleft()
        until = self._begins[0] if self._begins else self._last + self._step
        self._cut(data, (until - begun) / CLOCK, first=self._first)
        self._first = False


class _Body(io.BytesIO):
    """What libavformat writes one segment into; `kept` gets it when libavformat closes it."""

    def __init__(self, kept: Callable[[bytes], None]) -> None:
        super().__init__()
        self._kept = kept

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        if not self.closed:
            self._kept(self.getvalue())
        super().close()


def _nothing(_data: bytes, _seconds: float, *, first: bool) -> None:
    """In place of a cut, once nobody wants what is left."""
