"""AAC's headers and configurations (ISO/IEC 14496-3). Standard library only."""

from dataclasses import dataclass
from typing import NamedTuple

from showcam.engine.codec.nal import Bits, Malformed

RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
AAC_SAMPLES = 1024  # samples of a frame; an encoder puts the same number before the first
ADTS_BYTES = 7  # of a header without a checksum
MOST_FRAME = 8191 - ADTS_BYTES  # bytes of a frame that an ADTS header has room for
_CONFIG_BYTES = 64  # of a configuration that are read
_EXTENDED = frozenset({5, 29})  # SBR and PS: they come before the kind of sound that they extend


class NoAac(Exception):
    """The description is not of AAC that fits an ADTS header."""


@dataclass(frozen=True, slots=True)
class AacConfig:
    """The fields of an AudioSpecificConfig (section 1.6.2.1) that every decoder needs."""

    kind: int  # 1 to 4; 2 is AAC-LC
    rate_at: int  # index in RATES
    channels: int

    @property
    def rate(self) -> int:
        return RATES[self.rate_at]

    def encode(self) -> bytes:
        return (self.kind << 11 | self.rate_at << 7 | self.channels << 3).to_bytes(2)


def read_config(data: bytes) -> AacConfig:
    """Reads an AudioSpecificConfig. Raises NoAac."""
    try:
        return _config(Bits(data[:_CONFIG_BYTES]))
    except Malformed:
        raise NoAac from None


def read_mux_config(data: bytes) -> AacConfig:
    """Reads a StreamMuxConfig of streams with a single program, a single layer and a single frame in each packet.

    Raises NoAac.
    """
    bits = Bits(data[:_CONFIG_BYTES])
    try:
        is_second_version, _same_times = bits.take(1), bits.take(1)
        frames, programs, layers = bits.take(6), bits.take(4), bits.take(3)
        if is_second_version or frames or programs or layers:
            raise NoAac
        return _config(bits)
    except Malformed:
        raise NoAac from None


def _config(bits: Bits) -> AacConfig:
    kind, rate_at, channels = bits.take(5), bits.take(4), bits.take(4)
    if kind in _EXTENDED:
        bits.take(4)  # the rate with the extension, which decoders find out without help
        kind = bits.take(5)
    if not 1 <= kind <= 4 or rate_at >= len(RATES) or not 1 <= channels <= 7:
        raise NoAac
    return AacConfig(kind, rate_at, channels)


def mono(rate: int) -> AacConfig:
    """AAC-LC of one channel."""
    return AacConfig(2, RATES.index(rate), 1)


class Adts(NamedTuple):
    """The header of a frame (section 1.A.2.2)."""

    config: AacConfig  # its channels are 0 if only the frame itself says how many there are
    head: int  # bytes of the header
    size: int  # bytes of header and frame


def read_adts(data: bytes) -> Adts | None:
    """The header at the beginning of the data, or None."""
    if len(data) < ADTS_BYTES or data[0] != 0xFF or data[1] & 0xF6 != 0xF0:
        return None
    kind, rate_at, channels = (data[2] >> 6) + 1, data[2] >> 2 & 15, (data[2] & 1) << 2 | data[3] >> 6
    if rate_at >= len(RATES):
        return None
    size = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    return Adts(AacConfig(kind, rate_at, channels), ADTS_BYTES if data[1] & 1 else ADTS_BYTES + 2, size)


def adts(data: bytes, config: bytes) -> bytes:
    """One raw AAC frame with the header that its AudioSpecificConfig describes."""
    profile, rate, channels = (config[0] >> 3) - 1, (config[0] & 7) << 1 | config[1] >> 7, config[1] >> 3 & 15
    size = len(data) + ADTS_BYTES
    header = bytes(
        (
            0xFF,
            0xF1,
            profile << 6 | rate << 2 | channels >> 2,
            (channels & 3) << 6 | size >> 11,
            size >> 3 & 0xFF,
            (size & 7) << 5 | 0x1F,
            0xFC,
        )
    )
    return header + data
