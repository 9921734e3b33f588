"""Segments by copy, of MPEG-TS or of fragmented MP4: libavformat's segment muxer.

libavformat's HLS muxer would take three times as long, and hold the open segment in memory twice.
"""

import io
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple, Protocol

import av

from showcam.engine import sound
from showcam.engine.codec.sound import AAC_SAMPLES, RATES, AacConfig, read_adts
from showcam.engine.source import CLOCK, Format, SoundFormat, Unit

_SHORTEST = CLOCK  # shortest segment: an earlier keyframe begins no segment, unless there is a reason
_HOLE = CLOCK
_ROUNDED_OFF = 0.49  # seconds allowed over the target duration
_RANDOM_ACCESS = 0x40
_HEAD_FILE = "head.mp4"
_FRAGMENTED = "+frag_custom+empty_moov+default_base_moof+skip_trailer"  # a fragment for each segment
# In a box `trun` four bytes of version and flags come after the name, then the number of samples and the data's offset.
_FIRST_FLAGS, _TO_FIRST_FLAGS = 0x4, 16
_NO_KEYFRAME = bytes.fromhex("01010000")  # it depends on others, and is no sync sample
_TICK = Fraction(1, CLOCK)


class Cut(Protocol):
    """Takes a whole segment. `first`: it is the muxer's first segment. `key`: it begins with a keyframe.

    `head`: the muxer's head.
    """

    def __call__(self, data: bytes, seconds: float, /, *, first: bool, key: bool, head: bytes) -> None: ...


class _Begin(NamedTuple):
    """The picture that a segment begins with."""

    dts: int
    key: bool


class SegmentMuxer:
    """Makes segments of a single timeline and format. Units before the first keyframe are left out.

    `is_soon`: segments are as short as the keyframes allow. `target_s` returns the target duration that players know, 0
    while no player does. No segment exceeds the target: without a keyframe in time, a segment begins with any picture.
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
        target_s: Callable[[], int] = lambda: 0,
    ) -> None:
        self._cut, self._is_soon, self._target_s = cut, is_soon, target_s
        self._first = True
        self._begins: deque[_Begin] = deque()
        self.began: int | None = None  # decoding time of the picture that the open segment begins with
        self._last = self._step = 0  # decoding time of the latest picture, and the time since the picture before
        self.open_bytes = 0  # of the open segment
        self._silent_dts: int | None = None
        self._form, self._number = form, number
        self._silent, self._silent_rate = silent_track, silent_rate
        self._container: Any = None  # opened with the first keyframe
        self._video: Any = None
        self._audio: Any = None

    @property
    def head(self) -> bytes:
        """The bytes that a player needs before any segment of this muxer; b"" if a segment is whole in itself."""
        return b""

    @property
    def _sound(self) -> SoundFormat | None:
        """The sound in the segments, which is AAC."""
        return SoundFormat("aac", self._silent_rate, 1) if self._silent else self._form.sound

    def _open(self, _keyframe: bytes) -> None:
        self._container = av.open(
            "%d.ts",
            "w",
            format="segment",
            options={
                "segment_format": "mpegts",
                "segment_format_options": "pat_period=1000000:sdt_period=1000000",  # s: segments begin with both
                "individual_header_trailer": "0",  # counters of packets go on: ffmpeg takes a jump for damage
                **_segments(self._number),
            },
            io_open=lambda _url, _flags, _options: _Body(self._closed),
        )
        self._video = self._container.add_mux_stream("h264", width=self._form.width, height=self._form.height)
        if self._sound:
            self._audio = self._container.add_mux_stream("aac", rate=self._sound.rate)

    @property
    def open_s(self) -> float:
        """The length of the open segment in seconds."""
        return self.open_until(self._last)

    def open_until(self, dts: int) -> float:
        """The length of the open segment if it ended before a picture with this decoding time."""
        return 0.0 if self.began is None else (dts - self.began) / CLOCK

    def is_hole(self, dts: int) -> bool:
        """True if pictures are missing before a picture with this decoding time."""
        return self._step > 0 and dts - self._last > max(2 * self._step, _HOLE)

    def write(self, unit: Unit) -> None:
        if unit.kind == "video":
            self._picture(unit)
        elif self.began is not None and self._audio is not None and not self._silent:
            self._mux(self._audio, unit.data, unit.pts, unit.dts, key=True)

    def close(self) -> None:
        if self.began is not None:
            self._container.close()

    def discard(self) -> None:
        """Closes the muxer and drops the open segment."""
        self._cut = _nothing
        self.close()

    def __del__(self) -> None:
        """Closes libavformat's open file before the buffer behind the file is freed."""
        self.discard()

    def _picture(self, unit: Unit) -> None:
        if self.began is None and not unit.key:
            return
        if self._container is None:
            self._open(unit.data)
            for stream in (self._video, self._audio):
                if stream is not None:
                    stream.time_base = _TICK
        begins = self.began is None or (unit.key and self._may_end(unit.dts)) or self._must_end(unit.dts)
        if begins:
            self._begins.append(_Begin(unit.dts, unit.key))
            self.began, self.open_bytes = unit.dts, 0
        elif unit.dts > self._last:
            self._step = unit.dts - self._last
        self._last = unit.dts
        self._mux(self._video, unit.data, unit.pts, unit.dts, key=begins)
        if self._silent:
            self._keep_silent(unit.dts)

    def _must_end(self, dts: int) -> bool:
        """True if the open segment would exceed the target with the picture of this decoding time."""
        return self._is_long(dts + self._step)

    def _is_long(self, dts: int) -> bool:
        """True if the open segment would exceed the target if it lasted until `dts`."""
        target_s = self._target_s()
        return target_s > 0 and rounded(self.open_until(dts)) > target_s

    def _may_end(self, dts: int) -> bool:
        """True if the open segment may end before the keyframe with this decoding time.

        Sometimes a keyframe comes early, for example when a source changes. A segment that went on past it might exceed
        the target without another keyframe, and players begin only with a keyframe.
        """
        is_whole = dts - (self.began or 0) >= _SHORTEST or not self._begins[-1].key
        return is_whole or self._is_soon or self._is_long(dts + self._target_s() * CLOCK)

    def _keep_silent(self, until: int) -> None:
        if self._silent_dts is None:
            self._silent_dts = until
        silence = sound.silent_aac(self._silent_rate)
        while self._silent_dts <= until:
            self._mux(self._audio, silence, self._silent_dts, self._silent_dts, key=True)
            self._silent_dts += AAC_SAMPLES * CLOCK // self._silent_rate

    def _mux(self, stream: Any, data: bytes, pts: int, dts: int, *, key: bool) -> None:
        self.open_bytes += len(data)
        packet = av.Packet(data)
        packet.pts, packet.dts, packet.time_base = pts, dts, _TICK
        packet.is_keyframe, packet.stream = key, stream
        self._container.mux(packet)

    def _closed(self, data: bytes) -> None:
        """Hands over a whole segment, which lasts until the next segment begins or the last picture ends."""
        begun = self._begins.popleft()
        ticks = (self._begins[0].dts if self._begins else self._last + self._step) - begun.dts
        target_s = self._target_s()
        seconds = min(ticks / CLOCK, target_s + _ROUNDED_OFF) if target_s else ticks / CLOCK
        whole = data if begun.key else self._unmarked(data)
        self._cut(whole, seconds, first=self._first, key=begun.key, head=self.head)
        self._first = False

    def _unmarked(self, data: bytes) -> bytes:
        """Removes marks of random access (ISO 13818-1 section 2.4.3.5): the first picture had one only for the cut."""
        changed = bytearray(data)
        for at in range(0, len(changed) - 5, 188):
            if changed[at + 3] & 0x20 and changed[at + 4]:
                changed[at + 5] &= 0xFF ^ _RANDOM_ACCESS
        return bytes(changed)


