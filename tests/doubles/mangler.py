"""What stands between showcam and a stream node and spoils what the node sends."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

type Spoil = Callable[[bytes, int], Iterator[bytes]]  # of bytes and their offset: what arrives, read by read


def whole(data: bytes, _offset: int) -> Iterator[bytes]:
    yield data


def byte_by_byte(data: bytes, _offset: int) -> Iterator[bytes]:
    for byte in data:
        yield bytes((byte,))


def flipped(at: int) -> Spoil:
    return _changed(at, lambda byte: bytes((byte ^ 0xFF,)))


def missing(at: int) -> Spoil:
    return _changed(at, lambda _: b"")


def ended(at: int) -> Spoil:
    """The connection ends there."""

    def spoil(data: bytes, offset: int) -> Iterator[bytes]:
        if offset + len(data) <= at:
            yield data
            return
        yield data[: max(0, at - offset)]
        raise ConnectionError

    return spoil


def _changed(at: int, change: Callable[[int], bytes]) -> Spoil:
    def spoil(data: bytes, offset: int) -> Iterator[bytes]:
        here = at - offset
        yield data[:here] + change(data[here]) + data[here + 1 :] if 0 <= here < len(data) else data

    return spoil


class Mangler:
    """Spoils the first session alone; later ones pass as they are. Call `close` after use."""

    def __init__(self, port: int, spoil: Spoil) -> None:
        self._port, self._spoil = port, spoil
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.sessions = self.passed = 0  # passed: bytes of the first one

    async def open(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.sessions += 1
        spoil = self._spoil if self.sessions == 1 else whole
        node_reader, node_writer = await asyncio.open_connection("127.0.0.1", self._port)
        up = asyncio.create_task(self._pass(reader, node_writer, whole))
        down = asyncio.create_task(self._pass(node_reader, writer, spoil, count=self.sessions == 1))
        self._tasks |= {up, down}
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        for stream in (writer, node_writer):
            stream.close()
        self._tasks.discard(task)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, spoil: Spoil, *, count: bool = False
    ) -> None:
        offset = 0
        with contextlib.suppress(OSError):
            while data := await reader.read(64 * 1024):
                for piece in spoil(data, offset):
                    writer.write(piece)
                    await writer.drain()
                    if len(piece) == 1:
                        await asyncio.sleep(0)  # so that it is a read of its own
                offset += len(data)
                self.passed = offset if count else self.passed
