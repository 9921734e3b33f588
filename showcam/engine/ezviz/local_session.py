"""One session with an EZVIZ camera in the house by its own protocol: invited on one port, played on another.

Two public clients speak it in two ways, to different models (`Manner`). Everything unpublished about it is guessed
below, and nowhere else:

Nothing is sent to keep a session alive. Neither client sends anything, one of them for sessions of minutes.
A session ends when the camera hangs up, or sends nothing for a while. No message is taken for its end.
Closing the connections frees the camera's place. Neither client says good-bye.
One session at once: one client opens no second one, since its doorbell did not seem to like it.
A result other than 0 is a refusal, whatever its number.
Only the main stream is requested. The smaller one, as `StreamType` "SUB", has not been tried.
"""

import asyncio
import base64
import time
import uuid
from struct import Struct
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from showcam.engine.ezviz import local_messages
from showcam.engine.ezviz.local_messages import (
    HEAD,
    TAIL,
    Head,
    LocalAddress,
    NotMessage,
    answer,
    invite,
    result,
    sealed,
    session_of,
)
from showcam.engine.ezviz.messages import Frames, NotFrames
from showcam.engine.ezviz.node import SaidNo, Unreached
from showcam.engine.rtp.packets import NotRtp, read
from showcam.engine.rtsp.connection import CONNECT_S, COUNTED_S, MOST_BYTES_A_SECOND, MOST_PACKETS_A_SECOND
from showcam.net.addresses import is_in_house
from showcam.net.elements import Element

_READ = 64 * 1024
_HEAD = Struct(">BBH")  # of a chunk: `$`, channel, length
# the first of two bytes before each part of the program stream; the second tells a first part from others
_MARKER = 0x1C
MOST_PLACES = 16  # offsets that are searched for a key: each costs some ten microseconds, and a first chunk has one
CHANNEL = 1  # the channel of the video, once the key is known
_KEYS, _DATA = b"\x24\x01", b"\x24\x02"
_SESSION_KEY, _SESSION_BYTES, _THEIR_BYTES = 0x0B, 32, 91
_LONGEST_KEYS = _SESSION_KEY + 255 + _SESSION_BYTES + _THEIR_BYTES
_PREFIX, _NONCE, _BODY, _SIGNATURE = 4, slice(7, 11), 0x0B, 32
_COUNTER, _REST = bytes(4), bytes(8)  # of the nonce


def chunks() -> Frames:
    """Splits the bytes from a camera's port of video: a short preface, then chunks with a payload."""
    return Frames(_HEAD, range(256), in_step=False)


def bare(payload: bytes) -> bytes:
    """The part of the stream in a payload: without its head of RTP, and without the marker. b"" if it is no RTP."""
    try:
        part = read(payload).payload
    except NotRtp:
        return b""
    return part[2:] if part[:1] == bytes((_MARKER,)) else part


class NotWrapped(Exception):
    """The first chunk has no key for us. The text of the error quotes nothing of the chunk."""


class Wrapping:
    """The cipher that some cameras put around the video at home, as one public client undoes it: ChaCha20.

    The camera's first chunk has its public key and the session's key, enciphered for ours. Each packet has its own
    nonce. The 32 bytes that end a packet, which sign it, are not read. `public_key`: base64 of a SubjectPublicKeyInfo,
    for the invitation.
    """

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        told = self._private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public_key = base64.b64encode(told).decode()
        self._key = b""

    def opened(self, channel: int, payload: bytes) -> bytes:
        """The part of the stream in a chunk; the first chunk has none. Raises NotWrapped."""
        if not self._key:
            self._key = self._session_key(payload)
            return b""
        packet = payload[_PREFIX:]
        if channel != CHANNEL or not packet.startswith(_DATA) or len(packet) < _BODY + _SIGNATURE:
            return b""
        nonce = _COUNTER + packet[_NONCE] + _REST
        return Cipher(algorithms.ChaCha20(self._key, nonce), None).decryptor().update(packet[_BODY:-_SIGNATURE])

    def _session_key(self, payload: bytes) -> bytes:
        at = -1
        for _ in range(MOST_PLACES):
            at = payload.find(_KEYS, at + 1)
            if at < 0:
                break
            if found := self._key_at(payload[at : at + _LONGEST_KEYS]):
                return found
        raise NotWrapped

    def _key_at(self, packet: bytes) -> bytes:
        """The session's key in this packet, or b"" if there is none."""
        begin = _SESSION_KEY + (packet[2] if len(packet) > 2 else 0)
        hidden, theirs = packet[begin : begin + _SESSION_BYTES], packet[begin + _SESSION_BYTES :][:_THEIR_BYTES]
        if len(theirs) < _THEIR_BYTES:
            return b""
        try:
            key = load_der_public_key(theirs)
            if not isinstance(key, ec.EllipticCurvePublicKey):
                return b""
            shared = self._private.exchange(ec.ECDH(), key)
        except (ValueError, UnsupportedAlgorithm):
            return b""
        return Cipher(algorithms.AES(shared), modes.ECB()).decryptor().update(hidden)  # noqa: S305 - the camera's


