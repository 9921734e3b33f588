"""Cameras whose few seconds of video and sound were encoded once, and are sent again and again with the times of now.

Encoding each picture anew takes a watched camera of the demo 2 to 5 percent of a core, and as much as six seconds of it
at once when somebody begins to watch. What is sent differs by the clock in the picture, which repeats itself too.
"""

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from av.packet import Packet

from showcam.simulator.pictures.encoder import CLOCK_HZ, FRAME, ORIGIN, RATE_HZ, SHAPES, Codecs, Encoder, Tone
from showcam.simulator.pictures.painter import Painter
from showcam.simulator.pictures.studio import Studio
from tests.doubles.made_once import made_once

LOOP_S = 4  # a keyframe each two or four seconds; with longer distances pictures are encoded as they come
TURN = math.lcm(FRAME, RATE_HZ) // FRAME  # frames of sound until a tone of whole seconds begins as it began


@made_once
def film(scene: str, name: str, codec: str, size: tuple[int, int], key_s: int) -> tuple[tuple[bytes, bool], ...]:
    """LOOP_S seconds of pictures, each with whether it is a keyframe."""
    painter, shape = Painter(scene, *size), SHAPES[codec]
    codecs = Codecs(shape, size)
    packets = (
        packet
        for number in range(LOOP_S * shape.rate)
        for packet in codecs.encode_picture(
            painter.frame(name, number / shape.rate), number / shape.rate, key=number % (key_s * shape.rate) == 0
        )
    )
    return tuple((bytes(packet), packet.is_keyframe) for packet in packets)


@made_once
def tone(pitch_hz: int) -> tuple[bytes, ...]:
    """A turn of sound, each frame as the encoder makes it in the midst of the tone."""
    codecs = Codecs(SHAPES["h264"], (320, 180))
    frames = {
        packet.pts // FRAME: bytes(packet)
        for packet in codecs.encode_sound(Tone(pitch_hz), 0.0, (2 * TURN + 4) * FRAME / RATE_HZ)
        if packet.pts is not None
    }
    return tuple(frames[TURN + number] for number in range(TURN))


class StockEncoder(Encoder):
    """A picture that is asked to be a keyframe out of turn is encoded, and so is all until the next one in turn."""

    _codecs: Codecs | None = None  # of the pictures so far
    _is_live = False
    _next = 0  # frame of sound

    def _video(self, codecs: Codecs, at: float, *, key: bool) -> "Iterable[Packet[Any]]":
        if LOOP_S % self._key_s:
            return super()._video(codecs, at, key=key)
        camera = self._camera
        stock = film(camera.scene, camera.name, self._codec, self._size, self._key_s)
        data, is_key = stock[round(at * self._shape.rate) % len(stock)]
        begins, self._codecs = codecs is not self._codecs, codecs
        was_live, self._is_live = self._is_live, camera.privacy or (not is_key and (self._is_live or key or begins))
        if self._is_live:
            return super()._video(codecs, at, key=key or not was_live)
        return [_packet(data, round((at - ORIGIN) * CLOCK_HZ), CLOCK_HZ, is_key=is_key)]

    def _sound(self, codecs: Codecs, start: float, until: float) -> "Iterator[Packet[Any]]":
        stock = tone(self._camera.pitch_hz)
        self._next = max(self._next, int((start - ORIGIN) * RATE_HZ) // FRAME)
        while self._next * FRAME < (until - ORIGIN) * RATE_HZ:
            yield _packet(stock[self._next % TURN], self._next * FRAME, RATE_HZ, is_key=True)
            self._next += 1


def _packet(data: bytes, pts: int, clock_hz: int, *, is_key: bool) -> "Packet[Any]":
    packet = Packet(data)
    packet.pts, packet.dts, packet.time_base = pts, pts, Fraction(1, clock_hz)
    packet.is_keyframe = is_key
    return packet


class StockStudio(Studio):
    ENCODER = StockEncoder
