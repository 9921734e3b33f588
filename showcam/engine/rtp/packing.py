"""Packs pictures and sound into RTP packets: H.264, H.265, AAC and G.711. Standard library only.

RFC 6184, RFC 7798, RFC 3640 and RFC 3551 say how; RFC 3550 has the head of a packet and the sender's report.
"""

import secrets
import struct
from collections.abc import Sequence

from showcam.engine.codec import nal
from showcam.engine.codec.nal import Codec
from showcam.engine.rtp.packets import EPOCH, HEAD, PLAIN

LONGEST = 1400  # bytes of a payload: with all heads it fits into a packet of Ethernet
_FU_A, _FU = 28, 49  # fragments of H.264 and of H.265
_SENDER = 200
_MARKER = 0x80  # of a packet's second byte
_MOST = 0xFFFFFFFF


class Packer:
    """Numbers the packets of one track. Times go in as ticks of the track's clock, from any origin.

    `began`: the timestamp of tick 0 and, with it, the first packet's `number`, are random as RFC 3550 wants them.
    """

    def __init__(self, payload: int, clock_hz: int) -> None:
        self.payload, self.clock_hz = payload, clock_hz
        self.source, self.began = secrets.randbits(32), secrets.randbits(32)
        self.number = secrets.randbits(16)  # of the next packet
        self._sent = self._bytes = 0

    def timestamp(self, tick: int) -> int:
        return self.began + tick & _MOST

    def picture(self, codec: Codec, data: bytes, tick: int) -> list[bytes]:
        """The packets of a picture in Annex B's form; the last has the marker."""
        split = _pieces_h264 if codec == "h264" else _pieces_h265
        pieces = [piece for unit in nal.units(data) if (whole := unit.rstrip(b"\0")) for piece in split(whole)]
        first, last, timestamp = self.number, self.number + len(pieces) - 1, self.timestamp(tick)
        self._count(pieces)
        pack, payload, source = HEAD.pack, self.payload, self.source
        return [
            pack(PLAIN, payload if number < last else payload | _MARKER, number & 0xFFFF, timestamp, source) + piece
            for number, piece in enumerate(pieces, first)
        ]

    def aac(self, frame: bytes, tick: int) -> list[bytes]:
        """The packet of a frame without ADTS header: 13 bits of its size and 3 of its index come first (AAC-hbr)."""
        return [self._packet(struct.pack(">HH", 16, len(frame) << 3) + frame, tick, marker=True)]

    def samples(self, data: bytes, tick: int) -> list[bytes]:
        """The packets of G.711, which has a byte for each sample."""
        return [self._packet(data[at : at + LONGEST], tick + at, marker=False) for at in range(0, len(data), LONGEST)]

    def report(self, epoch_s: float, tick: int) -> bytes:
        """A report that this tick is this moment: a player aligns sound with the picture by two reports."""
        seconds, rest = divmod(epoch_s + EPOCH, 1)
        told = self.source, int(seconds) & _MOST, int(rest * 2**32), self.timestamp(tick), self._sent, self._bytes
        return struct.pack(">BBHIIIIII", PLAIN, _SENDER, 6, *told)

    def _packet(self, payload: bytes, tick: int, *, marker: bool) -> bytes:
        second = self.payload | _MARKER if marker else self.payload
        head = HEAD.pack(PLAIN, second, self.number, self.timestamp(tick), self.source)
        self._count((payload,))
        return head + payload

    def _count(self, payloads: Sequence[bytes]) -> None:
        self.number = self.number + len(payloads) & 0xFFFF
        self._sent = self._sent + len(payloads) & _MOST
        self._bytes = self._bytes + sum(map(len, payloads)) & _MOST


def _pieces_h264(unit: bytes) -> list[bytes]:
    """The unit, or its fragments (FU-A) if it is longer than a payload."""
    if len(unit) <= LONGEST:
        return [unit]
    return _fragments(bytes((unit[0] & 0xE0 | _FU_A,)), unit[0] & 0x1F, unit, 1)


def _pieces_h265(unit: bytes) -> list[bytes]:
    """The unit, or its fragments (section 4.4.3 of RFC 7798) if it is longer than a payload."""
    if len(unit) <= LONGEST:
        return [unit]
    return _fragments(bytes((unit[0] & 0x81 | _FU << 1, unit[1])), unit[0] >> 1 & 0x3F, unit, 2)


def _fragments(head: bytes, kind: int, unit: bytes, begin: int) -> list[bytes]:
    """The fragments of the unit, whose own header ends at `begin`."""
    room = LONGEST - len(head) - 1
    middle, (first, *later) = head + bytes((kind,)), range(begin, len(unit), room)
    *inner, last = later
    return [
        head + bytes((0x80 | kind,)) + unit[first : first + room],
        *[middle + unit[at : at + room] for at in inner],
        head + bytes((0x40 | kind,)) + unit[last:],
    ]
