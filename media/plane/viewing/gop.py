"""What came since the last keyframe, for who comes in its middle."""

from media.plane.codec.units import Unit

GOP_CAP = 8 * 1024 * 1024  # bytes


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
