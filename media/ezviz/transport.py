"""Which transport a stream node uses, by the first bytes of the stream. Standard library only."""

from typing import Literal

type Transport = Literal["ps", "rtp", "ts"]

_PACK = b"\x00\x00\x01\xba"
# of EZVIZ's: pictures, what only its player reads, and kinds of sound
_RTP_KINDS = frozenset({0, 8, 11, 14, 96, 98, *range(100, 105), 112, 115})


def transport(body: bytes) -> Transport | None:
    """None if the bytes begin in the middle of a packet: then the next ones decide."""
    if _PACK in body or body.startswith(b"IMKH"):
        return "ps"
    if len(body) > 188 and body[0] == body[188] == 0x47:
        return "ts"
    if len(body) > 12 and body[0] >> 6 == 2 and body[1] & 0x7F in _RTP_KINDS and body[8:12] == b"\x55\x66\x77\x88":
        return "rtp"
    return None
