"""NAL units in Annex B form: which codec they are of, keyframes and parameter sets. Standard library only."""

from collections.abc import Iterator
from typing import Literal

type Codec = Literal["h264", "h265"]

_START = b"\x00\x00\x01"
_H264 = frozenset({0x67, 0x27, 0x47, 0x68, 0x28, 0x48, 0x65})  # SPS, PPS, a slice of a key frame
_H265_KEYS = range(16, 24)  # IRAP: BLA, IDR and CRA pictures
_H265_SETS = range(32, 35)
_H265 = frozenset({0x40, 0x42, 0x44})  # VPS, SPS, PPS; their second byte is 1


def headers(picture: bytes) -> Iterator[bytes]:
    """The first two bytes of each unit."""
    at = picture.find(_START)
    while at >= 0 and at + 3 < len(picture):
        yield picture[at + 3 : at + 5]
        at = picture.find(_START, at + 3)


def codec(picture: bytes) -> Codec | None:
    """The codec, by headers that only one codec has; None if there is none of them."""
    for header in headers(picture):
        if header[0] in _H265 and header[1:] == b"\x01":
            return "h265"
        if header[0] in _H264:
            return "h264"
    return None


def is_key(picture: bytes, codec: Codec) -> bool:
    if codec == "h265":
        return any(header[0] >> 1 in _H265_KEYS for header in headers(picture))
    return any(header[0] & 0x9F == 5 for header in headers(picture))


def parameters(picture: bytes, codec: Codec) -> bytes:
    """The parameter sets in a keyframe, with start codes; b"" if it has none."""
    found, at = [], picture.find(_START)
    while at >= 0:
        end = picture.find(_START, at + 3)
        unit = picture[at : end if end >= 0 else len(picture)]
        if len(unit) > 3 and (unit[3] >> 1 in _H265_SETS if codec == "h265" else unit[3] & 0x9F in (7, 8)):
            found.append(b"\x00" + unit.rstrip(b"\x00"))
        at = end
    return b"".join(found)
