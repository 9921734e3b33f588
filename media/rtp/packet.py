"""One RTP packet (RFC 3550 section 5.1). Standard library only, and no I/O, as everything in this folder."""

import struct
from typing import NamedTuple

_HEAD = struct.Struct(">BBHII")


class NotRtp(Exception):
    """The bytes are no RTP or RTCP packet, or their lengths are wrong."""


class Packet(NamedTuple):
    kind: int  # payload type
    marker: bool
    number: int  # 16 bits, one more with each packet of a source
    timestamp: int  # 32 bits, of the track's clock
    source: int  # SSRC
    payload: bytes


def read(data: bytes) -> Packet:
    """Payload without header extension and padding. Raises NotRtp."""
    size = len(data)
    if size < 12:
        raise NotRtp
    first, second, number, timestamp, source = _HEAD.unpack_from(data)
    if first == 0x80:
        return Packet(second & 0x7F, second > 0x7F, number, timestamp, source, data[12:])
    if first >> 6 != 2:
        raise NotRtp
    begin = 12 + 4 * (first & 0x0F)
    if first & 0x10:
        if begin + 4 > size:
            raise NotRtp
        begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4])
    end = size - (data[-1] if first & 0x20 else 0)
    if begin > end or (first & 0x20 and not data[-1]):
        raise NotRtp
    return Packet(second & 0x7F, second > 0x7F, number, timestamp, source, data[begin:end])
