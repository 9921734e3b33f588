"""Gives a camera's video to all its viewers: to displays by HLS and WebRTC, as Opus to listeners, and as a still."""

import asyncio
import contextlib
import math
from collections.abc import Callable

from showcam.engine.codec.nal import NoPicture
from showcam.engine.keyframe import jpeg
from showcam.engine.outputs.hls import HlsOutput
from showcam.engine.outputs.renditions import Renditions
from showcam.engine.sound import OpusVoice
from showcam.engine.source import CLOCK, Format, Listen, SoundFormat, SourceFailed, Unit, Watch

SILENT_S = 5.0  # an HLS viewer that fetches nothing for this time counts as away until its next fetch
SLOW_S = 4.5  # a long time between keyframes: HLS is behind by several times as much
GOP_CAP = 8 * 1024 * 1024  # bytes


class Signal:
    """Rung whenever something changed; each waiter then checks its condition again."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def until(self, condition: Callable[[], object], timeout_s: float) -> None:
        """Waits until the condition is true, or the time has run out."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not condition():
                    await self._rung.wait()


class Gop:
    """The units since the last keyframe, for viewers who come before the next keyframe.

    A group larger than GOP_CAP is useless: after that there are no units until the next keyframe.
    """

    def __init__(self) -> None:
        self.units: list[Unit] = []  # they begin with a keyframe
        self.key: Unit | None = None  # the last keyframe, which is enough for a still
        self._bytes = 0

    def add(self, unit: Unit) -> None:
        if unit.kind == "video" and unit.key:
            self.units, self.key, self._bytes = [], unit, 0
        elif not self.units:
            return
        self._bytes += len(unit.data)
        if self._bytes > GOP_CAP:
            self.units = []
        else:
            self.units.append(unit)


class Stills:
    """The newest keyframe as JPEG. It is decoded once for all requests, and kept in each size."""

    def __init__(self) -> None:
        self._made: dict[bool, tuple[Unit, asyncio.Task[bytes]]] = {}  # by whether they are small

    async def of(self, keyframe: Unit, *, small: bool) -> bytes:
        """The keyframe as JPEG. Raises NoPicture if the keyframe does not decode."""
        known = self._made.get(small)
        if known is None or known[0] is not keyframe:
            known = keyframe, asyncio.create_task(asyncio.to_thread(jpeg, keyframe.data, small=small))
            self._made[small] = known
        # the first request may be cancelled while others wait for the same JPEG
        return await asyncio.shield(known[1])


class NotYet(Exception):
    """Pictures come, but keyframes are so far apart that no segment was whole within the waiting time."""


