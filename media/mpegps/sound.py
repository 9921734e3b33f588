"""Which sound a program stream carries, found by its bytes: AAC by its own headers, G.711 by what it sounds like.

The map of the stream is not asked, since on some cameras it lies. Standard library only.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Literal, NamedTuple

type Codec = Literal["aac", "pcm_alaw", "pcm_mulaw"]

CLOCK = 90_000
G711_RATE = 8000
ENOUGH = 1600  # samples, to distinguish the two laws of G.711
PATIENCE = 5  # packets, for an AAC header to show up
_SAMPLES = 1024  # of an AAC frame
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


class Heard(NamedTuple):
    """An AAC frame with its ADTS header, or samples of G.711."""

    data: bytes
    pts: int


class Sound:
    """`codec` is None until it is certain, and "" if the sound is none of the three.

    `opened`: G.711 that may be encrypted, deciphered; of both readings the calmer one is right.
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
        if (rate := adts_rate(data)) and adts_length(data) <= len(data):
            self.codec, self.rate, self.channels = "aac", rate, adts_channels(data)
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
        """A packet mostly holds one frame; an incomplete frame is dropped."""
        found: list[Heard] = []
        at = 0
        while len(data) - at > 7 and adts_rate(data[at : at + 7]) == self.rate:
            length = adts_length(data[at : at + 7])
            if length <= 7 or length > len(data) - at:
                break
            found.append(Heard(data[at : at + length], pts + len(found) * _SAMPLES * CLOCK // self.rate))
            at += length
        return found


def adts_rate(data: bytes) -> int:
    """The sample rate of an ADTS header (ISO 14496-3 1.A.2.2); 0 if none begins there."""
    if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF6 != 0xF0:
        return 0
    index = data[2] >> 2 & 15
    return _RATES[index] if index < len(_RATES) else 0


def adts_channels(data: bytes) -> int:
    """How many channels an ADTS header has; 0 of more than two, and where only the frame itself says it."""
    configuration = (data[2] & 1) << 2 | data[3] >> 6
    return configuration if configuration <= 2 else 0


def adts_length(data: bytes) -> int:
    return (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5


def _is_mpeg_audio(data: bytes) -> bool:
    """A frame of its layers I to III begins (ISO 11172-3 2.4.1.3), and not G.711's silence."""
    begins = len(data) > 2 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0 and data[1] & 6 != 0
    return begins and data[2] >> 4 not in (0, 15) and data[2] & 12 != 12


def _law(sample: bytes) -> Codec:
    """A-law or µ-law: decoded by the right law the sound is smooth and silence is quiet."""
    return "pcm_alaw" if _unrest(sample, _A_LAW) <= _unrest(sample, _MU_LAW) else "pcm_mulaw"


def _calm(sample: bytearray) -> int:
    """The unrest by the law that makes it calmer."""
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
