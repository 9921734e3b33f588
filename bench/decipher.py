"""CPU of reading a camera's cloud stream and of deciphering it: one Mbit of it, beside the same in the clear."""

from functools import partial

from bench.progress import say
from bench.run import Results, Run
from bench.table import Row
from bench.timing import cpu_us, rounds_us
from showcam.engine.codec.nal import Codec
from showcam.engine.sources.footage import Footage
from showcam.simulator.pictures.garbler import Garbler
from tests.doubles.odd_streams import ProgramStream, RtpStream
from tests.doubles.rtsp_recording import CODE, recorded

KEY = CODE.encode().ljust(16, b"\0")
SIZE = (1280, 720)
ENCODERS: dict[Codec, str] = {"h264": "libx264", "h265": "libx265"}
STEP = 6000
LONGEST = 1300


def measure(run: Run) -> Results:
    for codec in ENCODERS:
        called = codec.upper().replace("H", "H.")
        say(f"Deciphering: recording a camera in {called}")
        pictures = [
            sample.data for sample in recorded(size=SIZE, codec=ENCODERS[codec]).samples if sample.kind == "video"
        ]
        mbit = 8 * sum(map(len, pictures)) / 1e6
        garbler = Garbler(CODE, codec)
        hidden = [garbler.video(picture) for picture in pictures]
        for name, bodies in (("a program stream", _program), ("RTP", _rtp)):
            say(f"Deciphering: {name}")
            runs = [us / mbit for us in rounds_us(partial(_read, bodies(codec, hidden), KEY), run.effort)]
            clear = cpu_us(partial(_read, bodies(codec, pictures), b""), run.effort) / mbit
            named = f"{name} of a camera in {called}, read and deciphered, per Mbit"
            yield Row(named, "µs", min(runs), "clear", clear, runs=runs)


def _program(codec: Codec, pictures: list[bytes]) -> list[bytes]:
    stream = ProgramStream(codec, "")
    sent = b"".join(stream.picture(picture, number * STEP, key=number == 0) for number, picture in enumerate(pictures))
    return [sent[at : at + LONGEST] for at in range(0, len(sent), LONGEST)]


def _rtp(codec: Codec, pictures: list[bytes]) -> list[bytes]:
    stream = RtpStream(codec)
    return [
        body
        for number, picture in enumerate(pictures)
        for body in stream.picture(picture, number * STEP, key=number == 0)
    ]


def _read(bodies: list[bytes], key: bytes) -> int:
    footage = Footage(key)
    return sum(len(footage.feed(body)) for body in bodies)
