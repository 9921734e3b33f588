"""RTCP (RFC 3550 section 6): sender reports and BYE from a camera, receiver reports to it."""

import struct
from typing import NamedTuple

from media.rtp.packet import NotRtp

_SENDER, _RECEIVER, _DESCRIPTION, _BYE = 200, 201, 202, 203
_EPOCH = 2208988800  # s from 1900 to 1970
_MOST = 32  # packets in one datagram


class SenderReport(NamedTuple):
    source: int
    wall_s: float  # epoch
    timestamp: int  # the same moment in the track's clock


class Compound(NamedTuple):
    reports: tuple[SenderReport, ...]
    is_over: bool  # a source said good-bye


def read(data: bytes) -> Compound:
    """The reports in a compound packet. Raises NotRtp."""
    reports, is_over, at = [], False, 0
    for _ in range(_MOST):
        if at == len(data):
            break
        if len(data) - at < 4 or data[at] >> 6 != 2:
            raise NotRtp
        kind, end = data[at + 1], at + 4 + 4 * int.from_bytes(data[at + 2 : at + 4])
        if end > len(data):
            raise NotRtp
        if kind == _SENDER and end - at >= 28:
            source, seconds, fraction, timestamp = struct.unpack_from(">IIII", data, at + 4)
            reports.append(SenderReport(source, seconds - _EPOCH + fraction / 2**32, timestamp))
        is_over |= kind == _BYE
        at = end
    return Compound(tuple(reports), is_over)


def receiver_report(own: int, source: int, highest: int, lost: int) -> bytes:
    """A report that packets arrive, with the CNAME that RFC 3550 requires: some cameras stop without it."""
    block = struct.pack(">IIIIII", source, min(lost, 0x7FFFFF), highest & 0xFFFFFFFF, 0, 0, 0)
    name = struct.pack(">IBB", own, 1, 7) + b"showcam" + b"\0\0\0"
    return (
        struct.pack(">BBHI", 0x81, _RECEIVER, 7, own)
        + block
        + struct.pack(">BBH", 0x81, _DESCRIPTION, len(name) // 4)
        + name
    )
