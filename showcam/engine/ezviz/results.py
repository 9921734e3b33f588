"""The meaning of the results of EZVIZ's dispatchers and stream nodes, and the rests of refused cameras.

During a rest a viewer that asks each second opens nothing. One real client gives up a camera that stays offline so that
it does not hammer it (rhanekom/hass-ezviz-stream, stream.py, _MAX_STREAM_FAILURES). Its doc/reference.md B.12 lists the
meanings of the results.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from showcam.net.cache import Recent

REDIRECT = 5302
# the token was used, is too old, is another account's, or its session has ended: showcam requests one more
TOKEN = frozenset({5406, 5412, 5413, 5454})
OTHER_STREAM = frozenset({5451})  # there is no such stream: showcam requests the other of the two
SERVER = frozenset({5000, 5500})  # a server's own trouble: showcam asks it once more
# The camera did not answer in time, a double question, a packet too large, an unstable line, a node that is gone. All
# of these pass, and showcam tries again after a pause.
PASSING = frozenset({5405, 5491, 6518, 6519, 6520, 7005})
QUOTA = frozenset({5416, 5503, 5504, 5546, 5547})  # the device, the account or the node allows no more sessions
UNREACHED = 5452  # the camera can't reach the node; on mains this passes within seconds (nick3/ezviz-cb2-homekit)
# the camera is in a session that EZVIZ has not ended yet: the one before this, or another client's
SINGLE = QUOTA | {UNREACHED, 5405, 5491}
SILENT = -1  # no result of EZVIZ's: sessions open without a single byte (Bobsilvio/ezviz_hp7, issues 33, 36, 58)
PRIVACY = frozenset({5409, 5544})  # the lens is covered; there is no video source
# The account has no right, or the camera is no longer shared with it. The device has another operation code. The vendor
# demands an encrypted link, which showcam does not speak. The channel is another, is not linked, or has no camera.
DENIED = frozenset({5411, 5545, 5403, 5457, 5458, 5459, 5415, 5455, 6106})


MANY = 1024
MINUTE_S = 60.0  # openings in vain are counted within this time; bursts trip 5405 (rhanekom/hass-ezviz-stream)
MOST_A_MINUTE = 6  # openings in a row of one camera that showed no video, whatever the results were

# by result: the first rest, and the longest one if the camera is refused again and again, in seconds
RESTS: dict[int, tuple[float, float]] = {
    **dict.fromkeys(DENIED, (60.0, 60.0)),  # only the camera's owner can change this, in the app
    **dict.fromkeys(PRIVACY, (10.0, 10.0)),  # the owner may end this at any moment, and then expects video at once
    5404: (5.0, 20.0),  # offline; a camera that starts is back within seconds
    5456: (5.0, 20.0),
    UNREACHED: (25.0, 25.0),  # showcam has tried three times before this
    SILENT: (120.0, 600.0),  # a real client waits ten minutes after three sessions without video (Bobsilvio/ezviz_hp7)
    # somebody else has to leave, and a client that goes on asking is shut out for longer
    **dict.fromkeys(QUOTA, (15.0, 240.0)),
}


class Meaning(NamedTuple):
    """The meaning of a result. `reason` is a Reason of the registry; `again`: another try may succeed."""

    reason: str
    again: bool


_DOWN = Meaning("media_down", again=True)
_MEANINGS = {
    # or the camera is asleep and can't be reached
    **dict.fromkeys((5404, UNREACHED, 5456), Meaning("offline", again=True)),
    **dict.fromkeys(PRIVACY, Meaning("asleep", again=False)),
    **dict.fromkeys((5411, 5545), Meaning("not_permitted", again=False)),
    **dict.fromkeys((5415, 5455, 6106), Meaning("not_found", again=False)),
    **dict.fromkeys((5403, 5457, 5458, 5459), Meaning("no_way", again=False)),
    SILENT: Meaning("silent", again=False),
    **dict.fromkeys(QUOTA, Meaning("busy", again=True)),
}


def meaning(result: int) -> Meaning:
    """The meaning of a result other than success or redirect. With an unknown one the next try may succeed."""
    return _MEANINGS.get(result, _DOWN)


class Rest(NamedTuple):
    """A pause in opening a camera. `result`: EZVIZ's result; 0: too many openings in a row showed no video."""

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
    """Keeps the rests of cameras. `now`: monotonic seconds. `camera`: any text for a single camera of an account.

    A `state` is any text that stands for the vendor's last report about the camera. A rest ends when the state changes.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._rows: Recent[str, _Row] = Recent(MANY)

    def of(self, camera: str, state: str) -> Rest | None:
        """The rest that the camera is in; None if it may be opened."""
        row, now = self._rows.get(camera), self._now()
        if row is None or row.state != state:
            return None
        if now < row.until:
            return Rest(row.result, row.until - now)
        free = row.vain[0] + MINUTE_S if len(row.vain) == MOST_A_MINUTE else now
        return Rest(0, free - now) if now < free else None

    def opens(self, camera: str, state: str) -> None:
        """Notes that a session of the camera is requested."""
        row = self._of(camera, state)
        row.vain.append(self._now())

    def refused(self, camera: str, result: int, state: str) -> float:
        """Lets the camera rest, and returns for how many seconds: twice as long as before if that was not long ago."""
        first_s, longest_s = RESTS.get(result, (0.0, 0.0))
        row, now = self._of(camera, state), self._now()
        is_again = row.result == result and row.length_s > 0 and now < row.until + longest_s
        row.length_s = min(2 * row.length_s, longest_s) if is_again else first_s
        row.result, row.until = result, now + row.length_s
        return row.length_s

    def shown(self, camera: str) -> None:
        """Notes that a session has brought video."""
        self._rows.drop(camera)

    def _of(self, camera: str, state: str) -> _Row:
        row = self._rows.get(camera)
        if row is None or row.state != state:
            row = _Row(state=state)
            self._rows.put(camera, row)
        return row
