"""One picture for all who watch it: to displays by HLS and WebRTC, as Opus to those who listen, and as a still."""

import asyncio
import math

from showcam.engine.codec.nal import NoPicture
from showcam.engine.event_loop import Signal
from showcam.engine.keyframe import jpeg
from showcam.engine.outputs.hls import HlsOutput
from showcam.engine.outputs.renditions import Renditions
from showcam.engine.sound import OpusVoice
from showcam.engine.units import CLOCK, Format, Listen, SourceFailed, Unit, Watch

SILENT_S = 5.0  # a viewer by HLS that fetches nothing for so long holds up nobody else, until it fetches again
SLOW_S = 4.5  # between keyframes: by HLS a picture is behind by several times as much
GOP_CAP = 8 * 1024 * 1024  # bytes


class Gop:
    """What came since the last keyframe, for who comes in its middle.

    A group that outgrows GOP_CAP is of use to nobody: from then until the next keyframe there are no units.
    """

    def __init__(self) -> None:
        self.units: list[Unit] = []  # they begin with a keyframe
        self.key: Unit | None = None  # the last keyframe, which is good for a still picture without those after it
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
    """The newest keyframe as JPEG, decoded once for all who ask; it is kept in each size, also while it is made."""

    def __init__(self) -> None:
        self._made: dict[bool, tuple[Unit, asyncio.Task[bytes]]] = {}  # by whether they are small

    async def of(self, keyframe: Unit, *, small: bool) -> bytes:
        """Raises NoPicture."""
        known = self._made.get(small)
        if known is None or known[0] is not keyframe:
            known = keyframe, asyncio.create_task(asyncio.to_thread(jpeg, keyframe.data, small=small))
            self._made[small] = known
        # whoever asked first may go while others wait for it
        return await asyncio.shield(known[1])


class NotYet(Exception):
    """Pictures come, and their keyframes are further apart than was waited for."""


class Fanout:
    """What brings the picture says `begin` at each opening and hands units over; `failure` says that it is the end."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoch = self._loop.time()
        self.brought_at = self._epoch  # when the last video came
        self.signal = Signal()
        self.format: Format | None = None
        self.failure: SourceFailed | None = None
        self._renditions = Renditions(self.signal.ring, self._loop.time)
        self._gop = Gop()  # of viewers
        self.is_arriving = False  # pictures come, and no keyframe did yet
        self._since_key = 0  # ticks
        self._last: int | None = None  # when the picture before was decoded
        self.is_slow = False  # keyframes come so seldom that HLS takes long to begin and stays behind
        self._viewers: set[Watch] = set()
        self._listeners: set[Listen] = set()
        self._voice: OpusVoice | None = None
        self._stills = Stills()

    # what viewers ask

    @property
    def outputs(self) -> dict[bool, HlsOutput]:
        """The outputs for players other than TVs, by whether they have a silent track."""
        return self._renditions.outputs

    @property
    def is_live(self) -> bool:
        return self.format is not None and self.failure is None

    @property
    def has_time(self) -> bool:
        """As of showcam.engine.sources.screen.Screen."""
        return self.is_live and not self._viewers and not self._renditions.are_awaited

    async def opened(self, timeout_s: float = math.inf) -> bool:
        """False when it is still opening by then. Raises SourceFailed."""
        await self.signal.until(lambda: self.is_live or self.failure, timeout_s)
        if self.failure:
            raise self.failure
        return self.is_live

    def need_tv(self) -> None:
        """From now on there is a rendition for TVs."""
        self._renditions.need_tv()

    def need_hls(self, *, silent_track: bool) -> None:
        """From now on there is this rendition; a camera with sound has one for all."""
        self._renditions.need(silent_track=silent_track)

    async def first_segment(self, *, silent_track: bool, timeout_s: float, tv: bool = False) -> HlsOutput:
        """The rendition, once it has a segment.

        Raises SourceFailed, or NotYet when time ran out before a segment was whole.
        """
        await self.signal.until(lambda: self.failure or self.ready(silent_track=silent_track, tv=tv), timeout_s)
        if self.failure:
            raise self.failure
        output = self.ready(silent_track=silent_track, tv=tv)
        if output is None:
            raise NotYet
        if output.failure:
            raise output.failure
        return output

    def ready(self, *, silent_track: bool, tv: bool = False) -> HlsOutput | None:
        """The rendition, once there is something to say of it."""
        return self._renditions.ready(silent_track=silent_track, tv=tv)

    def shows(self, start_id: str) -> bool:
        """Whether an output of that start id goes on."""
        return any([output.start_id == start_id for output in self._renditions.all])

    @property
    def target_s(self) -> int:
        """How long a segment may last."""
        return max([output.target_s for output in self._renditions.all], default=2)

    async def jpeg(self, timeout_s: float, *, small: bool = False) -> bytes:
        """The latest keyframe. Raises SourceFailed."""
        await self.signal.until(lambda: self._gop.key or self.failure, timeout_s)
        if self.failure:
            raise self.failure
        if self._gop.key is None:
            raise SourceFailed("media_down", again=True)
        try:
            return await self._stills.of(self._gop.key, small=small)
        except NoPicture:
            raise SourceFailed("media_down", again=True) from None

    def watch(self, viewer: Watch) -> list[Unit]:
        """Show it every picture from now on, and return those since the last keyframe."""
        self._viewers.add(viewer)
        return list(self._gop.units)

    def unwatch(self, viewer: Watch) -> None:
        self._viewers.discard(viewer)

    def sync(self) -> bool:
        """A camera's keyframes come when they come."""
        return False

    def need(self) -> None:
        """Somebody watches it."""

    def listen(self, listener: Listen) -> None:
        """Opus is made while somebody listens, once for all."""
        self._listeners.add(listener)

    def unlisten(self, listener: Listen) -> None:
        self._listeners.discard(listener)
        if not self._listeners:
            self._voice = None

    # what is brought

    def wait_for_key(self) -> None:
        self.is_arriving = True

    def begin(self, form: Format) -> None:
        """An opening turned out to be a picture."""
        self.format = form
        self._renditions.begin(form)
        self._voice = None
        self.signal.ring()

    def to_hls(self, unit: Unit) -> None:
        self._renditions.write(unit)

    def to_viewers(self, unit: Unit) -> None:
        if unit.kind == "video":
            self.brought_at = self._loop.time()
            self._time_keyframes(unit)
            self._gop.add(unit)
            if unit.key:
                self.signal.ring()
            for viewer in list(self._viewers):
                viewer(unit)
        elif self._listeners and self.format and self.format.audio:
            self._voice = self._voice or OpusVoice(self.format)
            for data, pts in self._voice.feed(unit):
                for listener in list(self._listeners):
                    listener(data, pts)

    def pause(self) -> None:
        """An opening is over. Players have all that came while the next one is waited for."""
        self._renditions.end()

    def tidy(self) -> None:
        """Ends what no player asks for any longer."""
        self._renditions.tidy()

    def end(self, failure: SourceFailed) -> None:
        """Nothing more is brought."""
        self.failure = self.failure or failure
        self._renditions.end()
        self.signal.ring()

    def now(self) -> int:
        """The pull's own timeline, which outlives openings."""
        return int((self._loop.time() - self._epoch) * CLOCK)

    def _time_keyframes(self, unit: Unit) -> None:
        """How far apart they are, by the camera's clock; time that passes without a picture does not count."""
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
