"""A camera's consecutive segments of MPEG-TS, as live addresses have them."""

import io
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from showcam.simulator.camera import Camera
from showcam.simulator.pictures.encoder import STEP_S, Codecs, Encoder
from showcam.simulator.pictures.garbler import Garbler
from showcam.simulator.pictures.studio import Studio

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


SEGMENT_S = STEP_S
KEPT = 8


@dataclass(frozen=True, slots=True)
class Segment:
    number: int
    data: bytes
    turn: int  # how often the tracks have changed since the encoder started


class SegmentingEncoder(Encoder):
    """`notify` is called after each segment too. Only a segment that begins with a keyframe can be played first."""

    BACKFILL = 3

    def __init__(self, camera: Camera, notify: Callable[[], None], quality: int = 1, key_s: int = SEGMENT_S) -> None:
        super().__init__(camera, notify, quality, key_s)
        self.segments: tuple[Segment, ...] = ()  # replaced, never changed: other threads read it
        self.caught_up = False  # the segments of the past are made
        self._transport, self._turn = Transport(), 0
        self._had_sound = camera.audio
        self._pieces: list[Piece] = []
        self._garbler: Garbler | None = None

    def _stream(self, number: int) -> None:
        self._had_sound = self._camera.audio
        super()._stream(number)

    def _encode(self, codecs: Codecs, number: int, *, sound: bool) -> None:
        camera, self._pieces = self._camera, []
        self._garbler = Garbler(camera.secret, self._codec) if camera.encrypted(time.time()) else None
        super()._encode(codecs, number, sound=sound)
        if not self._going:
            return
        data = self._transport.segment(codecs.video, codecs.audio if sound else None, self._pieces)
        self._turn += sound != self._had_sound
        self._had_sound = sound
        self.segments = (*self.segments, Segment(number, data, self._turn))[-KEPT:]
        self._notify()

    def _pass_on(self, kind: Literal["video", "audio"], packet: "Packet[Any]") -> None:
        super()._pass_on(kind, packet)
        body = None
        if self._garbler is not None:
            body = self._garbler.video(bytes(packet)) if kind == "video" else self._garbler.audio(bytes(packet))
        self._pieces.append(Piece(kind, packet, body))

    def _pause(self, seconds: float) -> None:
        if seconds > 0 and not self.caught_up:
            self.caught_up = True
            self._notify()
        super()._pause(seconds)


class SegmentingStudio(Studio):
    ENCODER: type[Encoder] = SegmentingEncoder

    async def segments(self, camera: Camera, quality: int) -> tuple[Segment, ...]:
        """Returns the camera's newest segments, oldest first. Starts the encoder and waits until it has caught up."""
        encoder = self.running(camera, quality)
        assert isinstance(encoder, SegmentingEncoder)
        while not encoder.caught_up and not encoder.ended:
            await self._news.wait()
        return encoder.segments

    def segment(self, camera: Camera, quality: int, number: int) -> Segment | None:
        encoder = self._encoders.get((camera.key, quality, SEGMENT_S))
        if not isinstance(encoder, SegmentingEncoder):
            return None
        encoder.touched = time.monotonic()
        return next((segment for segment in encoder.segments if segment.number == number), None)
