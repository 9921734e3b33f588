"""The HLS that showcam serves: segments in memory, and a playlist that showcam writes (RFC 8216)."""

import re
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from showcam.engine.grants import IDLE_S
from showcam.engine.outputs.muxer import SegmentMuxer, muxer_of, rounded
from showcam.engine.sound import SILENT_RATE
from showcam.engine.source import Format, SourceFailed, Unit

# Players begin three target durations before the end (RFC 8216 section 6.3.3). With four, their first segment is still
# listed when the next segment comes. If segments are short, four of them are too little.
LISTED_TARGETS, LISTED_S = 4, 6.0
MOST_LISTED = 12  # segments in a list of short segments, unless these are less than LEAST_TARGETS
LEAST_TARGETS = 3  # target durations that a list has, once it has let a segment go (RFC 8216 section 6.2.2)
HEAVIEST_LIST = 32 * 1024 * 1024  # bytes of all listed segments; the newest is always listed
HEAVIEST_DUE = 16 * 1024 * 1024  # bytes of segments that have left the list, for a heavy camera with rare keyframes
GONE_S = 2 * IDLE_S  # a player that fetches nothing for this time has gone; sessions end earlier
LONGEST_SEGMENT_S = 24.0  # also of a group of pictures: HLS would be behind by three times as much
HEAVIEST_SEGMENT = 24 * 1024 * 1024  # bytes of a segment
SPARE_S = 2  # seconds that a player has to fetch a new segment
SOON_S = 1.7  # of video that comes in clumps: with less, a player would stand still until the next clump
_LEAD = 5
_LEAST_S = 0.04  # shortest length of a segment: a single picture's length is unknown until another picture follows
_NAME = re.compile(r"(\d{1,9})\.(ts|m4s|mp4)", re.ASCII)  # "mp4" comes before segments of this kind
_START = re.compile(r"[0-9a-f]{1,12}-[A-Za-z0-9_-]{12}")


@dataclass(slots=True)
class Segment:
    """A listed segment is kept after it left the list: for its own and the list's duration (RFC 8216 section 6.2.2)."""

    number: int
    data: bytes
    seconds: float
    breaks: bool  # another timeline than the segment before
    key: bool = True  # it begins with a keyframe
    head: bytes = b""  # the bytes that come before it in MP4
    headed: int = 0  # number of the first segment with this head
    listed_s: float = 0.0  # duration of the longest list with this segment that a player got; 0: no list had it
    left: float | None = None  # when the segment fell out of the list, monotonic s

    def due(self, now: float) -> bool:
        """True if a player may still ask for the segment after it has left the list."""
        return self.listed_s > 0 and self.left is not None and now < self.left + self.seconds + self.listed_s


@dataclass(slots=True)
class _Player:
    latest: int  # number of the latest segment that the player fetched, or of the first that its list had
    asked: float  # when the player last fetched a list or a segment


