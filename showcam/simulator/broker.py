"""An MQTT 3.1.1 broker (OASIS standard), as far as subscribers to the app's messages use it.

Sections 3.1 to 3.14 name the packets. The broker keeps no message for a client that is not connected.
"""

import asyncio
import contextlib
import struct
from collections.abc import Callable

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 10, 11, 12, 13, 14
ACCEPTED, WRONG_VERSION, UNKNOWN_CLIENT, NOT_AUTHORISED = 0, 1, 2, 5
LONGEST = 64 * 1024


class _Bad(Exception):
    """The packet violates the standard, and the connection is closed (section 4.8)."""


class Client:
    """One connection after its CONNECT."""

    def __init__(self, name: str, writer: asyncio.StreamWriter) -> None:
        self.name = name
        self._writer = writer
        self._filters: dict[str, int] = {}
        self._next = 0
        self.unconfirmed: set[int] = set()

    def subscribe(self, topic_filter: str, quality: int) -> None:
        self._filters[topic_filter] = quality

    def unsubscribe(self, topic_filter: str) -> None:
        self._filters.pop(topic_filter, None)

    def send(self, kind: int, body: bytes = b"", flags: int = 0) -> None:
        self._writer.write(bytes([kind << 4 | flags]) + _length(len(body)) + body)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Sends the payload. Returns False if the client has not subscribed to the topic."""
        qualities = [quality for pattern, quality in self._filters.items() if _matches(pattern, topic)]
        if not qualities:
            return False
        quality, number = max(qualities), b""
        if quality:
            self._next = self._next % 0xFFFF + 1
            self.unconfirmed.add(self._next)
            number = struct.pack("!H", self._next)
        self.send(PUBLISH, _text(topic) + number + payload, quality << 1)
        return True

    def close(self) -> None:
        self._writer.close()


class Broker:
    """`admit` gives the CONNACK return code for a client id, user and password. `CLIENT` is the class of clients."""

    CLIENT = Client

    def __init__(self, admit: Callable[[str, str, str], int]) -> None:
        self._admit = admit
        self.clients: dict[str, Client] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection, for asyncio.start_server."""
        client: Client | None = None
        try:
            client = self._accepted(await _packet(reader), writer)
            while client is not None and self._answered(client, await _packet(reader)):
                await writer.drain()
        except (_Bad, OSError, asyncio.IncompleteReadError, UnicodeDecodeError, struct.error, IndexError):
            pass
        finally:
            if client is not None and self.clients.get(client.name) is client:
                del self.clients[client.name]
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def publish(self, client: str, topic: str, payload: bytes) -> bool:
        known = self.clients.get(client)
        return known is not None and known.publish(topic, payload)

    def close(self) -> None:
        for client in list(self.clients.values()):
            client.close()

    def _accepted(self, packet: tuple[int, int, bytes], writer: asyncio.StreamWriter) -> Client | None:
        kind, _flags, body = packet
        if kind != CONNECT:
            raise _Bad
        protocol, rest = _split_field(body)
        level, flags, rest = rest[0], rest[1], rest[4:]
        name, rest = _split_field(rest)
        if flags & 0x04:  # a will: the broker skips its topic and message
            _topic, rest = _split_field(rest)
            _message, rest = _split_field(rest)
        user, rest = _split_field(rest) if flags & 0x80 else ("", rest)
        password = _split_field(rest)[0] if flags & 0x40 else ""
        client = self.CLIENT(name, writer)
        code = WRONG_VERSION if (protocol, level) != ("MQTT", 4) else self._admit(name, user, password)
        client.send(CONNACK, bytes([0, code]))
        if code != ACCEPTED:
            return None
        if name in self.clients:
            self.clients[name].close()  # section 3.1.4: the newer connection stays
        self.clients[name] = client
        return client

    def _answered(self, client: Client, packet: tuple[int, int, bytes]) -> bool:
        """Answers one packet. Returns False if the client disconnects."""
        kind, _flags, body = packet
        if kind == DISCONNECT:
            return False
        if kind == PINGREQ:
            client.send(PINGRESP)
        elif kind == SUBSCRIBE:
            number, rest, granted = body[:2], body[2:], b""
            while rest:
                topic_filter, rest = _split_field(rest)
                quality, rest = min(rest[0], 2), rest[1:]
                client.subscribe(topic_filter, quality)
                granted += bytes([quality])
            client.send(SUBACK, number + granted)
        elif kind == UNSUBSCRIBE:
            rest = body[2:]
            while rest:
                topic_filter, rest = _split_field(rest)
                client.unsubscribe(topic_filter)
            client.send(UNSUBACK, body[:2])
        elif kind == PUBREC:
            client.send(PUBREL, body[:2], 2)
        elif kind in (PUBACK, PUBCOMP):
            client.unconfirmed.discard(struct.unpack("!H", body[:2])[0])
        else:
            raise _Bad  # clients may not publish
        return True


async def _packet(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    """Returns a packet's kind, flags and body."""
    first = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        digit = (await reader.readexactly(1))[0]
        length |= (digit & 127) << shift
        shift += 7
        if not digit & 128:
            break
        if shift > 21:
            raise _Bad
    if length > LONGEST:
        raise _Bad
    return first >> 4, first & 15, await reader.readexactly(length)


def _length(length: int) -> bytes:
    encoded = b""
    while True:
        length, digit = divmod(length, 128)
        encoded += bytes([digit | (128 if length else 0)])
        if not length:
            return encoded


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


def _split_field(data: bytes) -> tuple[str, bytes]:
    (length,) = struct.unpack("!H", data[:2])
    if len(data) < 2 + length:
        raise _Bad
    return data[2 : 2 + length].decode(), data[2 + length :]


def _matches(topic_filter: str, topic: str) -> bool:
    """Tells whether a topic filter with wildcards matches, section 4.7."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for place, word in enumerate(wanted):
        if word == "#":
            return True
        if place >= len(levels) or word not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)
