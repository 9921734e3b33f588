"""One picture for all who watch it: to displays by HLS and WebRTC, as Opus to those who listen, and as a still."""

import asyncio

from media.plane.codec.keyframe import NoPicture
from media.plane.codec.sound import AacVoice, OpusVoice, as_sent, plays_on_tvs
from media.plane.codec.units import CLOCK, Format, Listen, SourceFailed, Unit, Watch
from media.plane.outputs.hls import HlsOutput
from media.plane.signal import Signal
from media.plane.viewing.gop import Gop
from media.plane.viewing.stills import Stills
from media.plane.viewing.tv_rendition import TvRendition

SLOW_S = 4.5  # between keyframes: by HLS a picture is behind by several times as much


class NotYet(Exception):
    """Pictures come, and their keyframes are further apart than was waited for."""


class Fanout:
    """What brings the picture says `begin` at each opening and hands units over; `failure` says that it is the end."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoch = self._loop.time()
        self.signal = Signal()
        self.format: Format | None = None
        self.failure: SourceFailed | None = None
        self.outputs: dict[bool, HlsOutput] = {}  # by whether it has a silent track
        self._gop = Gop()  # of viewers
        self._hls_gop = Gop()  # the same units and the sound; where viewers are paced, earlier
        self.is_arriving = False  # pictures come, and no keyframe did yet
        self._since_key = 0  # ticks
        self._last: int | None = None  # when the picture before was decoded
        self._is_soon = False  # the first segment by HLS may be short
        self.is_slow = False  # keyframes come so seldom that HLS takes long to begin and stays behind
        self._viewers: set[Watch] = set()
        self._listeners: set[Listen] = set()
        self._voice: OpusVoice | None = None
        self._aac: AacVoice | None = None
        self._tv: TvRendition | None = None  # as soon as one of them came
        self._stills = Stills()

    # what viewers ask

    @property
    def is_live(self) -> bool:
        return self.format is not None and self.failure is None

    async def opened(self, timeout_s: float) -> bool:
        """False when it is still opening by then. Raises SourceFailed."""
        await self.signal.until(lambda: self.is_live or self.failure, timeout_s)
        if self.failure:
            raise self.failure
        return self.is_live

    def need_tv(self) -> None:
        """From now on there is a rendition for TVs. It begins with what was shown last, so that no TV waits for it."""
        if self._tv is not None:
            return
        self._tv = TvRendition(self.signal.ring, self._loop.time)
        if self.format is None or self.format.is_h265:
            return
        self._tv.begin(self.format)
        units = self._hls_gop.units
        for output in self.outputs.values():
            if units and (before := output.before(units[0])) is not None:
                self._tv.replay(before, units[0].pts)
                break
        for unit in units:
            self._tv.write(unit)

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
        # where the source has sound of its own there is no silent rendition, and none is needed
        output = self.outputs.get(silent_track) or self.outputs.get(False)
        if tv and self.format is not None and not plays_on_tvs(self.format):
            output = self._tv.output if self._tv is not None else None
        return output if output is not None and (output.segments or output.failure) else None

    def shows(self, start_id: str) -> bool:
        """Whether an output of that start id goes on."""
        return any([output.start_id == start_id for output in self._all_outputs()])

    @property
    def target_s(self) -> int:
        """How long a segment may last."""
        return max([output.target_s for output in self._all_outputs()], default=2)

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
        self._hls_gop = Gop()
        if form.is_h265:
            self._end_outputs()  # nobody is sent it as it comes
            self.outputs.clear()
        else:
            self._begin_outputs(form)
            if self._tv is not None:
                self._tv.begin(form)
        self._voice = None
        is_other = form.audio and form.audio_codec != "aac"
        self._aac = AacVoice(form) if is_other and self.outputs else None
        self.signal.ring()

    def to_hls(self, unit: Unit) -> None:
        if unit.kind == "audio" and self.format and not self.format.audio:
            return
        self._hls_gop.add(unit)
        if self._tv is not None:
            self._tv.write(unit)
        for each in self._aac.feed(unit) if self._aac and unit.kind == "audio" else (unit,):
            for output in self.outputs.values():
                output.write(each)

    def to_viewers(self, unit: Unit) -> None:
        if unit.kind == "video":
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
        self._end_outputs()

    def end(self, failure: SourceFailed) -> None:
        """Nothing more is brought."""
        self.failure = self.failure or failure
        self._end_outputs()
        self.signal.ring()

    def now(self) -> int:
        """The pull's own timeline, which outlives openings."""
        return int((self._loop.time() - self._epoch) * CLOCK)

    def _begin_outputs(self, form: Format) -> None:
        if form.audio and True in self.outputs:
            self.outputs.pop(True).end()  # it has sound of its own by now
        for silent_track in (False,) if form.audio else (False, True):
            if silent_track not in self.outputs:
                self.outputs[silent_track] = HlsOutput(
                    silent_track=silent_track,
                    changed=self.signal.ring,
                    clock=self._loop.time,
                    is_soon=self._is_soon,
                )
            self.outputs[silent_track].begin(as_sent(form))

    def _end_outputs(self) -> None:
        for output in self._all_outputs():
            output.end()

    def _all_outputs(self) -> list[HlsOutput]:
        of_tvs = [self._tv.output] if self._tv is not None and self._tv.output is not None else []
        return [*self.outputs.values(), *of_tvs]

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
