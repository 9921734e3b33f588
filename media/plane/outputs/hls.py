"""HLS out: MPEG-TS segments by copy, kept in memory, and a playlist of our own (RFC 8216)."""

import io
import re
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

import av

from media.plane.codec import sound
from media.plane.codec.units import CLOCK, Format, Unit

# Players begin three target durations before the end (RFC 8216 section 6.3.3): what they begin on is still listed when
# the next segment comes. Of short segments that is too little.
LISTED_TARGETS, LISTED_S = 4, 6.0
UNASKED = 3  # kept while nobody watches by HLS, enough to start on
MOST = 12  # however short they are
MOST_DUE = 16 * 1024 * 1024  # bytes of what left the list: a heavy camera with rare keyframes has its bound
_LEAD = 5
_LEAST_S = 0.04  # of a segment: a single picture's length is not known when nothing follows it
ASKED_S = 60.0
_SILENT_STEP = sound.AAC_SAMPLES * CLOCK // sound.SILENT_RATE
_TICK = Fraction(1, CLOCK)
_START = re.compile(r"[0-9a-f]{1,12}-[A-Za-z0-9_-]{12}")
_ENTRY = re.compile(r"#EXTINF:([\d.]+),[^\n]*\n(?:#[^\n]*\n)*(\d+)\.ts")


@dataclass(slots=True)
class Segment:
    """One that was listed stays for its own and its list's duration after it left the list (RFC 8216 section 6.2.2)."""

    number: int
    data: bytes
    seconds: float
    breaks: bool  # another timeline than the segment before
    listed_s: float = 0.0  # how long the longest list was that a player was told it in; 0: none was
    left: float | None = None  # when it fell out of the list, monotonic s

    def due(self, now: float) -> bool:
        """Whether a player may still ask for it, as far as that is not for being listed."""
        return self.listed_s > 0 and self.left is not None and now < self.left + self.seconds + self.listed_s


class HlsOutput:
    """One rendition of one camera.

    `start_id` is in its address, so that no segment is another's of the same number; it tells when the first was due.
    """

    def __init__(self, *, silent_track: bool, changed: Callable[[], None]) -> None:
        self._born_ms = int(time.time() * 1000)
        self.start_id = _start_id(self._born_ms)
        self._first = 0  # number of the start id's first segment
        self.segments: deque[Segment] = deque()
        self._silent_track = silent_track
        self._changed = changed
        self._next = self._from = 0
        self._breaks_gone = 0
        self._asked = -ASKED_S
        self._target = 1
        self._muxer: _Muxer | None = None
        self.format: Format | None = None

    @property
    def has_audio(self) -> bool:
        return self._silent_track or (self.format is not None and self.format.audio)

    def begin(self, form: Format) -> None:
        """A source was opened; what follows is of its timeline."""
        self.end()
        if self.format is not None and (form.codec, form.width, form.height, form.audio) != (
            self.format.codec,
            self.format.width,
            self.format.height,
            self.format.audio,
        ):
            # the master playlist no longer tells the truth: players must fetch it again
            self.start_id = _start_id(self._born_ms)
            self._first = self._next
            self.segments.clear()
            self._breaks_gone = 0
        self.format = form
        self._muxer = _Muxer(form, self._next, silent_track=self._silent_track, cut=self._cut)

    def write(self, unit: Unit) -> None:
        if self._muxer is not None:
            self._muxer.write(unit)

    def end(self) -> None:
        muxer, self._muxer = self._muxer, None
        if muxer is not None:
            muxer.close()

    @property
    def target_s(self) -> int:
        return self._target

    def bandwidth(self) -> int:
        """Bits a second of the fullest segment, with a tenth to spare."""
        return int(max([8 * len(each.data) / each.seconds for each in self.segments], default=1e6) * 1.1)

    def follows(self, start_id: str) -> bool:
        """Whether that start id can be of an output before this one."""
        return is_start_id(start_id) and _born_ms(start_id) <= self._born_ms

    def playlist(self, after: str = "") -> str:
        """`after`: in the place of the output of that start id, which died with its process.

        Both sequence numbers lie above all of that output's, as RFC 8216 section 6.2.2 wants of one playlist; not far
        above, since players take the numbers between for time that passed.
        """
        self._asked = time.monotonic()
        listed = list(self.segments)[-self._worth_listing() :]
        # what was left out of it once never comes back, though longer segments would want a longer list
        listed = [each for each in listed if each.number >= self._from]
        lasts_s = sum(each.seconds for each in listed)
        for each in listed:
            each.listed_s = max(each.listed_s, lasts_s)
        gone = self._breaks_gone + sum(each.breaks for each in list(self.segments)[: -len(listed)])
        number = self._from = listed[0].number if listed else self._next
        shift, folder = (self._lead(after), f"../{self.start_id}/") if after else (0, "")
        if after and number > self._first:
            gone += 1
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:6",
            f"#EXT-X-TARGETDURATION:{self._target}",
            f"#EXT-X-MEDIA-SEQUENCE:{number + shift}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{gone + shift}",
            "#EXT-X-INDEPENDENT-SEGMENTS",
        ]
        for each in listed:
            if each.breaks or (after and each.number == self._first):
                lines.append("#EXT-X-DISCONTINUITY")
            lines += [f"#EXTINF:{each.seconds:.6f},", f"{folder}{each.number}.ts"]
        return "\n".join(lines) + "\n"

    def _lead(self, start_id: str) -> int:
        # a segment lasts a second or more, but for a few where a source was opened
        return (self._born_ms - _born_ms(start_id)) // 500 + _LEAD

    def segment(self, number: int) -> bytes | None:
        return next((each.data for each in self.segments if each.number == number), None)

    def codecs(self) -> str:
        assert self.format is not None
        return self.format.codec + (",mp4a.40.2" if self.has_audio else "")

    def _cut(self, data: bytes, seconds: float, *, first: bool) -> None:
        seconds = max(seconds, _LEAST_S)
        self.segments.append(Segment(self._next, data, seconds, breaks=first and bool(self.segments)))
        self._next += 1
        self._target = max(self._target, ceil(seconds - 0.5))
        self._let_go(time.monotonic())
        self._changed()

    def _let_go(self, now: float) -> None:
        """What is neither listed nor due."""
        listed = self._worth_listing()
        for each in list(self.segments)[:-listed]:
            each.left = each.left or now
        kept = listed if now - self._asked < ASKED_S else UNASKED
        due = sum(len(each.data) for each in list(self.segments)[:-kept])
        while len(self.segments) > kept and (due > MOST_DUE or not self.segments[0].due(now)):
            gone = self.segments.popleft()
            due -= len(gone.data)
            self._breaks_gone += gone.breaks

    def _worth_listing(self) -> int:
        """How many of the newest: a camera's memory is what it keeps of these."""
        wanted, total, count = max(LISTED_S, LISTED_TARGETS * self._target), 0.0, 0
        for each in reversed(self.segments):
            if total > wanted - 0.05 or count == MOST:
                break
            total, count = total + each.seconds, count + 1
        return count


