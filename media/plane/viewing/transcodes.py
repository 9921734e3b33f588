"""How many pictures may be transcoded at once.

With "auto" two may, or one on one core, and more as what those that run now are measured to take leaves room.
"""

import os
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

from media.messages import TranscodeStats
from media.plane.units import Format, SourceFailed, Unit
from media.plane.viewing.transcoded import Transcoded

type Most = int | Literal["auto"]

UNMEASURED = 1.0  # cores that a picture is taken to need before that was measured
FLOOR = 2  # so many are admitted on as many cores, whatever they take: what has no time leaves pictures out
_SPARE = 1  # cores for everything else


class Running(Protocol):
    """One that takes room. `gives_way`: its viewers can be shown the picture as it comes, only later.

    `displaces`: its viewers can be shown nothing else, so that what gives way ends for it.
    """

    @property
    def gives_way(self) -> bool: ...

    @property
    def displaces(self) -> bool: ...

    @property
    def is_watched(self) -> bool: ...

    @property
    def is_behind(self) -> bool: ...

    @property
    def is_over(self) -> bool: ...

    @property
    def load(self) -> float | None:
        """The part of a core that it takes; None until that is known."""
        ...

    @property
    def left_out(self) -> int: ...

    def tidy(self) -> None: ...

    def close(self, reason: str = ...) -> None:
        """`reason`: for those who watch it just now."""
        ...


def admits(
    most: Most, cores: int, loads: Sequence[float | None], measured: float | None = None, *, behind: bool = False
) -> bool:
    """Whether there is room beside those that run. `loads`: the cores that each takes; `measured`: that one took."""
    if most != "auto":
        return len(loads) < most
    if len(loads) < min(FLOOR, cores):
        return True
    free = cores - _SPARE - sum(UNMEASURED if load is None else load for load in loads)
    return not behind and (UNMEASURED if measured is None else measured) <= free


class Transcodes:
    """`cores`: how many there are."""

    def __init__(
        self,
        most: Most,
        cores: int | None = None,
    ) -> None:
        self._most = most
        self._cores = cores or os.process_cpu_count() or 1
        self._running: list[Running] = []
        self._measured: float | None = None  # what one took, the most of those that run or ran last

    @property
    def has_room(self) -> bool:
        """Whether one more would be admitted that nothing else can show."""
        return self._has_room(displaces=True)

    def begin(
        self, form: Format, since: Iterable[Unit], reason: str, *, gives_way: bool = False, is_soon: bool = False
    ) -> Transcoded:
        """Raises SourceFailed with the reason where there is no room."""
        if not self._has_room(displaces=not gives_way):
            raise SourceFailed(reason, again=False)
        made = Transcoded(form, since, gives_way=gives_way, is_soon=is_soon)
        self.admit(made)
        return made

    def admit(self, running: Running) -> bool:
        """Whether there is room for it, which it has from here on until it is over; others may end for it."""
        if not self._has_room(displaces=running.displaces):
            return False
        is_tight = not self._has_room(displaces=False)
        for other in self._running:
            if not other.is_watched or (other.gives_way and is_tight):
                other.close("machine_full")
        self._running = [other for other in self._running if not other.is_over] + [running]
        return True

    def _has_room(self, *, displaces: bool) -> bool:
        """One that nobody watches just now gives way to any, and some that are watched to one that displaces them."""
        self.tidy()
        stay = [running for running in self._running if running.is_watched and not (displaces and running.gives_way)]
        loads = [running.load for running in stay]
        return admits(
            self._most, self._cores, loads, self._measured, behind=any([running.is_behind for running in stay])
        )

    def tidy(self) -> None:
        """Ends what nobody needs any longer."""
        for running in self._running:
            running.tidy()
        self._running = [running for running in self._running if not running.is_over]
        loads = [running.load for running in self._running if running.load is not None]
        self._measured = max(loads, default=self._measured)

    def stats(self) -> TranscodeStats:
        self.tidy()
        return {
            "transcodes": len(self._running),
            "left_out": sum(running.left_out for running in self._running),
        }
