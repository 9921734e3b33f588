"""Messages at a camera's own port 8000: signing in, and a command that carries a request in text.

What is known of it is one public client, without the vendor's library. Each message is 16 bytes of head, four words of
32 bits, and a body: how long the whole is, two words by the kind of message, and the command.
"""

import hashlib
import hmac
from ipaddress import IPv4Address
from struct import Struct
from typing import NamedTuple

HEAD = Struct(">4I")
LONGEST = 64 * 1024  # bytes of a message
SIGN_IN, SIGNING_IN = 0x5A000000, 0x00010000
COMMAND, REQUEST = 0x63000000, 0x117000
_CLIENT = bytes.fromhex("05013d4b00000001"), bytes.fromhex("0000000000006f00")
_USER, _PROOF, _CIPHERED, _SEED = 48, 32, 128, 64  # bytes


class NotDevice(Exception):
    """What came is no message of such a camera. The text quotes nothing."""


class Message(NamedTuple):
    """`second` to `fourth`: the words of the head after the length."""

    second: int
    third: int
    fourth: int
    body: bytes

    def write(self) -> bytes:
        return HEAD.pack(HEAD.size + len(self.body), self.second, self.third, self.fourth) + self.body


def rest(head: bytes) -> int:
    """How many bytes follow a head. Raises NotDevice."""
    length, *_ = HEAD.unpack(head)
    if length > LONGEST:
        raise NotDevice
    return max(0, int(length) - HEAD.size)


class Challenge(NamedTuple):
    """What a camera answers to a user's name: `ciphered` for the key that was sent with it."""

    ciphered: bytes
    seed: bytes

    @classmethod
    def read(cls, body: bytes) -> "Challenge":
        """Raises NotDevice."""
        if len(body) < _CIPHERED + _SEED:
            raise NotDevice
        return cls(body[:_CIPHERED], body[_CIPHERED : _CIPHERED + _SEED])


class Session(NamedTuple):
    """What commands are signed with: the challenge's first 16 bytes, and two numbers of the camera's."""

    key: bytes
    number: int
    seed: int

    @classmethod
    def read(cls, answer: Message, challenge: bytes) -> "Session | None":
        """None: the camera refuses the user. Raises NotDevice."""
        if len(answer.body) < 4:
            raise NotDevice
        number = int.from_bytes(answer.body[:4], "big")
        return cls(challenge[:16].ljust(16, b"\0"), number, answer.second) if number else None


def named(own: IPv4Address, user: str, public_key: bytes) -> Message:
    """The first message of signing in. `public_key`: RSAPublicKey of PKCS #1, of 1024 bits."""
    return Message(SIGN_IN, 0, SIGNING_IN, _client(own) + user.encode().ljust(_USER, b"\0") + public_key)


def proven(own: IPv4Address, user: str, password: str, challenge: bytes, seed: bytes) -> Message:
    """The second message of signing in, on the connection of the first."""
    proof = hashlib.sha256(user.encode() + seed + password.encode()).hexdigest()
    who = hmac.digest(challenge, user.encode(), "md5").ljust(_PROOF, b"\0")
    return Message(SIGN_IN, 0, SIGNING_IN, _client(own) + who + hmac.digest(challenge, proof.encode(), "md5"))


def asking(own: IPv4Address, session: Session, word: int, text: bytes) -> Message:
    """A command that carries a request, on a connection of its own. `word` signs it."""
    tail = bytes(8) + (12 + len(text)).to_bytes(4, "big") + len(text).to_bytes(4, "big") + b"\1\0\0\0" + text
    body = own.packed[::-1] + session.number.to_bytes(4, "big") + bytes(8) + tail
    return Message(COMMAND, word, REQUEST, body)


def text_of(body: bytes) -> bytes:
    """The text in an answer, which has other bytes around it; b"" where there is none."""
    begins = [at for at in (body.find(b"{"), body.find(b"<")) if at >= 0]
    return body[min(begins) :].partition(b"\0")[0] if begins else b""


def _client(own: IPv4Address) -> bytes:
    return _CLIENT[0] + own.packed[::-1] + _CLIENT[1]
