"""What the results of EZVIZ's dispatchers and stream nodes mean here. Standard library only."""

from typing import NamedTuple

REDIRECT = 5302
# the token was used, is too old, another account's, or of a session that is over: one more is asked for
TOKEN = frozenset({5406, 5412, 5413, 5454})
OTHER_STREAM = frozenset({5451})  # there is no such stream: the other of the two is asked for
SERVER = frozenset({5000, 5500})  # a server's own trouble: it is asked once more
QUOTA = frozenset({5416, 5503, 5504, 5546})  # as many as the device, the account or the node allows


class Meaning(NamedTuple):
    """`reason` is a Reason of the registry; `again`: another try may succeed."""

    reason: str
    again: bool


_DOWN = Meaning("media_down", again=True)
_NO_WAY = Meaning("no_way", again=False)
_NOT_PERMITTED = Meaning("not_permitted", again=False)
_MEANINGS = {
    # offline, or asleep and not to be reached
    5404: Meaning("offline", again=True),
    5452: Meaning("offline", again=True),
    5456: Meaning("offline", again=True),
    # the lens is covered; there is no video source
    5409: Meaning("asleep", again=False),
    5544: Meaning("asleep", again=False),
    # no right; what was shared is over
    5411: _NOT_PERMITTED,
    5545: _NOT_PERMITTED,
    # the channel is not linked, is another, has no camera
    5403: _NO_WAY,
    5415: _NO_WAY,
    5455: _NO_WAY,
    6106: _NO_WAY,
    # a link that is ciphered by itself is asked for, which showcam does not speak
    5457: _NO_WAY,
    5458: _NO_WAY,
    5459: _NO_WAY,
    **dict.fromkeys(QUOTA, Meaning("busy", again=True)),
}


def meaning(result: int) -> Meaning:
    """What a result means that is neither success nor a redirect; an unknown one may succeed at the next try."""
    return _MEANINGS.get(result, _DOWN)
