"""What the results of EZVIZ's dispatchers and stream nodes mean here. Standard library only."""

from typing import NamedTuple

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