class Segments:
    """The segments in memory, oldest first. Times are monotonic seconds. `player` is the id of a session.

    Players fetch segments in order. So a segment that left the list goes once every player has fetched a later segment:
    with sixteen cameras in full HD this saved 100 MB. For a slow player segments are kept as long as they are due.
    """

    def __init__(self) -> None:
        self._kept: deque[Segment] = deque()
        self._players: dict[str, _Player] = {}
        self._from = 0  # number of the first segment in the latest list
        self._breaks_gone = 0

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        self._kept.clear()
        self._players.clear()
        self._breaks_gone = 0

    def add(self, segment: Segment, target_s: int, now: float) -> None:
        self._kept.append(segment)
        self._let_go(target_s, now)

    def listed(self, target_s: int, now: float, player: str) -> list[Segment]:
        """The segments for a playlist that a player gets now."""
        # a segment that was left out of a list never comes back, even if longer segments would want a longer list
        listed = [kept for kept in list(self._kept)[-self._worth_listing(target_s) :] if kept.number >= self._from]
        lasts_s = sum(segment.seconds for segment in listed)
        for segment in listed:
            segment.listed_s = max(segment.listed_s, lasts_s)
        if listed:
            self._from = listed[0].number
            self._players.setdefault(player, _Player(self._from, now)).asked = now
        return listed

    def fetched(self, number: int, target_s: int, now: float, player: str) -> Segment | None:
        """The segment that a player fetches now, or None if this number is not in memory."""
        found = next((segment for segment in self._kept if segment.number == number), None)
        if found is not None and (known := self._players.get(player)) is not None:
            known.latest, known.asked = max(known.latest, number), now
            self._let_go(target_s, now)
        return found

    def entry(self, target_s: int) -> int | None:
        """The number of the first segment for a player that comes now.

        It is 0 (all listed segments) if each begins with a keyframe, else the newest segment. None if the newest begins
        without a keyframe: the player has to wait.
        """
        listed = list(self._kept)[-self._worth_listing(target_s) :]
        if all(segment.key for segment in listed):
            return 0
        return listed[-1].number if listed[-1].key else None

    def breaks_before(self, number: int) -> int:
        """The number of segments before this number that began another timeline."""
        return self._breaks_gone + sum(segment.breaks for segment in self._kept if segment.number < number)

    def _let_go(self, target_s: int, now: float) -> None:
        """Drops segments that are neither listed nor due to a player."""
        listed = self._worth_listing(target_s)
        for segment in list(self._kept)[:-listed]:
            segment.left = segment.left or now
        self._players = {name: player for name, player in self._players.items() if now - player.asked < GONE_S}
        slowest = min([player.latest for player in self._players.values()], default=self._kept[-1].number)
        due = sum(len(segment.data) for segment in list(self._kept)[:-listed])
        while len(self._kept) > listed:
            first = self._kept[0]
            if first.due(now) and first.number >= slowest and due <= HEAVIEST_DUE:
                break
            due -= len(first.data)
            self._breaks_gone += first.breaks
            self._kept.popleft()

    def _worth_listing(self, target_s: int) -> int:
        """The number of the newest segments that a list should have. They make up most of a camera's memory."""
        wanted, total, weight, count = max(LISTED_S, LISTED_TARGETS * target_s), 0.0, 0, 0
        for segment in reversed(self._kept):
            weight += len(segment.data)
            is_long = count >= MOST_LISTED and total >= LEAST_TARGETS * target_s
            if total > wanted - 0.05 or is_long or (count and weight > HEAVIEST_LIST):
                break
            total, count = total + segment.seconds, count + 1
        return count


