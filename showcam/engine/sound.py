"""Converts a camera's sound to Opus and AAC, once per camera, and makes silence for displays that wait for sound."""

import functools
import io
from array import array
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal

import av
import av.error
from av.audio.frame import AudioFrame

from showcam.engine.codec.sound import AAC_SAMPLES, RATES, adts, mono
from showcam.engine.source import CLOCK, Format, SoundFormat, Unit

OPUS_CLOCK = 48_000
OPUS_STEP = 960  # 20 ms
SILENT_OPUS = b"\xf8\xff\xfe"  # one 20-ms frame of nothing (RFC 6716 section 3.1)
SILENT_RATE = 16_000
TV_RATE = 48_000  # every Cast device plays this rate
TV_RATES = frozenset({44_100, TV_RATE})
_OFF = 25  # the part of a second that sound may be off; with more it is left out, or there is a gap
_STRAIGHT = 500  # sound that is off by less than this part of a second is not corrected
_BEND = 50  # at most one of this number of samples is added or left out
_BARE = 4096  # bytes that libavformat looks at
_SAMPLE = 4  # bytes of an encoder's sample: 16 bits of two channels, or a float of one
_OPUS_RATES = frozenset({8_000, 12_000, 16_000, 24_000, OPUS_CLOCK})  # libopus takes these as they are
_SILENT = {"pcm_mulaw": b"\xff", "pcm_alaw": b"\xd5", "pcm_s16be": b"\0\0"}
# Of 48,000 samples a second: libopus plays this much before the sound, and RTP has no field to say so (RFC 7587).
_AHEAD = 312
_SPEAKERS = {"PCMU": "pcm_mulaw", "PCMA": "pcm_alaw"}  # by the name in a session description
# Of 32,768: -38 dB. Digital silence is below this level, and so is a quiet room.
_LOUD = 400
_BITS = {SILENT_RATE: 32_000, TV_RATE: 64_000}  # bits a second of AAC that is made here
_EFFORT = {
    # libopus's complexity. From 5 on, as libwebrtc uses on phones, libopus also searches for the pitch of each frame.
    # That took a fifth of the CPU of a camera's sound. Without the search, packets of one channel at 48 kbit/s were as
    # long.
    "libopus": {"compression_level": "4"},
    # libavcodec's other way takes two to three times the CPU. At these bit rates its samples of a made-up voice were no
    # nearer to the original.
    "aac": {"aac_coder": "fast"},
}


@functools.cache
def silent_aac(rate: int = SILENT_RATE) -> bytes:
    """One ADTS frame of silence, mono."""
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = rate, "mono", "fltp"
    encoder.time_base = Fraction(1, rate)
    packets = []
    for number in range(4):
        frame = AudioFrame(format="fltp", layout="mono", samples=AAC_SAMPLES)
        frame.sample_rate, frame.pts = rate, number * AAC_SAMPLES
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    # the first frames still carry the encoder's priming
    return adts(bytes(packets[-1]), mono(rate).encode())


