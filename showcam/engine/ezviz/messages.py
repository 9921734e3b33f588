"""EZVIZ's stream protocol: frames, and the messages in them to and from dispatchers (VTM) and stream nodes (VTDU).

A frame is `$`, channel, length, sequence, code and body. The body of a message is protobuf: numbers and byte strings by
field number. A damaged stream is searched for the next frame, over MOST_JUNK bytes at most. Standard library only.

Their results have a meaning, and a refused camera rests: a viewer that asks each second then opens nothing. One real
client gives up a camera that stays offline so that it does not hammer it (rhanekom/hass-ezviz-stream, stream.py,
_MAX_STREAM_FAILURES). Its doc/reference.md B.12 lists the meanings of the results.
"""

import struct
from collections import deque
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from showcam.net.cache import Recent

MAGIC = 0x24
HEADER = struct.Struct(">BBHHH")
MESSAGE, STREAM = 0x00, 0x01
CHANNELS = frozenset({MESSAGE, STREAM, 0x02, 0x0A, 0x0B})  # the last two are ciphered, which nobody requests
MOST_JUNK = 256 * 1024
STOP, KEEP_ALIVE, KEPT_ALIVE, INFO, INFO_ANSWER = 0x130, 0x132, 0x133, 0x13B, 0x13C
CLIENT = "v3.6.3.20221124"  # the version that public clients give and nodes take
LONGEST = 4096  # of a text in an answer
ANSWER_S = 11.0  # a node waits ten seconds for the camera before it answers

_URL, _KEY, _AGENT, _PROXY, _VERSION = 1, 2, 3, 4, 6
_RESULT, _SSN, _ANSWERED_KEY, _ANSWERED_URL = 1, 4, 5, 7
_NUMBER, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_LONGEST_NUMBER = 10  # bytes


class NotFrames(Exception):
    """The bytes are not of this protocol."""


class Frame(NamedTuple):
    channel: int
    code: int  # only messages have a code: on other channels it is any number
    body: bytes


def frame(code: int, body: bytes, sequence: int = 0) -> bytes:
    """A message, ready to be sent."""
    return HEADER.pack(MAGIC, MESSAGE, len(body), sequence & 0xFFFF, code) + body


class Frames:
    """Takes bytes in pieces of any size, returns whole frames. Buffers one frame, 64 KiB at most.

    `head`: magic, channel, length, and more. `in_step` False: the first frame counts only if a second frame begins
    directly after its end.
    """

    def __init__(
        self, head: struct.Struct = HEADER, channels: Container[int] = CHANNELS, *, in_step: bool = True
    ) -> None:
        self._head, self._channels, self._in_step = head, channels, in_step
        self._held = bytearray()
        self._junk = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Takes bytes, and returns the frames that are complete. Raises NotFrames."""
        self._held += data
        found, at = [], 0
        while (end := self._end(at)) is not None:
            if end < 0:
                at = self._skip(at)
                continue
            _, channel, *_, code = self._head.unpack_from(self._held, at)
            found.append(Frame(channel, code, bytes(self._held[at + self._head.size : end])))
            self._in_step, self._junk, at = True, 0, end
        del self._held[:at]
        return found

    def _end(self, at: int) -> int | None:
        """The end of the frame at `at`; -1: no frame begins there; None: more bytes are needed to decide."""
        held = self._held
        if not self._may_begin(at):
            return -1
        if len(held) - at < self._head.size:
            return None
        end: int = at + self._head.size + self._head.unpack_from(held, at)[2]
        if self._in_step:
            return end if len(held) >= end else None
        if len(held) < end + 2:
            return None
        return end if self._may_begin(end) else -1

    def _skip(self, at: int) -> int:
        """The next possible offset of a frame. Raises NotFrames after too many bytes without a frame."""
        self._in_step = False
        found = self._held.find(MAGIC, at + 1)
        where = found if found >= 0 else len(self._held)
        self._junk += where - at
        if self._junk > MOST_JUNK:
            raise NotFrames
        return where

    def _may_begin(self, at: int) -> bool:
        """Whether a frame may begin there, by its first two bytes, or as many of them as have arrived."""
        first, second = (*self._held[at : at + 2], None, None)[:2]
        return first in (None, MAGIC) and (second is None or second in self._channels)


class NotAnswer(Exception):
    """The body is no answer. The error quotes nothing of the body."""


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A server's answer. Secret: `ssn` opens the session, `url` holds the token, `key` is sent to the next node."""

    result: int = 0
    ssn: str = ""
    url: str = ""
    key: str = ""

    @property
    def redirects(self) -> bool:
        return self.result != 0 and bool(self.url and self.key)

    @classmethod
    def read(cls, body: bytes) -> "Answer":
        """Reads the body of an answer. Raises NotAnswer."""
        try:
            answered = read_fields(body)
        except NotFields:
            raise NotAnswer from None
        result = answered.get(_RESULT, 0)
        if not isinstance(result, int):
            raise NotAnswer
        return cls(result, *(_text(answered.get(field, b"")) for field in (_SSN, _ANSWERED_URL, _ANSWERED_KEY)))


