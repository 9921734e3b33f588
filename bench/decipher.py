"""CPU of reading a camera's cloud stream and of deciphering it: one Mbit of H.264, beside the same in the clear."""

from functools import partial

from bench.progress import say
from bench.run import Results, Run
from bench.table import Row
from bench.timing import cpu_us
from media.plane.sources.footage import Footage
from simulator.cloud.program_stream import ProgramStream
from simulator.cloud.rtp_stream import RtpStream
from simulator.pictures.garble import Garbler
from tests.doubles.rtsp_camera import CODE, recorded

KEY = CODE.encode().ljust(16, b"\0")
SIZE = (1280, 720)
STEP = 6000
LONGEST = 1300


def measure(run: Run) -> Results:
    say("Deciphering: recording a camera")
    pictures = [each.data for each in recorded(size=SIZE).samples if each.kind == "video"]
    mbit = 8 * sum(map(len, pictures)) / 1e6
    garbler = Garbler(CODE, "h264")
    hidden = [garbler.video(each) for each in pictures]
    for name, bodies in (("a program stream", _program), ("RTP", _rtp)):
        say(f"Deciphering: {name}")
        ours = cpu_us(partial(_read, bodies(hidden), KEY), run.effort) / mbit
        clear = cpu_us(partial(_read, bodies(pictures), b""), run.effort) / mbit
        yield Row(f"{name} of a camera, read and deciphered, per Mbit", "µs", ours, "clear", clear)


def _program(pictures: list[bytes]) -> list[bytes]:
    stream = ProgramStream("h264", "")
    sent = b"".join(stream.picture(each, number * STEP, key=number == 0) for number, each in enumerate(pictures))
    return [sent[at : at + LONGEST] for at in range(0, len(sent), LONGEST)]


def _rtp(pictures: list[bytes]) -> list[bytes]:
    stream = RtpStream("h264")
    return [
        body for number, each in enumerate(pictures) for body in stream.picture(each, number * STEP, key=number == 0)
    ]


def _read(bodies: list[bytes], key: bytes) -> int:
    footage = Footage(key)
    return sum(len(footage.feed(body)) for body in bodies)
