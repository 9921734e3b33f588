"""What a camera in the house sends: real H.264 or H.265 and sound, recorded once."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import av
from av.video.frame import PictureType

from showcam.simulator.lan.server import Sound, Tracks
from showcam.simulator.pictures.garbler import Garbler, Layout
from tests.doubles.floating_point import apart
from tests.doubles.hls_camera import AAC_EFFORT, FPS, _encoding, garbled_bytes
from tests.doubles.hls_camera import slope as bright
from tests.doubles.hls_camera import tone as frame_of_tone
from tests.doubles.made_once import made_once

CODE = "ABCDEF"
LENGTH_S = 12
RATES = {"aac": 16_000, "pcmu": 8_000, "pcma": 8_000}


@dataclass(frozen=True, slots=True)
class Sample:
    kind: Literal["video", "audio"]
    data: bytes = field(repr=False)
    at: float  # s from the recording's start
    key: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    samples: tuple[Sample, ...] = field(repr=False)
    tracks: Tracks = field(repr=False)
    length_s: float = LENGTH_S


@made_once
@apart
def recorded(
    *,
    gop_s: int = 2,
    sound: Sound | None = "aac",
    codec: str = "libx264",
    garbled: bool = False,
    layout: Layout | None = None,
    described: bool = True,
    size: tuple[int, int] = (320, 180),
    keys_s: tuple[int, ...] = (),
) -> Recording:
    """Where `described`, the parameter sets are in the description too. `layout`: encrypted with CODE, in this way.

    `keys_s`: when keyframes come besides.
    """
    garbler = Garbler(CODE, "h265" if codec == "libx265" else "h264", layout) if layout else None
    out: list[Sample] = []
    video: Any = av.CodecContext.create(codec, "w")
    video.width, video.height, video.pix_fmt, video.time_base = *size, "yuv420p", Fraction(1, FPS)
    video.options = _encoding(codec, gop_s) | {"tune": "zerolatency"}
    for number in range(LENGTH_S * FPS):
        frame = slope(number, *size)
        if number in [key_s * FPS for key_s in keys_s]:
            frame.pict_type = PictureType.I
        packets = video.encode(frame)
        for packet in packets:
            data = garbled_bytes(bytes(packet)) if garbled else bytes(packet)
            data = garbler.video(data) if garbler else data
            out.append(Sample("video", data, packet.pts / FPS, bool(packet.is_keyframe)))
    config = b""
    if sound:
        tones, config = tone(sound)
        out += tones
    keyframe = next(sample.data for sample in out if sample.key)
    kind: Literal["h264", "h265"] = "h265" if codec == "libx265" else "h264"
    tracks = Tracks(
        kind, keyframe if described and kind == "h264" else b"", sound, RATES.get(sound or "", 8000), config
    )
    return Recording(tuple(sorted(out, key=lambda sample: sample.at)), tracks)


def slope(number: int, width: int, height: int) -> av.VideoFrame:
    """A picture that is not tiny; its brightness is its number."""
    frame = av.VideoFrame(width, height, "yuv420p")
    level = 30 + number * 7 % 190
    for at, plane in enumerate(frame.planes):
        line = bright(level, plane.line_size) if at == 0 else b"\x80" * plane.line_size
        plane.update(line * plane.height)
    frame.pts, frame.time_base = number, Fraction(1, FPS)
    return frame


def tone(sound: str) -> tuple[list[Sample], bytes]:
    """Samples of a tone, and AAC's AudioSpecificConfig."""
    rate = RATES[sound]
    encoder: Any = av.CodecContext.create({"aac": "aac", "pcmu": "pcm_mulaw", "pcma": "pcm_alaw"}[sound], "w")
    encoder.sample_rate, encoder.layout = rate, "mono"
    encoder.format, encoder.time_base = "fltp" if sound == "aac" else "s16", Fraction(1, rate)
    step = 1024 if sound == "aac" else 160
    if sound == "aac":
        encoder.options = AAC_EFFORT
        encoder.flags |= 0x400000  # GLOBAL_HEADER: the config is sent apart
    resampler = av.AudioResampler(encoder.format.name, "mono", rate, step)
    out, sent = [], 0
    for number in range(LENGTH_S * 16_000 // 1024):
        frame = frame_of_tone(number)
        frame.pts = None
        for piece in resampler.resample(frame):
            piece.pts, piece.time_base = sent, Fraction(1, rate)
            for packet in encoder.encode(piece):
                out.append(Sample("audio", bytes(packet), sent / rate))
            sent += step
    return out, bytes(encoder.extradata or b"")


def packed_tone(codec: str, rate: int, channels: int, options: dict[str, str]) -> list[Sample]:
    """The same tone in packets of 20 ms, encoded by libavcodec's encoder of that name."""
    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.sample_rate, encoder.layout, encoder.format = rate, "stereo" if channels == 2 else "mono", "s16"
    encoder.options, encoder.time_base = options, Fraction(1, rate)
    resampler = av.AudioResampler("s16", encoder.layout.name, rate, 320)
    encoded = bytearray()
    samples = 0
    for number in range(LENGTH_S * 16_000 // 1024):
        frame = frame_of_tone(number)
        frame.pts = None
        for piece in resampler.resample(frame):
            piece.pts, piece.time_base = samples, Fraction(1, rate)
            samples += piece.samples
            encoded += b"".join([bytes(packet) for packet in encoder.encode(piece)])
    encoded += b"".join([bytes(packet) for packet in encoder.encode(None)])
    step = round(len(encoded) / samples * rate / 50)
    pieces = range(0, len(encoded) - step, step)
    return [Sample("audio", bytes(encoded[at : at + step]), at / step / 50) for at in pieces]