class FragmentMuxer(SegmentMuxer):
    """Makes segments of fragmented MP4, as players want H.265 (RFC 8216 section 3.3). A head comes before them."""

    _head = b""

    @property
    def head(self) -> bytes:
        return self._head

    def _open(self, keyframe: bytes) -> None:
        self._container = av.open(
            "%d.m4s",
            "w",
            format="segment",
            options={
                "segment_format": "mp4",
                "segment_format_options": f"movflags={_FRAGMENTED}:use_editlist=0",
                "segment_header_filename": _HEAD_FILE,
                "individual_header_trailer": "0",
                **_segments(self._number),
            },
            io_open=lambda url, _flags, _options: _Body(self._take_head if url == _HEAD_FILE else self._closed),
        )
        with av.open(io.BytesIO(keyframe), "r", format="hevc") as known:
            self._video = self._container.add_stream_from_template(known.streams.video[0])
        self._video.codec_context.codec_tag = "hvc1"
        if sound_format := self._sound:
            with av.open(io.BytesIO(3 * sound.silent_aac(sound_format.rate)), "r", format="aac") as silent:
                self._audio = self._container.add_stream_from_template(silent.streams.audio[0])
            config = AacConfig(2, RATES.index(sound_format.rate), sound_format.channels or 1)
            self._audio.codec_context.extradata = config.encode()

    def _take_head(self, data: bytes) -> None:
        self._head = data

    def _mux(self, stream: Any, data: bytes, pts: int, dts: int, *, key: bool) -> None:
        frame = read_adts(data) if stream is self._audio else None
        super()._mux(stream, data[frame.head : frame.size] if frame else data, pts, dts, key=key)

    def _unmarked(self, data: bytes) -> bytes:
        """Says that the first picture is no keyframe: in its run of samples (ISO 14496-12 section 8.8.8)."""
        at = data.find(b"trun")  # the video's comes first
        if at < 0 or not int.from_bytes(data[at + 4 : at + 8]) & _FIRST_FLAGS:
            return data
        flags = at + _TO_FIRST_FLAGS
        return data[:flags] + _NO_KEYFRAME + data[flags + len(_NO_KEYFRAME) :]


def muxer_of(form: Format) -> type[SegmentMuxer]:
    """The muxer for a format: players take H.264 in MPEG-TS, and H.265 in MP4 only."""
    return FragmentMuxer if form.kind == "h265" else SegmentMuxer


def _segments(number: int) -> dict[str, str]:
    """The options of libavformat's segment muxer, whose first segment gets this number."""
    return {
        "segment_time": "0.001",  # each picture marked as a keyframe begins a segment
        "segment_start_number": str(number),
        "max_interleave_delta": "500000",  # µs that pictures wait for announced sound
    }


def rounded(seconds: float) -> int:
    """The seconds rounded for comparison with a target duration (RFC 8216 section 4.3.3.1)."""
    return ceil(seconds - 0.5)


class _Body(io.BytesIO):
    """The buffer for a segment. libavformat writes into it; `kept` gets the bytes on close."""

    def __init__(self, kept: Callable[[bytes], None]) -> None:
        super().__init__()
        self._kept = kept

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        if not self.closed:
            self._kept(self.getvalue())
        super().close()


def _nothing(_data: bytes, _seconds: float, *, first: bool, key: bool, head: bytes) -> None:
    """Takes the place of `cut` after `discard`, and drops the segment."""
