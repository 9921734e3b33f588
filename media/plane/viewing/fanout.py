"""One picture for all who watch it: to displays by HLS and WebRTC, as Opus to those who listen, and as a still."""

import asyncio
from collections.abc import Callable
from typing import Literal

from media.plane.codec import h264
from media.plane.codec.sound import AacVoice, OpusVoice, as_sent
from media.plane.codec.units import CLOCK, Format, Listen, SourceFailed, Unit, Watch
from media.plane.outputs.hls import HlsOutput
from media.plane.outputs.scaler import Scaler, fits
from media.plane.signal import Signal
from media.plane.viewing.stills import Stills

GOP_CAP = 8 * 1024 * 1024


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
        self._gop: list[Unit] = []
        self._gop_bytes = 0
        self.is_arriving = False  # pictures come, and no keyframe did yet
        self._whole = False  # whether `_gop` holds everything since its keyframe
        self._viewers: set[Watch] = set()
        self._listeners: set[Listen] = set()
        self._voice: OpusVoice | None = None
        self._aac: AacVoice | None = None
        self._scaled: Scaler | None = None
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

    async def first_segment(
        self, *, silent_track: bool, timeout_s: float, fit: Literal["any", "small", "scaled"] = "any"
    ) -> HlsOutput:
        """`fit`: small refuses a picture larger than media.plane.outputs.scaler makes, scaled asks for it made smaller.

        Raises SourceFailed, or NotYet when time ran out before a segment was whole.
        """
        if fit != "any" and await self.opened(timeout_s) and self.format and not fits(self.format):
            if fit == "small":
                raise SourceFailed("too_large", again=False)
            return await self._first(self._ready_scaled, timeout_s)
        return await self._first(lambda: self._ready(silent_track=silent_track), timeout_s)

    async def _first(self, ready: Callable[[], HlsOutput | None], timeout_s: float) -> HlsOutput:
        """Raises SourceFailed, NotYet."""
        await self.signal.until(lambda: self.failure or ready(), timeout_s)
        if self.failure:
            raise self.failure
        output = ready()
        if output is None:
            raise NotYet
        if output.failure:
            raise output.failure
        return output

    def scale(self) -> None:
        """Make it smaller too, from here on and as long as that is asked for."""
        if self._scaled is None:
            self._scaled = Scaler(self.signal.ring)
            if self.format is not None and not fits(self.format):
                self._scaled.begin(as_sent(self.format))
        self._scaled.need()

    def _ready_scaled(self) -> HlsOutput | None:
        self.scale()
        output = self._scaled.output if self._scaled else None
        return _whole(output)

    def _ready(self, *, silent_track: bool) -> HlsOutput | None:
        # where the source has sound of its own there is no silent rendition, and none is needed
        return _whole(self.outputs.get(silent_track) or self.outputs.get(False))

    def shows(self, start_id: str) -> bool:
        """Whether an output of that start id goes on."""
        scaled = self._scaled.output if self._scaled else None
        return any([output.start_id == start_id for output in (*self.outputs.values(), scaled) if output is not None])

    async def jpeg(self, timeout_s: float, *, small: bool = False) -> bytes:
        """The latest keyframe. Raises SourceFailed."""
        await self.signal.until(lambda: self._gop or self.failure, timeout_s)
        if self.failure:
            raise self.failure
        if not self._gop:
            raise SourceFailed("media_down", again=True)
        try:
            return await self._stills.of(self._gop[0], small=small)
        except h264.NoPicture:
            raise SourceFailed("media_down", again=True) from None

    def watch(self, viewer: Watch) -> list[Unit]:
        """Show it every picture from now on, and return those since the last keyframe."""
        self._viewers.add(viewer)
        return list(self._gop) if self._whole else []

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
        silent = not form.audio
        if not silent and True in self.outputs:
            self.outputs.pop(True).end()  # it has sound of its own by now
        for silent_track in (False, True) if silent else (False,):
            if silent_track not in self.outputs:
                self.outputs[silent_track] = HlsOutput(
                    silent_track=silent_track, changed=self.signal.ring, clock=self._loop.time
                )
            self.outputs[silent_track].begin(as_sent(form))
        if self._scaled is not None and not fits(form):
            self._scaled.begin(as_sent(form))
        self._voice = None
        self._aac = AacVoice(form) if form.audio and form.audio_codec != "aac" else None
        self.signal.ring()

    def to_hls(self, unit: Unit) -> None:
        if unit.kind == "audio" and self.format and not self.format.audio:
            return
        for each in self._aac.feed(unit) if self._aac and unit.kind == "audio" else (unit,):
            for output in self.outputs.values():
                output.write(each)
            if self._scaled is not None:
                self._scaled.write(each)
        if self._scaled is not None and not self._scaled.is_needed:
            self._scaled.close()
            self._scaled = None

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
        for output in self.outputs.values():
            output.end()
        self.signal.ring()

    def close(self) -> None:
        if self._scaled is not None:
            self._scaled.close()

    def now(self) -> int:
        """The pull's own timeline, which outlives openings."""
        return int((self._loop.time() - self._epoch) * CLOCK)

    def _remember(self, unit: Unit) -> None:
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


def _whole(output: HlsOutput | None) -> HlsOutput | None:
    """That output, once there is something to say of it."""
    return output if output is not None and (output.segments or output.failure) else None
