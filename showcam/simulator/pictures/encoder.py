"""A camera's encoders: the picture, and a soft tone of the camera's pitch.

They work in steps, which the wall clock numbers and stamps, so that the stream seems to have run always.
"""

import io
import math
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.frame import PictureType
from av.video.stream import VideoStream

from showcam.simulator.camera import Camera
from showcam.simulator.pictures.painter import Painter

RATE_HZ = 16000
FRAME = 1024  # samples, as AAC wants them
_LOUDNESS = 0.18


class Tone:
    def __init__(self, pitch_hz: int) -> None:
        """`pitch_hz` is a whole number: the second then joins onto itself without a click."""
        turn = 2 * math.pi / RATE_HZ
        second = array(
            "f",
            (_LOUDNESS * (0.55 - 0.45 * math.cos(turn * at)) * math.sin(turn * pitch_hz * at) for at in range(RATE_HZ)),
        )
        self._samples = second + second[:FRAME]

    def frame(self, first: int) -> bytes:
        """Returns FRAME samples from the sample numbered `first`, as float32."""
        at = first % RATE_HZ
        return self._samples[at : at + FRAME].tobytes()


CLOCK_HZ = 90000
_GLOBAL_HEADER = 0x400000
_X264 = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "profile": "baseline",
    "crf": "25",
    "forced-idr": "1",
    "threads": "1",
    "x264-params": "scenecut=0:keyint=infinite",
}
_X265 = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "forced-idr": "1",
    "x265-params": "log-level=none:pools=none:frame-threads=1:bframes=0:scenecut=0:keyint=-1:repeat-headers=1",
}


@dataclass(frozen=True, slots=True)
class Shape:
    codec: str
    rate: int  # frames per s
    options: dict[str, str]


SHAPES = {
    "h264": Shape("libx264", 15, _X264),
    # H.265 costs several times as much, so it has fewer frames: watching the pond stays cheap
    "h265": Shape("libx265", 10, _X265),
}


class Codecs:
    """Both encoders belong to a container without readers, which fixes the encoders' parameters."""

    def __init__(self, shape: Shape, size: tuple[int, int]) -> None:
        self._holder = av.open(io.BytesIO(), "w", format="mpegts")
        video: Any = self._holder.add_stream(shape.codec, rate=shape.rate, options=shape.options)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = Fraction(1, CLOCK_HZ)
        audio: Any = self._holder.add_stream("aac", rate=RATE_HZ, layout="mono", bit_rate=32000)
        audio.codec_context.flags |= _GLOBAL_HEADER
        self._holder.start_encoding()
        self.video: VideoStream = video
        self.audio: AudioStream = audio
        self._sample = 0

    def encode_picture(self, frame: av.VideoFrame, at: float, *, key: bool) -> "list[Packet[Any]]":
        """`at` is in seconds since the stream's origin."""
        frame.pts, frame.time_base = round(at * CLOCK_HZ), Fraction(1, CLOCK_HZ)
        # a drawn frame asks to be coded as a keyframe
        frame.pict_type = PictureType.I if key else PictureType.NONE
        return list(self.video.codec_context.encode(frame))

    def encode_sound(self, tone: Tone, start: float, until: float) -> "Iterator[Packet[Any]]":
        """Encodes the sound before `until`; after a silence it continues at `start`. Both are in s since the origin."""
        self._sample = max(self._sample, round(start * RATE_HZ) - FRAME)
        while self._sample < until * RATE_HZ:
            frame = av.AudioFrame(format="fltp", layout="mono", samples=FRAME)
            frame.planes[0].update(tone.frame(self._sample))
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self._sample, Fraction(1, RATE_HZ)
            self._sample += FRAME
            yield from self.audio.codec_context.encode(frame)


STEP_S = 2  # the least time between two keyframes that are due; sound is switched between two steps
IDLE_S = 4 * STEP_S
_LIVE_S = 0.5  # older units are of the past; an encoder makes these first
# timestamps count from here, which keeps them small and equal for every camera
_ORIGIN = (int(time.time()) // STEP_S - 30) * STEP_S


type Listener = Callable[[Literal["video", "audio"], bytes, float], None]  # kind, encoded data, epoch s


class Encoder(threading.Thread):
    """`notify` is called from this thread after each keyframe, and when the encoder has ended.

    `quality` is 1 for the full picture, 2 for the smaller one. A change of that picture's shape ends the encoder.
    `key_s`: seconds between keyframes. `BACKFILL`: steps of the past that are made first.
    """

    BACKFILL, CODECS = 0, Codecs

    def __init__(self, camera: Camera, notify: Callable[[], None], quality: int = 1, key_s: int = STEP_S) -> None:
        super().__init__(name=f"camera {camera.serial}", daemon=True)
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
        """Makes the next picture a keyframe."""
        self._wants_key = True

    def unlisten(self, listener: Listener) -> None:
        self._listeners -= {listener}

    def run(self) -> None:
        number = int(time.time()) // STEP_S - self.BACKFILL
        try:
            while not self.ended:
                if self._camera.streaming:
                    self._stream(number)
                else:
                    self._pause(0.1)
                number = int(time.time()) // STEP_S + 1
        finally:
            self._stop.set()
            self._notify()

    def _stream(self, number: int) -> None:
        """Encodes until nobody watches or the camera stops sending."""
        codecs = self.CODECS(self._shape, self._size)
        while self._going:
            self._encode(codecs, number, sound=self._camera.audio)
            number += 1

    def _encode(self, codecs: Codecs, number: int, *, sound: bool) -> None:
        """Makes the units of a step, paced by the clock; units of the past come at once."""
        camera, start = self._camera, number * STEP_S
        for index in range(STEP_S * self._shape.rate):
            at = start + index / self._shape.rate
            self._pause(at - time.time())
            if not self._going:
                return
            picture = self._painter.black() if camera.privacy else self._painter.frame(camera.name, at)
            until = at - _ORIGIN + 1 / self._shape.rate
            key, self._wants_key = (index == 0 and start % self._key_s == 0) or self._wants_key, False
            for packet in codecs.encode_picture(picture, at - _ORIGIN, key=key):
                self._pass_on("video", packet)
            for packet in codecs.encode_sound(self._tone, start - _ORIGIN, until) if sound else ():
                self._pass_on("audio", packet)

    def _pass_on(self, kind: Literal["video", "audio"], packet: "Packet[Any]") -> None:
        """Gives a live unit to the listeners. Units of the past are left out."""
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

    def _pause(self, seconds: float) -> None:
        if time.monotonic() - self.touched > IDLE_S and not self._listeners:
            self._stop.set()
        elif seconds > 0:
            self._stop.wait(seconds)
