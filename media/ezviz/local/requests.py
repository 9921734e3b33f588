"""What EZVIZ's server of keys and a camera at home are asked, in XML, and what they answer.

The order of the elements is that of two public clients, one of which has it from what EZVIZ's app sends.
"""

import re
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from media.ezviz.local.messages import NotMessage, result, text_of
from net.elements import Element

KEY_WANTED, PREPARE, INVITE, PLAY = 0x2001, 0x2013, 0x2011, 0x3105
CLIENT_TYPE = 3  # 0 is often left without an answer
ANY_SESSION = 10011
LIMIT = -9999  # as the server writes it, where it gives no key for now
_KEY = re.compile(r"[!-~]{16}")
_CODE = re.compile(r"[!-~]{1,32}")
_SESSION = re.compile(r"[!-~]{1,64}")


class NoKey(Exception):
    """The server gives no key: `code` is its result, or LIMIT."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Device(NamedTuple):
    """What opens a camera's own protocol. Secret."""

    key: str
    code: str

    def __repr__(self) -> str:
        return "<Device>"

    @classmethod
    def read(cls, told: Element) -> "Device":
        """Raises NoKey, NotMessage."""
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
    """`session` and `terminal`: of the account's sign-in."""
    return _request(
        f"<ClientID>{escape(session)}</ClientID>",
        f"<Sign>{escape(terminal)}</Sign>",
        f"<DevSerial>{escape(serial)}</DevSerial>",
        f"<ClientType>{CLIENT_TYPE}</ClientType>",
    )


def prepare(code: str) -> bytes:
    return _request(f"<OperationCode>{escape(code)}</OperationCode>", f"<Session>{ANY_SESSION}</Session>")


class Invitation(NamedTuple):
    """`related`: the second serial of a device that has two; `public_key`: base64, "" where none is given."""

    code: str
    channel: int
    related: str
    address: str
    port: int
    uuid: str
    timestamp_ms: int
    public_key: str = ""

    def write(self) -> bytes:
        related = f" RelatedDevice={quoteattr(self.related)}" if self.related or self.public_key else ""
        return _request(
            f"<OperationCode>{escape(self.code)}</OperationCode>",
            f"<Channel{related}>{self.channel}</Channel>",
            f'<ReceiverInfo Address={quoteattr(self.address)} Port="{self.port}" ServerType="1" StreamType="MAIN"'
            ' NewStreamType="1" TransProto="TCP" />',
            "<IsEncrypt>TRUE</IsEncrypt>",
            f'<ReceiverInfoEx SessionID="" Port="{self.port}" />',
            '<Authentication Ticket="" BizCode="biz=1" Interval="180" />',
            f"<Uuid>{escape(self.uuid)}</Uuid>",
            f"<Timestamp>{self.timestamp_ms}</Timestamp>",
            *([f"<PublicKey>{escape(self.public_key)}</PublicKey>"] if self.public_key else []),
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
