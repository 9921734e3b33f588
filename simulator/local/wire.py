"""Messages of the vendor's own protocol in the house, and of its server of keys, as two public clients found them.

They are written apart from those of the program that is tried with it.
"""

import asyncio
import hashlib
import struct
from xml.etree import ElementTree

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

HEAD_BYTES, TAIL_BYTES = 32, 32
MAGIC = b"\x9e\xba\xac\xe9"
ENCIPHERED = 0xFFFFFFFF
LONGEST = 8192
_FIRST = b"01234567" + bytes(8)


class NotOurs(Exception):
    """The peer speaks another protocol, or has another key."""


class Said:
    """A message of a client's. `body` is in the clear."""

    def __init__(self, command: int, number: int, body: bytes) -> None:
        self.command, self.number = command, number
        try:
            self._root = ElementTree.fromstring(body)  # noqa: S314 - of the program that is tried
        except ElementTree.ParseError:
            raise NotOurs from None
        if self._root.tag != "Request":
            raise NotOurs

    def text(self, name: str) -> str:
        return (self._root.findtext(name) or "").strip()

    def attribute(self, name: str, attribute: str) -> str:
        found = self._root.find(name)
        return found.get(attribute, "") if found is not None else ""


async def heard(reader: asyncio.StreamReader, key: bytes = b"") -> Said:
    """The next message. With a key its body is enciphered, and its tail has to be right."""
    head = await reader.readexactly(HEAD_BYTES)
    magic, version, number, _, command, flags, length, _ = struct.unpack(">4s4s6I", head)
    if magic != MAGIC or version != b"\x01\0\0\0" or length > LONGEST or flags != (ENCIPHERED if key else 0):
        raise NotOurs
    body, tail = await reader.readexactly(length), await reader.readexactly(TAIL_BYTES)
    if not key:
        return Said(command, number, body)
    if tail != _digest(body) or length % 16 or not length:
        raise NotOurs
    clear = _cipher(key).decryptor().update(body)
    if not 0 < clear[-1] <= 16:
        raise NotOurs
    return Said(command, number, clear[: -clear[-1]])


def answer(said: Said, xml: str, key: bytes = b"") -> bytes:
    """With a key it is enciphered; without one it is as it is, from cameras too."""
    body = f'<?xml version="1.0" encoding="utf-8"?>\n<Response>\n{xml}\n</Response>\n'.encode()
    if key:
        rest = 16 - len(body) % 16
        body = _cipher(key).encryptor().update(body + bytes((rest,)) * rest)
    flags = ENCIPHERED if key else 0
    head = MAGIC + b"\x01\0\0\0" + struct.pack(">6I", said.number, 0, said.command + 1, flags, len(body), 0)
    return head + body + _digest(body)


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(_FIRST))


def _digest(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).hexdigest().encode()
