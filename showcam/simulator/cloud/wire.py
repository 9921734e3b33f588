"""The format of the vendor's dispatchers and stream nodes: frames of eight bytes and a body, messages of fields."""

import asyncio
import struct
from dataclasses import dataclass, field

MESSAGE, STREAM = 0, 1
ASK, ANSWER, NOTICE = 0x13B, 0x13C, 0x13D
STOP, STOPPED, KEEP_ALIVE, KEPT_ALIVE, LINK_INFO = 0x130, 0x131, 0x132, 0x133, 0x149
UNHEARD = 0x1F7  # an unknown kind of message
_SELDOM = 64  # frames
HEADER = struct.Struct(">BBHHH")
type Fields = dict[int, int | bytes]


class NotOurs(Exception):
    """The client speaks another protocol: the node hangs up."""


def message(fields: dict[int, int | str]) -> bytes:
    """Encodes the fields. Zero and empty values are left out."""
    out = bytearray()
    for number, value in sorted(fields.items()):
        if isinstance(value, int):
            out += _number(number << 3) + _number(value) if value else b""
        elif value:
            out += _number(number << 3 | 2) + _number(len(value)) + value.encode()
    return bytes(out)


def fields_of(body: bytes) -> Fields:
    """Decodes the fields of a message. Raises NotOurs."""
    found: Fields = {}
    at = 0
    try:
        while at < len(body):
            key, at = _read(body, at)
            value, at = _read(body, at)
            if key & 7 == 0:
                found[key >> 3] = value
            elif key & 7 == 2 and at + value <= len(body):
                found[key >> 3] = body[at : at + value]
                at += value
            else:
                raise NotOurs
    except IndexError:
        raise NotOurs from None
    return found


def text_of(fields: Fields, number: int) -> str:
    value = fields.get(number, b"")
    return value.decode("ascii", "replace") if isinstance(value, bytes) else ""


@dataclass(slots=True)
class Line:
    """A client's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sent: int = field(default=0)

    async def receive(self) -> tuple[int, bytes]:
        """Reads the next message's code and body. Raises NotOurs, and the errors of the connection."""
        magic, channel, length, _, code = HEADER.unpack(await self.reader.readexactly(HEADER.size))
        if magic != 0x24 or channel != MESSAGE:
            raise NotOurs
        return code, await self.reader.readexactly(length)

    def say(self, code: int, body: bytes) -> None:
        self._write(MESSAGE, code, body)

    async def tell(self, code: int, body: bytes) -> None:
        self.say(code, body)
        await self.writer.drain()

    def stream(self, body: bytes) -> None:
        """Sends a part of the picture. The code in its head means nothing; now and then it equals a message's code."""
        self._write(STREAM, KEEP_ALIVE if self.sent % _SELDOM == 0 else 0x9E03, body)

    def _write(self, channel: int, code: int, body: bytes) -> None:
        self.writer.write(HEADER.pack(0x24, channel, len(body), self.sent & 0xFFFF, code) + body)
        self.sent += 1


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def _read(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at