class Fanout:
    """Spreads the units of a source, which calls `begin` at each opening. Once `failure` is set, no more units come."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoch = self._loop.time()
        self.brought_at = self._epoch  # when the last video came
        self.signal = Signal()
        self.format: Format | None = None
        self.failure: SourceFailed | None = None
        self.renditions = Renditions(self.signal.ring, self._loop.time)
        self._gop = Gop()  # for WebRTC viewers
        self.is_arriving = False  # pictures come, but no keyframe has come yet
        self._since_key = 0  # ticks
        self._last: int | None = None  # decoding time of the picture before
        self.is_slow = False  # keyframes are so rare that HLS begins late and stays behind
        self._viewers: set[Watch] = set()
        self._listeners: set[Listen] = set()
        self._hearers: set[Watch] = set()
        self.heard: Unit | None = None  # the latest sound of this opening, as the camera sends it
        self._voice: OpusVoice | None = None
        self._stills = Stills()

    # called for viewers

    @property
    def is_live(self) -> bool:
        return self.format is not None and self.failure is None

    @property
    def has_time(self) -> bool:
        """True if pictures may come a little later, as in showcam.engine.sources.screen.Screen."""
        return self.is_live and not self._viewers and not self.renditions.are_awaited

    async def opened(self, timeout_s: float = math.inf) -> bool:
        """Waits until the source is open. Returns False if the time runs out first. Raises SourceFailed."""
        await self.signal.until(lambda: self.is_live or self.failure, timeout_s)
        if self.failure:
            raise self.failure
        return self.is_live

    async def first_segment(
        self, *, silent_track: bool, timeout_s: float, tv: bool = False, hevc: bool = False
    ) -> HlsOutput:
        """The rendition, once it has a segment.

        Raises SourceFailed, or NotYet when time ran out before a segment was whole.
        """
        ready = self.renditions.ready
        await self.signal.until(lambda: self.failure or ready(silent_track=silent_track, tv=tv, hevc=hevc), timeout_s)
        if self.failure:
            raise self.failure
        output = ready(silent_track=silent_track, tv=tv, hevc=hevc)
        if output is None:
            raise NotYet
        if output.failure:
            raise output.failure
        return output

    def shows(self, start_id: str) -> bool:
        """True if an output with this start id goes on."""
        return any([output.start_id == start_id for output in self.renditions.all])

    async def keyframe(self, timeout_s: float) -> Unit:
        """The latest keyframe. Raises SourceFailed."""
        await self.signal.until(lambda: self._gop.key or self.failure, timeout_s)
        if self.failure:
            raise self.failure
        if self._gop.key is None:
            raise SourceFailed("media_down", again=True)
        return self._gop.key

    async def jpeg(self, timeout_s: float, *, small: bool = False) -> bytes:
        """The latest keyframe as JPEG. Raises SourceFailed."""
        keyframe = await self.keyframe(timeout_s)
        try:
            return await self._stills.of(keyframe, small=small)
        except NoPicture:
            raise SourceFailed("media_down", again=True) from None

    def watch(self, viewer: Watch) -> list[Unit]:
        """Gives the viewer every picture from now on. Returns the pictures since the last keyframe."""
        self._viewers.add(viewer)
        return list(self._gop.units)

    def unwatch(self, viewer: Watch) -> None:
        self._viewers.discard(viewer)

    def sync(self) -> bool:
        """Returns False, because a camera can't be asked for a keyframe."""
        return False

    def need(self) -> None:
        """Notes that a viewer watches the video."""

    def listen(self, listener: Listen) -> None:
        """Gives the listener Opus from now on. Opus is made once for all listeners, and only while there are some."""
        self._listeners.add(listener)

    def unlisten(self, listener: Listen) -> None:
        self._listeners.discard(listener)
        if not self._listeners:
            self._voice = None

    def hear(self, hearer: Watch) -> None:
        """Gives the hearer the camera's sound as it comes from now on."""
        self._hearers.add(hearer)

    def unhear(self, hearer: Watch) -> None:
        self._hearers.discard(hearer)

    # called by the source

    def wait_for_key(self) -> None:
        self.is_arriving = True

    def begin(self, form: Format) -> None:
        """Begins a new timeline: an opening has brought a keyframe of this format."""
        self.format = form
        self.renditions.begin(form)
        self._voice = self.heard = None
        self.signal.ring()

    def to_hls(self, unit: Unit) -> None:
        self.renditions.write(unit)

    def to_viewers(self, unit: Unit) -> None:
        if unit.kind == "video":
            self.brought_at = self._loop.time()
            self._time_keyframes(unit)
            self._gop.add(unit)
            if unit.key:
                self.signal.ring()
            for viewer in list(self._viewers):
                viewer(unit)
        elif self.format and self.format.sound:
            self._sound(unit, self.format.sound)

    def _sound(self, unit: Unit, sound: SoundFormat) -> None:
        is_first, self.heard = self.heard is None, unit
        if is_first:
            self.signal.ring()
        for hearer in list(self._hearers):
            hearer(unit)
        if self._listeners:
            self._voice = self._voice or OpusVoice(sound)
            for data, pts in self._voice.feed(unit):
                for listener in list(self._listeners):
                    listener(data, pts)

    def tidy(self) -> None:
        """Ends the renditions if players have stopped asking for HLS."""
        self.renditions.tidy()

    def end(self, failure: SourceFailed) -> None:
        """Notes that no more units come."""
        self.failure = self.failure or failure
        self.renditions.end()
        self.signal.ring()

    def now(self) -> int:
        """The time on the pull's own timeline, which goes on over all openings, in ticks."""
        return int((self._loop.time() - self._epoch) * CLOCK)

    def _time_keyframes(self, unit: Unit) -> None:
        """Measures the distance of keyframes by the camera's clock. Gaps count as at most a second."""
        is_first = self._last is None
        if self._last is not None:
            self._since_key += min(unit.dts - self._last, CLOCK)
        self._last = unit.dts
        was_slow, is_far = self.is_slow, self._since_key > SLOW_S * CLOCK
        if is_far or (unit.key and not is_first):
            self.is_slow = is_far
        if unit.key:
            self._since_key = 0
        if self.is_slow and not was_slow:
            self.signal.ring()
