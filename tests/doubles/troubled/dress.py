"""A camera's program stream in the house: sent plainly, or in a cipher that camera and client agree on."""

import base64
import hmac
import random
import secrets
import struct
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

_SOURCE = 0x55667788
_PACK = b"\0\0\1\xba"


class Dress(Protocol):
    def first(self) -> bytes:
        """Returns the bytes before the picture."""
        ...

    def part(self, part: bytes) -> bytes:
        """Returns a part of the stream as a chunk."""
        ...


class Plain:
    """Parts in RTP, behind two bytes that mark a pack's first part."""

    def __init__(self) -> None:
        self._number = random.getrandbits(16)

    def first(self) -> bytes:
        return random.randbytes(40).replace(b"$", b"#")

    def part(self, part: bytes) -> bytes:
        self._number = self._number + 1 & 0xFFFF
        marker = b"\x1c\x80" if part.startswith(_PACK) else b"\x1c\x00"
        head = struct.pack(">BBHII", 0x80, 96, self._number, random.getrandbits(32), _SOURCE)
        return _chunk(0, head + marker + part)


class Wrapped:
    """`public_key` is the client's: base64 of a SubjectPublicKeyInfo. Raises ValueError if it is malformed."""

    def __init__(self, public_key: str) -> None:
        theirs = load_der_public_key(base64.b64decode(public_key, validate=True))
        assert isinstance(theirs, ec.EllipticCurvePublicKey)
        own = ec.generate_private_key(ec.SECP256R1())
        self._own = own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._shared, self._key = own.exchange(ec.ECDH(), theirs), secrets.token_bytes(32)

    def first(self) -> bytes:
        more = random.randrange(5)  # bytes of the head that only the vendor's player reads
        hidden = Cipher(algorithms.AES(self._shared), modes.ECB()).encryptor().update(self._key)  # noqa: S305
        head = b"\x24\x01" + bytes((more,)) + b"\0\0\x01\x01" + random.randbytes(4 + more)
        return _chunk(0, b"IMKH" + bytes(36) + head + hidden + self._own + bytes(40))

    def part(self, part: bytes) -> bytes:
        nonce = random.randbytes(4)
        cipher = Cipher(algorithms.ChaCha20(self._key, bytes(4) + nonce + bytes(8)), None)
        body = cipher.encryptor().update(part)
        packet = b"\x24\x02\0" + struct.pack(">H", len(body)) + b"\x01\x02" + nonce + body
        return _chunk(1, random.randbytes(4) + packet + hmac.digest(self._shared, packet, "sha256"))


def _chunk(channel: int, payload: bytes) -> bytes:
    return b"$" + bytes((channel,)) + struct.pack(">H", len(payload)) + payload
