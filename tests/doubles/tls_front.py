"""A TLS proxy, as one stands before a media process on the internet, or before several."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Coroutine
from typing import Any

from tests.doubles.loop_end import let_go, shut
from tests.doubles.waiting import LONG_S


class TlsFront:
    """`with TlsFront(port, context) as front: front.url`. `close` ends every connection and accepts no more.

    A further port may be added to `ports`: connections go to one after the other, and past one where nobody is.
    """

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self.ports, self._context = [port], context
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tls-front", daemon=True)
        self._open: set[asyncio.StreamWriter] = set()
        self.url = ""

    def __enter__(self) -> "TlsFront":
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context))
        self.url = f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._run(let_go())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LONG_S)
        self._loop.close()

    def close(self) -> None:
        self._run(self._closed())

    async def _closed(self) -> None:
        await shut(self._server)
        for writer in list(self._open):
            writer.transport.abort()
        while self._open:
            await asyncio.sleep(0.01)

    async def _serve(self, client_reader: asyncio.StreamReader, client_writer: asyncio.StreamWriter) -> None:
        self._open.add(client_writer)
        try:
            reader, writer = await self._behind()
            try:
                await asyncio.gather(_pass_on(client_reader, writer), _pass_on(reader, client_writer))
            finally:
                writer.transport.abort()
        except OSError:
            pass
        finally:
            client_writer.transport.abort()
            self._open.discard(client_writer)

    async def _behind(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.ports.append(self.ports.pop(0))
        for port in tuple(self.ports):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        raise ConnectionRefusedError("nobody is behind this")

    def _run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LONG_S)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        # whichever side ends first ends the other
        writer.transport.abort()