def ask(url: str, key: str, sequence: int) -> bytes:
    """A request for the stream at `url`. `key`: from the redirect that led here; "" at a dispatcher."""
    said = text_field(_URL, url) + (text_field(_KEY, key) if key else b"")
    said += text_field(_AGENT, CLIENT) + number_field(_PROXY, 0) + text_field(_VERSION, CLIENT)
    return frame(INFO, said, sequence)


def keep_alive(ssn: str, sequence: int) -> bytes:
    return frame(KEEP_ALIVE, text_field(1, ssn), sequence)


def stop(ssn: str, sequence: int) -> bytes:
    return frame(STOP, text_field(1, ssn), sequence)


def _text(value: int | bytes) -> str:
    if not isinstance(value, bytes) or len(value) > LONGEST:
        raise NotAnswer
    text = value.decode("ascii", "replace")
    if not text.isascii() or not text.isprintable():
        raise NotAnswer
    return text


class NotFields(Exception):
    """The body is no protobuf message."""


def number_field(field: int, value: int) -> bytes:
    return _varint(field << 3 | _NUMBER) + _varint(value)


def text_field(field: int, value: str) -> bytes:
    data = value.encode()
    return _varint(field << 3 | _BYTES) + _varint(len(data)) + data


def read_fields(body: bytes) -> dict[int, int | bytes]:
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


REDIRECT = 5302
# the token was used, is too old, is another account's, or its session has ended: showcam requests one more
TOKEN = frozenset({5406, 5412, 5413, 5454})
OTHER_STREAM = frozenset({5451})  # there is no such stream: showcam requests the other of the two
SERVER = frozenset({5000, 5500})  # a server's own trouble: showcam asks it once more
# The camera did not answer in time, a double question, a packet too large, an unstable line, a node that is gone. All
# of these pass, and showcam tries again after a pause.
PASSING = frozenset({5405, 5491, 6518, 6519, 6520, 7005})
QUOTA = frozenset({5416, 5503, 5504, 5546, 5547})  # the device, the account or the node allows no more sessions
UNREACHED = 5452  # the camera can't reach the node; on mains this passes within seconds (nick3/ezviz-cb2-homekit)
# the camera is in a session that EZVIZ has not ended yet: the one before this, or another client's
SINGLE = QUOTA | {UNREACHED, 5405, 5491}
SILENT = -1  # no result of EZVIZ's: sessions open without a single byte (Bobsilvio/ezviz_hp7, issues 33, 36, 58)
PRIVACY = frozenset({5409, 5544})  # the lens is covered; there is no video source
# The account has no right, or the camera is no longer shared with it. The device has another operation code. The vendor
# demands an encrypted link, which showcam does not speak. The channel is another, is not linked, or has no camera.
DENIED = frozenset({5411, 5545, 5403, 5457, 5458, 5459, 5415, 5455, 6106})

MANY = 1024
MINUTE_S = 60.0  # openings in vain are counted within this time; bursts trip 5405 (rhanekom/hass-ezviz-stream)
MOST_A_MINUTE = 6  # openings in a row of one camera that showed no video, whatever the results were

