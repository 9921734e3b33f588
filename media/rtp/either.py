"""H.264 or H.265 from RTP, whichever a camera sends: descriptions name the wrong one.

EZVIZ's C6N says H265 and sends H.264 (AlexxIT/go2rtc issue 264, bluenviron/mediamtx issue 1631).
"""

from typing import Literal

from media.rtp.h264 import H264Depacketizer
from media.rtp.h265 import H265Depacketizer
from media.rtp.unit import AccessUnit, Depacketizer, Opener

type Codec = Literal["h264", "h265"]

_H264_SPS = frozenset((0x07, 0x27, 0x47, 0x67))
_H264_SEVERAL = frozenset((0x18, 0x38, 0x58, 0x78))  # STAP-A
_H264_PROFILES = frozenset((44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 244))
_H265_SETS = (b"\x40\x01", b"\x42\x01")  # VPS, SPS
_H265_SEVERAL = b"\x60\x01"
_MAKE: dict[Codec, type[H264Depacketizer | H265Depacketizer]] = {"h264": H264Depacketizer, "h265": H265Depacketizer}


class EitherDepacketizer:
    """Begins as the description says; the parameter sets that come decide. `codec` is that of the latest unit."""

    def __init__(self, codec: Codec, opener: Opener | None = None) -> None:
        self.codec, self._opener = codec, opener
        self._of_it: Depacketizer = _MAKE[codec](opener)

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        if self._opener is None or not self._opener.hides_types:
            sent = codec_of(payload)
            if sent is not None and sent != self.codec:
                self.codec, self._of_it = sent, _MAKE[sent](self._opener)
        return self._of_it.feed(payload, timestamp, marker=marker, lost=lost)


def codec_of(payload: bytes) -> Codec | None:
    """The codec of a payload that begins with parameter sets: no unit of one codec looks like such of the other.

    The first byte of H.265's units is even as cameras send them (RFC 7798 section 1.1.4), that of an H.264 SPS is odd.
    """
    if len(payload) < 4:
        return None
    first = payload[0]
    if first in _H264_SPS:
        return "h264" if payload[1] in _H264_PROFILES else None
    if payload.startswith(_H265_SETS):
        return "h265"
    if first in _H264_SEVERAL:
        unit = payload[3:5]
        return "h264" if len(unit) == 2 and unit[0] in _H264_SPS and unit[1] in _H264_PROFILES else None
    return "h265" if payload.startswith(_H265_SEVERAL) and payload[4:6] in _H265_SETS else None
