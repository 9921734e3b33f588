"""Cameras whose few seconds of video and sound were encoded once, and are sent again and again with the times of now.

Encoding each picture again takes 2 to 5 percent of a core for a watched camera of the demo, and up to six seconds of it
at once when somebody begins to watch. What is sent differs by the clock in the picture, which repeats itself too.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.packet import Packet

from showcam.simulator.pictures.encoder import CLOCK_HZ, FRAME, RATE_HZ, SHAPES, Codecs, Encoder, Tone
from showcam.simulator.pictures.painter import Painter
from showcam.simulator.pictures.studio import Studio
from tests.doubles.made_once import made_once
from tests.doubles.troubled.open_platform.segments import SegmentingEncoder, SegmentingStudio

LOOP_S = 4  # a keyframe each two or four seconds; with longer distances pictures are encoded as they come
TURN = math.lcm(FRAME, RATE_HZ) // FRAME  # frames of sound until a tone of whole seconds begins as it began


@dataclass(frozen=True)
class Film:
    scene: str
    name: str
    codec: str
    size: tuple[int, int]
    key_s: int


@made_once
def encoded(film: Film) -> tuple[tuple[bytes, bool], ...]:
    """LOOP_S seconds of pictures, each with whether it is a keyframe."""
    painter, shape = Painter(film.scene, *film.size), SHAPES[film.codec]
    codecs = Codecs(shape, film.size)
    moments = [number / shape.rate for number in range(LOOP_S * shape.rate)]
    packets = (
        packet
        for at in moments
        for packet in codecs.encode_picture(painter.frame(film.name, at), at, key=at % film.key_s == 0)
    )
    return tuple((bytes(packet), packet.is_keyframe) for packet in packets)


@made_once
def sounded(pitch_hz: int) -> tuple[bytes, ...]:
    """A turn of sound, each frame as the encoder makes it in the midst of the tone."""
    codecs = Codecs(SHAPES["h264"], (320, 180))
    frames = {
        packet.pts // FRAME: bytes(packet)
        for packet in codecs.encode_sound(Tone(pitch_hz), 0.0, (2 * TURN + 4) * FRAME / RATE_HZ)
        if packet.pts is not None
    }
    return tuple(frames[TURN + number] for number in range(TURN))


class Unpainted:
    """A picture that is painted only if it has to be encoded."""

    def __init__(self, painter: Painter, film: Film, at: float) -> None:
        self._painter, self.film, self._at = painter, film, at

    def painted(self) -> av.VideoFrame:
        return Painter.frame(self._painter, self.film.name, self._at)

    def from_stock(self) -> tuple[bytes, bool]:
        stock = encoded(self.film)
        return stock[round(self._at * SHAPES[self.film.codec].rate) % len(stock)]


class StockPainter(Painter):
    def __init__(self, scene: str, size: tuple[int, int], codec: str, key_s: int) -> None:
        super().__init__(scene, *size)
        self._of = scene, codec, size, key_s

    def frame(self, name: str, at: float) -> Unpainted:  # type: ignore[override]
        scene, codec, size, key_s = self._of
        return Unpainted(self, Film(scene, name, codec, size, key_s), at)


class StockTone(Tone):
    def __init__(self, pitch_hz: int) -> None:
        self.pitch_hz = pitch_hz


class StockCodecs(Codecs):
    """A picture that is asked to be a keyframe out of turn is encoded, and so is all until the next one in turn."""

    _is_live = True  # a stream begins with a keyframe
    _next = 0  # frame of sound

    def encode_picture(self, frame: av.VideoFrame | Unpainted, at: float, *, key: bool) -> "list[Packet[Any]]":
        is_black = not isinstance(frame, Unpainted)
        data, is_key = frame.from_stock() if isinstance(frame, Unpainted) else (b"", False)
        was_live, self._is_live = self._is_live, not is_key and (self._is_live or key or is_black)
        if self._is_live:
            picture = frame.painted() if isinstance(frame, Unpainted) else frame
            return super().encode_picture(picture, at, key=key or not was_live)
        return [_packet(data, round(at * CLOCK_HZ), CLOCK_HZ, is_key=is_key)]

    def encode_sound(self, tone: Tone, start: float, until: float) -> "Iterator[Packet[Any]]":
        assert isinstance(tone, StockTone)
        stock = sounded(tone.pitch_hz)
        self._next = max(self._next, int(start * RATE_HZ) // FRAME)
        while self._next * FRAME < until * RATE_HZ:
            yield _packet(stock[self._next % TURN], self._next * FRAME, RATE_HZ, is_key=True)
            self._next += 1


def _packet(data: bytes, pts: int, clock_hz: int, *, is_key: bool) -> "Packet[Any]":
    packet = Packet(data)
    packet.pts, packet.dts, packet.time_base = pts, pts, Fraction(1, clock_hz)
    packet.is_keyframe = is_key
    return packet


class StockEncoder(Encoder):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        if LOOP_S % self._key_s == 0:
            self.CODECS, camera = StockCodecs, self._camera
            self._painter = StockPainter(camera.scene, self._size, self._codec, self._key_s)
            self._tone = StockTone(camera.pitch_hz)


class StockSegmentingEncoder(StockEncoder, SegmentingEncoder):
    """Of a live address."""


class StockStudio(Studio):
    ENCODER = StockEncoder


class StockSegmentingStudio(SegmentingStudio):
    ENCODER = StockSegmentingEncoder
