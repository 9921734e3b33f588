"""An encoder of a camera, which runs only while somebody watches.

The wall clock numbers and stamps its segments, so that the stream seems to have run always.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from av.packet import Packet

from simulator.camera import Camera
from simulator.pictures.codecs import SHAPES, Codecs
from simulator.pictures.garbler import Garbler
from simulator.pictures.painter import Painter
from simulator.pictures.tone import Tone
from simulator.pictures.transport import Piece, Transport

SEGMENT_S = 2
KEPT = 8
BACKFILL = 3
IDLE_S = 8.0  # four segments
_LIVE_S = 0.5
# timestamps count from here, so that they are small and the same for every camera
_ORIGIN = (int(time.time()) // SEGMENT_S - BACKFILL - 30) * SEGMENT_S


type Listener = Callable[[Literal["video", "audio"], bytes, float], None]  # kind, encoded data, epoch s


@dataclass(frozen=True, slots=True)
class Segment:
    number: int
    data: bytes
    turn: int  # how often its tracks have changed since the encoder started


class Encoder(threading.Thread):
    """`notify` is called from this thread after each segment, and when the encoder has ended.

    `quality` is 1 for the full picture, 2 for the smaller one. A change of that picture's shape ends the encoder.
    `key_s`: between keyframes; only segments that begin with one can be played by themselves.
    """

    def __init__(self, camera: Camera, notify: Callable[[], None], quality: int = 1, key_s: int = SEGMENT_S) -> None:
        super().__init__(name=f"camera {camera.serial}", daemon=True)
        self.segments: tuple[Segment, ...] = ()  # replaced, never changed: other threads read it
        self.caught_up = False  # it has made the segments before now
        self.touched = time.monotonic()
        self._camera = camera
        self._notify = notify
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
        """Calls the listener with every unit as it is encoded, unencrypted; with `key` from a new keyframe on."""
        self._listeners |= {listener}
        self._wants_key |= key

    def want_key(self) -> None:
        """The next picture is a keyframe."""
        self._wants_key = True

    def unlisten(self, listener: Listener) -> None:
        self._listeners -= {listener}

    def run(self) -> None:
        number = int(time.time()) // SEGMENT_S - BACKFILL
        try:
            while not self.ended:
                if self._camera.streaming:
                    self._stream(number)
                else:
                    self._mark_caught_up()
                    self._pause(0.1)
                number = int(time.time()) // SEGMENT_S + 1
        finally:
            self._stop.set()
            self._notify()

    def _stream(self, number: int) -> None:
        """Makes segments until nobody watches or the camera stops sending."""
        codecs, had_sound = Codecs(self._shape, self._size), self._camera.audio
        while True:
            sound = self._camera.audio
            pieces = list(self._pieces(codecs, number, sound))
            if not self._going:
                return
            data = self._transport.segment(codecs.video, codecs.audio if sound else None, pieces)
            self._turn += sound != had_sound
            self.segments = (*self.segments, Segment(number, data, self._turn))[-KEPT:]
            self._notify()
            had_sound = sound
            number += 1

    def _pieces(self, codecs: Codecs, number: int, sound: bool) -> Iterator[Piece]:
        """One segment's units, paced by the clock; those of the past come at once."""
        camera, start = self._camera, number * SEGMENT_S
        garbler = Garbler(camera.secret, self._codec) if camera.encrypted(time.time()) else None
        for index in range(SEGMENT_S * self._shape.rate):
            at = start + index / self._shape.rate
            if at > time.time():
                self._mark_caught_up()
            self._pause(at - time.time())
            if not self._going:
                return
            picture = self._painter.black() if camera.privacy else self._painter.frame(camera.name, at)
            until = at - _ORIGIN + 1 / self._shape.rate
            key, self._wants_key = (index == 0 and start % self._key_s == 0) or self._wants_key, False
            for packet in codecs.encode_picture(picture, at - _ORIGIN, key=key):
                self._pass_on("video", packet)
                yield Piece("video", packet, garbler.video(bytes(packet)) if garbler else None)
            for packet in codecs.encode_sound(self._tone, start - _ORIGIN, until) if sound else ():
                self._pass_on("audio", packet)
                yield Piece("audio", packet, garbler.audio(bytes(packet)) if garbler else None)

    def _pass_on(self, kind: Literal["video", "audio"], packet: "Packet[Any]") -> None:
        """Gives a live unit to the listeners; units of the past are not for them."""
        if kind == "video" and packet.is_keyframe:
            self.keyframe = bytes(packet)
            self._notify()
        at = float((packet.pts or 0) * packet.time_base) + _ORIGIN
        if self._listeners and at > time.time() - _LIVE_S:
            for listener in self._listeners:
                listener(kind, bytes(packet), at)

    @property
    def _going(self) -> bool:
        return self._camera.streaming and not self.ended

    def _mark_caught_up(self) -> None:
        if not self.caught_up:
            self.caught_up = True
            self._notify()

    def _pause(self, seconds: float) -> None:
        if time.monotonic() - self.touched > IDLE_S and not self._listeners:
            self._stop.set()
        elif seconds > 0:
            self._stop.wait(seconds)
