"""One session at a stream node of EZVIZ's: opened through a dispatcher, kept alive by a timer, ended by a message.

A server may redirect three times, and only to host names of the vendor and to public addresses.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

from showcam.engine.ezviz import messages
from showcam.engine.ezviz.address import KNOWN, Address, BadAddress, parted
from showcam.engine.ezviz.messages import (
    ANSWER_S,
    MESSAGE,
    STREAM,
    Answer,
    Frame,
    Frames,
    NotAnswer,
    NotFrames,
    frame,
)
from showcam.engine.rtsp.connection import CLOSE_S, CONNECT_S
from showcam.net.addresses import OnLoopback, are_public, is_spelled, with_port

MOST_HOPS = 4
MOST_MESSAGES = 64  # messages before the answer
KEEP_ALIVE_S = 10.0  # as the vendor's client and two others send it (rhanekom/hass-ezviz-stream, doc/)
BEHIND = 64 * 1024  # bytes that wait to be sent; a node that is slower than this is dropped
CIPHERED = 5457  # the vendor's result for a link with its own cipher
NOTICE = 0x13D
RESULTS = range(5000, 8000)  # of dispatchers and nodes; other numbers are a damaged answer or another kind of notice


class Unreached(Exception):
    """There is no session: no answer, an unreadable one, or a forbidden address. The text quotes nothing."""


class SaidNo(Exception):
    """The server refused or ended the session; `result` is its code."""

    def __init__(self, result: int) -> None:
        super().__init__(result)
        self.result = result


class NodeSession:
    """A session with a stream node.

    Call `close` after use. `seen` is called with each frame that comes, for a trace.
    """

    def __init__(self, loopback: OnLoopback, seen: Callable[[Frame], None] = lambda _: None) -> None:
        self._loopback, self._seen = loopback, seen
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._frames = Frames()
        self._early: list[Frame] = []  # frames that arrived with the answer
        self._ssn, self._sent = "", 0
        self._keeping: asyncio.Task[None] | None = None

    async def open(self, address: Address, places: tuple[str, ...]) -> None:
        """Opens a session. `places`: the dispatcher's addresses, "host:port". Raises Unreached, SaidNo."""
        stream, key = address.stream, ""
        answer = await self._first(address, places)
        for _ in range(MOST_HOPS - 1):
            if not answer.redirects:
                break
            try:
                address, key = Address.read(answer.url).asking(stream), answer.key
            except BadAddress:
                raise Unreached from None
            answer = await self._request(address, key, await self._judged(address.host, address.port))
        if answer.redirects:
            raise Unreached
        if answer.result in RESULTS:
            raise SaidNo(answer.result)
        if answer.result:
            raise Unreached  # the answer was damaged on its way: servers send only results in RESULTS
        # some nodes name no session, and a real client goes on without keep-alives then (rhanekom/hass-ezviz-stream,
        # stream.py, open_stream)
        self._ssn = answer.ssn
        if self._ssn:
            self._keeping = asyncio.create_task(self._keep_alive())

    async def read(self) -> list[bytes]:
        """The next bodies of the stream. Raises SaidNo, or Unreached when the session ends without a result."""
        frames, self._early = self._early, []
        if not frames:
            frames = await self._received()
        return [frame.body for frame in frames if self._is_picture(frame)]

    def close(self) -> None:
        """Stops the stream: the node then frees the camera's place at once."""
        if self._keeping:
            self._keeping.cancel()
        if self._writer is None:
            return
        writer, self._writer = self._writer, None
        if self._ssn:
            self._send(writer, messages.stop(self._ssn, self._number()))
        _hang_up(writer)

    async def _first(self, address: Address, places: tuple[str, ...]) -> Answer:
        """The answer of the first of the dispatcher's addresses that can be reached."""
        for place in places:
            try:
                host, port = parted(place)
                return await self._request(address.at(host, port), "", await self._judged(host, port))
            except (Unreached, BadAddress):
                continue
        raise Unreached

    async def _judged(self, host: str, port: int) -> str:
        """The IP address to connect to, resolved once and checked. Raises Unreached."""
        loopback = self._loopback.has((with_port(host, port),))
        if is_spelled(host):
            found = [host]
        elif KNOWN.fullmatch(host):
            try:
                async with asyncio.timeout(CONNECT_S):
                    resolved = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except (OSError, TimeoutError):
                raise Unreached from None
            found = [str(entry[4][0]) for entry in resolved]
        else:
            raise Unreached
        if not are_public(found, loopback=loopback):
            raise Unreached
        return found[0]

    async def _request(self, address: Address, key: str, at: str) -> Answer:
        """Asks the server at IP address `at`; the connection stays open. Raises Unreached."""
        if self._writer:
            _hang_up(self._writer)
        self._frames, self._early, self._sent = Frames(), [], 0
        try:
            async with asyncio.timeout(CONNECT_S):
                self._reader, self._writer = await asyncio.open_connection(at, address.port)
            self._send(self._writer, messages.ask(address.url, key, self._number()))
            async with asyncio.timeout(ANSWER_S):
                return await self._answer()
        except (OSError, TimeoutError, NotAnswer):
            raise Unreached from None

    async def _answer(self) -> Answer:
        taken = 0
        while taken < MOST_MESSAGES:
            frames = await self._received()
            for number, received in enumerate(frames):
                if received.channel == MESSAGE and received.code == messages.INFO_ANSWER:
                    self._early = frames[number + 1 :]
                    return Answer.read(received.body)
            taken += len(frames)
        raise Unreached

    async def _received(self) -> list[Frame]:
        """Waits for the next frames. Raises Unreached."""
        assert self._reader is not None
        try:
            data = await self._reader.read(64 * 1024)
            if not data:
                raise Unreached
            frames = self._frames.feed(data)
        except (OSError, NotFrames):
            raise Unreached from None
        for received in frames:
            self._seen(received)
        return frames

    def _is_picture(self, received: Frame) -> bool:
        """Whether the frame holds a part of the stream; messages are handled here. Raises SaidNo."""
        if received.channel in (0x0A, 0x0B):
            raise SaidNo(CIPHERED)
        if received.channel != MESSAGE:
            return received.channel == STREAM
        if received.code == messages.KEEP_ALIVE and self._writer:
            self._send(self._writer, frame(messages.KEPT_ALIVE, received.body, self._number()))
        elif received.code in (messages.INFO_ANSWER, NOTICE):
            with contextlib.suppress(NotAnswer):
                if (result := Answer.read(received.body).result) in RESULTS:
                    raise SaidNo(result)
        return False

    async def _keep_alive(self) -> None:
        """Sends a keep-alive every ten seconds, whether the stream flows or not."""
        while self._writer:
            self._send(self._writer, messages.keep_alive(self._ssn, self._number()))
            await asyncio.sleep(KEEP_ALIVE_S)

    def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if writer.transport.get_write_buffer_size() > BEHIND:
            writer.transport.abort()
        else:
            writer.write(data)

    def _number(self) -> int:
        """The sequence number of the next message: the vendor's client counts from 1 on each connection."""
        self._sent += 1
        return self._sent


def _hang_up(writer: asyncio.StreamWriter) -> None:
    """Closes the connection, and gives the last message a second to be sent."""
    if not writer.is_closing():
        writer.close()
        asyncio.get_running_loop().call_later(CLOSE_S, writer.transport.abort)
