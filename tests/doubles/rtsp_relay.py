"""Between a camera and who reads it: an RTSP relay that makes faults on the wire, over TCP and over UDP.

`with RtspRelay(port, fault) as relay:` relays from `relay.port` to the camera at `port` of this machine. What the
camera sent of its picture, before any fault, is in `relay.ledger`.
"""

import asyncio
import contextlib
import functools
import random
import re
import socket
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from tests.doubles.loop_end import let_go, shut
from tests.doubles.rtsp_faults import IDR, SLICE, Fault, nal_kinds
from tests.doubles.waiting import LONG_S

_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_PORTS = re.compile(rb"((?:client|server)_port=)(\d+)-(\d+)")
_APART_S = 1e-4
_PICTURE = 0  # the channel of the picture: showcam sets it up first


@dataclass
class Picture:
    """One picture as the camera sent it; `whole` unless a packet of its slices was lost on the way."""

    timestamp: int
    key: bool = False
    whole: bool = True


@dataclass
class Ledger:
    """The pictures that the camera sent, in the order of sending."""

    pictures: list[Picture] = field(default_factory=list)

    def note(self, data: bytes, *, lost: bool) -> None:
        timestamp, kinds = int.from_bytes(data[4:8]), nal_kinds(data)
        if not self.pictures or self.pictures[-1].timestamp != timestamp:
            self.pictures.append(Picture(timestamp))
        picture = self.pictures[-1]
        picture.key |= IDR in kinds
        picture.whole &= not (lost and kinds & {SLICE, IDR})

    def shown(self) -> list[int]:
        """What a viewer is to see: whole pictures, and after a keyframe that is not, nothing up to the next."""
        times: list[int] = []
        waits = True
        for picture in self.pictures:
            if not picture.whole:
                waits |= picture.key
            elif picture.key or not waits:
                waits = False
                times.append(picture.timestamp)
        return times


class RtspRelay:
    """Runs in a thread with its own loop, or by `start` and `stop` in the loop that runs."""

    def __init__(self, camera_port: int, fault: Fault) -> None:
        self.camera_port, self.fault = camera_port, fault
        self.ledger = Ledger()
        self.connections = 0
        self.port = 0

    def __enter__(self) -> "RtspRelay":
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.start(), self._loop).result(LONG_S)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.stop(), self._loop).result(LONG_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LONG_S)
        self._loop.close()

    async def start(self) -> None:
        """In the running loop, without a thread."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        await shut(self._server)
        await let_go()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            from_camera, to_camera = await asyncio.open_connection("127.0.0.1", self.camera_port)
            link = _Link(self, writer, to_camera)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(link.requests(reader))
                    group.create_task(link.answers(from_camera))
            finally:
                link.close()
        except* (OSError, asyncio.IncompleteReadError, _Over):
            pass
        finally:
            writer.close()


class _Over(Exception):
    """One of the two ends closed the connection."""


class _Link:
    """One reader's connection to the camera."""

    def __init__(self, relay: RtspRelay, reader: asyncio.StreamWriter, camera: asyncio.StreamWriter) -> None:
        self._relay, self._reader, self._camera = relay, reader, camera
        self._fault = relay.fault
        self._loop = asyncio.get_running_loop()
        self._due = 0.0  # when the latest frame over TCP leaves
        self._pairs: list[_Pair] = []

    async def requests(self, reader: asyncio.StreamReader) -> None:
        async for channel, data in _pieces(reader):
            if channel is not None:
                self._camera.write(_framed(channel, data))
                continue
            if (found := _PORTS.search(data)) is not None:
                pair = await _Pair.open(2 * len(self._pairs), self._carry, int(found[2]))
                self._pairs.append(pair)
                data = _PORTS.sub(b"client_port=%d-%d" % (pair.far_port, pair.far_port + 1), data)
            self._camera.write(self._fault.asks(data.decode()).encode())
        raise _Over

    async def answers(self, camera: asyncio.StreamReader) -> None:
        async for channel, data in _pieces(camera):
            if channel is not None:
                self._carry(channel, data, self._framed_later(channel))
                continue
            if b"server_port" in data:
                pair = self._pairs[-1]
                pair.camera_port = int(_PORTS.findall(data)[-1][1])
                data = re.sub(rb"server_port=\d+-\d+", b"server_port=%d-%d" % (pair.port, pair.port + 1), data)
                data = re.sub(rb"client_port=\d+-\d+", b"client_port=%d-%d" % (pair.reader, pair.reader + 1), data)
            lines = self._fault.says(data.decode().split("\r\n"))
            if lines:
                self._write(_resized("\r\n".join(lines)).encode())
        raise _Over

    def close(self) -> None:
        self._camera.close()
        for pair in self._pairs:
            pair.close()

    def _carry(self, channel: int, data: bytes, send: Callable[[float, bytes], None]) -> None:
        taken = self._fault.frames(channel, data, self._loop.time())
        if channel == _PICTURE:
            self._relay.ledger.note(data, lost=not taken and not self._fault.holds)
        for delay_s, frame in taken:
            send(delay_s, frame)

    def _framed_later(self, channel: int) -> Callable[[float, bytes], None]:
        """TCP keeps the order: what is late holds up what follows."""

        def send(delay_s: float, frame: bytes) -> None:
            now = self._loop.time()
            # later than the one before: what is due at one time may leave in any order
            due = max(self._due + _APART_S, now + delay_s) if self._due > now or delay_s else now
            self._due = due
            if due > now:
                self._loop.call_at(due, self._write, _framed(channel, frame))
            else:
                self._write(_framed(channel, frame))

        return send

    def _write(self, data: bytes) -> None:
        if not self._reader.is_closing():
            self._reader.write(self._fault.wire(data))


