"""One session with an EZVIZ camera in the house by its own protocol: invited on one port, played on another."""

import asyncio
import time
import uuid

from media.ezviz.local import requests
from media.ezviz.local.address import LocalAddress
from media.ezviz.local.chunks import Chunks, NotChunks, bare
from media.ezviz.local.manner import Manner
from media.ezviz.local.messages import HEAD, TAIL, Head, NotMessage, answer, result, sealed
from media.ezviz.local.requests import Invitation, session_of
from media.ezviz.local.wrapping import NotWrapped, Wrapping
from media.plane.sources.ezviz_node import SaidNo, Unreached
from media.rtsp.connection import COUNTED_S, MOST_BYTES_S, MOST_PACKETS_S
from net.addresses import is_in_house
from net.elements import Element

CONNECT_S = 1.5
ANSWER_S = 3.0
_READ = 64 * 1024


class Closed(Unreached):
    """The camera answers that a port is closed."""


class LocalSession:
    """Call `close` after use. `loopback`: in the demo the cameras live on this machine."""

    def __init__(self, address: LocalAddress, manner: Manner, *, loopback: bool, answer_s: float = ANSWER_S) -> None:
        self._address, self._manner, self._loopback, self._answer_s = address, manner, loopback, answer_s
        self._wrapping = Wrapping() if manner.wraps else None
        self._chunks = Chunks()
        self._number = manner.number
        self._reader: asyncio.StreamReader | None = None
        self._bytes = self._came = 0  # since the count began
        self._count_ends = 0.0
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> None:
        """Raises Closed, Unreached, SaidNo."""
        if not is_in_house(self._address.host, loopback=self._loopback):
            raise Unreached
        if self._manner.prepares:
            reader, writer = await self._connected(self._address.control)
            await self._asked(reader, writer, requests.PREPARE, requests.prepare(self._address.code))
            self._hang_up(writer)
        reader, writer = await self._connected(self._address.control)
        invited = await self._asked(reader, writer, requests.INVITE, self._invitation(writer))
        if not self._manner.stays:
            self._hang_up(writer)
        try:
            session = session_of(invited)
        except NotMessage:
            raise Unreached from None
        self._reader, writer = await self._connected(self._address.media)
        await self._asked(self._reader, writer, requests.PLAY, requests.play(session))

    async def read(self) -> list[bytes]:
        """The next parts of the program stream. Raises Unreached when the session is over."""
        assert self._reader is not None
        try:
            data = await self._reader.read(_READ)
            if not data:
                raise Unreached
            chunks = self._chunks.feed(data)
            self._count(len(data), len(chunks))
            return [part for channel, payload in chunks if (part := self._part(channel, payload))]
        except (OSError, NotChunks, NotWrapped):
            raise Unreached from None

    def _count(self, size: int, chunks: int) -> None:
        """Raises Unreached above what any camera sends."""
        now = time.monotonic()
        if now >= self._count_ends:
            self._bytes, self._came, self._count_ends = 0, 0, now + COUNTED_S
        self._bytes, self._came = self._bytes + size, self._came + chunks
        if self._bytes > MOST_BYTES_S * COUNTED_S or self._came > MOST_PACKETS_S * COUNTED_S:
            raise Unreached

    def close(self) -> None:
        for writer in list(self._writers):
            self._hang_up(writer)

    def _part(self, channel: int, payload: bytes) -> bytes:
        return self._wrapping.opened(channel, payload) if self._wrapping else bare(payload)

    def _invitation(self, writer: asyncio.StreamWriter) -> bytes:
        own = str(writer.get_extra_info("sockname")[0]) if self._wrapping else ""  # which the one client tells there
        return Invitation(
            self._address.code,
            self._address.channel,
            self._address.related,
            own,
            self._manner.port,
            str(uuid.uuid4()),
            int(time.time() * 1000),
            self._wrapping.public_key if self._wrapping else "",
        ).write()

    async def _connected(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(self._address.host, port)
        except ConnectionRefusedError:
            raise Closed from None
        except (OSError, TimeoutError):
            raise Unreached from None
        self._writers.append(writer)
        return reader, writer

    async def _asked(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: int, body: bytes
    ) -> Element:
        """What the camera answers. Raises Unreached, SaidNo."""
        number, self._number = self._number, self._number + self._manner.step
        try:
            writer.write(sealed(command, number, body, self._address.key))
            async with asyncio.timeout(self._answer_s):
                head = Head.read(await reader.readexactly(HEAD.size))
                told = answer(await reader.readexactly(head.length), self._address.key)
                await reader.readexactly(TAIL)
            no = result(told)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, NotMessage):
            raise Unreached from None
        if head.command != command + 1:
            raise Unreached
        if no:
            raise SaidNo(no)
        return told

    def _hang_up(self, writer: asyncio.StreamWriter) -> None:
        """Close at once: nothing is left to be said, and the camera's place is free then."""
        self._writers.remove(writer)
        writer.transport.abort()
