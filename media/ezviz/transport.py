"""Which transport a stream node uses, by the first bytes of the stream. Standard library only."""

from typing import Literal

type Transport = Literal["ps", "rtp", "ts"]

_PACK = b"\x00\x00\x01\xba"
# of EZVIZ's: pictures, what only its player reads, and kinds of sound
_RTP_KINDS = frozenset({0, 8, 11, 14, 96, 98, *range(100, 105), 112, 115})
_SOURCE = b"\x55\x66\x77\x88"


def transport(body: bytes, before: bytes = b"") -> Transport | None:
    """None if the bytes begin in the middle of a packet: then the next ones decide.

    RTP of the source that all known cameras name is told by one packet, of another one by a packet and the one `before`
    it.
    """
    if _PACK in body or body.startswith(b"IMKH"):
        return "ps"
    if len(body) > 188 and set(body[::188]) == {0x47}:
        return "ts"
    if _may_be_rtp(body) and (body[8:12] == _SOURCE or _follows(body, before)):
        return "rtp"
    return None


def _may_be_rtp(body: bytes) -> bool:
    return len(body) > 12 and body[0] >> 6 == 2 and body[1] & 0x7F in _RTP_KINDS


def _follows(body: bytes, before: bytes) -> bool:
    """Whether both are of one source, numbered one after the other."""
    if not _may_be_rtp(before) or body[8:12] != before[8:12]:
        return False
    return (int.from_bytes(body[2:4]) - int.from_bytes(before[2:4])) & 0xFFFF == 1
