"""What the results of EZVIZ's dispatchers and stream nodes mean, and how long a refused camera rests.

A viewer that asks each second opens nothing meanwhile. One real client gives up a camera that stays offline so that it
does not hammer it (rhanekom/hass-ezviz-stream, stream.py, _MAX_STREAM_FAILURES), and its doc/reference.md B.12 lists
what the results mean.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from showcam.net.cache import Recent

REDIRECT = 5302
# the token was used, is too old, another account's, or of a session that is over: one more is asked for
TOKEN = frozenset({5406, 5412, 5413, 5454})
OTHER_STREAM = frozenset({5451})  # there is no such stream: the other of the two is asked for
SERVER = frozenset({5000, 5500})  # a server's own trouble: it is asked once more
# the camera did not answer in time, a double question, a packet too large, an unstable line, a node that is gone: all
# of it passes, and is asked for again after a pause
PASSING = frozenset({5405, 5491, 6518, 6519, 6520, 7005})
QUOTA = frozenset({5416, 5503, 5504, 5546, 5547})  # as many as the device, the account or the node allows
UNREACHED = 5452  # the camera can't reach the node; of one on mains it passes within seconds (nick3/ezviz-cb2-homekit)
# the camera is in a session that EZVIZ has not ended yet: the one before this, or another client's
SINGLE = QUOTA | {UNREACHED, 5405, 5491}
SILENT = -1  # no result of EZVIZ's: sessions open, and none brings a byte (Bobsilvio/ezviz_hp7, issues 33, 36, 58)
PRIVACY = frozenset({5409, 5544})  # the lens is covered; there is no video source
# no right; what was shared is over; the device has another operation code; an encrypted link is demanded, which
# showcam does not speak; the channel is another, is not linked, has no camera
DENIED = frozenset({5411, 5545, 5403, 5457, 5458, 5459, 5415, 5455, 6106})


MANY = 1024
MINUTE_S = 60.0  # in which openings in vain are counted; bursts trip 5405 (rhanekom/hass-ezviz-stream)
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


class Meaning(NamedTuple):
    """`reason` is a Reason of the registry; `again`: another try may succeed."""

    reason: str
    again: bool


_DOWN = Meaning("media_down", again=True)
_MEANINGS = {
    **dict.fromkeys((5404, UNREACHED, 5456), Meaning("offline", again=True)),  # or asleep and not to be reached
    **dict.fromkeys(PRIVACY, Meaning("asleep", again=False)),
    **dict.fromkeys((5411, 5545), Meaning("not_permitted", again=False)),
    **dict.fromkeys((5415, 5455, 6106), Meaning("not_found", again=False)),
    **dict.fromkeys((5403, 5457, 5458, 5459), Meaning("no_way", again=False)),
    SILENT: Meaning("silent", again=False),
    **dict.fromkeys(QUOTA, Meaning("busy", again=True)),
}


def meaning(result: int) -> Meaning:
    """What a result means that is neither success nor a redirect; an unknown one may succeed at the next try."""
    return _MEANINGS.get(result, _DOWN)


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