def silence(sound: SoundFormat, since: int, until: int) -> list[Unit]:
    """Silent units of this sound between these times; none if silence of its kind can't be made."""
    data, step = SILENT_OPUS, CLOCK // 50
    if sound.codec == "aac":
        if sound.channels != 1 or sound.rate not in RATES:
            return []
        data, step = silent_aac(sound.rate), AAC_SAMPLES * CLOCK // sound.rate
    elif sound.codec in _SILENT:
        data = _SILENT[sound.codec] * (sound.rate // 50) * (sound.channels or 1)
    elif sound.codec != "opus":
        return []
    if not data:
        return []  # an empty packet would end a decoder
    first = until - (until - since) // step * step
    return [Unit("audio", data, at, at, key=True) for at in range(first, until, step)]


class SpeakerSound:
    """A viewer's voice as G.711, in packets of 20 ms for a camera's speaker. Raises ValueError for another codec."""

    def __init__(self, encoding: str, rate: int) -> None:
        if encoding not in _SPEAKERS:
            raise ValueError("no encoding for a speaker")
        self.step = rate // 50
        self._resampler = av.AudioResampler("s16", "mono", rate, frame_size=self.step)
        self._encoder = _codec(_SPEAKERS[encoding], "w")
        self._encoder.sample_rate, self._encoder.layout, self._encoder.format = rate, "mono", "s16"
        self._encoder.time_base = Fraction(1, rate)

    def packets(self, frame: AudioFrame) -> list[bytes]:
        frame.pts = None
        resampled = self._resampler.resample(frame)
        return [bytes(packet) for samples in resampled for packet in self._encoder.encode(samples)]


def is_loud(frame: AudioFrame) -> bool:
    """True if a frame of 16-bit samples is louder than a quiet room."""
    size = frame.samples * len(frame.layout.channels) * array("h").itemsize
    samples = array("h", bytes(frame.planes[0])[:size])
    return bool(samples) and max(max(samples), -min(samples)) >= _LOUD


class _Chain:
    """Decodes, resamples and encodes sound. Lives as long as its output is wanted."""

    def __init__(
        self, sound: SoundFormat, codec: str, *, rate: int, layout: str, sample: str, step: int, bits: int
    ) -> None:
        self._decoder = _decoder(sound)
        self._resampler: av.AudioResampler | None = None
        self._decoded: tuple[int, str, str] | None = None  # rate, channels and samples that the resampler takes
        self._encoder = _codec(codec, "w")
        self._encoder.sample_rate, self._encoder.layout, self._encoder.format = rate, layout, sample
        self._encoder.bit_rate = bits
        self._encoder.options = _EFFORT[codec]
        self._encoder.time_base = Fraction(1, rate)
        self._rate, self._step, self._layout, self._kind = rate, step, layout, sample
        self._waiting = bytearray()  # samples that make no whole frame yet
        self._next = 0  # time of the frame that is made next
        self._due: int | None = None  # time of the sample that the resampler gives next
        self._samples = 0

    def feed(self, unit: Unit) -> list[tuple[bytes, int]]:
        """Encodes a unit, and returns frames with their times in samples, which grow.

        Sound whose clock is fast or slow is stretched; a gap stays a gap, and repeated sound is left out.
        """
        wanted = unit.pts * self._rate // CLOCK
        if self._due is None:
            self._due = self._next = wanted
        off = wanted - self._due
        if off < -self._rate // _OFF:
            return []
        if off > self._rate // _OFF:
            # go on from the camera's present time
            self._due, self._next, off = wanted, self._next + off, 0
        try:
            frames = self._decoder.decode(av.Packet(unit.data))
        except (av.error.FFmpegError, ValueError):
            return []
        out = []
        for frame in frames:
            out += self._made(frame, off if abs(off) > self._rate // _STRAIGHT else 0)
        return out

    def _made(self, frame: AudioFrame, off: int) -> list[tuple[bytes, int]]:
        assert self._due is not None
        frame.pts = None
        decoded = frame.sample_rate, frame.layout.name, frame.format.name
        if decoded != self._decoded:
            # it changes in mid-stream too, such as when a decoder finds out that AAC has SBR or PS
            self._resampler, self._decoded = self._resampling(*decoded), decoded
        pieces = self._resampler.resample(frame) if self._resampler else [frame]
        data = b"".join([bytes(piece.planes[0])[: piece.samples * _SAMPLE] for piece in pieces])
        most = len(data) // _SAMPLE // _BEND
        bend = max(-most, min(most, off))
        # counted in what was given: what a frame should give is no whole number, and sound would drift from the picture
        self._due += len(data) // _SAMPLE + bend
        self._waiting += bent(data, bend)
        out = []
        size = self._step * _SAMPLE
        while len(self._waiting) >= size:
            for packet in self._encoder.encode(self._frame(bytes(self._waiting[:size]))):
                out.append((bytes(packet), self._next))
                self._next += self._step
            del self._waiting[:size]
        return out

    def _resampling(self, rate: int, layout: str, kind: str) -> av.AudioResampler | None:
        """The resampler for decoded sound; None for one channel at the encoder's rate, in planes or not."""
        if layout == self._layout == "mono" and rate == self._rate and kind.rstrip("p") == self._kind.rstrip("p"):
            return None
        return av.AudioResampler(self._kind, self._layout, self._rate)

    def _frame(self, data: bytes) -> AudioFrame:
        frame = AudioFrame(format=self._kind, layout=self._layout, samples=self._step)
        frame.planes[0].update(data.ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._samples, Fraction(1, self._rate)
        self._samples += self._step
        return frame


def bent(data: bytes, by: int) -> bytes:
    """The sound with `by` samples more, or fewer, evenly spread."""
    out = bytearray(data)
    apart = len(data) // _SAMPLE // (abs(by) + 1) * _SAMPLE
    for number in range(abs(by), 0, -1):
        at = number * apart
        if by > 0:
            out[at:at] = out[at - _SAMPLE : at]
        else:
            del out[at : at + _SAMPLE]
    return bytes(out)


def _codec(name: str, mode: Literal["r", "w"]) -> Any:
    return av.CodecContext.create(name, mode)


def _decoder(sound: SoundFormat) -> Any:
    if sound.codec in ("g726", "g726le"):
        # only libavformat's reader of bare G.726 can be told how many bits a sample has
        bits = {"code_size": str(sound.bits)}
        with av.open(io.BytesIO(bytes(_BARE)), format=sound.codec, options=bits) as bare:
            return bare.streams.audio[0].codec_context
    decoder = _codec(sound.codec, "r")
    if sound.codec not in ("aac", "opus"):
        decoder.sample_rate, decoder.layout = sound.rate, "stereo" if sound.channels == 2 else "mono"
    return decoder


class OpusVoice:
    """Takes a camera's sound, gives Opus packets with times at 48 kHz. Packets that are encoded here last 20 ms."""

    def __init__(self, sound: SoundFormat) -> None:
        self._chain: _Chain | None = None
        if sound.codec == "opus":
            return
        # one channel at the camera's own rate takes a third less CPU than two at 48,000 Hz
        rate = sound.rate if sound.rate in _OPUS_RATES else OPUS_CLOCK
        layout, sample = ("mono", "flt") if sound.channels == 1 else ("stereo", "s16")
        self._steps = OPUS_CLOCK // rate
        self._chain = _Chain(sound, "libopus", rate=rate, layout=layout, sample=sample, step=rate // 50, bits=48_000)

    def feed(self, unit: Unit) -> list[tuple[bytes, int]]:
        if self._chain is None:
            return [(unit.data, unit.pts * OPUS_CLOCK // CLOCK)]
        return [(data, at * self._steps - _AHEAD) for data, at in self._chain.feed(unit)]


class AacVoice:
    """Takes a camera's sound, gives AAC units: HLS of MPEG-TS knows neither G.711 nor Opus, and TVs not every rate."""

    def __init__(self, sound: SoundFormat, rate: int = SILENT_RATE) -> None:
        self._rate, self._config = rate, mono(rate).encode()
        self._chain = _Chain(sound, "aac", rate=rate, layout="mono", sample="fltp", step=AAC_SAMPLES, bits=_BITS[rate])

    def feed(self, unit: Unit) -> list[Unit]:
        made = self._chain.feed(unit)
        times = [(at - AAC_SAMPLES) * CLOCK // self._rate for _, at in made]
        return [
            Unit("audio", adts(data, self._config), at, at, key=True) for (data, _), at in zip(made, times, strict=True)
        ]


def as_sent(form: Format) -> Format:
    """The format of the camera with its sound as HLS viewers get it."""
    is_aac = form.sound is None or form.sound.codec == "aac"
    return form if is_aac else replace(form, sound=SoundFormat("aac", SILENT_RATE))


def plays_on_tvs(form: Format) -> bool:
    """Whether TVs play the camera's sound unchanged."""
    return form.sound is not None and form.sound.codec == "aac" and form.sound.rate in TV_RATES