def is_start_id(text: str) -> bool:
    return _START.fullmatch(text) is not None


def _born_ms(start_id: str) -> int:
    return int(start_id.partition("-")[0], 16)


def _start_id(born_ms: int) -> str:
    return f"{born_ms:x}-{secrets.token_urlsafe(9)}"


class _Body(io.BytesIO):
    """What libav writes one file into; `kept` gets it when libav closes it."""

    def __init__(self, kept: Callable[[bytes], None]) -> None:
        super().__init__()
        self._kept = kept

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        if not self.closed:
            self._kept(self.getvalue())
        super().close()


class _Muxer:
    """libavformat's HLS muxer for the segments; of its playlist only the durations are read."""

    def __init__(self, form: Format, number: int, *, silent_track: bool, cut: Callable[..., None]) -> None:
        self._cut = cut
        self._bodies: dict[int, bytes] = {}
        self._done = number - 1
        self._first = True
        self._started = False
        self._silent_dts: int | None = None
        self._container = av.open(
            "segments/index.m3u8",
            "w",
            format="hls",
            options={
                "hls_time": "1",
                "hls_list_size": "2",
                "hls_segment_filename": "segments/%d.ts",
                "start_number": str(number),
                "hls_flags": "independent_segments",
                "max_interleave_delta": "500000",  # µs that pictures wait for sound which was told of and does not come
            },
            io_open=self._open,
        )
        self._video: Any = self._container.add_mux_stream("h264", width=form.width, height=form.height)
        self._video.time_base = _TICK
        self._audio: Any = None
        self._silent = silent_track
        if form.audio or silent_track:
            rate = sound.SILENT_RATE if silent_track else form.audio_rate
            self._audio = self._container.add_mux_stream("aac", rate=rate)
            self._audio.time_base = _TICK

    def write(self, unit: Unit) -> None:
        if not self._started:
            if unit.kind != "video" or not unit.key:
                return
            self._started = True
        if unit.kind == "video":
            self._mux(self._video, unit.data, unit.pts, unit.dts, key=unit.key)
            if self._silent:
                self._keep_silent(unit.dts)
        elif self._audio is not None and not self._silent:
            self._mux(self._audio, unit.data, unit.pts, unit.dts, key=True)

    def close(self) -> None:
        if self._started:
            self._container.close()

    def _keep_silent(self, until: int) -> None:
        if self._silent_dts is None:
            self._silent_dts = until
        while self._silent_dts <= until:
            self._mux(self._audio, sound.silent_aac(), self._silent_dts, self._silent_dts, key=True)
            self._silent_dts += _SILENT_STEP

    def _mux(self, stream: Any, data: bytes, pts: int, dts: int, *, key: bool) -> None:
        packet = av.Packet(data)
        packet.pts, packet.dts, packet.time_base = pts, dts, _TICK
        packet.is_keyframe, packet.stream = key, stream
        self._container.mux(packet)

    def _open(self, url: str, _flags: int, _options: dict[str, str]) -> _Body:
        name = url.rpartition("/")[2]
        if name.endswith(".ts"):
            return _Body(lambda data: self._bodies.__setitem__(int(name[:-3]), data))
        return _Body(self._listed)

    def _listed(self, text: bytes) -> None:
        for seconds, number in _ENTRY.findall(text.decode()):
            at = int(number)
            if at > self._done and at in self._bodies:
                self._done = at
                self._cut(self._bodies.pop(at), float(seconds), first=self._first)
                self._first = False
