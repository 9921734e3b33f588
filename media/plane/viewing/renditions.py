"""What is made by HLS of one picture: as it comes, with a silent track, and for TVs. A player's ask makes a rendition.

One that comes later begins with what was shown last, so that nobody waits for it.
"""

from collections.abc import Callable

from media.plane.codec.sound import AacVoice, as_sent, plays_on_tvs
from media.plane.codec.units import Format, Unit
from media.plane.outputs.hls import HlsOutput
from media.plane.viewing.gop import Gop
from media.plane.viewing.tv_rendition import TvRendition, replayed


class Renditions:
    """`changed` and `clock` as of HlsOutput. `is_soon` too."""

    def __init__(self, changed: Callable[[], None], clock: Callable[[], float]) -> None:
        self._changed, self._clock = changed, clock
        self.is_soon = False
        self.outputs: dict[bool, HlsOutput] = {}  # by whether it has a silent track
        self._wanted: set[bool] = set()  # those that a player has asked for
        self._tv: TvRendition | None = None  # as soon as a TV came
        self._form: Format | None = None
        self._aac: AacVoice | None = None
        self._gop = Gop()  # the same units as viewers get, and the sound; where those are paced, earlier

    @property
    def all(self) -> list[HlsOutput]:
        of_tvs = [self._tv.output] if self._tv is not None and self._tv.output is not None else []
        return [*self.outputs.values(), *of_tvs]

    @property
    def are_awaited(self) -> bool:
        """Whether one of them has no segment yet."""
        return any([not output.segments for output in self.all])

    def ready(self, *, silent_track: bool, tv: bool) -> HlsOutput | None:
        """The one for this player, once there is something to say of it."""
        # where the source has sound of its own there is no silent rendition, and none is needed
        output = self.outputs.get(silent_track) or self.outputs.get(False)
        if tv and self._form is not None and not plays_on_tvs(self._form):
            output = self._tv.output if self._tv is not None else None
        return output if output is not None and output.is_ready else None

    def need_tv(self) -> None:
        if self._tv is not None:
            return
        self._tv = TvRendition(self._changed, self._clock)
        if self._form is not None and not self._form.is_h265:
            self._tv.begin(self._form)
            for unit in self._shown_last():
                self._tv.write(unit)

    def need(self, *, silent_track: bool) -> None:
        """One that nobody asked for ends."""
        form = self._form
        is_new = silent_track not in self._wanted
        self._wanted.add(silent_track)
        if not is_new or form is None or form.is_h265 or form.audio:
            return
        if silent_track not in self.outputs:
            output = self._made(silent_track)
            output.begin(as_sent(form))
            for unit in self._shown_last():
                output.write(unit)
            self.outputs[silent_track] = output
        self._end_unwanted()

    def begin(self, form: Format) -> None:
        self._form, self._gop, self._aac = form, Gop(), None
        if form.is_h265:
            self.end()  # nobody is sent it as it comes
            self.outputs.clear()
            return
        if form.audio and True in self.outputs:
            self.outputs.pop(True).end()  # it has sound of its own by now
        for silent_track in {False} if form.audio else self._wanted or {False}:
            if silent_track not in self.outputs:
                self.outputs[silent_track] = self._made(silent_track)
            self.outputs[silent_track].begin(as_sent(form))
        if not form.audio:
            self._end_unwanted()
        if self._tv is not None:
            self._tv.begin(form)
        if form.audio and form.audio_codec != "aac":
            self._aac = AacVoice(form)

    def write(self, unit: Unit) -> None:
        if unit.kind == "audio" and self._form and not self._form.audio:
            return
        self._gop.add(unit)
        if self._tv is not None:
            self._tv.write(unit)
        for converted in self._aac.feed(unit) if self._aac and unit.kind == "audio" else (unit,):
            for output in self.outputs.values():
                output.write(converted)

    def end(self) -> None:
        for output in self.all:
            output.end()

    def _made(self, silent_track: bool) -> HlsOutput:
        return HlsOutput(silent_track=silent_track, changed=self._changed, clock=self._clock, is_soon=self.is_soon)

    def _end_unwanted(self) -> None:
        for silent_track in set(self.outputs) - self._wanted if self._wanted else ():
            self.outputs.pop(silent_track).end()

    @property
    def since_key(self) -> list[Unit]:
        """What came since the last keyframe, the sound too."""
        return list(self._gop.units)

    def _shown_last(self) -> list[Unit]:
        """What came since the last keyframe, and the whole segment before it."""
        units = self._gop.units
        for output in self.outputs.values():
            if units and (before := output.before(units[0])) is not None:
                return [*replayed(before, units[0].pts), *units]
        return units
