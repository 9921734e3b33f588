"""Messages of EZVIZ's own protocol at home, and of the server that hands out its keys: a head, XML, a tail.

Two public clients agree on these messages, and on the order of the elements, which one of the clients has from EZVIZ's
app. Requests to a camera are enciphered with AES-128 in CBC mode, and its answers may be; a tail of 32 characters
follows every body. The tail of an answer is passed over: it proves nothing, and no client needs it.
"""

import hashlib
import re
from dataclasses import dataclass, field
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from showcam.engine.ezviz.address import BadAddress, parted
from showcam.net.addresses import with_port
from showcam.net.elements import Element, NotXml, read

if TYPE_CHECKING:
    from showcam.engine.source import EzvizLocal


# magic, version, number, nothing, command, flags, length of the body, nothing
HEAD = Struct(">4s7I")
MAGIC, VERSION = b"\x9e\xba\xac\xe9", 0x01000000
TAIL = 32
LONGEST = 16 * 1024  # bytes of a body
KEY_BYTES = 16
_SEALED = 0xFFFFFFFF
_BLOCK_BITS = 128
_FIRST = b"01234567".ljust(16, b"\0")  # every message begins with the same vector

KEY_WANTED, PREPARE, INVITE, PLAY = 0x2001, 0x2013, 0x2011, 0x3105
CLIENT_TYPE = 3  # 0 is often left without an answer
ANY_SESSION = 10011
CONTROL_PORT, MEDIA_PORT = 9010, 9020  # of nearly every device, for commands and for video
LIMIT = -9999  # the server writes this if it gives no key for now
_KEY = re.compile(r"[!-~]{16}")
_CODE = re.compile(r"[!-~]{1,32}")
_SESSION = re.compile(r"[!-~]{1,64}")


class NotMessage(Exception):
    """The bytes are no such message. The text of the error quotes nothing of them."""


class Head(NamedTuple):
    command: int
    length: int  # of the body; the tail follows

    @classmethod
    def read(cls, data: bytes) -> "Head":
        """Reads the head of a message. Raises NotMessage."""
        if len(data) < HEAD.size:
            raise NotMessage
        magic, _, _, _, command, _, length, _ = HEAD.unpack(data)
        if magic != MAGIC or length > LONGEST:
            raise NotMessage
        return cls(command, length)


def plain(command: int, number: int, body: bytes, tail: bytes) -> bytes:
    """A message to the server of keys. TLS encrypts it."""
    return HEAD.pack(MAGIC, VERSION, number, 0, command, 0, len(body), 0) + body + tail


def sealed(command: int, number: int, body: bytes, key: bytes) -> bytes:
    """A message to a camera, enciphered with its key."""
    padder, cipher = PKCS7(_BLOCK_BITS).padder(), _cipher(key).encryptor()
    hidden = cipher.update(padder.update(body) + padder.finalize()) + cipher.finalize()
    tail = hashlib.md5(hidden, usedforsecurity=False).hexdigest().encode()
    return HEAD.pack(MAGIC, VERSION, number, 0, command, _SEALED, len(hidden), 0) + hidden + tail


def answer(body: bytes, key: bytes = b"") -> Element:
    """The XML of a body, enciphered or not. Raises NotMessage."""
    if key and not body.startswith(b"<"):
        body = _opened(body, key)
    try:
        return read(body[body.find(b"<") : body.rfind(b">") + 1])
    except NotXml:
        raise NotMessage from None


def result(told: Element) -> int:
    """The result in an answer: 0 if all is well, or if the answer states none. Raises NotMessage."""
    text = text_of(told, "Result") or "0"
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(text) > 10:
        raise NotMessage
    return int(text)


def text_of(told: Element, name: str) -> str:
    """The text of the first element of that name at any depth, or ""."""
    return next((element.text.strip() for element in told.descendants(name)), "")


def _opened(body: bytes, key: bytes) -> bytes:
    cipher, unpadder = _cipher(key).decryptor(), PKCS7(_BLOCK_BITS).unpadder()
    try:
        return unpadder.update(cipher.update(body) + cipher.finalize()) + unpadder.finalize()
    except ValueError:
        raise NotMessage from None


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(_FIRST))


