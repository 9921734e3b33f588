"""What the cameras of the measurements send: full HD with a keyframe every two seconds, and a tone."""

import functools
from fractions import Fraction
from typing import Any

import av

from showcam.simulator.lan.server import Tracks
from tests.doubles.rtsp_recording import RATES, Recording, Sample, tone

RATE, GOP_S, LENGTH_S = 25, 2, 8
_WIDTH, _HEIGHT = 1920, 1080


@functools.cache
def full_hd(bits: int) -> Recording:
    """H.264 at exactly `bits` a second."""
    encoder = _encoder("libx264", "yuv420p")
    rate = f"bitrate={bits // 1000}:vbv-maxrate={bits // 1000}:vbv-bufsize={bits // 1000}:nal-hrd=cbr"
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": f"{rate}:{_gop()}"}
    return _recording(encoder, "testsrc2", "h264")


@functools.cache
def h265_full_hd(bits: int) -> Recording:
    """H.265 with noise, as a lens at dusk has it; no B-frames."""
    encoder = _encoder("libx265", "yuv420p")
    rate = f"bitrate={bits // 1000}:vbv-maxrate={bits // 1000}:vbv-bufsize={bits // 1000}"
    more = "bframes=0:log-level=none"
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x265-params": f"{rate}:{_gop()}:{more}"}
    return _recording(encoder, "testsrc2,noise=alls=8:allf=t", "h265")


def _gop() -> str:
    return f"keyint={GOP_S * RATE}:min-keyint={GOP_S * RATE}:scenecut=0"


def _encoder(name: str, form: str) -> Any:
    encoder: Any = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt = _WIDTH, _HEIGHT, form
    encoder.time_base, encoder.framerate = Fraction(1, RATE), Fraction(RATE)
    return encoder


def _recording(encoder: Any, picture: str, codec: Any) -> Recording:
    source, *filters = picture.split(",")
    drawn = ",".join([f"{source}=size={_WIDTH}x{_HEIGHT}:rate={RATE}:duration={LENGTH_S}", *filters, "format=yuv420p"])
    samples = []
    with av.open(drawn, format="lavfi") as container:
        for number, frame in enumerate(container.decode(video=0)):
            frame.pts, frame.time_base, frame.pict_type = number, encoder.time_base, 0
            for packet in encoder.encode(frame):
                samples.append(Sample("video", bytes(packet), packet.pts / RATE, bool(packet.is_keyframe)))
    keyframe = samples[0].data if codec == "h264" else b""
    tones, config = tone("aac")
    samples += [sample for sample in tones if sample.at < LENGTH_S]
    tracks = Tracks(codec, keyframe, "aac", RATES["aac"], config)
    return Recording(tuple(sorted(samples, key=lambda sample: sample.at)), tracks, LENGTH_S)
