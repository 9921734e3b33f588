"""Where a source puts its picture: what all who watch it share."""

from typing import Protocol

from media.plane.codec.units import Format, Unit


class Screen(Protocol):
    """What a source needs of those who watch it."""

    @property
    def has_time(self) -> bool:
        """Whether pictures may come 0.1 s later: nobody is shown each as it comes, or waits for the first one."""
        ...

    def begin(self, form: Format) -> None: ...

    def wait_for_key(self) -> None:
        """Pictures come, and none that could be shown without a keyframe before it."""
        ...

    def to_hls(self, unit: Unit) -> None: ...

    def to_viewers(self, unit: Unit) -> None: ...

    def now(self) -> int: ...
