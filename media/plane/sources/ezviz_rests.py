"""What EZVIZ refused rests for a while, per camera and result, so that a viewer that asks each second opens nothing.

One real client gives up a camera that stays offline so that it does not hammer it (rhanekom/hass-ezviz-stream,
stream.py, _MAX_STREAM_FAILURES), and its doc/reference.md B.12 lists what the results mean.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from media.ezviz.results import DENIED, PRIVACY, QUOTA, SILENT, UNREACHED
from net.cache import Recent

MANY = 1024
MINUTE_S = 60.0
MOST_A_MINUTE = 6  # openings in a row of one camera that showed no video, whatever the results were

# by result: the first rest, and the longest one where it is refused again and again, in seconds
RESTS: dict[int, tuple[float, float]] = {
    **dict.fromkeys(DENIED, (60.0, 60.0)),  # only its owner can change that, in the app
    **dict.fromkeys(PRIVACY, (10.0, 10.0)),  # its owner may end that at any moment, and asks again at once
    5404: (5.0, 20.0),  # offline; a camera that starts is back within seconds
    5456: (5.0, 20.0),
    UNREACHED: (25.0, 25.0),  # which three tries came before
    SILENT: (120.0, 600.0),  # a real client waits ten minutes after three sessions without video (Bobsilvio/ezviz_hp7)
    **dict.fromkeys(QUOTA, (15.0, 240.0)),  # somebody else has to leave, and who goes on asking is shut out for longer
}


class Rest(NamedTuple):
    """`result`: what EZVIZ said; 0: too many openings in a row showed no video."""

    result: int
    left_s: float


@dataclass(slots=True)
class _Row:
    result: int = 0
    state: str = ""
    until: float = 0.0
    length_s: float = 0.0
    vain: deque[float] = field(default_factory=lambda: deque[float](maxlen=MOST_A_MINUTE))  # when each was begun


class Rests:
    """`now`: monotonic seconds. A camera is any text that names it for one account.

    A `state` is any text that names what the vendor last said of the camera. A rest ends when the state changes.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._rows: Recent[str, _Row] = Recent(MANY)

    def of(self, camera: str, state: str) -> Rest | None:
        """The rest in which the camera is left alone; None if it may be opened."""
        row, now = self._rows.get(camera), self._now()
        if row is None or row.state != state:
            return None
        if now < row.until:
            return Rest(row.result, row.until - now)
        free = row.vain[0] + MINUTE_S if len(row.vain) == MOST_A_MINUTE else now
        return Rest(0, free - now) if now < free else None

    def opens(self, camera: str, state: str) -> None:
        """A session of the camera is requested."""
        row = self._of(camera, state)
        row.vain.append(self._now())

    def refused(self, camera: str, result: int, state: str) -> float:
        """Let the camera rest, and return for how many seconds: twice as long as before if that was not long ago."""
        first_s, longest_s = RESTS.get(result, (0.0, 0.0))
        row, now = self._of(camera, state), self._now()
        is_again = row.result == result and row.length_s > 0 and now < row.until + longest_s
        row.length_s = min(2 * row.length_s, longest_s) if is_again else first_s
        row.result, row.until = result, now + row.length_s
        return row.length_s

    def shown(self, camera: str) -> None:
        """A session has brought video."""
        self._rows.drop(camera)

    def _of(self, camera: str, state: str) -> _Row:
        row = self._rows.get(camera)
        if row is None or row.state != state:
            row = _Row(state=state)
            self._rows.put(camera, row)
        return row
