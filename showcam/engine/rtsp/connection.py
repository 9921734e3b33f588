"""One RTSP connection to a camera: signed requests, answers and interleaved frames; and pairs of UDP ports."""

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable
from typing import Literal

from showcam.engine.rtsp.login import Challenge, Login, challenge
from showcam.engine.rtsp.messages import Message, NotRtsp, Splitter

CONNECT_S = 3.0  # our own choice: an Echo gives up after 6 s, and half of this time is left for another way
ANSWER_S = 5.0  # for each answer; the caller sets the time for all answers that open a session together
CLOSE_S = 1.0  # for the last message to be sent
MOST_BYTES_A_SECOND = 8 * 1024 * 1024  # a camera may send this much; 4K at its best is a third of it
MOST_PACKETS_A_SECOND = 10_000
# answers and requests; a camera sends a few in a minute, and showcam may have to answer each
MOST_MESSAGES_A_SECOND = 100
COUNTED_S = 2.0  # received data is counted over this time, since it comes in clumps
_BATCH_S = 0.01  # data that arrives in pieces is read in lots: each wake-up costs more than the bytes do
# The pause between two reads if no viewer is shown each picture as it comes. All such connections are read together: a
# wake-up of the process costs more than a read. The pause varies, so that now and then a unit of each track is read
# just after it came: the clocks of the tracks are set by the fastest.
_REST_S = (0.08, 0.12)
_ROOM = 60 * 1024  # bytes of a single read; asyncio's own 256 KB would be a mapping made and undone for each read
_MUCH = 128 * 1024  # bytes at once: twice the system's first buffer, which grows with the amount that is read
_UNREAD = 256 * 1024  # bytes of answers that the camera has not taken yet
_BUSY = frozenset({453, 503})
_PORT_TRIES, _PORTS = 20, (20_000, 60_000)  # of UDP
_PORT_BUFFER = 1024 * 1024  # a keyframe comes at once


class RtspFailed(Exception):
    """An RTSP session failed. `why`: "down" may pass. The text holds no address, and nothing that the camera sent.

    `cause` is for a report to an owner about an address. "basic": the camera wants the password in a form that
    everybody on the way can read, and did not get it. "no_rtsp": the port speaks no RTSP.
    """

    def __init__(
        self,
        why: Literal["down", "busy", "code_wrong", "not_playable"],
        cause: Literal["", "closed", "silent", "no_rtsp", "basic"] = "",
    ) -> None:
        super().__init__(why)
        self.why, self.cause = why, cause


class _Request:
    """A request that is still without an answer; `answer` is None if the sender does not wait."""

    def __init__(self, method: str, uri: str, headers: tuple[tuple[str, str], ...]) -> None:
        self.method, self.uri, self.headers = method, uri, headers
        self.tries = 0
        self.answer: asyncio.Future[Message] | None = None


class _Rest:
    """The pause that all connections without a waiting viewer share; `now` is the loop's time in seconds."""

    def __init__(self) -> None:
        self._ends = 0.0

    def left_s(self, now: float) -> float:
        if not now < self._ends <= now + _REST_S[1]:
            self._ends = now + random.uniform(*_REST_S)  # noqa: S311
        return self._ends - now


_REST = _Rest()


