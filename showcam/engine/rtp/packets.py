"""RTP (RFC 3550): puts packets in order, defines the units made of them, and reads and writes RTCP reports.

Standard library only. Nothing in this folder does I/O.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple, Protocol

UNIT_CAP = 4 * 1024 * 1024  # bytes of one access unit; a larger unit is thrown away
WAIT_S = 0.1  # seconds to wait for a late packet
_MOST = 512  # packets that wait
_FAR = 3000  # numbers; a leap beyond them is another number line (RFC 3550 appendix A.1)
_TWICE = 1  # over TCP, which keeps the order, a packet this far behind came twice; others begin another number line
HEAD = struct.Struct(">BBHII")
PLAIN = 0x80  # the first byte of a packet without padding, extension and contributing sources, as nearly all are
_SENDER, _RECEIVER, _DESCRIPTION, _BYE = 200, 201, 202, 203
EPOCH = 2208988800  # s from 1900 to 1970
_MOST_REPORTS = 32  # packets in one datagram


class AccessUnit(NamedTuple):
    """A picture in Annex B form, an AAC frame without header, or a packet of other sound."""

    data: bytes
    timestamp: int  # 32 bits, of the track's clock
    key: bool = True  # a decoder can start on this unit; true for every unit of sound
    damaged: bool = False  # a part of the unit did not arrive


class Depacketizer(Protocol):
    """Joins the payloads of one track. `feed` never raises: payloads that make no sense count as damage."""

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        """Takes a payload, and returns the units that are complete. `lost`: packets are missing directly before it."""
        ...


class Opener(Protocol):
    """Deciphers NAL units. `unit` never raises; it returns b"" for a unit that is to be left out."""

    @property
    def hides_types(self) -> bool:
        """Whether the kind of a unit can be read only after deciphering."""
        ...

    def unit(self, unit: bytes) -> bytes: ...


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
    """Reads a packet, without header extension and padding of the payload. Raises NotRtp."""
    size = len(data)
    if size < 12:
        raise NotRtp
    first, second, number, timestamp, source = HEAD.unpack_from(data)
    if first == PLAIN:
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


class Order:
    """Puts packets in order. `wait_s`: seconds to wait for a missing packet; 0 over TCP, which keeps the order."""

    def __init__(self, wait_s: float = 0.0) -> None:
        self._wait_s = wait_s
        self._next: int | None = None
        self._source: int | None = None
        self._waiting: dict[int, Packet] = {}
        self._since = 0.0  # the arrival of the first packet that waits
        self._is_lost = False
        self.lost = 0  # packets

    def follows(self, number: int, source: int) -> bool:
        """Whether this packet is due and nothing is missing before it, as nearly always. Then it counts as taken."""
        if number != self._next or source != self._source or self._waiting:
            return False
        self._next = number + 1 & 0xFFFF
        return True

    def take(self, packet: Packet, now: float) -> Iterator[tuple[Packet, bool]]:
        """The packets that are due, each with a flag: packets are missing directly before it. `now` is in seconds."""
        if packet.source != self._source or self._next is None:
            self._restart(packet)
        ahead = packet.number - (self._next or 0) & 0xFFFF
        if ahead >= 0x8000:
            if 0x10000 - ahead <= (_FAR if self._wait_s else _TWICE):
                return  # a duplicate, or a packet that came after WAIT_S
            self._restart(packet)
            ahead = 0
        elif ahead > _FAR:
            self._restart(packet)
            ahead = 0
        if ahead and self._wait_s:
            if not self._waiting:
                self._since = now
            self._waiting[packet.number] = packet
            yield from self.due(now)
            return
        if ahead:
            self._skip(ahead)
        yield self._released(packet)
        yield from self._ready(now)

    def due(self, now: float) -> Iterator[tuple[Packet, bool]]:
        """The packets whose missing predecessors are no longer waited for."""
        while self._waiting and (now - self._since >= self._wait_s or len(self._waiting) > _MOST):
            assert self._next is not None
            nearest = min(self._waiting, key=lambda number: number - (self._next or 0) & 0xFFFF)
            self._skip(nearest - self._next & 0xFFFF)
            yield from self._ready(now)

    def _ready(self, now: float) -> Iterator[tuple[Packet, bool]]:
        while self._waiting and (packet := self._waiting.pop(self._next or 0, None)) is not None:
            self._since = now
            yield self._released(packet)

    def _released(self, packet: Packet) -> tuple[Packet, bool]:
        is_lost, self._is_lost = self._is_lost, False
        self._next = packet.number + 1 & 0xFFFF
        return packet, is_lost

    def _skip(self, count: int) -> None:
        self.lost += count
        self._is_lost = True
        self._next = (self._next or 0) + count & 0xFFFF

    def _restart(self, packet: Packet) -> None:
        """Starts again, since the sender began new sequence numbers: the unit before may be incomplete.

        Some name another source at each keyframe, and their numbers go on (bluenviron/gortsplib issue 687).
        """
        self._is_lost = self._next not in (None, packet.number)
        self._waiting.clear()
        self._source, self._next = packet.source, packet.number


class SenderReport(NamedTuple):
    source: int
    wall_s: float  # epoch
    timestamp: int  # the same moment in the track's clock


class Compound(NamedTuple):
    reports: tuple[SenderReport, ...]
    is_over: bool  # a source has ended its stream (BYE)


def read_reports(data: bytes) -> Compound:
    """The reports in a compound packet. Raises NotRtp."""
    reports, is_over, at = [], False, 0
    for _ in range(_MOST_REPORTS):
        if at == len(data):
            break
        if len(data) - at < 4 or data[at] >> 6 != 2:
            raise NotRtp
        kind, end = data[at + 1], at + 4 + 4 * int.from_bytes(data[at + 2 : at + 4])
        if end > len(data):
            raise NotRtp
        if kind == _SENDER and end - at >= 28:
            source, seconds, fraction, timestamp = struct.unpack_from(">IIII", data, at + 4)
            reports.append(SenderReport(source, seconds - EPOCH + fraction / 2**32, timestamp))
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
