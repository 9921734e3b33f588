"""A camera's video for displays: as it comes, or transcoded once for all displays that don't play it.

Displays play H.264 up to High at level 4.2, and by WebRTC only pictures that come in order (no B frames). TVs get no
more than level 4.1: the first Chromecasts play no more, and no device reports its model.

The number of transcoded videos has a limit. With "auto" two may run, or one on a single core. More may run if the
measured load of the running ones leaves room.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import structlog

from showcam.engine.grants import IDLE_S, Protocol
from showcam.engine.messages import TranscodeStats
from showcam.engine.outputs.hls import HlsOutput
from showcam.engine.outputs.transcoder import DISPLAY, SOON, THIN, Shape, Transcoder
from showcam.engine.sessions.fanout import SILENT_S, Fanout
from showcam.engine.source import MOST_PIXELS, TRANSCODED, Format, SourceFailed, Unit

_log = structlog.get_logger()

OVER_S = 10.0  # lack of time is judged over this time: a page that opens many cameras lacks it for a second or two
UNMEASURED = 1.0  # cores that a transcode is assumed to need before measurement
FLOOR = 2  # this number is always admitted if there are as many cores; one without time leaves pictures out
_SPARE = 1  # cores for everything else
_PROFILES = frozenset({66, 77, 100})  # Baseline, Main, High
_HIGHEST = 42
_OF_TVS = 41

type Most = int | Literal["auto"]


def unplayed(form: Format, surface: str, protocol: Protocol) -> str:
    """The reason why a video can't be shown on this surface as it comes; "" if it can.

    A browser plays more than displays, and so does a program of the household's. Stills are decoded by showcam.
    """
    if protocol in ("still", "snapshot"):
        return ""
    if protocol == "rtsp":
        return "not_playable" if form.kind == "mjpeg" else ""
    if form.kind != "h264":
        return "not_playable"  # no surface announces other codecs
    if protocol == "webrtc" and form.b_frames:
        return "no_common_protocol"
    if surface == "video":
        return "" if _is_small(form) and _decode(form) else "too_large"
    highest = _OF_TVS if surface == "tv" else _HIGHEST
    return "" if surface in ("page", "player") or _decode(form, highest) else "beyond_displays"


def _is_small(form: Format) -> bool:
    return form.width <= TRANSCODED[0] and form.height <= TRANSCODED[1]


def _decode(form: Format, highest: int = _HIGHEST) -> bool:
    """True if displays decode the video, by profile and level ("avc1.PPCCLL"), and by size.

    The size counts since some cameras name too low a level.
    """
    profile, _, level = bytes.fromhex(form.codec.removeprefix("avc1."))
    return profile in _PROFILES and level <= highest and form.width * form.height <= MOST_PIXELS


class Transcode(Fanout):
    """A transcoded video, on the timeline of its pull. `failure` gives the reason of an end, only to its viewers.

    `gives_way`: viewers could also be shown the video as it comes, only later. The transcode then ends when another
    video needs room. Such a transcode is only for HLS, and takes the units that HLS gets: if units come in clumps, HLS
    gets them before WebRTC viewers.
    """

    def __init__(self, form: Format, since: Iterable[Unit], shape: Shape, *, gives_way: bool) -> None:
        super().__init__()
        self.gives_way, self._shape, self.renditions.is_soon = gives_way, shape, shape is SOON
        self._used = self._loop.time()
        self._waiting = 0  # number of HLS viewers that wait for a first segment
        self._left_out = self._counted = 0
        self._behind: float | None = None  # when it last left out a picture
        self._work = self._begun(form, since, shape)

    def need(self) -> None:
        self._used = self._loop.time()

    @property
    def is_watched(self) -> bool:
        return bool(self._viewers) or self._waiting > 0 or self._loop.time() - self._used < SILENT_S

    @property
    def load(self) -> float | None:
        """The part of a core that the transcode takes; None until it was measured."""
        return self._work.load

    @property
    def is_behind(self) -> bool:
        """True if the last call of `tidy` within OVER_S found that pictures were left out for lack of time."""
        return self._behind is not None and self._loop.time() - self._behind < OVER_S

    @property
    def left_out(self) -> int:
        return self._left_out + self._work.left_out

    def open(self, form: Format) -> None:
        """Begins a new timeline: the source was opened, or time passed without a picture."""
        if self.failure:
            return
        if self._work.decodes(form):
            self._work.go_on_as(form)
            return
        self._work.stop()
        self._left_out += self._work.left_out
        # players already have segments, so no picture is repeated
        self._work = self._begun(form, (), self._shape._replace(begins_with=0))

    def sync(self) -> bool:
        self._work.sync()
        return True

    def take(self, unit: Unit) -> None:
        self._work.put(unit)

    def close(self, reason: str = "media_down") -> None:
        """Ends the transcode. `reason` is reported to its present viewers."""
        self._work.stop()
        self.end(SourceFailed(reason, again=True))

    async def first_segment(
        self, *, silent_track: bool, timeout_s: float, tv: bool = False, hevc: bool = False
    ) -> HlsOutput:
        """Waits for a first segment as in Fanout. A viewer that waits counts as watching."""
        self._waiting += 1
        try:
            return await super().first_segment(silent_track=silent_track, timeout_s=timeout_s, tv=tv, hevc=hevc)
        finally:
            self._waiting -= 1
            self.need()

    def tidy(self) -> None:
        """Ends the transcode if no viewer needed it for IDLE_S. Logs a lack of time, once for each time it begins."""
        super().tidy()
        if not self._viewers and not self._waiting and self._loop.time() - self._used > IDLE_S:
            self.close()
        if self.left_out > self._counted:
            now = self._loop.time()
            if self._behind is None or now - self._behind > OVER_S:
                _log.warning("there is no time to transcode every picture", left_out=self.left_out, load=self.load)
            self._counted, self._behind = self.left_out, now

    def _begun(self, form: Format, since: Iterable[Unit], shape: Shape) -> Transcoder:
        def made(begins: Format | None, unit: Unit) -> None:
            # if the loop has ended, no viewer is left
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._show, work, begins, unit)

        def broke() -> None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._broke, work)

        work = Transcoder(form, since, made, broke, shape)
        work.start()
        return work

    def _show(self, work: Transcoder, begins: Format | None, unit: Unit) -> None:
        if work is not self._work or self.failure:
            return
        try:
            if begins is not None:
                self.begin(begins)
            self.to_hls(unit)
            self.to_viewers(unit)
        except Exception as error:
            _log.warning("a transcoded picture could not be shown", error=type(error).__name__)
            self._broke(work)

    def _broke(self, work: Transcoder) -> None:
        if work is self._work:
            self.close()


def admits(
    most: Most, cores: int, loads: Sequence[float | None], measured: float | None = None, *, behind: bool = False
) -> bool:
    """True if there is room for a further transcode. `loads`: the cores taken by each running transcode.

    `measured`: cores that a transcode was last measured to take. `behind`: some running one lacks time.
    """
    if most != "auto":
        return len(loads) < most
    if len(loads) < min(FLOOR, cores):
        return True
    free = cores - _SPARE - sum(UNMEASURED if load is None else load for load in loads)
    return not behind and (UNMEASURED if measured is None else measured) <= free


class Transcodes:
    """All running transcodes. `cores` is the machine's number of cores."""

    def __init__(self, most: Most, cores: int | None = None) -> None:
        self._most = most
        self._cores = cores or os.process_cpu_count() or 1
        self._running: list[Transcode] = []
        self._measured: float | None = None  # the largest load of the latest transcodes

    def begin(
        self, form: Format, since: Iterable[Unit], reason: str, *, shape: Shape = DISPLAY, gives_way: bool = False
    ) -> Transcode:
        """Begins a transcode, and ends the transcodes that give way. Raises SourceFailed with `reason` without room."""
        # viewers of a thin picture can be shown the whole one: no other transcode ends for it
        if not self.has_room(displaces=not gives_way and shape is not THIN):
            raise SourceFailed(reason, again=False)
        is_tight = not self.has_room(displaces=False)
        for other in self._running:
            if not other.is_watched or (other.gives_way and is_tight):
                other.close("machine_full")
        made = Transcode(form, since, shape, gives_way=gives_way)
        self._running = [other for other in self._running if not other.failure] + [made]
        return made

    def has_room(self, *, displaces: bool = True) -> bool:
        """True if there is room. Unwatched transcodes don't count; with `displaces`, transcodes that give way don't."""
        self.tidy()
        stay = [running for running in self._running if running.is_watched and not (displaces and running.gives_way)]
        loads = [running.load for running in stay]
        return admits(
            self._most, self._cores, loads, self._measured, behind=any([running.is_behind for running in stay])
        )

    def tidy(self) -> None:
        """Ends unneeded transcodes, and measures the load of the others."""
        for running in self._running:
            running.tidy()
        self._running = [running for running in self._running if not running.failure]
        loads = [running.load for running in self._running if running.load is not None]
        self._measured = max(loads, default=self._measured)

    def stats(self) -> TranscodeStats:
        self.tidy()
        return {
            "transcodes": len(self._running),
            "left_out": sum(running.left_out for running in self._running),
        }


