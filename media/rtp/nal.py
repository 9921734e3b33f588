"""NAL units of H.264 and H.265 from RTP payloads, joined to pictures."""

from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import ClassVar

from media.rtp.unit import UNIT_CAP, AccessUnit, Opener

START = b"\x00\x00\x00\x01"
_PIECES_CAP = 8192  # of one picture
_TOGETHER_CAP = 32  # units in one packet
_LONG_SET = 128  # bytes; parameter sets are shorter


class Part(Enum):
    """What a NAL unit is to its picture."""

    FIRST_SLICE = auto()  # nothing of the picture's slices comes before it
    SLICE = auto()
    FIRST_KEY = auto()  # as FIRST_SLICE, of a picture that a decoder can start on
    KEY = auto()
    REFRESH = auto()  # says that a decoder can start on the picture, whatever its slices are
    HEAD = auto()  # comes before all slices: parameter sets, delimiters
    OTHER = auto()


class NalDepacketizer(ABC):
    """A picture ends with the marker or with another timestamp.

    Some cameras set the marker after their parameter sets, or after each slice: what has no slice is kept for the
    picture that follows, and a marker that proved wrong is not believed again.
    """

    HEAD: ClassVar[int]  # bytes of a NAL unit's head

    def __init__(self, opener: Opener | None = None) -> None:
        """`opener`: for units that come encrypted, which are read once they are whole."""
        self._opener = opener
        self._timestamp = 0
        self._given: int | None = None  # timestamp of the picture given last
        self._marker_lies = False
        self._parts: list[bytes] = []
        self._fragment: list[bytes] | None = None  # of the unit that comes in pieces just now
        self._before: int | None = None  # timestamp of the slices at hand
        self._clear()

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        done: list[AccessUnit] = []
        if timestamp != self._timestamp:
            self._break_off(lost=lost)
            self._timestamp = timestamp
            done = self._turn(lost=lost)
        elif lost:
            self._end_fragment(whole=False)
            self._is_damaged |= bool(self._parts) or self._has_slice
        self._is_in_doubt |= lost
        self._unpack(payload)
        if marker and self._has_slice and not self._marker_lies:
            done += self._take(timestamp)
        return done

    # what a codec says of its units

    @abstractmethod
    def _unpack(self, payload: bytes) -> None:
        """Take the units out of a payload."""

    @abstractmethod
    def _part(self, unit: bytes) -> Part:
        """`unit` may be only the first bytes of the unit, its header at least."""

    # for them

    def _add(self, unit: bytes) -> None:
        self._end_fragment(whole=False)
        if self._opener:
            unit = self._opener.unit(unit)
            if not unit:
                return
        if len(unit) <= self.HEAD:
            self._is_damaged = True
            return
        self._weigh(self._part(unit))
        self._weigh_hidden(unit)
        self._size += len(unit)
        if self._has_room():
            self._parts.append(unit)

    def _weigh_hidden(self, unit: bytes) -> None:
        """Some send a keyframe behind its parameter sets as one unit, with start codes (scottlamb/retina issue 68)."""
        if len(unit) > _LONG_SET and self._part(unit) is Part.HEAD:
            for more in unit.split(START)[1:_TOGETHER_CAP]:
                if len(more) > self.HEAD:
                    self._weigh(self._part(more))

    def _unpack_several(self, payload: bytes, at: int) -> None:
        """Units of an aggregation packet, each after two bytes of length."""
        for _ in range(_TOGETHER_CAP):
            if at >= len(payload):
                return
            size = int.from_bytes(payload[at : at + 2])
            unit = payload[at + 2 : at + 2 + size]
            if not size or len(unit) < size:
                break
            self._add(unit)
            at += 2 + size
        self._damage()

    def _begin(self, head: bytes, piece: bytes, *, is_last: bool) -> None:
        """The first fragment of a unit; some send small units in one (bluenviron/gortsplib pull request 649)."""
        self._end_fragment(whole=False)
        self._fragment = [head, piece]
        self._size += len(piece)
        if self._opener is None:
            self._weigh(self._part(head + piece[:64]))
        if is_last:
            self._end_fragment(whole=True)

    @property
    def _is_open(self) -> bool:
        """Whether the first fragment of a unit came, and its last did not."""
        return self._fragment is not None

    def _go_on(self, piece: bytes, *, is_last: bool) -> None:
        """A later fragment of a unit."""
        assert self._fragment is not None
        self._size += len(piece)
        if self._has_room():
            self._fragment.append(piece)
        if is_last:
            self._end_fragment(whole=True)

    def _miss(self, head: bytes) -> None:
        """A later fragment of a unit whose first one did not come."""
        self._is_damaged = True
        is_hidden = self._opener is not None and self._opener.hides_types
        self._weigh(Part.KEY if is_hidden else self._part(head))

    def _damage(self) -> None:
        self._is_damaged = True

    # where pictures end

    def _break_off(self, *, lost: bool) -> None:
        """A packet of another picture comes while a unit has no end."""
        self._end_fragment(whole=False)

    def _turn(self, *, lost: bool) -> list[AccessUnit]:
        """A packet has another timestamp: the picture before it is complete."""
        if lost and self._has_slice:
            self._is_damaged = True
        if self._has_slice:
            assert self._before is not None
            return self._take(self._before)
        if self._is_damaged:
            self._clear()
        return []

    def _take(self, timestamp: int) -> list[AccessUnit]:
        self._end_fragment(whole=False)
        data = START + START.join(self._parts) if self._parts else b""
        unit = AccessUnit(data, timestamp, self._is_key, self._is_damaged)
        self._given = timestamp
        self._clear()
        return [unit]

    def _clear(self) -> None:
        self._parts, self._fragment, self._before = [], None, None
        self._size = 0
        self._has_slice = self._is_key = self._is_damaged = False
        self._is_in_doubt = False  # packets are missing before anything of the picture came

    def _weigh(self, part: Part) -> None:
        if part in (Part.HEAD, Part.REFRESH):
            self._is_key |= part is Part.REFRESH
            self._is_in_doubt &= self._has_slice
            return
        if part is Part.OTHER:
            return
        is_first = part in (Part.FIRST_SLICE, Part.FIRST_KEY)
        self._is_key |= part in (Part.FIRST_KEY, Part.KEY)
        if self._has_slice:
            return
        self._has_slice, self._before = True, self._timestamp
        if not is_first:
            # its first slices are missing, or were given as a picture of their own
            self._marker_lies |= self._given == self._timestamp and not self._is_in_doubt
            self._is_damaged |= self._is_in_doubt or self._given == self._timestamp
        self._is_in_doubt = False

    def _has_room(self) -> bool:
        pieces = len(self._parts) + len(self._fragment or ())
        has_room = self._size <= UNIT_CAP and pieces < _PIECES_CAP
        self._is_damaged |= not has_room
        return has_room

    def _end_fragment(self, *, whole: bool) -> None:
        fragment, self._fragment = self._fragment, None
        if fragment is None:
            return
        unit = b"".join(fragment)
        if self._opener:
            unit = self._opener.unit(unit)
            if not unit:
                return
            self._weigh(self._part(unit))
        self._weigh_hidden(unit)
        if not whole:
            self._is_damaged = True
        elif self._has_room():
            self._parts.append(unit)
