"""The HLS renditions of a camera's video: as the video comes, with a silent track, and for TVs.

A player's request makes a rendition, which begins with the latest video, so the player need not wait. A rendition ends
when players have stopped asking for HLS.
"""

import io
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import av

from showcam.engine.outputs.hls import GONE_S, HlsOutput, Segment
from showcam.engine.sound import SILENT_RATE, TV_RATE, AacVoice, plays_on_tvs
from showcam.engine.source import CLOCK, Format, SoundFormat, Unit

RECENT_S = 5.0  # least length of whole groups: a player that begins near the end of a list needs this much
RECENT_CAP = 24 * 1024 * 1024  # bytes

type Kind = Literal["video", "audio"]


class Key(NamedTuple):
    """A player's needs: a track of silence if the camera has no sound, sound that TVs play, and H.265 unchanged."""

    silent_track: bool
    tv: bool
    hevc: bool = False


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
        self._size = 0
        self.timeline = 0  # of the next group
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

    def begin(self, form: Format) -> None:
        """Begins another timeline with the next keyframe."""
        if self._form is not None and not form.continues(self._form):
            self._clear()
        self._form, self.timeline, self._is_open = form, self.timeline + 1, False

    def add(self, unit: Unit, *, whole: bool) -> None:
        """Adds a unit to the open group. `whole`: keep whole groups too."""
        if unit.kind == "video" and unit.key and self._form is not None:
            if not whole:
                self._clear()
            self._groups.append(Group(self.timeline, self._form, [], self._clock()))
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


class Rendition:
    """One HLS output, and the sound that it needs. `tv`: for TVs in the house, which don't play every rate."""

    def __init__(self, output: HlsOutput, *, tv: bool) -> None:
        self.output, self._tv = output, tv
        self.voice: AacVoice | None = None  # converts the camera's sound for this output

    def begin(self, form: Format) -> None:
        """Begins a new timeline, because a source was opened."""
        rate = TV_RATE if self._tv else SILENT_RATE
        # MP4 says before the sound how many channels it has
        is_told = form.kind != "h265" or form.sound is None or form.sound.channels > 0
        is_sent = form.sound is None or (form.sound.codec == "aac" and not self._tv and is_told)
        self.voice = AacVoice(form.sound, rate) if form.sound and not is_sent else None
        self.output.begin(form if is_sent else replace(form, sound=SoundFormat("aac", rate, 1)))

    def write(self, unit: Unit) -> None:
        for made in self.voice.feed(unit) if self.voice is not None and unit.kind == "audio" else (unit,):
            self.output.write(made)


class Renditions:
    """All HLS outputs of a camera. `changed`, `clock` and `is_soon` are as in HlsOutput."""

    def __init__(self, changed: Callable[[], None], clock: Callable[[], float]) -> None:
        self._changed, self._clock = changed, clock
        self.is_soon = False
        self._made: dict[Key, Rendition] = {}
        self._wanted: set[Key] = set()  # as players have asked for them, whatever sound the camera has
        self._form: Format | None = None
        self.recent = RecentGroups(clock)  # the units that viewers get, earlier if these are paced
        self._asked = clock()

    @property
    def all(self) -> list[HlsOutput]:
        return [made.output for made in self._made.values()]

    @property
    def are_awaited(self) -> bool:
        """True if some output has no segment yet."""
        return any([not output.segments for output in self.all])

    def ready(self, *, silent_track: bool = False, tv: bool = False, hevc: bool = False) -> HlsOutput | None:
        """The output for this player; None until it has segments or a failure."""
        made = self._made.get(_key(self._form, Key(silent_track, tv, hevc))) if self._form else None
        return made.output if made is not None and made.output.is_ready else None

    def need(self, *, silent_track: bool = False, tv: bool = False, hevc: bool = False) -> None:
        self._asked = self._clock()
        self._wanted.add(Key(silent_track, tv, hevc))
        self._make()

    def begin(self, form: Format) -> None:
        self._form = form
        self.recent.begin(form)
        if form.kind == "mjpeg":
            self.end()  # no viewer plays this codec
            self._made.clear()
        self._make(begins=True)

    def write(self, unit: Unit) -> None:
        form = self._form
        if form is None or (unit.kind == "audio" and not form.sound):
            return
        self.recent.add(unit, whole=not self._made and form.kind == "h264")
        for made in self._made.values():
            made.write(unit)

    def end(self) -> None:
        for output in self.all:
            output.end()

    def tidy(self) -> None:
        """Ends all outputs if no player has asked for HLS for GONE_S."""
        if self._made and self._clock() - self._asked > GONE_S:
            self.end()
            self._made.clear()
            self._wanted.clear()

    def _make(self, *, begins: bool = False) -> None:
        """Makes the outputs that players have asked for, and ends the others. `begins`: another timeline begins."""
        form = self._form
        if form is None or form.kind == "mjpeg":
            return
        wanted = {_key(form, key) for key in self._wanted if key.hevc or form.kind == "h264"}
        for key in self._made.keys() - wanted:
            self._made.pop(key).output.end()
        for made in self._made.values() if begins else ():
            made.begin(form)
        for key in wanted - self._made.keys():
            self._made[key] = self._begun(key)

    def _begun(self, key: Key) -> Rendition:
        output = HlsOutput(
            silent_track=key.silent_track,
            changed=self._changed,
            clock=self._clock,
            silent_rate=TV_RATE if key.tv else SILENT_RATE,
            is_soon=self.is_soon,
            since_s=self.recent.since_s,
        )
        made = Rendition(output, tv=key.tv)
        for form, units in self._shown_last():
            made.begin(form)
            for unit in units:
                made.write(unit)
        return made

    def _shown_last(self) -> list[tuple[Format, list[Unit]]]:
        """The latest groups of pictures, joined for each timeline. The last timeline goes on."""
        assert self._form is not None
        shown: list[tuple[Format, list[Unit]]] = []
        timeline = 0
        for group in self.recent:
            if group.timeline != timeline:
                timeline = group.timeline
                shown.append((group.form, []))
            shown[-1][1].extend(group.units)
        if timeline != self.recent.timeline:
            shown.append((self._form, []))
        units = shown[-1][1]
        for made in self._made.values():
            # whole groups are not kept while an output is made: its segments contain them
            if units and made.voice is None and (before := made.output.before(units[0])) is not None:
                units[:0] = _replayed(before, units[0].pts)
                break
        return shown


def _key(form: Format, wanted: Key) -> Key:
    """The output for a player that asked like this: a camera with sound has no silent one."""
    is_for_tvs = wanted.tv and not plays_on_tvs(form)
    return Key((wanted.silent_track or is_for_tvs) and not form.sound, is_for_tvs, form.kind == "h265")


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
