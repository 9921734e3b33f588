"""The HLS renditions of a camera's video: as the video comes, with a silent track, and for TVs.

A player's request makes a rendition, which begins with the latest video, so the player need not wait. A rendition ends
when players have stopped asking for HLS.
"""

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import av

from showcam.engine.outputs.hls import GONE_S, HlsOutput, Segment
from showcam.engine.sound import TV_RATE, AacVoice, as_sent, plays_on_tvs
from showcam.engine.source import CLOCK, Format, Unit

RECENT_S = 5.0  # least length of whole groups: a player that begins near the end of a list needs this much
RECENT_CAP = 24 * 1024 * 1024  # bytes

type Kind = Literal["video", "audio"]


@dataclass(slots=True)
class Group:
    """A keyframe and all pictures and sound up to the next keyframe. Groups of a `timeline` follow each other."""

    timeline: int
    form: Format
    units: list[Unit]
    began: float  # when the keyframe came
    size: int = 0  # bytes

    @property
    def lasts_s(self) -> float:
        return (self.units[-1].dts - self.units[0].dts) / CLOCK


class RecentGroups:
    """The latest groups of pictures: the open group and, while no HLS is made, whole groups of RECENT_S."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._groups: deque[Group] = deque()
        self._form: Format | None = None
        self._timeline = self._size = 0
        self._is_open = False  # the last group goes on

    def __iter__(self) -> Iterator[Group]:
        """Yields the groups, oldest first."""
        return iter(self._groups)

    @property
    def open(self) -> list[Unit]:
        """The units since the last keyframe."""
        return list(self._groups[-1].units) if self._is_open else []

    @property
    def since_s(self) -> float:
        """The age in seconds of the oldest group."""
        return self._clock() - self._groups[0].began if self._groups else 0.0

    @property
    def timeline(self) -> int:
        """The timeline of the next group."""
        return self._timeline

    def begin(self, form: Format) -> None:
        """Begins another timeline with the next keyframe."""
        if self._form is not None and not form.continues(self._form):
            self._clear()
        self._form, self._timeline, self._is_open = form, self._timeline + 1, False

    def add(self, unit: Unit, *, whole: bool) -> None:
        """Adds a unit to the open group. `whole`: keep whole groups too."""
        if unit.kind == "video" and unit.key and self._form is not None:
            if not whole:
                self._clear()
            self._groups.append(Group(self._timeline, self._form, [], self._clock()))
            self._is_open = True
        elif not self._is_open:
            return
        group = self._groups[-1]
        group.units.append(unit)
        group.size += len(unit.data)
        self._size += len(unit.data)
        if len(group.units) == 1:
            while sum([group.lasts_s for group in self._groups]) - self._groups[0].lasts_s >= RECENT_S:
                self._forget()
        while self._size > RECENT_CAP:
            self._forget()

    def _forget(self) -> None:
        """Drops the oldest group."""
        self._size -= self._groups.popleft().size
        self._is_open = self._is_open and bool(self._groups)

    def _clear(self) -> None:
        self._groups.clear()
        self._size, self._is_open = 0, False


class TvRendition:
    """The rendition for TVs in the house: its sound has a rate that all TVs play, or is silence.

    `changed` and `clock` are as in HlsOutput.
    """

    def __init__(self, changed: Callable[[], None], clock: Callable[[], float]) -> None:
        self._changed, self._clock = changed, clock
        self._voice: AacVoice | None = None
        self._has_sound = False
        self.output: HlsOutput | None = None

    def begin(self, form: Format) -> None:
        """Begins a new timeline, because a source was opened. Video that TVs play as it comes needs no TV rendition."""
        if plays_on_tvs(form):
            self._end()
            return
        if self.output is None or self._has_sound is not form.audio:
            self._end()
            self._has_sound = form.audio
            self.output = HlsOutput(
                silent_track=not form.audio, changed=self._changed, clock=self._clock, silent_rate=TV_RATE
            )
        self._voice = AacVoice(form, TV_RATE) if form.audio else None
        self.output.begin(replace(form, audio_codec="aac", audio_rate=TV_RATE))

    def write(self, unit: Unit) -> None:
        if self.output is None or (unit.kind == "audio" and not self._has_sound):
            return
        for made in self._voice.feed(unit) if self._voice is not None and unit.kind == "audio" else (unit,):
            self.output.write(made)

    def _end(self) -> None:
        if self.output is not None:
            self.output.end()
        self.output = self._voice = None


class Renditions:
    """All HLS outputs of a camera. `changed`, `clock` and `is_soon` are as in HlsOutput."""

    def __init__(self, changed: Callable[[], None], clock: Callable[[], float]) -> None:
        self._changed, self._clock = changed, clock
        self.is_soon = False
        self.outputs: dict[bool, HlsOutput] = {}  # by whether they have a silent track
        self._wanted: set[bool] = set()  # the renditions that players have asked for
        self._tv: TvRendition | None = None  # made when the first TV comes
        self._form: Format | None = None
        self._aac: AacVoice | None = None
        self._recent = RecentGroups(clock)  # the units that viewers get, earlier if these are paced
        self._asked = clock()

    @property
    def all(self) -> list[HlsOutput]:
        of_tvs = [self._tv.output] if self._tv is not None and self._tv.output is not None else []
        return [*self.outputs.values(), *of_tvs]

    @property
    def are_awaited(self) -> bool:
        """True if some output has no segment yet."""
        return any([not output.segments for output in self.all])

    def ready(self, *, silent_track: bool, tv: bool = False) -> HlsOutput | None:
        """The output for this player; None until it has segments or a failure."""
        # a source with sound has no silent rendition, and needs none
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
            self.end()  # no viewer plays this codec
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
        """Ends all outputs if no player has asked for HLS for GONE_S."""
        if self.all and self._clock() - self._asked > GONE_S:
            self.end()
            self.outputs.clear()
            self._wanted.clear()
            self._tv = self._aac = None

    @property
    def since_key(self) -> list[Unit]:
        """The pictures and sound since the last keyframe."""
        return self._recent.open

    def _make(self, *, begins: bool = False) -> None:
        """Makes the outputs that players have asked for, and ends the others. `begins`: another timeline begins."""
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
        """The latest groups of pictures, joined for each timeline. The last timeline goes on."""
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
            # whole groups are not kept while an output is made: its segments contain them
            if units and (before := output.before(units[0])) is not None:
                units[:0] = _replayed(before, units[0].pts)
                break
        return shown


def _replayed(segment: Segment, until: int) -> Iterator[Unit]:
    """The units in a whole segment whose pictures end at the time `until`. Yields none if the segment can't be read."""
    shift: int | None = None
    try:
        with av.open(io.BytesIO(segment.data), "r", format="mpegts") as container:
            for packet in container.demux():
                if packet.pts is None or packet.dts is None:
                    continue
                if shift is None:
                    if packet.stream.type != "video":
                        continue
                    shift = until - round(segment.seconds * CLOCK) - packet.pts
                kind: Kind = "video" if packet.stream.type == "video" else "audio"
                at, due = packet.pts + shift, packet.dts + shift
                yield Unit(kind, bytes(packet), at, due, key=packet.is_keyframe)
    except av.FFmpegError:
        return
