"""What came since the last keyframe, for who comes in its middle, and the whole groups before it, for HLS."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from media.plane.units import CLOCK, Format, Unit

GOP_CAP = 8 * 1024 * 1024  # bytes
RECENT_S = 5.0  # of whole groups at the least: what a player needs that begins near the end of a list
RECENT_CAP = 24 * 1024 * 1024  # bytes


class Gop:
    """One that outgrows GOP_CAP is of use to nobody: from then until the next keyframe there are no units."""

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


@dataclass(slots=True)
class Group:
    """A keyframe and what came up to the next one, the sound too. Groups of one `timeline` follow one another."""

    timeline: int
    form: Format
    units: list[Unit]
    began: float  # when the keyframe came
    size: int = 0  # bytes

    @property
    def lasts_s(self) -> float:
        return (self.units[-1].dts - self.units[0].dts) / CLOCK


class RecentGroups:
    """The latest groups of pictures: the open one and, while HLS is not made of them, whole ones of RECENT_S."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._groups: deque[Group] = deque()
        self._form: Format | None = None
        self._timeline = self._size = 0
        self._is_open = False  # the last group goes on

    def __iter__(self) -> Iterator[Group]:
        """Oldest first."""
        return iter(self._groups)

    @property
    def open(self) -> list[Unit]:
        """What came since the last keyframe."""
        return list(self._groups[-1].units) if self._is_open else []

    @property
    def since_s(self) -> float:
        """How long ago the first of them came."""
        return self._clock() - self._groups[0].began if self._groups else 0.0

    @property
    def timeline(self) -> int:
        """The timeline of what comes next."""
        return self._timeline

    def begin(self, form: Format) -> None:
        """Another timeline begins with the next keyframe."""
        if self._form is not None and not form.continues(self._form):
            self._clear()
        self._form, self._timeline, self._is_open = form, self._timeline + 1, False

    def add(self, unit: Unit, *, whole: bool) -> None:
        """`whole`: keep whole groups too."""
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
        """The oldest group."""
        self._size -= self._groups.popleft().size
        self._is_open = self._is_open and bool(self._groups)

    def _clear(self) -> None:
        self._groups.clear()
        self._size, self._is_open = 0, False