class _Pair:
    """The UDP ports of one track: a pair that the camera sends to, and one that the reader is sent from."""

    def __init__(self, reader: int) -> None:
        self.reader = reader  # the reader's first port
        self.camera_port = 0
        self.port = self.far_port = 0
        self._sides: list[asyncio.DatagramTransport] = []
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def open(
        cls, channel: int, carry: Callable[[int, bytes, Callable[[float, bytes], None]], None], reader: int
    ) -> "_Pair":
        made = cls(reader)
        near, made.port = await _ports([made._reports(0), made._reports(1)])

        def taken(number: int) -> Callable[[bytes], None]:
            def send(delay_s: float, frame: bytes) -> None:
                if delay_s:
                    made._loop.call_later(delay_s, made._send, near[number], frame, reader + number)
                else:
                    made._send(near[number], frame, reader + number)

            return lambda data: carry(channel + number, data, send)

        far, made.far_port = await _ports([taken(0), taken(1)])
        made._sides = [*near, *far]
        return made

    def close(self) -> None:
        for side in self._sides:
            side.close()

    def _reports(self, number: int) -> Callable[[bytes], None]:
        """What the reader sends to the camera."""

        def taken(data: bytes) -> None:
            if self.camera_port and self._sides:
                self._send(self._sides[2 + number], data, self.camera_port + number)

        return taken

    @staticmethod
    def _send(side: asyncio.DatagramTransport, data: bytes, port: int) -> None:
        if not side.is_closing():
            side.sendto(data, ("127.0.0.1", port))


class _Side(asyncio.DatagramProtocol):
    def __init__(self, taken: Callable[[bytes], None]) -> None:
        self._taken = taken

    def datagram_received(self, data: bytes, _address: tuple[str, int]) -> None:
        if data:
            self._taken(data)


async def _ports(taken: list[Callable[[bytes], None]]) -> tuple[list[asyncio.DatagramTransport], int]:
    """Two neighbouring ports, the first even."""
    loop = asyncio.get_running_loop()
    while True:
        port = random.randrange(20_000, 60_000, 2)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            sockets = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in taken]
            for number, opened in enumerate(sockets):
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
                opened.setblocking(False)
                opened.bind(("127.0.0.1", port + number))
            stack.pop_all()
            made = [
                await loop.create_datagram_endpoint(functools.partial(_Side, t), sock=s)
                for t, s in zip(taken, sockets, strict=True)
            ]
            return [transport for transport, _ in made], port


async def _pieces(reader: asyncio.StreamReader) -> AsyncIterator[tuple[int | None, bytes]]:
    """Interleaved frames with their channel, and whole messages without one."""
    while first := await reader.read(1):
        if first == b"$":
            head = await reader.readexactly(3)
            yield head[0], await reader.readexactly(int.from_bytes(head[1:]))
        else:
            head = first + await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            yield None, head + (await reader.readexactly(int(length[1])) if length else b"")


def _framed(channel: int, data: bytes) -> bytes:
    return b"$" + bytes((channel,)) + len(data).to_bytes(2) + data


def _resized(message: str) -> str:
    """With the length that its body has now."""
    head, _, body = message.partition("\r\n\r\n")
    return re.sub(r"(?i)(content-length:\s*)\d+", rf"\g<1>{len(body.encode())}", head) + "\r\n\r\n" + body
