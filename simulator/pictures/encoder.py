"""One of a camera's own encoders, running only while somebody watches, on a clock that never stops.

Segments are numbered and stamped by the wall clock: whoever starts late joins a stream that seems always to have run.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from av.packet import Packet

from simulator.pictures.codecs import SHAPES, Codecs
from simulator.pictures.drawing import Painter
from simulator.pictures.garble import Garbler
from simulator.pictures.tone import Tone
from simulator.pictures.transport import Piece, Transport
from simulator.state import Camera

SEGMENT_S = 2
KEPT = 8
BACKFILL = 3
IDLE_S = 20.0
_LIVE_S = 0.5
# timestamps count from here, so that they are small and the same for every camera
_ORIGIN = (int(time.time()) // SEGMENT_S - BACKFILL - 30) * SEGMENT_S


type Listener = Callable[[Literal["video", "audio"], bytes, float], None]  # as encoded, and its epoch s


@dataclass(frozen=True, slots=True)
class Segment:
    number: int
    data: bytes
    turn: int  # how often its tracks have changed since the encoder started


class Encoder(threading.Thread):
    """`told` is called from this thread after each segment, and when the encoder has ended.

    `quality`: 1 the whole picture, 2 the smaller one. It ends when that becomes another. `key_s`: between key frames;
    only segments that begin with one can be played by themselves.
    """

    def __init__(self, camera: Camera, told: Callable[[], None], quality: int = 1, key_s: int = SEGMENT_S) -> None:
        super().__init__(name=f"camera {camera.serial}", daemon=True)
        self.segments: tuple[Segment, ...] = ()  # replaced, never changed: other threads read it
        self.caught_up = False  # the segments before now are there, as far as there are any
        self.touched = time.monotonic()
        self._camera = camera
        self._told = told
        picture = camera.picture(quality)
        assert picture is not None
        self._picture = self._codec, self._size = picture
        self._quality, self._key_s = quality, key_s
        self._shape = SHAPES[self._codec]
        self._painter = Painter(camera.scene, *self._size)
        self._tone = Tone(camera.pitch_hz)
        self._transport = Transport()
        self._turn = 0
        self._stop = threading.Event()
        self.keyframe = b""  # the latest
        self._listeners: frozenset[Listener] = frozenset()  # replaced, never changed
        self._wants_key = False

    @property
    def ended(self) -> bool:
        return self._stop.is_set() or self._camera.picture(self._quality) != self._picture

    def stop(self) -> None:
        self._stop.set()

    def listen(self, listener: Listener, *, key: bool = True) -> None:
        """Have every picture and sound as it is encoded, never encrypted; from a keyframe of now on, or as it comes."""
        self._listeners |= {listener}
        self._wants_key |= key

    def unlisten(self, listener: Listener) -> None:
        self._listeners -= {listener}

    def run(self) -> None:
        number = int(time.time()) // SEGMENT_S - BACKFILL
        try:
            while not self.ended:
                if self._camera.streaming:
                    self._stream(number)
                else:
                    self._present()
                    self._pause(0.1)
                number = int(time.time()) // SEGMENT_S + 1
        finally:
            self._stop.set()
            self._told()

    def _stream(self, number: int) -> None:
        """Segment after segment, until nobody watches or the camera sends no more."""
        codecs, had_sound = Codecs(self._shape, self._size), self._camera.audio
        while True:
            sound = self._camera.audio
            pieces = list(self._pieces(codecs, number, sound))
            if not self._going:
                return
            data = self._transport.segment(codecs.video, codecs.audio if sound else None, pieces)
            self._turn += sound != had_sound
            self.segments = (*self.segments, Segment(number, data, self._turn))[-KEPT:]
            self._told()
            had_sound = sound
            number += 1

    def _pieces(self, codecs: Codecs, number: int, sound: bool) -> Iterator[Piece]:
        """Paced by the clock; what lies in the past comes at once."""
        camera, start = self._camera, number * SEGMENT_S
        garbler = Garbler(camera.code, self._codec) if camera.encrypted(time.time()) else None
        for index in range(SEGMENT_S * self._shape.rate):
            at = start + index / self._shape.rate
            if at > time.time():
                self._present()
            self._pause(at - time.time())
            if not self._going:
                return
            picture = self._painter.black() if camera.privacy else self._painter.frame(camera.name, at)
            until = at - _ORIGIN + 1 / self._shape.rate
            key, self._wants_key = (index == 0 and start % self._key_s == 0) or self._wants_key, False
            for packet in codecs.encode_picture(picture, at - _ORIGIN, key=key):
                self._tell("video", packet)
                yield Piece("video", packet, garbler.video(bytes(packet)) if garbler else None)
            for packet in codecs.encode_sound(self._tone, start - _ORIGIN, until) if sound else ():
                self._tell("audio", packet)
                yield Piece("audio", packet, garbler.audio(bytes(packet)) if garbler else None)

    def _tell(self, kind: Literal["video", "audio"], packet: "Packet[Any]") -> None:
        """What is caught up with was nobody's to hear."""
        if kind == "video" and packet.is_keyframe:
            self.keyframe = bytes(packet)
            self._told()
        at = float((packet.pts or 0) * packet.time_base) + _ORIGIN
        if self._listeners and at > time.time() - _LIVE_S:
            for listener in self._listeners:
                listener(kind, bytes(packet), at)

    @property
    def _going(self) -> bool:
        return self._camera.streaming and not self.ended

    def _present(self) -> None:
        """What was to be caught up with is."""
        if not self.caught_up:
            self.caught_up = True
            self._told()

    def _pause(self, seconds: float) -> None:
        if time.monotonic() - self.touched > IDLE_S and not self._listeners:
            self._stop.set()
        elif seconds > 0:
            self._stop.wait(seconds)
