"""A pull's picture transcoded: begun when the first viewer needs it, and begun again for the next after it failed."""

from collections.abc import Iterable

from media.plane.units import Format, Unit
from media.plane.viewing.transcoded import Transcoded
from media.plane.viewing.transcodes import Transcodes


class OnDemand:
    """`transcodes` says whether there is room."""

    def __init__(self, transcodes: Transcodes) -> None:
        self._transcodes = transcodes
        self._made: Transcoded | None = None

    @property
    def may_run(self) -> bool:
        """Whether it runs, or there is room for it."""
        return self._running is not None or self._transcodes.has_room

    @property
    def has_time(self) -> bool:
        """As of media.plane.sources.screen.Screen."""
        made = self._running
        return made is None or made.has_time

    def get(
        self, form: Format, since: Iterable[Unit], reason: str, *, gives_way: bool = False, is_soon: bool = False
    ) -> Transcoded:
        """The transcoded picture; one that begins takes the units in `since` first.

        `gives_way`: it may end for another picture, and ends for one of this camera that every viewer can be shown.
        `is_soon`: as of Transcoded, where it is not running yet.
        Raises SourceFailed with the reason where there is no room.
        """
        made = self._running
        if made is not None and made.gives_way and not gives_way:
            made.close()
            made = None
        if made is None:
            made = self._made = self._transcodes.begin(form, since, reason, gives_way=gives_way, is_soon=is_soon)
        made.need()
        return made

    def open(self, form: Format, *, for_hls: bool) -> None:
        """The source was opened again, or time passed without a picture."""
        if self._made is not None and self._made.gives_way == for_hls:
            self._made.open(form)

    def take(self, unit: Unit, *, for_hls: bool) -> None:
        """`for_hls`: as HLS gets it, else as viewers do."""
        if self._made is not None and self._made.gives_way == for_hls:
            self._made.take(unit)

    def shows(self, start_id: str) -> bool:
        """Whether an output of that start id goes on."""
        made = self._running
        return made is not None and made.shows(start_id)

    def tidy(self) -> None:
        """Forget one that failed."""
        self._made = self._running

    def close(self) -> None:
        if self._made is not None:
            self._made.close()

    @property
    def _running(self) -> Transcoded | None:
        return self._made if self._made is not None and self._made.failure is None else None
