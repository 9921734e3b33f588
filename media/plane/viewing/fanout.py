"""One picture for all who watch it: to displays by HLS and WebRTC, as Opus to those who listen, and as a still."""

import asyncio

from media.plane.codec import keyframe
from media.plane.codec.sound import AacVoice, OpusVoice, as_sent
from media.plane.codec.units import CLOCK, Format, Listen, SourceFailed, Unit, Watch
from media.plane.outputs.hls import HlsOutput
from media.plane.signal import Signal

GOP_CAP = 8 * 1024 * 1024
SLOW_S = 4.5  # between keyframes: by HLS a picture is behind by several times as much


class Fanout:
    """What brings the picture says `begin` at each opening and hands units over; `failure` says that it is the end."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoch = self._loop.time()
        self.signal = Signal()
        self.format: Format | None = None
        self.failure: SourceFailed | None = None
        self.outputs: dict[bool, HlsOutput] = {}  # by whether it has a silent track
        self._gop: list[Unit] = []
        self._gop_bytes = 0
        self._whole = False  # whether `_gop` holds everything since its keyframe
        self._key_dts: int | None = None  # when the latest keyframe came
        self.is_slow = False  # keyframes come so seldom that HLS takes long to begin and stays behind
        self._viewers: set[Watch] = set()
        self._listeners: set[Listen] = set()
        self._voice: OpusVoice | None = None
        self._aac: AacVoice | None = None
        self._jpegs: dict[bool, tuple[Unit, bytes]] = {}  # by whether they are small

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

    async def first_segment(self, *, silent_track: bool, timeout_s: float) -> HlsOutput:
        """The rendition, once it has a segment. Raises SourceFailed."""
        await self.signal.until(lambda: self.failure or self.ready(silent_track=silent_track), timeout_s)
        if self.failure:
            raise self.failure
        output = self.ready(silent_track=silent_track)
        if output is None:
            raise SourceFailed("media_down", again=True)
        return output

    def ready(self, *, silent_track: bool) -> HlsOutput | None:
        """The rendition, where it has a segment."""
        # where the source has sound of its own there is no silent rendition, and none is needed
        output = self.outputs.get(silent_track) or self.outputs.get(False)
        return output if output is not None and output.segments else None

    async def jpeg(self, timeout_s: float, *, small: bool = False) -> bytes:
        """The latest keyframe. Raises SourceFailed."""
        await self.signal.until(lambda: self._gop or self.failure, timeout_s)
        if self.failure:
            raise self.failure
        if not self._gop:
            raise SourceFailed("media_down", again=True)
        latest = self._gop[0]
        known = self._jpegs.get(small)
        if known is None or known[0] is not latest:
            try:
                known = latest, await asyncio.to_thread(keyframe.jpeg, latest.data, small=small)
            except keyframe.NoPicture:
                raise SourceFailed("media_down", again=True) from None
            self._jpegs[small] = known
        return known[1]

    def watch(self, viewer: Watch) -> list[Unit]:
        """Show it every picture from now on, and return those since the last keyframe."""
        self._viewers.add(viewer)
        return list(self._gop) if self._whole else []

    def unwatch(self, viewer: Watch) -> None:
        self._viewers.discard(viewer)

    def listen(self, listener: Listen) -> None:
        """Opus is made while somebody listens, once for all."""
        self._listeners.add(listener)

    def unlisten(self, listener: Listen) -> None:
        self._listeners.discard(listener)
        if not self._listeners:
            self._voice = None

    # what is brought

    def begin(self, form: Format) -> None:
        """An opening turned out to be a picture."""
        self.format = form
        if form.is_h265:
            self._end_outputs()  # nobody is sent it as it comes
            self.outputs.clear()
        else:
            self._begin_outputs(form)
        self._voice = None
        self._aac = AacVoice(form) if form.audio and form.audio_codec != "aac" and self.outputs else None
        self._whole, self._key_dts = False, None
        self.signal.ring()

    def to_hls(self, unit: Unit) -> None:
        if unit.kind == "audio" and self.format and not self.format.audio:
            return
        for each in self._aac.feed(unit) if self._aac and unit.kind == "audio" else (unit,):
            for output in self.outputs.values():
                output.write(each)

    def to_viewers(self, unit: Unit) -> None:
        if unit.kind == "video":
            self._remember(unit)
            for viewer in list(self._viewers):
                viewer(unit)
        elif self._listeners and self.format and self.format.audio:
            self._voice = self._voice or OpusVoice(self.format)
            for data, pts in self._voice.feed(unit):
                for listener in list(self._listeners):
                    listener(data, pts)

    def end(self, failure: SourceFailed) -> None:
        """Nothing more is brought."""
        self.failure = self.failure or failure
        self._end_outputs()
        self.signal.ring()

    def now(self) -> int:
        """The pull's own timeline, which outlives openings."""
        return int((self._loop.time() - self._epoch) * CLOCK)

    def _begin_outputs(self, form: Format) -> None:
        for silent_track in (False,) if form.audio else (False, True):
            if silent_track not in self.outputs:
                self.outputs[silent_track] = HlsOutput(silent_track=silent_track, changed=self.signal.ring)
            self.outputs[silent_track].begin(as_sent(form))

    def _end_outputs(self) -> None:
        for output in self.outputs.values():
            output.end()

    def _time_keyframes(self, unit: Unit) -> None:
        was_slow, since = self.is_slow, 0 if self._key_dts is None else unit.dts - self._key_dts
        if unit.key or since > SLOW_S * CLOCK:
            self.is_slow = since > SLOW_S * CLOCK
        if unit.key:
            self._key_dts = unit.dts
        if self.is_slow and not was_slow:
            self.signal.ring()

    def _remember(self, unit: Unit) -> None:
        self._time_keyframes(unit)
        if unit.key:
            self._gop, self._gop_bytes, self._whole = [], 0, True
            self.signal.ring()
        if not self._whole:
            return
        self._gop_bytes += len(unit.data)
        if self._gop_bytes > GOP_CAP:
            self._whole = False
            del self._gop[1:]  # the keyframe is still good for a still picture
        else:
            self._gop.append(unit)
