"""Pairs of UDP ports, for cameras that answer 461 to TCP: RTP on the even port, RTCP on the next."""

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable

from media.rtsp.failed import RtspFailed

_TRIES = 20
_PORTS = (20_000, 60_000)
_BUFFER = 1024 * 1024  # a keyframe comes at once


class _Port(asyncio.DatagramProtocol):
    """Accepts datagrams from the camera's address only."""

    def __init__(self, host: str, taken: Callable[[bytes], None]) -> None:
        self._host, self._taken = host, taken

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr[0] == self._host:
            self._taken(data)

    def error_received(self, exc: Exception) -> None:
        pass  # a port of the camera's that is closed: silence is what ends an opening


class PortPair:
    def __init__(self, host: str, port: int, transports: list[asyncio.DatagramTransport]) -> None:
        self._host, self.port, self._transports = host, port, transports
        self._to = 0  # the camera's own first port

    @classmethod
    async def open(cls, own: str, host: str, rtp: Callable[[bytes], None], rtcp: Callable[[bytes], None]) -> "PortPair":
        """`own`: this machine's address in the camera's network. Raises RtspFailed."""
        for _ in range(_TRIES):
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
        """The camera's ports: a packet to them opens a firewall in between."""
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
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    return transport
