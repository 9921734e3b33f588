"""Checks whether bytes are a NAL unit of a codec, as far as two readings of one unit must be distinguished.

Parameter sets and the beginnings of slice headers are parsed. Standard library only.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from showcam.engine.codec.bits import Malformed
from showcam.engine.codec.nal import Codec, message_number

type Kind = Literal["sets", "key", "inter", "other"]

PEEK = 256  # bytes of a unit, which hold all that is parsed
_USER_DATA = frozenset({4, 5})  # kinds of SEI message that are as long as their sender likes
_LAST_MESSAGE = 205


class Syntax(ABC):
    """The syntax of a codec. `fits`: True for a unit that parses, False if it does not, None if nothing can be parsed.

    `learn` keeps the values that later units refer to. `doubt`: of two slices that fit, the one with less doubt is
    likelier to be a slice.
    """

    doubt = 0
    CODEC: ClassVar[Codec]
    HEAD: ClassVar[int]  # bytes of a unit's header

    @abstractmethod
    def kind(self, unit: bytes) -> Kind | None:
        """The kind of the unit, or None: the header is not one of this codec."""

    @abstractmethod
    def begins(self, unit: bytes) -> bool:
        """Whether the unit, by its header, is a parameter set that only this codec has."""

    def fits(self, unit: bytes) -> bool | None:
        try:
            return self._read(unit, keep=False)
        except Malformed:
            return False

    def learn(self, unit: bytes) -> None:
        try:
            self._read(unit, keep=True)
        except Malformed:
            return

    @abstractmethod
    def _read(self, unit: bytes, *, keep: bool) -> bool | None:
        """Reads the unit, and keeps its values if `keep`. Raises Malformed."""


def are_messages(body: bytes) -> bool | None:
    """Whether these are SEI messages; None if the last message is cut off."""
    at = 0
    while at < len(body):
        if body[at:].rstrip(b"\0") == b"\x80":
            return at > 0
        kind, at = message_number(body, at)
        size, at = message_number(body, at)
        if kind > _LAST_MESSAGE:
            return False
        if at + size > len(body):
            return True if kind in _USER_DATA else None
        at += size
    return False


def is_filler(body: bytes) -> bool:
    return body.rstrip(b"\x80").strip(b"\xff") == b""
