"""Records one session of a camera, by frame and for longer sessions by steps of time.

The bytes of the stream are looked at and dropped: a recording holds times, lengths and types of NAL units.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from showcam.drivers.ezviz.trace_lines import (
    Beside,
    Ended,
    Ending,
    Frame,
    Frames,
    Line,
    Opened,
    Second,
    Seconds,
    Transport,
    Unopened,
    Way,
)
from showcam.engine.codec import nal
from showcam.engine.codec.bitstream import BITSTREAMS
from showcam.engine.codec.nal import NoPicture
from showcam.engine.ezviz import messages
from showcam.engine.ezviz.address import Address, BadAddress, Stream
from showcam.engine.ezviz.decipher import Decipherer
from showcam.engine.ezviz.messages import MESSAGE, STREAM, Answer, NotAnswer
from showcam.engine.ezviz.messages import Frame as Received
from showcam.engine.ezviz.node import NodeSession, SaidNo, Unreached
from showcam.engine.keyframe import Measured, measure
from showcam.engine.mpegps import Piece, Sound
from showcam.engine.source import CameraSpec, SoundCodec, SourceFailed
from showcam.engine.sources.footage import Footage
from showcam.net.addresses import OnLoopback
from showcam.net.exchange import PATIENT_S

ROWS = 40  # of frames in a line
MOST_NALS = 12  # of a picture: slices of one frame may be many
STEP_MS = 1000  # of a session that is too long for rows by frame
MEASURED = 3  # keyframes of a session that are decoded


class Watched(Protocol):
    """An open session, which feeds a recording."""

    async def read(self) -> object:
        """Waits for more. Raises SaidNo, Unreached when the session has ended."""

    def close(self) -> None: ...


class Pictured:
    """Reads the bodies of a stream: its transport, its NAL units, and whether its keyframes are pictures."""

    def __init__(self, key: bytes) -> None:
        self._footage = Footage(key, asyncio.get_running_loop().time)
        self._sound = Sound(self._footage.decipherer.samples if key else None)
        self._sets = b""
        self._unmeasured: list[bytes] = []
        self._codec: nal.Codec | None = None
        self._heard: SoundCodec | None = None
        self._described: Mapping[nal.Codec, bytes] = {}
        self.transport: Transport = "unknown"
        self.is_unread = False  # the transport is unknown, or the stream broke
        self.pictures = self.keys = 0

    def described(
        self,
        transport: Transport,
        sets: Mapping[nal.Codec, bytes],
        heard: SoundCodec | None,
        decipherer: Decipherer,
    ) -> None:
        """Takes the description that a camera at home sends before any stream.

        `decipherer` has deciphered the bodies that `feed` gets.
        """
        self.transport, self._described = transport, sets
        self._heard, self._footage.decipherer = heard, decipherer

    def is_of(self, codec: nal.Codec) -> None:
        """Sets the codec of the pictures that come now, whatever was described."""
        if codec != self._codec:
            self._codec, self._sets, self._unmeasured = codec, self._described.get(codec, b""), []

    def feed(self, body: bytes) -> tuple[int, ...]:
        """The types of the NAL units of the pictures that are whole with this body."""
        if self.is_unread:
            return ()
        try:
            pieces = self._footage.pieces(body)
        except SourceFailed:
            pieces, self.is_unread = [], True
        self.transport = self._footage.transport or "unknown"
        return tuple(kind for piece in pieces for kind in self._kinds(piece))[:MOST_NALS]

    def _kinds(self, piece: Piece) -> tuple[int, ...]:
        if piece.kind == "sound":
            self._sound.feed(piece.data, piece.pts)
        if piece.kind != "video":
            return ()
        decipherer = self._footage.decipherer
        data = piece.data if self.transport == "rtp" else decipherer.picture(piece.data, piece.breaks)
        # if a stream hides its parameter sets, the headers tell the codec at times
        self._codec = self._codec or decipherer.encryption.codec or nal.codec(data)
        return self.picture(data)

    def picture(self, data: bytes) -> tuple[int, ...]:
        """The types of the NAL units of a picture, which is deciphered if its key fits."""
        codec = self._codec
        self.pictures += 1
        if codec is None:
            return ()
        self._sets = nal.parameters(data, codec) or self._sets
        if nal.is_key(data, codec):
            self.keys += 1
            if len(self._unmeasured) < MEASURED and self._sets:
                self._unmeasured.append(data if nal.parameters(data, codec) else self._sets + data)
        return tuple(header[0] & 0x1F if codec == "h264" else header[0] >> 1 & 0x3F for header in nal.headers(data))

    def ended(self, number: int, ms: int, ending: Ending, result: int, byte: int | None, key: int | None) -> Ended:
        """Decodes up to three keyframes, which takes a moment."""
        size: Measured | None = None
        codec = self._codec
        for keyframe in self._unmeasured:
            try:
                size = measure(BITSTREAMS[codec or "h264"], keyframe)
                break
            except NoPicture:
                continue
        layout: Literal["clear", "body", "copied", "whole", "unknown"] = (
            self._footage.decipherer.encryption.stream if size else "unknown"
        )
        picture: Literal["clear", "deciphered", "hidden", "none"] = "none"
        if self.pictures:
            picture = "hidden" if size is None else "clear" if layout == "clear" else "deciphered"
        return Ended(
            number,
            ms,
            ending,
            result,
            self.transport,
            codec or "unknown",
            size.width if size else 0,
            size.height if size else 0,
            layout,
            picture,
            self._heard or self._sound.codec or "none",
            byte,
            key,
        )


@dataclass
class Recording:
    """A session in progress. `most`: rows by frame; after these come steps of `step_ms`."""

    number: int
    way: Way
    stream: Stream
    most: int
    step_ms: int = STEP_MS
    key: bytes = b""
    results: list[int] = field(default_factory=list)
    opened_ms: int = 0
    ssn: int = 0
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked, self._began = self._loop.time(), 0.0
        self.pictured = Pictured(self.key)
        self._frames: list[Frame] = []
        self._steps: list[Second] = []
        self._last_ms = 0
        self._byte: int | None = None
        self._keyed: int | None = None
        self._is_open = False
        self.ended_at = 0.0  # by the loop's clock

    async def opens(self, spec: CameraSpec, loopback: OnLoopback) -> NodeSession | None:
        """Opens the session. Returns None if this fails; the lines then say why."""
        node = NodeSession(loopback, self._seen)
        ending = ""
        try:
            await node.open(Address.read(spec.url).asking(self.stream), spec.hosts)
            self._is_open, self._began = True, self._loop.time()
        except (Unreached, BadAddress):
            ending = "unreached"
        except SaidNo:
            ending = "result"
        self.opened("unreached" if ending == "unreached" else "")
        if ending:
            node.close()
            return None
        return node

    def opened(self, refused: Unopened) -> None:
        """Notes the result of opening. `refused`: why nothing opened; "" also if `results` say it."""
        self.opened_ms = _ms(self._loop.time() - self._asked)
        results = tuple(self.results[:8])
        self.lines.append(Opened(self.number, self.way, self.stream, refused, results, self.opened_ms, self.ssn))
        self._began = self._began or self._loop.time()

    async def lasts(
        self, node: Watched, seconds: float, *, until_key: bool = False, mute_s: float | None = None
    ) -> None:
        """Watches the session for `seconds`, or until it ends. `until_key`: a second keyframe is enough.

        `mute_s`: the session is given up after this time if no byte of the stream comes.
        """
        ending: Ending = "ours"
        result = 0
        try:
            end = self._loop.time() + seconds
            async with asyncio.timeout_at(end if mute_s is None else min(end, self._loop.time() + mute_s)) as limit:
                while not (until_key and self.pictured.keys > 1) and not self.pictured.is_unread:
                    await node.read()
                    if self._byte is not None:
                        limit.reschedule(end)
        except TimeoutError:
            pass
        except Unreached:
            ending = "closed"
        except SaidNo as no:
            ending, result = "result", min(no.result, 99_999)
        if self.pictured.is_unread:
            ending = "unread"
        self.ended_at = self._loop.time()
        ms = _ms(self._loop.time() - self._began)
        node.close()
        if self._frames:
            rows = self._frames
            self.lines += [Frames(self.number, tuple(rows[at : at + ROWS])) for at in range(0, len(rows), ROWS)]
        if self._steps:
            self.lines.append(Seconds(self.number, self.step_ms, tuple(self._steps)))
        ended = await asyncio.to_thread(self.pictured.ended, self.number, ms, ending, result, self._byte, self._keyed)
        self.lines.append(ended)

    @property
    def shows(self) -> bool:
        return self.pictured.keys > 0

    @property
    def is_mute(self) -> bool:
        """Whether the session was opened and no byte of the stream came."""
        return self._is_open and self._byte is None

    @property
    def ended_ms(self) -> int | None:
        """When the session ended, if the camera or the vendor ended it."""
        last = self.lines[-1] if self.lines else None
        return last.ms if isinstance(last, Ended) and last.ending in ("result", "closed") else None

    def _seen(self, received: Received) -> None:
        if received.channel == MESSAGE and received.code == messages.INFO_ANSWER:
            self._answered(received.body)
        if self._is_open or received.channel == STREAM:
            self.came(received.channel, received.body, received.code if received.channel == MESSAGE else 0)

    def came(self, channel: int, body: bytes, code: int = 0) -> None:
        """Notes a body of the stream, or of a channel other than the stream's."""
        keys, pictures = self.pictured.keys, self.pictured.pictures
        nals = self.pictured.feed(body) if channel == STREAM else ()
        self._note(channel, len(body), nals, pictures, keys, code)

    def sound(self, channel: int, length: int) -> None:
        """Note a frame of sound."""
        self._note(channel, length, (), self.pictured.pictures, self.pictured.keys)

    def unit(self, codec: nal.Codec, length: int, picture: bytes) -> None:
        """Note an access unit of the video. `picture` is empty if it lost a part."""
        self.pictured.is_of(codec)
        keys, pictures = self.pictured.keys, self.pictured.pictures
        nals = self.pictured.picture(picture)[:MOST_NALS] if picture else ()
        self._note(STREAM, length, nals, pictures, keys)

    def _note(self, channel: int, length: int, nals: tuple[int, ...], pictures: int, keys: int, code: int = 0) -> None:
        """`pictures` and `keys`: the numbers before this body."""
        ms = _ms(self._loop.time() - (self._began or self._loop.time()))
        if channel == STREAM:
            self._byte = ms if self._byte is None else self._byte
            if self.pictured.keys and self._keyed is None:
                self._keyed = ms
        if len(self._frames) < self.most:
            self._frames.append(Frame(ms, channel, length, nals, code))
        else:
            self._count(ms, length, self.pictured.pictures - pictures, self.pictured.keys - keys)
        self._last_ms = ms

    def _answered(self, body: bytes) -> None:
        try:
            answer = Answer.read(body)
        except NotAnswer:
            return
        self.results.append(min(max(answer.result, 0), 99_999))
        self.ssn = min(len(answer.ssn), 99_999)

    def _count(self, ms: int, size: int, pictures: int, keys: int) -> None:
        step = ms // self.step_ms * self.step_ms
        last = self._steps.pop() if self._steps and self._steps[-1].ms == step else Second(step, 0, 0, 0, 0, 0)
        frames, pause = last.frames + 1, max(last.pause, ms - self._last_ms)
        self._steps.append(Second(step, frames, last.bytes + size, last.pictures + pictures, last.keys + keys, pause))


async def crowded(
    first: Recording,
    node: NodeSession,
    second: Recording,
    spec: CameraSpec,
    loopback: OnLoopback,
    seconds: float = PATIENT_S,
) -> Beside:
    """Whether a second session ends the first one, within `seconds`."""
    watching = asyncio.create_task(first.lasts(node, seconds))
    other = await second.opens(spec, loopback)
    opened_at = asyncio.get_running_loop().time()
    if other is not None:
        await second.lasts(other, seconds / 2, until_key=True)
    await watching
    has_ended = first.ended_ms is not None
    return Beside(other is not None, has_ended, _ms(first.ended_at - opened_at) if has_ended else 0)


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