class HlsOutput:
    """A rendition of a camera's video.

    `start_id` is in the address, so that segments of two outputs with the same number differ. It contains the time of
    the first picture. The master playlist and the target duration never change under a start id: if the format changes,
    another start id begins. `failure` is the reason if the present video can't be shown by HLS. `clock` returns
    monotonic seconds. `is_soon`: segments are as short as the keyframes allow, and the list begins with SOON_S of them.
    `since_s` is the age of the first picture.
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
        self.due = 0  # the number of the next segment
        self._target = 0  # 0: not known yet, no segment is whole
        self._is_listed = False  # a player knows the target
        self._muxer: SegmentMuxer | None = None
        self._head, self._headed = b"", 0  # as in a segment, of the latest
        self.format: Format | None = None
        self.failure: SourceFailed | None = None

    @property
    def has_audio(self) -> bool:
        return self._silent_track or (self.format is not None and self.format.sound is not None)

    def begin(self, form: Format) -> None:
        """Begins a new timeline, because a source was opened."""
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
        """True if the output has enough segments for a player, or a failure to report."""
        if self.failure is not None:
            return True
        least_s = SOON_S if self.is_soon and not self._is_listed else 0
        return sum(segment.seconds for segment in self.segments) > least_s

    @property
    def target_s(self) -> int:
        return self._target or 1

    @property
    def entry(self) -> int | None:
        """The number of the first segment for a player that comes now, as in `Segments.entry`."""
        return self.segments.entry(self.target_s)

    def before(self, keyframe: Unit) -> Segment | None:
        """The whole segment of MPEG-TS directly before this keyframe, if it is in memory."""
        if self._muxer is None or self._muxer.head or self._muxer.began != keyframe.dts or not self.segments:
            return None
        return list(self.segments)[-1]

    def bandwidth(self) -> int:
        """The bits a second of the fullest segment, and a tenth more."""
        return int(max([8 * len(segment.data) / segment.seconds for segment in self.segments], default=1e6) * 1.1)

    def follows(self, start_id: str) -> bool:
        """True if this start id can belong to an earlier output."""
        return is_start_id(start_id) and _born_ms(start_id) <= self._born_ms

    def playlist(
        self, after: str = "", *, near: bool = False, player: str = "", entry: int = 0, is_first: bool = False
    ) -> str:
        """The playlist for a player, now. `after` is the start id of an output whose process has ended.

        The playlist then goes on in place of that output. Both sequence numbers are above the old output's, as RFC 8216
        section 6.2.2 demands. They are not far above, since players take the numbers between for time that passed.

        `near`: players begin closer to the end than the three target durations of RFC 8216 section 6.3.3. They know of
        the next segment within one target duration, and have SPARE_S to fetch it.

        `entry`: no earlier segment is listed. The player's first list (`is_first`) has only this segment, since players
        begin near the end: hls.js asks again and again for a segment without a keyframe.
        """
        self._is_listed = bool(self._target)
        listed = self.segments.listed(self.target_s, self._clock(), player)
        listed = [kept for kept in listed if kept.number >= entry]
        listed = listed[:1] if entry and is_first else listed
        number = listed[0].number if listed else self.due
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
        headed: int | None = None
        for segment in listed:
            if segment.breaks or (after and segment.number == self._first):
                lines.append("#EXT-X-DISCONTINUITY")
            if segment.head and segment.headed != headed:
                headed = segment.headed
                lines.append(f'#EXT-X-MAP:URI="{folder}{headed}.mp4"')
            name = f"{segment.number}.{'m4s' if segment.head else 'ts'}"
            lines += [f"#EXTINF:{segment.seconds:.6f},", f"{folder}{name}"]
        return "\n".join(lines) + "\n"

    def segment(self, number: int, player: str = "") -> bytes | None:
        found = self.segments.fetched(number, self.target_s, self._clock(), player)
        return found.data if found else None

    def named(self, name: str, player: str) -> tuple[bytes, str] | None:
        """The file of this name in a list, and its content type. None if the file is not in memory."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        number, kind = int(found[1]), found[2]
        if kind == "mp4":
            data = next((segment.head for segment in self.segments if segment.headed == number), b"")
        else:
            data = self.segment(number, player) or b""
        return (data, "video/mp2t" if kind == "ts" else "video/mp4") if data else None

    def codecs(self) -> str:
        assert self.format is not None
        return self.format.codec + (",mp4a.40.2" if self.has_audio else "")

    def _lead(self, start_id: str) -> int:
        # a segment lasts a second or more, except for a few after a source was opened
        return (self._born_ms - _born_ms(start_id)) // 500 + _LEAD

    def _start(self) -> None:
        """Begins a new start id. Old lists no longer hold, so players must fetch the master playlist again."""
        self.start_id = _start_id(self._born_ms)
        self._first = self.due
        self.segments.clear()
        self._target, self._is_listed = 0, False

    def _mux(self) -> None:
        assert self.format is not None
        self._muxer = muxer_of(self.format)(
            self.format,
            self.due,
            silent_track=self._silent_track,
            cut=self._cut,
            silent_rate=self._silent_rate,
            is_soon=self.is_soon,
            target_s=lambda: self._target if self._is_listed else 0,
        )

    def _is_torn(self, muxer: SegmentMuxer, unit: Unit) -> bool:
        """True if pictures are missing before this unit, and the gap would make the segment exceed the target."""
        return self._is_listed and muxer.is_hole(unit.dts) and rounded(muxer.open_until(unit.dts)) > self._target

    def _weigh(self, muxer: SegmentMuxer) -> None:
        """Drops the open segment if it has become too long or too heavy, and reports that HLS is not possible."""
        if muxer.open_s > LONGEST_SEGMENT_S or muxer.open_bytes > HEAVIEST_SEGMENT:
            # nothing can be shown by HLS until keyframes come again
            self._muxer = None
            muxer.discard()
            self._start()
            self._mux()
            self.failure = SourceFailed("no_common_protocol", again=False)
            self._changed()

    def _cut(self, data: bytes, seconds: float, *, first: bool, key: bool, head: bytes) -> None:
        seconds = max(seconds, _LEAST_S)
        if not self._is_listed:
            self._target = max(self._target, rounded(seconds), 1)
        self.failure = None
        # the muxer of a segment that ends now may have been let go just before
        self._headed, self._head = (self.due, head) if first else (self._headed, self._head)
        breaks = first and len(self.segments) > 0
        made = Segment(self.due, data, seconds, breaks, key, self._head, self._headed)
        self.segments.add(made, self.target_s, self._clock())
        self.due += 1
        self._changed()


def is_start_id(text: str) -> bool:
    return _START.fullmatch(text) is not None


def _born_ms(start_id: str) -> int:
    return int(start_id.partition("-")[0], 16)


def _start_id(born_ms: int) -> str:
    return f"{born_ms:x}-{secrets.token_urlsafe(9)}"