class NoKey(Exception):
    """The server gives no key: `code` is its result, or LIMIT."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Device(NamedTuple):
    """The key and the operation code that open a camera's own protocol. Secret."""

    key: str
    code: str

    def __repr__(self) -> str:
        return "<Device>"

    @classmethod
    def read(cls, told: Element) -> "Device":
        """Reads the server's answer. Raises NoKey, NotMessage."""
        session = next(told.descendants("Session"), None)
        if code := result(told):
            raise NoKey(code)
        if session is None and text_of(told, "Limit"):
            raise NoKey(LIMIT)
        given = session.attributes if session else {}
        key, operation = given.get("Key", ""), given.get("OperationCode", "")
        if not _KEY.fullmatch(key) or not _CODE.fullmatch(operation):
            raise NotMessage
        return cls(key, operation)


def key_wanted(session: str, terminal: str, serial: str) -> bytes:
    """The request for a camera's key. `session` and `terminal`: of the account's sign-in."""
    return _request(
        f"<ClientID>{escape(session)}</ClientID>",
        f"<Sign>{escape(terminal)}</Sign>",
        f"<DevSerial>{escape(serial)}</DevSerial>",
        f"<ClientType>{CLIENT_TYPE}</ClientType>",
    )


def prepare(code: str) -> bytes:
    return _request(f"<OperationCode>{escape(code)}</OperationCode>", f"<Session>{ANY_SESSION}</Session>")


def invite(
    code: str,
    channel: int,
    related: str,
    address: str,
    port: int,
    uuid: str,
    timestamp_ms: int,
    public_key: str = "",
) -> bytes:
    """An invitation to a camera to send video.

    `related`: the second serial of a device that has two; `public_key`: base64, "" if there is none.
    """
    second = f" RelatedDevice={quoteattr(related)}" if related or public_key else ""
    return _request(
        f"<OperationCode>{escape(code)}</OperationCode>",
        f"<Channel{second}>{channel}</Channel>",
        f'<ReceiverInfo Address={quoteattr(address)} Port="{port}" ServerType="1" StreamType="MAIN"'
        ' NewStreamType="1" TransProto="TCP" />',
        "<IsEncrypt>TRUE</IsEncrypt>",
        f'<ReceiverInfoEx SessionID="" Port="{port}" />',
        '<Authentication Ticket="" BizCode="biz=1" Interval="180" />',
        f"<Uuid>{escape(uuid)}</Uuid>",
        f"<Timestamp>{timestamp_ms}</Timestamp>",
        *([f"<PublicKey>{escape(public_key)}</PublicKey>"] if public_key else []),
    )


def session_of(told: Element) -> str:
    """The session that an invitation opens. Raises NotMessage."""
    found = text_of(told, "Session")
    if not _SESSION.fullmatch(found):
        raise NotMessage
    return found


def play(session: str) -> bytes:
    return _request(f"<Session>{escape(session)}</Session>", "<Rate>1</Rate>", "<Mode>-1</Mode>")


def _request(*elements: str) -> bytes:
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<Request>", *(f"\t{each}" for each in elements), "</Request>"]
    return ("\n".join(lines) + "\n").encode()


_URL = re.compile(r"ezviz-local:/([1-9]\d{0,2})/([A-Za-z0-9]{0,32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """The address of a camera at home. `related`: the second serial of a device that has two, or "".

    `key` and `code` are secret.
    """

    host: str
    control: int
    media: int
    channel: int
    related: str
    key: bytes = field(repr=False)
    code: str = field(repr=False)

    @classmethod
    def read(cls, spec: "EzvizLocal") -> "LocalAddress":
        """Reads the address from a spec. Raises BadAddress."""
        found = _URL.fullmatch(spec.url)
        if found is None or len(spec.hosts) != 2 or not spec.password.isascii() or len(spec.password) != 16:
            raise BadAddress
        (host, control), (other, media) = parted(spec.hosts[0]), parted(spec.hosts[1])
        if host != other:
            raise BadAddress
        return cls(host, control, media, int(found[1]), found[2], spec.password.encode(), spec.user)

    @property
    def place(self) -> str:
        """The name of the camera among those in the house."""
        return f"{with_port(self.host, self.control)}/{self.channel}"


def url(channel: int, serial: str) -> str:
    """The URL of a camera. `serial`: as the vendor lists it; some devices have two serials with a dash between them."""
    return f"ezviz-local:/{channel}/{serial.partition('-')[2]}"