class Manner(NamedTuple):
    """One of two ways to open a session. `prepares`: a command comes before the invitation.

    `wraps`: the session has its own cipher around the video. `stays`: the connection of the invitation stays open as
    long as the video lasts. `number`: of the first message.
    """

    name: str
    prepares: bool
    wraps: bool
    stays: bool
    number: int
    step: int  # from one message's number to the next
    port: int  # sent to the camera, which does not use it: the video comes on a connection that we open


PLAIN = Manner("plain", prepares=False, wraps=False, stays=True, number=16, step=1, port=10101)
WRAPPED = Manner("wrapped", prepares=True, wraps=True, stays=False, number=1, step=0, port=10105)
MANNERS = (PLAIN, WRAPPED)


class Closed(Unreached):
    """The camera answers that a port is closed."""


class LocalSession:
    """A session with a camera. Call `close` after use. `loopback`: in the demo the cameras live on this machine."""

    def __init__(self, address: LocalAddress, manner: Manner, *, loopback: bool, answer_s: float = CONNECT_S) -> None:
        self._address, self._manner, self._loopback, self._answer_s = address, manner, loopback, answer_s
        self._wrapping = Wrapping() if manner.wraps else None
        self._chunks = chunks()
        self._number = manner.number
        self._reader: asyncio.StreamReader | None = None
        self._bytes = self._came = 0  # since the count began
        self._count_ends = 0.0
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> None:
        """Opens the session, and starts the video. Raises Closed, Unreached, SaidNo."""
        if not is_in_house(self._address.host, loopback=self._loopback):
            raise Unreached
        if self._manner.prepares:
            reader, writer = await self._connected(self._address.control)
            await self._request(reader, writer, local_messages.PREPARE, local_messages.prepare(self._address.code))
            self._hang_up(writer)
        reader, writer = await self._connected(self._address.control)
        invited = await self._request(reader, writer, local_messages.INVITE, self._invitation(writer))
        if not self._manner.stays:
            self._hang_up(writer)
        try:
            session = session_of(invited)
        except NotMessage:
            raise Unreached from None
        self._reader, writer = await self._connected(self._address.media)
        await self._request(self._reader, writer, local_messages.PLAY, local_messages.play(session))

    async def read(self) -> list[bytes]:
        """The next parts of the program stream. Raises Unreached when the session has ended."""
        assert self._reader is not None
        try:
            data = await self._reader.read(_READ)
            if not data:
                raise Unreached
            found = self._chunks.feed(data)
            self._count(len(data), len(found))
            return [part for chunk in found if (part := self._part(chunk.channel, chunk.body))]
        except (OSError, NotFrames, NotWrapped):
            raise Unreached from None

    def _count(self, size: int, chunks: int) -> None:
        """Counts received data. Raises Unreached above the limits, which no camera exceeds."""
        now = time.monotonic()
        if now >= self._count_ends:
            self._bytes, self._came, self._count_ends = 0, 0, now + COUNTED_S
        self._bytes, self._came = self._bytes + size, self._came + chunks
        if self._bytes > MOST_BYTES_A_SECOND * COUNTED_S or self._came > MOST_PACKETS_A_SECOND * COUNTED_S:
            raise Unreached

    def close(self) -> None:
        for writer in list(self._writers):
            self._hang_up(writer)

    def _part(self, channel: int, payload: bytes) -> bytes:
        return self._wrapping.opened(channel, payload) if self._wrapping else bare(payload)

    def _invitation(self, writer: asyncio.StreamWriter) -> bytes:
        # the client of this manner states its own address; the other client states none
        own = str(writer.get_extra_info("sockname")[0]) if self._wrapping else ""
        return invite(
            self._address.code,
            self._address.channel,
            self._address.related,
            own,
            self._manner.port,
            str(uuid.uuid4()),
            int(time.time() * 1000),
            self._wrapping.public_key if self._wrapping else "",
        )

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

    async def _request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: int, body: bytes
    ) -> Element:
        """Sends a command, and returns the camera's answer. Raises Unreached, SaidNo."""
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
        """Closes at once: no message is left to be sent, and the camera's place is then free."""
        self._writers.remove(writer)
        writer.transport.abort()
