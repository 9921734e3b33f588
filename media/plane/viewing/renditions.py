"""What is made by HLS of one picture: as it comes, with a silent track, and for TVs.

A player's request makes a rendition, which begins with what was shown last, so that nobody waits for it. It ends when
no player asks for it any longer.
"""

from collections.abc import Callable, Iterable

from media.plane.outputs.hls import HlsOutput
from media.plane.sound import AacVoice, as_sent, plays_on_tvs
from media.plane.units import Format, Unit
from media.plane.viewing.gop import RecentGroups
from media.plane.viewing.tv_rendition import TvRendition, replayed

UNASKED_S = 60.0  # longer than a session lasts without a request


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
        self._recent = RecentGroups(clock)  # the same units as viewers get; where those are paced, earlier
        self._asked = clock()

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
        self._asked = self._clock()
        if self._tv is None:
            self._tv = TvRendition(self._changed, self._clock)
            if self._form is not None and self._form.kind == "h264":
                for form, units in self._shown_last():
                    self._tv.begin(form)
                    for unit in units:
                        self._tv.write(unit)
        self._make()

    def need(self, *, silent_track: bool) -> None:
        self._asked = self._clock()
        self._wanted.add(silent_track)
        self._make()

    def begin(self, form: Format) -> None:
        self._form = form
        self._recent.begin(form)
        if form.kind != "h264":
            self.end()  # nobody is sent it as it comes
            self.outputs.clear()
            return
        self._make(begins=True)
        if self._tv is not None:
            self._tv.begin(form)

    def write(self, unit: Unit) -> None:
        form = self._form
        if form is None or (unit.kind == "audio" and not form.audio):
            return
        self._recent.add(unit, whole=not self.all and form.kind == "h264")
        if self._tv is not None:
            self._tv.write(unit)
        if self.outputs:
            self._write(self.outputs.values(), unit)

    def end(self) -> None:
        for output in self.all:
            output.end()

    def tidy(self) -> None:
        """Ends what no player has asked for any longer."""
        if self.all and self._clock() - self._asked > UNASKED_S:
            self.end()
            self.outputs.clear()
            self._wanted.clear()
            self._tv = self._aac = None

    @property
    def since_key(self) -> list[Unit]:
        """What came since the last keyframe, the sound too."""
        return self._recent.open

    def _make(self, *, begins: bool = False) -> None:
        """Those that players have asked for; `begins`: another timeline does."""
        form = self._form
        if form is None or form.kind != "h264":
            return
        for_tvs = {False} if self._tv is not None and plays_on_tvs(form) else set()
        wanted = {silent_track and not form.audio for silent_track in self._wanted | for_tvs}
        for silent_track in self.outputs.keys() - wanted:
            self.outputs.pop(silent_track).end()
        for output in self.outputs.values() if begins else ():
            self._begin(output, form)
        for silent_track in wanted - self.outputs.keys():
            self.outputs[silent_track] = self._made(silent_track)

    def _made(self, silent_track: bool) -> HlsOutput:
        output = HlsOutput(
            silent_track=silent_track,
            changed=self._changed,
            clock=self._clock,
            is_soon=self.is_soon,
            since_s=self._recent.since_s,
        )
        for form, units in self._shown_last():
            self._begin(output, form)
            for unit in units:
                self._write((output,), unit)
        return output

    def _begin(self, output: HlsOutput, form: Format) -> None:
        output.begin(as_sent(form))
        self._aac = AacVoice(form) if form.audio and form.audio_codec != "aac" else None

    def _write(self, outputs: Iterable[HlsOutput], unit: Unit) -> None:
        for converted in self._aac.feed(unit) if self._aac and unit.kind == "audio" else (unit,):
            for output in outputs:
                output.write(converted)

    def _shown_last(self) -> list[tuple[Format, list[Unit]]]:
        """The latest groups of pictures by their timelines, of which the last goes on."""
        assert self._form is not None
        shown: list[tuple[Format, list[Unit]]] = []
        timeline = 0
        for group in self._recent:
            if group.timeline != timeline:
                timeline = group.timeline
                shown.append((group.form, []))
            shown[-1][1].extend(group.units)
        if timeline != self._recent.timeline:
            shown.append((self._form, []))
        units = shown[-1][1]
        for output in self.outputs.values():
            # while it is made whole groups are not kept: they are in its segments
            if units and (before := output.before(units[0])) is not None:
                units[:0] = replayed(before, units[0].pts)
                break
        return shown