# by result: the first rest, and the longest one if the camera is refused again and again, in seconds
RESTS: dict[int, tuple[float, float]] = {
    **dict.fromkeys(DENIED, (60.0, 60.0)),  # only the camera's owner can change this, in the app
    **dict.fromkeys(PRIVACY, (10.0, 10.0)),  # the owner may end this at any moment, and then expects video at once
    5404: (5.0, 20.0),  # offline; a camera that starts is back within seconds
    5456: (5.0, 20.0),
    UNREACHED: (25.0, 25.0),  # showcam has tried three times before this
    SILENT: (120.0, 600.0),  # a real client waits ten minutes after three sessions without video (Bobsilvio/ezviz_hp7)
    # somebody else has to leave, and a client that goes on asking is shut out for longer
    **dict.fromkeys(QUOTA, (15.0, 240.0)),
}


class Meaning(NamedTuple):
    """The meaning of a result. `reason` is a Reason of the registry; `again`: another try may succeed."""

    reason: str
    again: bool


_DOWN = Meaning("media_down", again=True)
_MEANINGS = {
    # or the camera is asleep and can't be reached
    **dict.fromkeys((5404, UNREACHED, 5456), Meaning("offline", again=True)),
    **dict.fromkeys(PRIVACY, Meaning("asleep", again=False)),
    **dict.fromkeys((5411, 5545), Meaning("not_permitted", again=False)),
    **dict.fromkeys((5415, 5455, 6106), Meaning("not_found", again=False)),
    **dict.fromkeys((5403, 5457, 5458, 5459), Meaning("no_way", again=False)),
    SILENT: Meaning("silent", again=False),
    **dict.fromkeys(QUOTA, Meaning("busy", again=True)),
}


def meaning(result: int) -> Meaning:
    """The meaning of a result other than success or redirect. With an unknown one the next try may succeed."""
    return _MEANINGS.get(result, _DOWN)


class Rest(NamedTuple):
    """A pause in opening a camera. `result`: EZVIZ's result; 0: too many openings in a row showed no video."""

    result: int
    left_s: float


@dataclass(slots=True)
class _Row:
    result: int = 0
    state: str = ""
    until: float = 0.0
    length_s: float = 0.0
    vain: deque[float] = field(default_factory=lambda: deque[float](maxlen=MOST_A_MINUTE))  # when each was begun


class Rests:
    """Keeps the rests of cameras. `now`: monotonic seconds. `camera`: any text for a single camera of an account.

    A `state` is any text that stands for the vendor's last report about the camera. A rest ends when the state changes.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._rows: Recent[str, _Row] = Recent(MANY)

    def of(self, camera: str, state: str) -> Rest | None:
        """The rest that the camera is in; None if it may be opened."""
        row, now = self._rows.get(camera), self._now()
        if row is None or row.state != state:
            return None
        if now < row.until:
            return Rest(row.result, row.until - now)
        free = row.vain[0] + MINUTE_S if len(row.vain) == MOST_A_MINUTE else now
        return Rest(0, free - now) if now < free else None

    def opens(self, camera: str, state: str) -> None:
        """Notes that a session of the camera is requested."""
        row = self._of(camera, state)
        row.vain.append(self._now())

    def refused(self, camera: str, result: int, state: str) -> float:
        """Lets the camera rest, and returns for how many seconds: twice as long as before if that was not long ago."""
        first_s, longest_s = RESTS.get(result, (0.0, 0.0))
        row, now = self._of(camera, state), self._now()
        is_again = row.result == result and row.length_s > 0 and now < row.until + longest_s
        row.length_s = min(2 * row.length_s, longest_s) if is_again else first_s
        row.result, row.until = result, now + row.length_s
        return row.length_s

    def shown(self, camera: str) -> None:
        """Notes that a session has brought video."""
        self._rows.drop(camera)

    def _of(self, camera: str, state: str) -> _Row:
        row = self._rows.get(camera)
        if row is None or row.state != state:
            row = _Row(state=state)
            self._rows.put(camera, row)
        return row
