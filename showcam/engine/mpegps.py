"""Reads MPEG program streams (ISO 13818-1, 2.5) as cameras write them: packets, pictures and sound.

Maps and headers of the system are passed over, since some cameras' maps name another codec than the camera sends. The
kind of sound is found by its bytes: AAC by its own headers, G.711 by the waveform. Standard library only.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Literal, NamedTuple

from showcam.engine.codec.sound import AAC_SAMPLES, ADTS_BYTES, read_adts

type Codec = Literal["aac", "pcm_alaw", "pcm_mulaw"]

PACK, END, VIDEO, SOUND = 0xBA, 0xB9, range(0xE0, 0xF0), range(0xC0, 0xE0)
PRIVATE = frozenset({0xBD, 0xBF})  # only the vendor's player reads these
MOST_JUNK = 256 * 1024  # bytes before the first pack, and from one damage to the next
LONGEST = 4 * 1024 * 1024  # bytes of a packet without a stated length
LONGEST_PICTURE = 4 * 1024 * 1024
_PACK = b"\x00\x00\x01\xba"
_SYSTEM = re.compile(rb"\x00\x00\x01[\xb9-\xff]")  # no NAL unit begins so: its first bit is 0
_PES = 6  # bytes of a packet's head
CLOCK = 90_000
G711_RATE = 8000
ENOUGH = 1600  # samples that are needed to distinguish the two laws of G.711
PATIENCE = 5  # an AAC header should appear within this number of packets


class NotMpegPs(Exception):
    """The bytes are no program stream."""


class Packet(NamedTuple):
    """A packet of the stream. `lost`: bytes directly before the packet could not be read.

    A packet of a private stream has no data.
    """

    kind: Literal["video", "sound", "private", "lost"]
    data: bytes = b""
    pts: int | None = None  # 90 kHz, 33 bits


class Packets:
    """Takes bytes in pieces of any size, returns packets of video and sound. Begins at the first pack header."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._in_step = False
        self._junk = self._searched = 0

    def feed(self, data: bytes) -> list[Packet]:
        """Takes bytes, and returns the packets that are complete. Raises NotMpegPs."""
        self._held += data
        found: list[Packet] = []
        at = 0
        while True:
            at = at if self._in_step else self._found(at)
            end = self._end(at) if self._in_step else None
            if end is None:
                break
            packet = self._packet(at, end) if end > 0 else Packet("lost")
            if packet is not None:
                found.append(packet)
            self._searched = 0
            if packet is not None and packet.kind == "lost":
                self._in_step = False
                at += 1
                self._junk += 1
            else:
                at, self._junk = end, 0
        del self._held[:at]
        self._searched = max(0, self._searched - at)
        return found

    def _found(self, at: int) -> int:
        """The offset of the next pack, or the earliest possible offset of a pack once more bytes are there."""
        where = self._held.find(_PACK, at)
        self._in_step = where >= 0
        where = where if where >= 0 else max(at, len(self._held) - len(_PACK) + 1)
        self._junk += where - at
        if self._junk > MOST_JUNK:
            raise NotMpegPs
        return where

    def _end(self, at: int) -> int | None:
        """The end of the part that begins there; 0: no part begins there; None: more bytes are needed."""
        held, there = self._held, len(self._held) - at
        if not b"\x00\x00\x01".startswith(held[at : at + 3]):
            return 0
        if there < _PES:
            return None
        kind = held[at + 3]
        if kind == PACK:
            return self._pack_end(at, there)
        if kind < END:
            return 0
        if kind == END:
            return at + 4
        length = held[at + 4] << 8 | held[at + 5]
        if length == 0 and kind in VIDEO:
            return self._open_end(at)
        return at + _PES + length if there >= _PES + length else None

    def _pack_end(self, at: int, there: int) -> int | None:
        held = self._held
        if held[at + 4] & 0xC4 != 0x44:
            return 0
        if there < 14:
            return None
        size = 14 + (held[at + 13] & 7)
        return at + size if there >= size else None

    def _open_end(self, at: int) -> int | None:
        """The end of a packet that states no length: the next packet begins there."""
        found = _SYSTEM.search(self._held, max(at + _PES, self._searched))
        if found:
            return found.start()
        if len(self._held) - at > LONGEST:
            return 0
        self._searched = max(0, len(self._held) - 3)
        return None

    def _packet(self, at: int, end: int) -> Packet | None:
        """The packet of that part; None for a part without video or sound, such as a map."""
        kind = self._held[at + 3]
        if kind in PRIVATE:
            return Packet("private")
        if kind not in VIDEO and kind not in SOUND:
            return None
        held = self._held[at + _PES : end]
        if len(held) < 3 or held[0] & 0xC0 != 0x80 or len(held) < 3 + held[2]:
            return Packet("lost")
        pts = _pts(held[3:8]) if held[1] & 0x80 and held[2] >= 5 else None
        return Packet("video" if kind in VIDEO else "sound", bytes(held[3 + held[2] :]), pts)


def _pts(five: bytearray) -> int | None:
    if not five[0] & five[2] & five[4] & 1:
        return None
    return (five[0] >> 1 & 7) << 30 | five[1] << 22 | five[2] >> 1 << 15 | five[3] << 7 | five[4] >> 1


class Piece(NamedTuple):
    """A picture in Annex B form, or a packet of sound.

    `lost`: data is missing, so pictures up to the next keyframe are broken. `breaks`: offsets in the picture; sound or
    a private packet came at each of them.
    """

    kind: Literal["video", "sound", "lost"]
    data: bytes = b""
    pts: int = 0  # 90 kHz, 33 bits
    breaks: tuple[int, ...] = ()


