"""Protobuf as far as EZVIZ's stream protocol goes: numbers and byte strings by field number. Standard library only."""

from collections.abc import Iterator

_NUMBER, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_LONGEST_NUMBER = 10  # bytes


class NotFields(Exception):
    """The body is no protobuf message."""


def number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _NUMBER) + _varint(value)


def text(field: int, value: str) -> bytes:
    data = value.encode()
    return _varint(field << 3 | _BYTES) + _varint(len(data)) + data


def read(body: bytes) -> dict[int, int | bytes]:
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
