"""Messages of EZVIZ's own protocol at home, and of the server that hands out its keys: a head, a body, a tail.

Two public clients agree on them. What a camera is asked is enciphered with AES-128 in CBC mode, and what it answers may
be; a tail of 32 characters follows every body. The tail of an answer is passed over: it proves nothing, and no client
needs it.
"""

import hashlib
from struct import Struct
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from net.elements import Element, NotXml, read

# magic, version, number, nothing, command, flags, length of the body, nothing
HEAD = Struct(">4s7I")
MAGIC, VERSION = b"\x9e\xba\xac\xe9", 0x01000000
TAIL = 32
LONGEST = 16 * 1024  # bytes of a body
KEY_BYTES = 16
_SEALED = 0xFFFFFFFF
_BLOCK_BITS = 128
_FIRST = b"01234567".ljust(16, b"\0")  # every message begins with the same vector


class NotMessage(Exception):
    """What came is no such message. The text quotes nothing of it."""


class Head(NamedTuple):
    command: int
    length: int  # of the body; the tail follows

    @classmethod
    def read(cls, data: bytes) -> "Head":
        """Raises NotMessage."""
        magic, _, _, _, command, _, length, _ = HEAD.unpack(data)
        if magic != MAGIC or length > LONGEST:
            raise NotMessage
        return cls(command, length)


def plain(command: int, number: int, body: bytes, tail: bytes) -> bytes:
    """A message to the server of keys, which TLS hides."""
    return HEAD.pack(MAGIC, VERSION, number, 0, command, 0, len(body), 0) + body + tail


def sealed(command: int, number: int, body: bytes, key: bytes) -> bytes:
    """A message to a camera."""
    padder, cipher = PKCS7(_BLOCK_BITS).padder(), _cipher(key).encryptor()
    hidden = cipher.update(padder.update(body) + padder.finalize()) + cipher.finalize()
    tail = hashlib.md5(hidden, usedforsecurity=False).hexdigest().encode()
    return HEAD.pack(MAGIC, VERSION, number, 0, command, _SEALED, len(hidden), 0) + hidden + tail


def answer(body: bytes, key: bytes = b"") -> Element:
    """What a body says, enciphered or not. Raises NotMessage."""
    if key and not body.startswith(b"<"):
        body = _opened(body, key)
    try:
        return read(body[body.find(b"<") : body.rfind(b">") + 1])
    except NotXml:
        raise NotMessage from None


def result(told: Element) -> int:
    """0 where all is well, or where nothing is said. Raises NotMessage."""
    text = text_of(told, "Result") or "0"
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(text) > 10:
        raise NotMessage
    return int(text)


def text_of(told: Element, name: str) -> str:
    """The text of the first element of that name, wherever it is."""
    return next((element.text.strip() for element in told.descendants(name)), "")


def _opened(body: bytes, key: bytes) -> bytes:
    cipher, unpadder = _cipher(key).decryptor(), PKCS7(_BLOCK_BITS).unpadder()
    try:
        return unpadder.update(cipher.update(body) + cipher.finalize()) + unpadder.finalize()
    except ValueError:
        raise NotMessage from None


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(_FIRST))
