"""Sound: AAC framing, AAC to Opus once per camera, and silence for displays that wait for a track."""

import functools
from fractions import Fraction

import av
import av.error
from av.audio.frame import AudioFrame

from media.plane.units import CLOCK, Unit

OPUS_CLOCK = 48_000
OPUS_STEP = 960  # 20 ms
SILENT_OPUS = b"\xf8\xff\xfe"  # one 20-ms frame of nothing (RFC 6716 section 3.1)
SILENT_RATE = 16_000
AAC_SAMPLES = 1024
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


def has_adts(data: bytes) -> bool:
    return len(data) > 7 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0


def adts(data: bytes, config: bytes) -> bytes:
    """One raw AAC frame with the header that its AudioSpecificConfig describes (ISO 14496-3 1.A.2.2)."""
    profile, rate, channels = (config[0] >> 3) - 1, (config[0] & 7) << 1 | config[1] >> 7, config[1] >> 3 & 15
    size = len(data) + 7
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


@functools.cache
def silent_aac() -> bytes:
    """One ADTS frame of silence, 16 kHz mono."""
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SILENT_RATE, "mono", "fltp"
    encoder.time_base = Fraction(1, SILENT_RATE)
    packets = []
    for number in range(4):
        frame = AudioFrame(format="fltp", layout="mono", samples=AAC_SAMPLES)
        frame.sample_rate, frame.pts = SILENT_RATE, number * AAC_SAMPLES
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    # the first frames still carry the encoder's priming
    return adts(bytes(packets[-1]), bytes((2 << 3 | _RATES.index(SILENT_RATE) >> 1, 1 << 3)))


class OpusVoice:
    """AAC units in, 20-ms Opus packets out: (bytes, pts at 48 kHz). Lives while somebody listens by WebRTC."""

    def __init__(self) -> None:
        self._decoder = av.CodecContext.create("aac", "r")
        self._resampler = av.AudioResampler("s16", "stereo", OPUS_CLOCK, OPUS_STEP)
        self._encoder = av.CodecContext.create("libopus", "w")
        self._encoder.sample_rate, self._encoder.layout, self._encoder.format = OPUS_CLOCK, "stereo", "s16"
        self._encoder.bit_rate = 48_000
        self._encoder.time_base = Fraction(1, OPUS_CLOCK)
        self._next: int | None = None
        self._samples = 0

    def feed(self, unit: Unit) -> list[tuple[bytes, int]]:
        wanted = unit.pts * OPUS_CLOCK // CLOCK
        # a gap in the sound: go on where the camera's clock is
        if self._next is None or abs(wanted - self._next) > OPUS_CLOCK // 4:
            self._next = wanted
        try:
            frames = self._decoder.decode(av.Packet(unit.data))
        except (av.error.FFmpegError, ValueError):
            return []
        out = []
        for frame in frames:
            frame.pts = None
            for piece in self._resampler.resample(frame):
                piece.pts, piece.time_base = self._samples, Fraction(1, OPUS_CLOCK)
                self._samples += piece.samples
                for packet in self._encoder.encode(piece):
                    out.append((bytes(packet), self._next))
                    self._next += OPUS_STEP
        return out
