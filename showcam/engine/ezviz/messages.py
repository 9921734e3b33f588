"""EZVIZ's stream protocol: frames, and the messages in them to and from dispatchers (VTM) and stream nodes (VTDU).

A frame is `$`, channel, length, sequence, code and body. The body of a message is protobuf: numbers and byte strings by
field number. A damaged stream is searched for the next frame, over MOST_JUNK bytes at most. Standard library only.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

MAGIC = 0x24
HEADER = struct.Struct(">BBHHH")
MESSAGE, STREAM = 0x00, 0x01
CHANNELS = frozenset({MESSAGE, STREAM, 0x02, 0x0A, 0x0B})  # the last two are ciphered, which nobody requests
MOST_JUNK = 256 * 1024
STOP, KEEP_ALIVE, KEPT_ALIVE, INFO, INFO_ANSWER = 0x130, 0x132, 0x133, 0x13B, 0x13C
CLIENT = "v3.6.3.20221124"  # the version that public clients give and nodes take
LONGEST = 4096  # of a text in an answer

_URL, _KEY, _AGENT, _PROXY, _VERSION = 1, 2, 3, 4, 6
_RESULT, _SSN, _ANSWERED_KEY, _ANSWERED_URL = 1, 4, 5, 7
_NUMBER, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_LONGEST_NUMBER = 10  # bytes


class NotFrames(Exception):
    """The bytes are not of this protocol."""


class Frame(NamedTuple):
    channel: int
    code: int  # only messages have a code: on other channels it is any number
    body: bytes


def frame(code: int, body: bytes, sequence: int = 0) -> bytes:
    """A message, ready to be sent."""
    return HEADER.pack(MAGIC, MESSAGE, len(body), sequence & 0xFFFF, code) + body


class Frames:
    """Takes bytes in pieces of any size, returns whole frames. Buffers one frame, 64 KiB at most."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._in_step = True  # False: a frame counts only if another frame begins directly after it
        self._junk = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Takes bytes, and returns the frames that are complete. Raises NotFrames."""
        self._held += data
        found, at = [], 0
        while (end := self._end(at)) is not None:
            if end < 0:
                at = self._skip(at)
                continue
            _, channel, _, _, code = HEADER.unpack_from(self._held, at)
            found.append(Frame(channel, code, bytes(self._held[at + HEADER.size : end])))
            self._in_step, self._junk, at = True, 0, end
        del self._held[:at]
        return found

    def _end(self, at: int) -> int | None:
        """The end of the frame at `at`; -1: no frame begins there; None: more bytes are needed to decide."""
        held = self._held
        if len(held) - at < HEADER.size:
            return None if _may_begin(held, at) else -1
        if not _may_begin(held, at):
            return -1
        end: int = at + HEADER.size + HEADER.unpack_from(held, at)[2]
        if self._in_step:
            return end if len(held) >= end else None
        if len(held) < end + 2:
            return None
        return end if _may_begin(held, end) else -1

    def _skip(self, at: int) -> int:
        """The next possible offset of a frame. Raises NotFrames after too many bytes without a frame."""
        self._in_step = False
        found = self._held.find(MAGIC, at + 1)
        where = found if found >= 0 else len(self._held)
        self._junk += where - at
        if self._junk > MOST_JUNK:
            raise NotFrames
        return where


def _may_begin(held: bytearray, at: int) -> bool:
    """Whether a frame may begin there, by its first two bytes, or as many of them as have arrived."""
    remaining = len(held) - at
    return (remaining < 1 or held[at] == MAGIC) and (remaining < 2 or held[at + 1] in CHANNELS)


class NotAnswer(Exception):
    """The body is no answer. The error quotes nothing of the body."""


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A server's answer. Secret: `ssn` opens the session, `url` holds the token, `key` is sent to the next node."""

    result: int = 0
    ssn: str = ""
    url: str = ""
    key: str = ""

    @property
    def redirects(self) -> bool:
        return self.result != 0 and bool(self.url and self.key)

    @classmethod
    def read(cls, body: bytes) -> "Answer":
        """Reads the body of an answer. Raises NotAnswer."""
        try:
            answered = read_fields(body)
        except NotFields:
            raise NotAnswer from None
        result = answered.get(_RESULT, 0)
        if not isinstance(result, int):
            raise NotAnswer
        return cls(result, *(_text(answered.get(field, b"")) for field in (_SSN, _ANSWERED_URL, _ANSWERED_KEY)))


def ask(url: str, key: str, sequence: int) -> bytes:
    """A request for the stream at `url`. `key`: from the redirect that led here; "" at a dispatcher."""
    said = text_field(_URL, url) + (text_field(_KEY, key) if key else b"")
    said += text_field(_AGENT, CLIENT) + number_field(_PROXY, 0) + text_field(_VERSION, CLIENT)
    return frame(INFO, said, sequence)


def keep_alive(ssn: str, sequence: int) -> bytes:
    return frame(KEEP_ALIVE, text_field(1, ssn), sequence)


def stop(ssn: str, sequence: int) -> bytes:
    return frame(STOP, text_field(1, ssn), sequence)


def _text(value: int | bytes) -> str:
    if not isinstance(value, bytes) or len(value) > LONGEST:
        raise NotAnswer
    text = value.decode("ascii", "replace")
    if not text.isascii() or not text.isprintable():
        raise NotAnswer
    return text


class NotFields(Exception):
    """The body is no protobuf message."""


def number_field(field: int, value: int) -> bytes:
    return _varint(field << 3 | _NUMBER) + _varint(value)


def text_field(field: int, value: str) -> bytes:
    data = value.encode()
    return _varint(field << 3 | _BYTES) + _varint(len(data)) + data


def read_fields(body: bytes) -> dict[int, int | bytes]:
    """The last value of each field; a missing field means zero or empty. Raises NotFields."""
    return dict(_fields(body))


def _fields(body: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(body):
        key, at = _read_varint(body, at)
        kind = key & 7
        if kind == _NUMBER:
            value, at = _read_varint(body, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, at = _read_varint(body, at)
        elif kind in (_EIGHT, _FOUR):
            length = 8 if kind == _EIGHT else 4
        else:
            raise NotFields
        if length > len(body) - at:
            raise NotFields
        if kind == _BYTES:
            yield key >> 3, body[at : at + length]
        at += length


def _read_varint(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(_LONGEST_NUMBER):
        if at + index >= len(body):
            break
        byte = body[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, at + index + 1
    raise NotFields


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