class Connection(asyncio.BufferedProtocol):
    """An RTSP connection. `over` is called once with the reason when the connection ends, unless we closed it.

    Answers are matched by CSeq. An answer without CSeq belongs to the request that waits longest, since cameras answer
    in order. A 3xx or a REDIRECT ends the connection: showcam never goes to another address than the one given.
    """

    def __init__(self, login: Login, frames: Callable[[int, bytes], None], over: Callable[[RtspFailed], None]) -> None:
        self._login, self._over = login, over
        self._splitter = Splitter(frames, self._arrived)
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._requests: dict[int, _Request] = {}
        self._number = 0
        self._failure: RtspFailed | None = None
        self._closed = False
        self._bytes = self._packets = self._messages = 0
        self._count_ends = 0.0
        self._has_time: Callable[[], bool] | None = None  # None: no pictures come yet
        self._waits = False
        self._lot = 0  # bytes that were read since reading was paused
        self._room = memoryview(bytearray(_ROOM))
        self.read_at = 0.0  # when the newest bytes came, by the loop's clock
        self._reads = 0  # reads of the present burst
        self._in_pieces = False  # whether the burst before came in pieces

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        login: Login,
        frames: Callable[[int, bytes], None],
        over: Callable[[RtspFailed], None],
    ) -> "Connection":
        """Connects to a camera. Raises RtspFailed."""
        made = cls(login, frames, over)
        try:
            async with asyncio.timeout(CONNECT_S):
                await made._loop.create_connection(lambda: made, host, port)
        except ConnectionRefusedError:
            raise RtspFailed("down", "closed") from None
        except (OSError, TimeoutError):
            raise RtspFailed("down", "silent") from None
        return made

    @property
    def own_address(self) -> str:
        """The local IP address, "" once the connection is gone."""
        stated = self._transport.get_extra_info("sockname") if self._transport else None
        return str(stated[0]) if stated else ""

    async def ask(self, method: str, uri: str, *headers: tuple[str, str]) -> Message:
        """Sends a request. Returns the answer, with any status that does not end the connection. Raises RtspFailed."""
        request = _Request(method, uri, headers)
        request.answer = self._loop.create_future()
        self._send(request)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await request.answer
        except TimeoutError:
            raise RtspFailed("down", "silent") from None

    def send(self, method: str, uri: str, *headers: tuple[str, str]) -> None:
        """Sends a request and does not wait; a missing answer ends nothing."""
        for number in [number for number, request in self._requests.items() if request.answer is None]:
            del self._requests[number]
        if not self._failure:
            self._send(_Request(method, uri, headers))

    def send_frame(self, channel: int, data: bytes) -> None:
        self._write(b"$" + bytes((channel,)) + len(data).to_bytes(2) + data)

    def batch(self, has_time: Callable[[], bool]) -> None:
        """Reads the video that follows in lots. `has_time`: whether it may come a tenth of a second later."""
        self._has_time = has_time

    def count(self, size: int, packets: int) -> None:
        """Counts data that arrived over this connection or over UDP, and ends the connection above the limits."""
        now = self._loop.time()
        if now >= self._count_ends:
            self._bytes, self._packets, self._messages, self._count_ends = 0, 0, 0, now + COUNTED_S
        self._bytes, self._packets = self._bytes + size, self._packets + packets
        if self._bytes > MOST_BYTES_A_SECOND * COUNTED_S or self._packets > MOST_PACKETS_A_SECOND * COUNTED_S:
            self._fail(RtspFailed("down"))

    def close(self) -> None:
        """Closes the connection. Requests that the camera accepts at once are still sent."""
        self._closed = True
        if self._transport and not self._transport.is_closing():
            self._transport.close()
            self._loop.call_later(CLOSE_S, self._transport.abort)

    # calls by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._closed:
            transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        if self._closed or self._failure:
            return
        before, self.read_at = self.read_at, self._loop.time()
        try:
            self.count(nbytes, self._splitter.feed(bytes(self._room[:nbytes])))
        except NotRtsp:
            self._fail(RtspFailed("down", "no_rtsp"))
        self._lot += nbytes
        if self._has_time is not None and self._has_time():
            self._rest(nbytes)
        elif self._has_time is not None:
            self._batch(self.read_at - before)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail(RtspFailed("down", "no_rtsp"))

    def _batch(self, since_s: float) -> None:
        """Lets the rest of a burst come before it is read; `since_s`: from the read before to this one."""
        begins = since_s > 2 * _BATCH_S
        if begins:
            self._in_pieces, self._reads = self._reads > 1, 0
        self._reads += 1
        if self._in_pieces if begins else since_s < _BATCH_S:
            self._pause(_BATCH_S)

    def _rest(self, nbytes: int) -> None:
        """Lets more data come before the next read.

        A camera that sends much may be waiting for room in the system's buffer: it is soon read again.
        """
        if nbytes < _ROOM:
            self._pause(_REST.left_s(self.read_at) if self._lot < _MUCH else _BATCH_S)

    def _pause(self, seconds: float) -> None:
        if not self._waits and self._transport and not self._transport.is_closing():
            self._waits, self._lot = True, 0
            self._transport.pause_reading()
            self._loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        self._waits = False
        if self._transport and not self._transport.is_closing():
            self._transport.resume_reading()

    # requests and arrivals

    def _send(self, request: _Request) -> None:
        if self._failure:
            raise self._failure
        self._number += 1
        self._requests[self._number] = request
        headers = (("CSeq", str(self._number)), ("User-Agent", "showcam"), *request.headers)
        signature = self._login.sign(request.method, request.uri)
        if signature is not None:
            headers = (*headers, ("Authorization", signature))
        self._write(Message(f"{request.method} {request.uri} RTSP/1.0", headers).encode())

    def _write(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > _UNREAD:
            self._fail(RtspFailed("down"))
            return
        self._transport.write(data)

    def _arrived(self, message: Message) -> None:
        """Handles a message of the camera. Raises NotRtsp."""
        self._messages += 1
        if self._messages > MOST_MESSAGES_A_SECOND * COUNTED_S:
            raise NotRtsp
        status = message.status
        if not status:
            self._commanded(message)
        elif 300 <= status < 400:
            self._fail(RtspFailed("down", "no_rtsp"))
        else:
            self._answered(message, status)

    def _commanded(self, message: Message) -> None:
        """Answers a request of the camera. Raises NotRtsp."""
        if message.method == "REDIRECT":
            self._fail(RtspFailed("down"))
            return
        self._write(Message("RTSP/1.0 200 OK", (("CSeq", message.value("cseq")),)).encode())

    def _answered(self, message: Message, status: int) -> None:
        stated = message.value("cseq")
        number = int(stated) if stated.isdecimal() and len(stated) < 10 else next(iter(self._requests), 0)
        request = self._requests.pop(number, None)
        if request is None:
            return
        if status == 401:
            self._refused(request, message)
        elif status in _BUSY and request.answer is not None:
            self._fail(RtspFailed("busy"), request)
        elif request.answer is not None and not request.answer.done():
            request.answer.set_result(message)

    def _refused(self, request: _Request, message: Message) -> None:
        """Signs the request, again if the nonce is stale; the same password is never tried twice."""
        wanted = challenge(message.values("www-authenticate"))
        request.tries += 1
        if wanted is None or not self._login.may(wanted) or request.tries > (2 if wanted.stale else 1):
            if request.answer is not None:  # otherwise the next request of this kind is signed with this challenge
                self._fail(RtspFailed("code_wrong", self._cause(wanted)), request)
            return
        self._login.take(wanted)
        if request.answer is None or not request.answer.done():
            self._send(request)

    def _cause(self, wanted: Challenge | None) -> Literal["", "no_rtsp", "basic"]:
        if wanted is None:
            return "no_rtsp"  # the camera wants an unknown way of signing in
        return "" if self._login.may(wanted) else "basic"

    def _fail(self, failure: RtspFailed, *answered: _Request) -> None:
        if self._failure or self._closed:
            return
        self._failure = failure
        for request in (*answered, *self._requests.values()):
            if request.answer is not None and not request.answer.done():
                request.answer.set_exception(failure)
        self._requests.clear()
        if self._transport:
            self._transport.abort()
        self._over(failure)


class _Port(asyncio.DatagramProtocol):
    """Accepts datagrams from the camera's address only."""

    def __init__(self, host: str, taken: Callable[[bytes], None]) -> None:
        self._host, self._taken = host, taken

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr[0] == self._host:
            self._taken(data)

    def error_received(self, exc: Exception) -> None:
        pass  # a port of the camera is closed: an opening ends by silence, not by this error


class PortPair:
    """Two UDP ports for a camera that answers 461 to TCP: RTP on the even one, RTCP on the next."""

    def __init__(self, host: str, port: int, transports: list[asyncio.DatagramTransport]) -> None:
        self._host, self.port, self._transports = host, port, transports
        self._to = 0  # the camera's own first port

    @classmethod
    async def open(cls, own: str, host: str, rtp: Callable[[bytes], None], rtcp: Callable[[bytes], None]) -> "PortPair":
        """Opens a pair of ports. `own`: this machine's address in the camera's network. Raises RtspFailed."""
        for _ in range(_PORT_TRIES):
            port = random.randrange(*_PORTS, 2)  # noqa: S311
            transports: list[asyncio.DatagramTransport] = []
            try:
                for number, taken in ((port, rtp), (port + 1, rtcp)):
                    transports.append(await _listen(own, number, host, taken))
            except OSError:
                continue
            else:
                return cls(host, port, transports)
            finally:
                for transport in transports if len(transports) < 2 else ():
                    transport.close()
        raise RtspFailed("down")

    def to(self, port: int) -> None:
        """Notes the camera's ports: a packet to them opens a firewall in between."""
        self._to = port
        with contextlib.suppress(OSError):
            for number, transport in enumerate(self._transports):
                transport.sendto(b"", (self._host, port + number))

    def report(self, data: bytes) -> None:
        if self._to:
            self._transports[1].sendto(data, (self._host, self._to + 1))

    def close(self) -> None:
        for transport in self._transports:
            transport.close()


async def _listen(own: str, port: int, host: str, taken: Callable[[bytes], None]) -> asyncio.DatagramTransport:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Port(host, taken), local_addr=(own, port))
    made: socket.socket = transport.get_extra_info("socket")
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _PORT_BUFFER)
    return transport
