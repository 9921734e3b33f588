"""A camera's encoders: the picture, a soft tone of the camera's pitch, and consecutive MPEG-TS segments.

The wall clock numbers and stamps the segments, so that the stream seems to have run always.
"""

import io
import math
import threading
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream
from av.video.frame import PictureType
from av.video.stream import VideoStream

from showcam.simulator.camera import Camera
from showcam.simulator.pictures.garbler import Garbler
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
    """Both encoders belong to a container without readers.

    It fixes the encoders' parameters, and segments copy these.
    """

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


PACKET = 188
# each audio frame has its own PES packet, so that sound does not trail the picture by a second
_OPTIONS = {"pes_payload_size": "0", "max_delay": "0"}


@dataclass(frozen=True, slots=True)
class Piece:
    kind: Literal["video", "audio"]
    packet: "Packet[Any]"
    body: bytes | None = None  # sent in place of the packet's own

    @property
    def decoded_at(self) -> float:
        assert self.packet.dts is not None
        return float(self.packet.dts * self.packet.time_base)

    def sent_on(self, stream: Stream) -> "Packet[Any]":
        packet = self.packet
        if self.body is not None:
            packet = Packet(self.body)
            packet.pts, packet.dts, packet.time_base = self.packet.pts, self.packet.dts, self.packet.time_base
            packet.is_keyframe = self.packet.is_keyframe
        packet.stream = stream
        return packet


class Transport:
    def __init__(self) -> None:
        self._next: dict[int, int] = {}  # by PID: the next continuity counter

    def segment(self, video: VideoStream, audio: AudioStream | None, pieces: Iterable[Piece]) -> bytes:
        out = io.BytesIO()
        with av.open(out, "w", format="mpegts", options=_OPTIONS) as container:
            streams: dict[str, Stream] = {"video": container.add_stream_from_template(video)}
            if audio is not None:
                streams["audio"] = container.add_stream_from_template(audio)
            for piece in sorted(pieces, key=lambda piece: piece.decoded_at):
                container.mux(piece.sent_on(streams[piece.kind]))
        return self._continued(bytearray(out.getvalue()))

    def _continued(self, data: bytearray) -> bytes:
        """Continues the counters of the earlier segment, since each multiplexer begins at zero."""
        shift: dict[int, int] = {}
        for at in range(0, len(data), PACKET):
            pid = (data[at + 1] & 0x1F) << 8 | data[at + 2]
            counter = data[at + 3] & 0x0F
            if pid not in shift:
                shift[pid] = self._next.get(pid, counter) - counter
            now = (counter + shift[pid]) & 0x0F
            data[at + 3] = data[at + 3] & 0xF0 | now
            has_payload = data[at + 3] & 0x10
            self._next[pid] = (now + 1) & 0x0F if has_payload else now
        return bytes(data)


SEGMENT_S = 2  # an encoder on two cores makes a segment in this time
KEPT = 8
BACKFILL = 3
IDLE_S = 4 * SEGMENT_S
_LIVE_S = 0.5  # older units are of the past; an encoder makes these first
# timestamps count from here, which keeps them small and equal for every camera
_ORIGIN = (int(time.time()) // SEGMENT_S - BACKFILL - 30) * SEGMENT_S


type Listener = Callable[[Literal["video", "audio"], bytes, float], None]  # kind, encoded data, epoch s


@dataclass(frozen=True, slots=True)
class Segment:
    number: int
    data: bytes
    turn: int  # how often the tracks have changed since the encoder started


class Encoder(threading.Thread):
    """`notify` is called from this thread after each segment, and when the encoder has ended.

    `quality` is 1 for the full picture, 2 for the smaller one. A change of that picture's shape ends the encoder.
    `key_s`: seconds between keyframes; only a segment that begins with a keyframe can be played without the one before.
    """

    CODECS = Codecs

    def __init__(self, camera: Camera, notify: Callable[[], None], quality: int = 1, key_s: int = SEGMENT_S) -> None:
        super().__init__(name=f"camera {camera.serial}", daemon=True)
        self.segments: tuple[Segment, ...] = ()  # replaced, never changed: other threads read it
        self.caught_up = False  # the segments of the past are made
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
        """Makes the next picture a keyframe."""
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
        codecs, had_sound = self.CODECS(self._shape, self._size), self._camera.audio
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
        """Yields the units of a segment, paced by the clock; units of the past come at once."""
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

    def _mark_caught_up(self) -> None:
        if not self.caught_up:
            self.caught_up = True
            self._notify()

    def _pause(self, seconds: float) -> None:
        if time.monotonic() - self.touched > IDLE_S and not self._listeners:
            self._stop.set()
        elif seconds > 0:
            self._stop.wait(seconds)
