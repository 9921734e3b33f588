"""A camera's hour in seconds: its units go through a source's whole way at times that a test sets.

The clock of the event loop is the test's; H.264 and G.711 are real, and so is all that takes them.
"""

import array
import asyncio
import functools
import io
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av

from showcam.engine.rtp.packets import AccessUnit, SenderReport
from showcam.engine.rtp.sound import PlainDepacketizer
from showcam.engine.sessions.fanout import Fanout
from showcam.engine.source import CLOCK, SoundFormat, SourceFailed, Unit
from showcam.engine.sources.rtsp import Live
from showcam.engine.sources.timeline import Timeline
from showcam.engine.sources.tracks import Sound
from tests.doubles.rtsp_recording import slope

HZ = 8000
PIECE_S = 0.1  # of sound in one unit
EVERY_S = 10.0  # from tone to tone, each begins with a picture
TONE_S = 0.2
_LOUD = bytes(0x8F if number % 8 < 4 else 0x0F for number in range(8))


type Piece = tuple[float, int, Sequence[float]]  # of sound: when it begins, its rate, its samples


class SetLoop(asyncio.SelectorEventLoop):
    """Its time is `at`, and goes on only when a test sets it."""

    at = 1000.0

    def time(self) -> float:
        return self.at


def run[T](scene: Callable[[SetLoop], Coroutine[Any, Any, T]]) -> T:
    with asyncio.Runner(loop_factory=SetLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, SetLoop)
        return runner.run(scene(loop))