class PlayableFanout(Fanout):
    """A camera's video. The first viewer that needs it starts the transcode; after a failure, the next viewer does."""

    def __init__(self, transcodes: Transcodes) -> None:
        super().__init__()
        self._transcodes = transcodes
        self._transcode: Transcode | None = None
        self._followers: set[Callable[[], None]] = set()
        self._is_paced = False  # viewers get this opening's units later than HLS

    @property
    def has_time(self) -> bool:
        return super().has_time and (self._running is None or self._running.has_time)

    @property
    def may_be_transcoded(self) -> bool:
        """True if the video is transcoded already, or there is room for it."""
        return self._running is not None or self._transcodes.has_room()

    def follow(self, follower: Callable[[], None]) -> None:
        """Calls `follower` at each opening from now on."""
        self._followers.add(follower)

    def unfollow(self, follower: Callable[[], None]) -> None:
        self._followers.discard(follower)

    def shown(self, surface: str, protocol: Protocol) -> Fanout:
        """The video for this surface: as it comes, or transcoded if the surface can't play that.

        Raises SourceFailed if there is no room to transcode.
        """
        reason = unplayed(self.format, surface, protocol) if self.format else ""
        return self._needed(reason, SOON if protocol == "hls" and self.is_slow else DISPLAY) if reason else self

    def quickened(self) -> Fanout:
        """The video for HLS if keyframes are far apart: transcoded with more keyframes, or as it comes without room."""
        try:
            return self._needed("media_down", SOON, gives_way=True)
        except SourceFailed:
            return self

    def begin(self, form: Format) -> None:
        super().begin(form)
        if made := self._fed(hls=True):
            made.open(form)
        if not self._is_paced and (made := self._fed(hls=False)):
            made.open(form)
        for follower in list(self._followers):
            follower()

    def to_hls(self, unit: Unit) -> None:
        super().to_hls(unit)
        if made := self._fed(hls=True):
            made.take(unit)

    def to_viewers(self, unit: Unit) -> None:
        super().to_viewers(unit)
        self._is_paced |= unit.form is not None
        if made := self._fed(hls=False):
            if unit.form is not None and self.format is not None:
                made.open(self.format)
            made.take(unit)

    def shows(self, start_id: str) -> bool:
        return super().shows(start_id) or (self._running is not None and self._running.shows(start_id))

    def tidy(self) -> None:
        super().tidy()
        self._transcode = self._running

    def stop_transcoding(self) -> None:
        if self._transcode is not None:
            self._transcode.close()

    @property
    def _running(self) -> Transcode | None:
        return self._transcode if self._transcode is not None and not self._transcode.failure else None

    def _fed(self, *, hls: bool) -> Transcode | None:
        """The transcode that takes the units for HLS or, with `hls` False, for WebRTC viewers. None if none runs."""
        made = self._transcode
        return made if made is not None and made.gives_way == hls else None

    def _needed(self, reason: str, shape: Shape, *, gives_way: bool = False) -> Transcode:
        """The transcoded video. A transcode that gives way ends if a viewer needs a full transcode.

        Raises SourceFailed with `reason` if there is no room.
        """
        assert self.format is not None
        made = self._running
        if made is not None and made.gives_way and not gives_way:
            made.close()
            made = None
        if made is None:
            since = self.renditions.recent.open if gives_way else self._gop.units
            made = self._transcodes.begin(self.format, since, reason, shape=shape, gives_way=gives_way)
            self._transcode = made
        made.need()
        return made
