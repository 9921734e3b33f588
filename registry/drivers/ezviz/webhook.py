"""Messages that EZVIZ's Open Platform posts to us (its "Message push"): who sent them, and what they hint at."""

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any, Literal, Protocol, TypedDict

import msgspec
from msgspec import Struct

from net.json_depth import too_deep
from registry.driver import EventKind, Hint
from registry.drivers.ezviz.events import channel_of, epoch_s, kind_of
from store.ports import Throttle

SKEW_S = 300.0  # a signature's time may be so far from ours
ONCE_S = 3600  # a message's id is remembered at least for two SKEW_S
LONGEST = 64 * 1024


class Untrusted(Exception):
    """No signature, a wrong one, or one of another time."""


class Unreadable(Exception):
    """Signed, and not a message."""


class Full(Exception):
    """No room for the work it would be; the vendor is to try again."""


class _Header(Struct):
    deviceId: str  # noqa: N815 - the vendor's names
    messageId: str  # noqa: N815
    type: str
    channelNo: int | str = 0  # noqa: N815
    messageTime: int | str = 0  # noqa: N815


class _Message(Struct):
    header: _Header
    body: Any = None


class Taken(TypedDict):
    messageId: str


class Inbox(Protocol):
    @property
    def full(self) -> bool: ...
    def offer(self, hint: Hint) -> None:
        """May raise StoreUnavailable."""
        ...


class Webhook:
    """`key` signs the messages; `inbox` does the work, after the answer or before it."""

    def __init__(self, key: str, store: Throttle, inbox: Inbox, clock: Callable[[], float] = time.time) -> None:
        self._key, self._store, self._inbox, self._clock = key.encode(), store, inbox, clock

    def take(self, body: bytes, signature: str, at: str) -> bytes:
        """The answer to a message. Raises Untrusted, Unreadable, Full, StoreUnavailable."""
        self._check(body, signature, at)
        message = _read(body)
        if self._inbox.full:
            raise Full
        # noted when it is done: a message that comes twice at the same moment is handled twice, and none is lost
        key = f"webhook/{message.header.messageId}"
        if not self._is_known(key):
            self._inbox.offer(_hint(message, self._clock()))
            self._store.hit(key, ONCE_S, self._clock())
        return msgspec.json.encode(Taken(messageId=message.header.messageId))

    def _check(self, body: bytes, signature: str, at: str) -> None:
        right = hmac.digest(self._key, body + at.encode(), hashlib.sha1).hex()
        if not hmac.compare_digest(right.encode(), signature.strip().lower().encode()):
            raise Untrusted("the signature is missing or wrong")
        signed = epoch_s(at)
        if signed is None or abs(self._clock() - signed) > SKEW_S:
            raise Untrusted("the signature is of another time")

    def _is_known(self, key: str) -> bool:
        """Whether the message came before, also across the edge of two windows in which the store counts."""
        now = self._clock()
        windows = {at // ONCE_S: at for at in (now - 2 * SKEW_S, now)}
        return any(self._store.hits(key, ONCE_S, at) > 0 for at in windows.values())


def _read(body: bytes) -> _Message:
    if len(body) > LONGEST:
        raise Unreadable("too long")
    if too_deep(body):
        raise Unreadable("too deep")
    try:
        message = msgspec.json.decode(body, type=_Message)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(type(error).__name__) from None
    if not 0 < len(message.header.messageId) <= 200 or not 0 < len(message.header.deviceId) <= 64:
        raise Unreadable("ids of no length, or too long")
    return message


def _hint(message: _Message, now: float) -> Hint:
    header, body = message.header, message.body if isinstance(message.body, dict) else {}
    kind: Literal["read"] | EventKind = "read"
    if header.type == "ys.alarm":
        kind = kind_of(body.get("alarmType"))
    elif header.type == "ys.calling":
        kind = "doorbell"
    return Hint(header.deviceId, channel_of(header.channelNo), kind, epoch_s(header.messageTime) or now)