@functools.cache
def pictures(width: int = 320, height: int = 180) -> tuple[bytes, bytes]:
    """A keyframe with its parameter sets, and a picture that refers to it."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = width, height, "yuv420p", Fraction(1, 25)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "repeat-headers=1:keyint=250"}
    made = [bytes(packet) for number in range(2) for packet in encoder.encode(slope(number, width, height))]
    return made[0], made[1]


@dataclass
class HourCamera:
    """What it sends, and when. Seconds from its start."""

    fps: float = 5.0
    gop_s: float = 2.0
    joined_s: float = 0.0  # so long after a keyframe
    ppm: float = 0.0  # by which the clock of its sound is fast
    reports: bool = True
    sound: bool = True
    padding: int = 0  # bytes that every picture is heavier by
    keys_until_s: float = 1e9  # no keyframe comes later
    damaged: frozenset[int] = frozenset()  # keyframes, by their number, that a part of is missing
    garbled: frozenset[int] = frozenset()  # that do not decode
    leaps: tuple[tuple[float, float], ...] = ()  # at what moment its clocks are set on by how much

    def units(self, seconds: float, begin_s: float = 0.0) -> Iterator[tuple[float, str, AccessUnit | SenderReport]]:
        """In order of their arrival, which is when a picture was taken, and when a piece of sound is over."""
        rate = HZ * (1 + self.ppm / 1e6)
        picture, piece = round(begin_s * self.fps), round(begin_s * rate / HZ / PIECE_S)
        gop = round(self.gop_s * self.fps)
        while True:
            taken, heard = picture / self.fps, (piece + 1) * PIECE_S * HZ / rate
            if (min(taken, heard) if self.sound else taken) >= seconds:
                return
            if taken <= heard or not self.sound:
                yield from self._picture(taken, picture + round(self.joined_s * self.fps), gop)
                picture += 1
            else:
                yield from self._piece(heard, piece, rate)
                piece += 1

    def _picture(self, at: float, number: int, gop: int) -> Iterator[tuple[float, str, AccessUnit | SenderReport]]:
        key, other = pictures()
        is_key = number % gop == 0 and at <= self.keys_until_s
        stamp = round((at + self._leapt(at)) * CLOCK) & 0xFFFFFFFF
        data = key if is_key else other + bytes(self.padding)
        if is_key and number // gop in self.garbled:
            data = data[:-60] + bytes(byte ^ 0x5A for byte in data[-60:])
        yield at, "video", AccessUnit(data, stamp, is_key, damaged=is_key and number // gop in self.damaged)
        if self.reports and is_key:
            yield at, "video", SenderReport(1, 1e9 + at, stamp)

    def _piece(self, at: float, number: int, rate: float) -> Iterator[tuple[float, str, AccessUnit | SenderReport]]:
        samples = round(PIECE_S * HZ)
        first = number * samples
        stamp = (first + round(self._leapt(at) * HZ)) & 0xFFFFFFFF
        yield at, "audio", AccessUnit(_tones(first / rate, samples, rate), stamp)
        if self.reports and number % 20 == 0:
            yield at, "audio", SenderReport(2, 1e9 + first / rate, stamp)

    def _leapt(self, at: float) -> float:
        return sum(by for moment, by in self.leaps if at >= moment)


def _tones(moment: float, samples: int, rate: float) -> bytes:
    """µ-law: loud for TONE_S every EVERY_S, else silent."""
    until = moment % EVERY_S
    if until > TONE_S and until + samples / rate < EVERY_S:
        return b"\xff" * samples
    loud = [(moment + number / rate) % EVERY_S < TONE_S for number in range(samples)]
    return bytes(_LOUD[number % 8] if is_loud else 0xFF for number, is_loud in enumerate(loud))


@dataclass
class Showing:
    """A picture that is shown to all who watch. Call `close` after use."""

    loop: SetLoop
    has_sound: bool = True
    mute_s: float = 0.0  # for so long nobody knows what its sound is like
    failures: list[SourceFailed] = field(default_factory=list)
    seen: list[Unit] = field(default_factory=list)  # by a viewer of WebRTC
    heard: list[tuple[bytes, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fanout = Fanout()
        self._sound = Sound(SoundFormat("pcm_mulaw", HZ), PlainDepacketizer()) if self.has_sound else None
        self._began = self.loop.at
        self.live = Live(
            self.fanout,
            lambda: self._sound if self.loop.at >= self._began + self.mute_s else None,
            Timeline(CLOCK, HZ),
            codec_of=lambda: "h264",
            sets={},
            encrypts=True,
            over=self.failures.append,
        )

    def watch(self) -> None:
        self.seen += self.fanout.watch(self.seen.append)

    def listen(self) -> None:
        self.fanout.listen(lambda data, pts: self.heard.append((data, pts)))

    async def show(self, camera: HourCamera, seconds: float, begin_s: float = 0.0) -> None:
        """Until it fails."""
        for at, kind, unit in camera.units(seconds, begin_s):
            if self.failures:
                return
            self.loop.at = self._began + at
            if isinstance(unit, SenderReport):
                self.live.report(kind, unit, self.loop.at)
                continue
            self.live.unit(kind, unit, self.loop.at)
            while self.live._measuring:
                await asyncio.sleep(0)
            try:
                self.live.check()
            except SourceFailed as failed:
                self.failures.append(failed)

    def close(self) -> None:
        self.live.close()
        self.fanout.end(SourceFailed("", again=False))


def tones_in_hls(segments: list[bytes]) -> tuple[list[float], list[float]]:
    """When keyframes are shown, and when tones begin; s."""
    keys: list[float] = []
    pieces: list[Piece] = []
    with av.open(io.BytesIO(b"".join(segments)), "r", format="mpegts") as container:
        packet: Any
        for packet in container.demux():
            if not packet.size:
                continue
            if packet.stream.type == "video":
                if packet.is_keyframe:
                    keys.append(packet.pts / CLOCK)
                continue
            for frame in packet.decode():
                assert frame.pts is not None
                samples = array.array("f", bytes(frame.planes[0])[: frame.samples * 4])
                pieces.append((float(frame.pts * frame.time_base), frame.sample_rate, samples))
    return keys, _onsets(pieces, 0.1)


def tones_in_opus(packets: list[tuple[bytes, int]]) -> list[float]:
    decoder: Any = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout, decoder.format = 48_000, "stereo", "s16"
    pieces: list[Piece] = []
    for data, at in packets:
        for frame in decoder.decode(av.Packet(data)):
            samples = array.array("h", bytes(frame.planes[0])[: frame.samples * 4])
            pieces.append((at / 48_000, 48_000, samples[::2]))
    return _onsets(pieces, 3000)


def _onsets(pieces: list[Piece], loud: float) -> list[float]:
    found: list[float] = []
    for at, rate, samples in pieces:
        if max(samples, default=0) <= loud and min(samples, default=0) >= -loud:
            continue
        first = next(number for number, sample in enumerate(samples) if abs(sample) > loud)
        if not found or at + first / rate - found[-1] > EVERY_S / 2:
            found.append(at + first / rate)
    return found
