"""Requests to EZVIZ's dispatchers (VTM) and stream nodes (VTDU), and their answers. Standard library only."""

from dataclasses import dataclass

from media.ezviz import fields
from media.ezviz.fields import NotFields
from media.ezviz.frames import frame

STOP, KEEP_ALIVE, KEPT_ALIVE, INFO, INFO_ANSWER = 0x130, 0x132, 0x133, 0x13B, 0x13C
CLIENT = "v3.6.3.20221124"  # the version that public clients give and nodes take
LONGEST = 4096  # of a text in an answer

_URL, _KEY, _AGENT, _PROXY, _VERSION = 1, 2, 3, 4, 6
_RESULT, _SSN, _ANSWERED_KEY, _ANSWERED_URL = 1, 4, 5, 7


class NotAnswer(Exception):
    """The body is no answer. The error quotes nothing of it."""


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """Secret: `ssn` opens the session, `url` holds the token, `key` is sent to the next node."""

    result: int = 0
    ssn: str = ""
    url: str = ""
    key: str = ""

    @property
    def redirects(self) -> bool:
        return self.result != 0 and bool(self.url and self.key)

    @classmethod
    def read(cls, body: bytes) -> "Answer":
        """Raises NotAnswer."""
        try:
            answered = fields.read(body)
        except NotFields:
            raise NotAnswer from None
        result = answered.get(_RESULT, 0)
        if not isinstance(result, int):
            raise NotAnswer
        return cls(result, *(_text(answered.get(field, b"")) for field in (_SSN, _ANSWERED_URL, _ANSWERED_KEY)))


def ask(url: str, key: str, sequence: int) -> bytes:
    """A request for the stream at `url`. `key`: from the redirect that led here; "" at a dispatcher."""
    said = fields.text(_URL, url) + (fields.text(_KEY, key) if key else b"")
    said += fields.text(_AGENT, CLIENT) + fields.number(_PROXY, 0) + fields.text(_VERSION, CLIENT)
    return frame(INFO, said, sequence)


def keep_alive(ssn: str, sequence: int) -> bytes:
    return frame(KEEP_ALIVE, fields.text(1, ssn), sequence)


def stop(ssn: str, sequence: int) -> bytes:
    return frame(STOP, fields.text(1, ssn), sequence)


def _text(value: int | bytes) -> str:
    if not isinstance(value, bytes) or len(value) > LONGEST:
        raise NotAnswer
    text = value.decode("ascii", "replace")
    if not text.isascii() or not text.isprintable():
        raise NotAnswer
    return text
