"""HLS out: segments kept in memory, and a playlist of our own (RFC 8216)."""

import re
import secrets
import time
from collections.abc import Callable

from media.plane.codec.sound import SILENT_RATE
from media.plane.codec.units import Format, SourceFailed, Unit
from media.plane.outputs.muxer import SegmentMuxer, rounded
from media.plane.outputs.segments import Segment, Segments

LONGEST_S = 24.0  # of a segment, and so of a GOP
HEAVIEST = 24 * 1024 * 1024  # bytes of a segment
SPARE_S = 2
SOON_S = 1.7  # of what comes in clumps: a player that had less would stand still for the next one
_LEAD = 5
_LEAST_S = 0.04  # of a segment: a single picture's length is not known when nothing follows it
_START = re.compile(r"[0-9a-f]{1,12}-[A-Za-z0-9_-]{12}")


class HlsOutput:
    """One rendition of one camera.

    `start_id` is in its address, so that no segment is another's of the same number; it shows when the first was due.
    What a master playlist says, and the target duration, hold as long as a start id: what contradicts them begins
    another one. `failure`: why there is no HLS of what comes just now, where that is so. `clock`: monotonic seconds.
    `is_soon`: segments are as short as its keyframes make them, and it is listed once it has SOON_S of them.
    `since_s`: how long ago the first picture came that it is given.
    """

    def __init__(
        self,
        *,
        silent_track: bool,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        silent_rate: int = SILENT_RATE,
        is_soon: bool = False,
        since_s: float = 0.0,
    ) -> None:
        self.is_soon = is_soon
        self._born_ms = int((time.time() - since_s) * 1000)
        self.start_id = _start_id(self._born_ms)
        self._first = 0  # number of the start id's first segment
        self.segments = Segments()
        self._silent_track, self._silent_rate = silent_track, silent_rate
        self._changed, self._clock = changed, clock
        self._next = 0
        self._target = 0  # 0: no segment has shown it yet
        self._is_listed = False  # a player knows the target
        self._muxer: SegmentMuxer | None = None
        self.format: Format | None = None
        self.failure: SourceFailed | None = None

    @property
    def has_audio(self) -> bool:
        return self._silent_track or (self.format is not None and self.format.audio)

    def begin(self, form: Format) -> None:
        """A source was opened; what follows is of its timeline."""
        self.end()
        if self.format is not None and not form.continues(self.format):
            self._start()
        self.format = form
        self._mux()

    def write(self, unit: Unit) -> None:
        if self._muxer is not None and unit.kind == "video" and self._is_torn(self._muxer, unit):
            self.end()
            self._mux()
        muxer = self._muxer
        if muxer is None:
            return
        muxer.write(unit)
        if unit.kind == "video":
            self._weigh(muxer)

    def end(self) -> None:
        muxer, self._muxer = self._muxer, None
        if muxer is not None and self._is_listed:
            muxer.close()
        elif muxer is not None:
            # a segment that is cut short does not show how long segments are
            muxer.discard()

    @property
    def is_ready(self) -> bool:
        """Whether there is something to say of it."""
        if self.failure is not None:
            return True
        least_s = SOON_S if self.is_soon and not self._is_listed else 0
        return sum(segment.seconds for segment in self.segments) > least_s

    @property
    def due(self) -> int:
        """The number of the next segment."""
        return self._next

    @property
    def target_s(self) -> int:
        return self._target or 1

    @property
    def entry(self) -> int | None:
        """As of Segments."""
        return self.segments.entry(self.target_s)

    def before(self, keyframe: Unit) -> Segment | None:
        """The whole segment that ends where this keyframe begins, if it is kept."""
        if self._muxer is None or self._muxer.open_since != keyframe.dts or not self.segments:
            return None
        return list(self.segments)[-1]

    def bandwidth(self) -> int:
        """Bits a second of the fullest segment, with a tenth to spare."""
        return int(max([8 * len(segment.data) / segment.seconds for segment in self.segments], default=1e6) * 1.1)

    def follows(self, start_id: str) -> bool:
        """Whether that start id can be of an output before this one."""
        return is_start_id(start_id) and _born_ms(start_id) <= self._born_ms

    def playlist(
        self, after: str = "", *, near: bool = False, player: str = "", entry: int = 0, is_first: bool = False
    ) -> str:
        """For a player, now. `after`: in the place of the output of that start id, which died with its process.

        Both sequence numbers lie above all of that output's, as RFC 8216 section 6.2.2 wants of one playlist; not far
        above, since players take the numbers between for time that passed.

        `near`: players are to begin closer to the end than the three target durations of RFC 8216 section 6.3.3. They
        know of the next segment after one target duration at the latest, and have SPARE_S to fetch it.

        `entry`: no earlier segment is listed, and in the player's first list (`is_first`) only that one: players begin
        near the end, and hls.js asks again and again for a segment in which it finds no keyframe to begin with.
        """
        self._is_listed = bool(self._target)
        listed = self.segments.listed(self.target_s, self._clock(), player)
        listed = [kept for kept in listed if kept.number >= entry]
        listed = listed[:1] if entry and is_first else listed
        number = listed[0].number if listed else self._next
        gone = self.segments.breaks_before(number)
        shift, folder = (self._lead(after), f"../{self.start_id}/") if after else (0, "")
        if after and number > self._first:
            gone += 1
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:6",
            f"#EXT-X-TARGETDURATION:{self.target_s}",
            f"#EXT-X-MEDIA-SEQUENCE:{number + shift}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{gone + shift}",
        ]
        if near:
            lines.append(f"#EXT-X-START:TIME-OFFSET=-{min(3 * self.target_s, self.target_s + SPARE_S)}")
        for segment in listed:
            if segment.breaks or (after and segment.number == self._first):
                lines.append("#EXT-X-DISCONTINUITY")
            lines += [f"#EXTINF:{segment.seconds:.6f},", f"{folder}{segment.number}.ts"]
        return "\n".join(lines) + "\n"

    def segment(self, number: int, player: str = "") -> bytes | None:
        found = self.segments.fetched(number, self.target_s, self._clock(), player)
        return found.data if found else None

    def codecs(self) -> str:
        assert self.format is not None
        return self.format.codec + (",mp4a.40.2" if self.has_audio else "")

    def _lead(self, start_id: str) -> int:
        # a segment lasts a second or more, but for a few where a source was opened
        return (self._born_ms - _born_ms(start_id)) // 500 + _LEAD

    def _start(self) -> None:
        """What players have of the list is true no longer: they must fetch the master playlist again."""
        self.start_id = _start_id(self._born_ms)
        self._first = self._next
        self.segments.clear()
        self._target, self._is_listed = 0, False

    def _mux(self) -> None:
        assert self.format is not None
        self._muxer = SegmentMuxer(
            self.format,
            self._next,
            silent_track=self._silent_track,
            cut=self._cut,
            silent_rate=self._silent_rate,
            is_soon=self.is_soon,
            target_s=lambda: self._target if self._is_listed else 0,
        )

    def _is_torn(self, muxer: SegmentMuxer, unit: Unit) -> bool:
        """Whether pictures are missing before this one, and with that time the segment would outgrow the target."""
        return self._is_listed and muxer.is_hole(unit.dts) and rounded(muxer.open_until(unit.dts)) > self._target

    def _weigh(self, muxer: SegmentMuxer) -> None:
        """Keep the segment that is not whole within its bounds."""
        if muxer.open_s > LONGEST_S or muxer.open_bytes > HEAVIEST:
            # nothing can be shown by HLS until keyframes come again
            self._muxer = None
            muxer.discard()
            self._start()
            self._mux()
            self.failure = SourceFailed("no_common_protocol", again=False)
            self._changed()

    def _cut(self, data: bytes, seconds: float, *, first: bool, key: bool) -> None:
        seconds = max(seconds, _LEAST_S)
        if not self._is_listed:
            self._target = max(self._target, rounded(seconds), 1)
        self.failure = None
        made = Segment(self._next, data, seconds, breaks=first and len(self.segments) > 0, key=key)
        self.segments.add(made, self.target_s, self._clock())
        self._next += 1
        self._changed()


def is_start_id(text: str) -> bool:
    return _START.fullmatch(text) is not None


def _born_ms(start_id: str) -> int:
    return int(start_id.partition("-")[0], 16)


def _start_id(born_ms: int) -> str:
    return f"{born_ms:x}-{secrets.token_urlsafe(9)}"