class Pictures:
    """Joins packets to pictures. A picture begins with a packet that has a timestamp.

    It is complete when a packet with another timestamp arrives.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._breaks: list[int] = []
        self._is_broken = False  # whether sound or a private packet came since the picture's latest packet
        self._pts: int | None = None  # None: the beginning of the present picture was not seen

    def feed(self, packets: Iterable[Packet]) -> Iterator[Piece]:
        for packet in packets:
            if packet.kind in ("sound", "private"):
                self._is_broken = True
                if packet.kind == "sound" and packet.pts is not None and packet.data:
                    yield Piece("sound", packet.data, packet.pts)
            elif packet.kind == "lost":
                self._drop()
                yield Piece("lost")
            else:
                yield from self._picture(packet)

    def _picture(self, packet: Packet) -> Iterator[Piece]:
        if packet.pts is not None and packet.pts != self._pts:
            if self._pts is not None and self._held:
                yield Piece("video", bytes(self._held), self._pts, tuple(self._breaks))
            self._drop()
            self._pts = packet.pts
        if self._pts is None:
            return
        if self._is_broken and self._held:
            self._breaks.append(len(self._held))
        self._is_broken = False
        self._held += packet.data
        if len(self._held) > LONGEST_PICTURE:
            self._drop()
            yield Piece("lost")

    def _drop(self) -> None:
        self._held, self._breaks, self._pts = bytearray(), [], None


class Heard(NamedTuple):
    """An AAC frame with its ADTS header, or samples of G.711."""

    data: bytes
    pts: int


class Sound:
    """Finds the codec of the sound, and splits it into frames.

    `codec` is None until it is certain, and "" if the sound is none of the three. `opened` deciphers G.711 that may be
    encrypted; of both readings the calmer one is right.
    """

    def __init__(self, opened: Callable[[bytes], bytes] | None = None) -> None:
        self._opened, self._is_hidden = opened, False
        self.codec: Codec | Literal[""] | None = None
        self.rate = self.channels = 0
        self._tried = 0
        self._sample, self._opened_sample = bytearray(), bytearray()

    def feed(self, data: bytes, pts: int) -> list[Heard]:
        if self.codec is None:
            self._judge(data)
        if self.codec == "aac":
            return self._aac(data, pts)
        if self._opened and self._is_hidden:
            data = self._opened(data)
        return [Heard(data, pts)] if self.codec else []

    def _judge(self, data: bytes) -> None:
        self._tried += 1
        if (head := read_adts(data)) and head.size <= len(data):
            self.codec, self.rate = "aac", head.config.rate
            self.channels = head.config.channels if head.config.channels <= 2 else 0
            return
        if not _is_mpeg_audio(data):
            self._sample += data
            self._opened_sample += self._opened(data) if self._opened else b""
        if self._tried > PATIENCE and len(self._sample) >= ENOUGH:
            self._is_hidden = bool(self._opened) and _calm(self._opened_sample) < _calm(self._sample)
            self.codec = _law(bytes(self._opened_sample if self._is_hidden else self._sample))
            self.rate, self.channels = G711_RATE, 1
        elif self._tried > 4 * PATIENCE:
            self.codec = ""

    def _aac(self, data: bytes, pts: int) -> list[Heard]:
        """The frames in a packet: mostly one; an incomplete frame is dropped."""
        found: list[Heard] = []
        at = 0
        while (head := read_adts(data[at : at + ADTS_BYTES])) and head.config.rate == self.rate:
            if not ADTS_BYTES < head.size <= len(data) - at:
                break
            found.append(Heard(data[at : at + head.size], pts + len(found) * AAC_SAMPLES * CLOCK // self.rate))
            at += head.size
        return found


def _is_mpeg_audio(data: bytes) -> bool:
    """Whether a frame of MPEG audio, layers I to III, begins here (ISO 11172-3 2.4.1.3), and not G.711's silence."""
    begins = len(data) > 2 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0 and data[1] & 6 != 0
    return begins and data[2] >> 4 not in (0, 15) and data[2] & 12 != 12


def _law(sample: bytes) -> Codec:
    """A-law or µ-law: decoded by the right law the sound is smooth and silence is quiet."""
    return "pcm_alaw" if _unrest(sample, _A_LAW) <= _unrest(sample, _MU_LAW) else "pcm_mulaw"


def _calm(sample: bytearray) -> int:
    """The unrest by A-law or µ-law, whichever is calmer."""
    return min(_unrest(bytes(sample), _A_LAW), _unrest(bytes(sample), _MU_LAW))


def _unrest(sample: bytes, law: tuple[int, ...]) -> int:
    return sum(abs(law[one] - law[other]) + abs(law[one]) for one, other in pairwise(sample))


def _of_mu_law(byte: int) -> int:
    byte = ~byte & 0xFF
    size = (((byte & 15) << 3) + 0x84 << (byte >> 4 & 7)) - 0x84
    return -size if byte & 0x80 else size


def _of_a_law(byte: int) -> int:
    byte ^= 0x55
    size, segment = (byte & 15) << 4, byte >> 4 & 7
    size = size + 8 if segment == 0 else size + 0x108 << segment - 1
    return size if byte & 0x80 else -size


_A_LAW = tuple(map(_of_a_law, range(256)))
_MU_LAW = tuple(map(_of_mu_law, range(256)))
