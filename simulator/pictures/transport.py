"""MPEG-TS segments that follow one another as if one multiplexer had written them."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

PACKET = 188
# each audio frame in a PES packet of its own, so that sound does not trail the picture by a second
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
        self._next: dict[int, int] = {}  # continuity counter each PID goes on with

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
        """Continues the counters of the segment before; each multiplexer begins at zero."""
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
