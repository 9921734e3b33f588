"""A camera's picture as displays are shown it: as it comes, or transcoded for those that don't play that."""

from collections.abc import Callable

from media.grants import Protocol
from media.plane.outputs import displays
from media.plane.units import Format, SourceFailed, Unit
from media.plane.viewing.fanout import Fanout
from media.plane.viewing.on_demand import OnDemand
from media.plane.viewing.transcodes import Transcodes


class Displayed(Fanout):
    def __init__(self, transcodes: Transcodes) -> None:
        super().__init__()
        self._on_demand = OnDemand(transcodes)
        self._followers: set[Callable[[], None]] = set()
        self._is_paced = False  # viewers get this opening's units later than HLS, where `begin` is said

    @property
    def has_time(self) -> bool:
        return super().has_time and self._on_demand.has_time

    @property
    def may_be_transcoded(self) -> bool:
        """Whether it is, or there is room for it."""
        return self._on_demand.may_run

    def follow(self, follower: Callable[[], None]) -> None:
        """Call it at each opening from now on."""
        self._followers.add(follower)

    def unfollow(self, follower: Callable[[], None]) -> None:
        self._followers.discard(follower)

    def shown(self, surface: str, protocol: Protocol) -> Fanout:
        """The picture as it comes, or transcoded where it can't be shown so.

        Raises SourceFailed where there is no room to transcode it.
        """
        reason = displays.unplayed(self.format, surface, protocol) if self.format else ""
        return self._transcoded(reason, is_soon=protocol == "hls" and self.is_slow) if reason else self

    def quickened(self) -> Fanout:
        """For HLS where keyframes are far apart: with keyframes of our own, or as it comes where there is no room."""
        try:
            return self._transcoded("media_down", gives_way=True)
        except SourceFailed:
            return self

    def begin(self, form: Format) -> None:
        super().begin(form)
        self._on_demand.open(form, for_hls=True)
        if not self._is_paced:
            self._on_demand.open(form, for_hls=False)
        for follower in list(self._followers):
            follower()

    def to_hls(self, unit: Unit) -> None:
        super().to_hls(unit)
        self._on_demand.take(unit, for_hls=True)

    def to_viewers(self, unit: Unit) -> None:
        super().to_viewers(unit)
        self._is_paced |= unit.form is not None
        if unit.form is not None and self.format is not None:
            self._on_demand.open(self.format, for_hls=False)
        self._on_demand.take(unit, for_hls=False)

    def shows(self, start_id: str) -> bool:
        return super().shows(start_id) or self._on_demand.shows(start_id)

    def tidy(self) -> None:
        super().tidy()
        self._on_demand.tidy()

    def _transcoded(self, reason: str, *, gives_way: bool = False, is_soon: bool = False) -> Fanout:
        assert self.format is not None
        since = self._renditions.since_key if gives_way else self._gop.units
        return self._on_demand.get(self.format, since, reason, gives_way=gives_way, is_soon=is_soon)
