"""Which of a camera's pictures a pull opens.

First the whole one. Where displays don't play it the smaller one, and where that fails too the whole one again, to be
transcoded.
"""

from collections.abc import Callable

from media.plane.units import SourceFailed

OF_FORM = frozenset({"not_playable", "beyond_displays", "no_common_protocol", "too_large"})  # another picture may do


class Choice:
    """`has_smaller`: whether the smaller picture may come in place of the one that was asked for."""

    def __init__(self, *, has_smaller: bool, has_room: Callable[[], bool]) -> None:
        self._has_smaller, self._has_room = has_smaller, has_room
        self._first: SourceFailed | None = None  # why the whole picture did not do
        self.is_smaller = False
        self.is_alone = False  # the camera has no other picture that would do
        self._is_last = False  # no other picture may do: what can't be shown as it comes is transcoded

    @property
    def has_other(self) -> bool:
        """Whether the camera's smaller picture may be opened beside the one that is shown."""
        return not (self.is_smaller or self.is_alone)

    @property
    def may_be_smaller(self) -> bool:
        return self._has_smaller and not (self.is_smaller or self._is_last or self.is_alone)

    def moves_on(self, failed: SourceFailed) -> bool:
        """Whether another picture is opened after that failure of one that was never shown."""
        if self._first is None and failed.reason in OF_FORM and self.may_be_smaller:
            self._first, self.is_smaller = failed, True
            return True
        if self._first is not None and not self._is_last and self._has_room():
            self.is_smaller, self._is_last = False, True
            return True
        return False

    def failure(self, failed: SourceFailed) -> SourceFailed:
        """Why no picture is shown: the first reason where several were opened."""
        return self._first or failed
