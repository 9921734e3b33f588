"""Joins NAL units of H.264 and H.265 from RTP payloads to pictures."""

from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import ClassVar

from showcam.engine.codec import h264, h265
from showcam.engine.codec.nal import START, Codec, codec_of
from showcam.engine.rtp.packets import UNIT_CAP, AccessUnit, Depacketizer, Opener

_PIECES_CAP = 8192  # of one picture
_TOGETHER_CAP = 32  # units in one packet
_LONG_SET = 128  # bytes; parameter sets are shorter
_FIRST, _LAST = 0x80, 0x40  # of a fragment's flags
# the first bytes of payloads that may have parameter sets, and the offset of the first unit: 0 if there is only one
_SETS = {**dict.fromkeys((0x27, 0x47, 0x67, 0x40, 0x42), 0), **dict.fromkeys((0x18, 0x38, 0x58, 0x78), 3), 0x60: 4}


class Part(Enum):
    """The part that a NAL unit plays in its picture."""

    FIRST_SLICE = auto()  # no slice of the picture comes before it
    SLICE = auto()
    FIRST_KEY = auto()  # as FIRST_SLICE, of a picture that a decoder can start on
    KEY = auto()
    REFRESH = auto()  # an SEI that allows a decoder to start on the picture, with slices of any kind
    HEAD = auto()  # comes before all slices: parameter sets, delimiters
    OTHER = auto()


class NalDepacketizer(ABC):
    """Joins NAL units to pictures. A picture ends with the marker or with another timestamp.

    Some cameras set the marker after their parameter sets, or after each slice. Units without a slice are kept for the
    picture that follows, and a marker that proved wrong is not believed again.
    """

    HEAD: ClassVar[int]  # bytes of a NAL unit's head
    KINDS: ClassVar[range]  # payload types that hold a single unit
    SEVERAL: ClassVar[int]  # the kind of an aggregation packet
    FRAGMENT: ClassVar[int]

    def __init__(self, opener: Opener | None = None) -> None:
        """`opener`: for units that come encrypted, which are read once they are whole."""
        self._opener = opener
        self._timestamp = 0
        self._given: int | None = None  # timestamp of the picture given last
        self._marker_lies = False
        self._parts: list[bytes] = []
        self._fragment: list[bytes] | None = None  # pieces of the unit that is coming just now
        self._middle = b""  # the first bytes of a payload with a further piece of that unit, but not its last
        self._before: int | None = None  # timestamp of the slices at hand
        self._clear()

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        if (
            self._fragment is not None
            and payload.startswith(self._middle)
            and timestamp == self._timestamp
            and not (marker or lost)
            and len(payload) > self.HEAD + 1
            and self._has_room()
        ):
            # four payloads of five
            self._fragment.append(payload[self.HEAD + 1 :])
            self._size += len(payload)
            return []
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

    # the codec's view of its units

    @abstractmethod
    def _kind(self, unit: bytes) -> int:
        """The kind by the header of a unit or a payload."""

    @abstractmethod
    def _fragmented(self, payload: bytes) -> bytes:
        """The header of a whole unit, made from the payload of a fragment."""

    @abstractmethod
    def _part(self, unit: bytes) -> Part:
        """The part that a unit plays. `unit` may be only the first bytes of the unit, its header at least."""

    # the content of a payload

    def _unpack(self, payload: bytes) -> None:
        if not payload:
            return
        kind = self._kind(payload)
        if kind == self.FRAGMENT:
            self._unpack_fragment(payload)
        elif kind == self.SEVERAL:
            self._unpack_several(payload, self.HEAD)
        elif kind in self.KINDS:
            self._add(payload)
        else:
            self._damage()

    def _unpack_fragment(self, payload: bytes) -> None:
        if len(payload) < self.HEAD + 2:
            self._damage()
            return
        flags, piece = payload[self.HEAD], payload[self.HEAD + 1 :]
        if flags & _FIRST:
            self._begin(self._fragmented(payload), piece, is_last=bool(flags & _LAST))
            self._middle = payload[: self.HEAD] + bytes((flags & ~(_FIRST | _LAST),))
        elif self._fragment is not None:
            self._go_on(piece, is_last=bool(flags & _LAST))
        else:
            self._miss(self._fragmented(payload))

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
        """Finds a keyframe that some cameras send in one unit with its parameter sets (scottlamb/retina issue 68)."""
        if len(unit) > _LONG_SET and self._part(unit) is Part.HEAD:
            for more in unit.split(START)[1:_TOGETHER_CAP]:
                if len(more) > self.HEAD:
                    self._weigh(self._part(more))

    def _unpack_several(self, payload: bytes, at: int) -> None:
        """Reads the units of an aggregation packet, each after two bytes of length."""
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
        """Begins a unit; some cameras send a small unit as its only fragment (bluenviron/gortsplib
        pull request 649).
        """
        self._end_fragment(whole=False)
        self._fragment = [head, piece]
        self._size += len(piece)
        if self._opener is None:
            self._weigh(self._part(head + piece[:64]))
        if is_last:
            self._end_fragment(whole=True)

    def _go_on(self, piece: bytes, *, is_last: bool) -> None:
        """Adds a later fragment of a unit."""
        assert self._fragment is not None
        self._size += len(piece)
        if self._has_room():
            self._fragment.append(piece)
        if is_last:
            self._end_fragment(whole=True)

    def _miss(self, head: bytes) -> None:
        """Notes a later fragment of a unit whose first fragment did not come."""
        self._is_damaged = True
        is_hidden = self._opener is not None and self._opener.hides_types
        self._weigh(Part.KEY if is_hidden else self._part(head))

    def _damage(self) -> None:
        self._is_damaged = True

    # the ends of pictures

    def _break_off(self, *, lost: bool) -> None:
        """Ends a unit that has no end yet, since a packet of another picture comes."""
        self._end_fragment(whole=False)

    def _turn(self, *, lost: bool) -> list[AccessUnit]:
        """A packet with another timestamp has come: returns the complete picture before it."""
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
        data = START.join((b"", *self._parts))
        unit = AccessUnit(data, timestamp, self._is_key, self._is_damaged)
        self._given = timestamp
        self._clear()
        return [unit]

    def _clear(self) -> None:
        self._parts, self._fragment, self._before = [], None, None
        self._size = 0
        self._has_slice = self._is_key = self._is_damaged = False
        self._is_in_doubt = False  # packets are missing before the first unit of the picture

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
            # its first slices are missing, or were given as a picture without these
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


class H264Depacketizer(NalDepacketizer):
    """Packetization modes 0 and 1 of RFC 6184.

    STAP-B, MTAP and FU-B, whose units are not in decoding order, count as damage.
    """

    HEAD, KINDS, SEVERAL, FRAGMENT = 1, range(1, 24), 24, 28  # STAP-A, FU-A

    def _kind(self, unit: bytes) -> int:
        return h264.kind_of(unit)

    def _fragmented(self, payload: bytes) -> bytes:
        return bytes((payload[0] & 0xE0 | payload[1] & 0x1F,))

    def _part(self, unit: bytes) -> Part:
        kind = h264.kind_of(unit)
        if kind in h264.SLICES:
            return _slice(is_first=len(unit) > 1 and unit[1] >= 0x80, is_key=kind == h264.IDR)  # first_mb_in_slice is 0
        if kind in (h264.SPS, h264.PPS, h264.DELIMITER):
            return Part.HEAD
        return Part.REFRESH if kind == h264.SEI and h264.has_recovery_point(unit) else Part.OTHER


class H265Depacketizer(NalDepacketizer):
    """RFC 7798 in decoding order: streams with sprop-max-don-diff above 0 are not supported."""

    HEAD, KINDS, SEVERAL, FRAGMENT = 2, range(48), 48, 49

    def _kind(self, unit: bytes) -> int:
        return h265.kind_of(unit)

    def _fragmented(self, payload: bytes) -> bytes:
        return bytes((payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]))

    def _part(self, unit: bytes) -> Part:
        kind = h265.kind_of(unit)
        if kind <= h265.LAST_SLICE:
            # first_slice_segment_in_pic_flag
            return _slice(is_first=len(unit) > 2 and unit[2] >= 0x80, is_key=kind in h265.KEYS)
        return Part.HEAD if kind in h265.SETS or kind == h265.DELIMITER else Part.OTHER


def _slice(*, is_first: bool, is_key: bool) -> Part:
    if is_key:
        return Part.FIRST_KEY if is_first else Part.KEY
    return Part.FIRST_SLICE if is_first else Part.SLICE


class EitherDepacketizer:
    """Begins with the codec of the description; then the parameter sets decide. `codec` is that of the latest unit.

    EZVIZ's C6N says H265 and sends H.264 (AlexxIT/go2rtc issue 264, bluenviron/mediamtx issue 1631).
    """

    def __init__(self, codec: Codec, opener: Opener | None = None) -> None:
        self.codec, self._opener = codec, opener
        self._of_it: Depacketizer = _made(codec, opener)

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        at = _SETS.get(payload[0]) if payload else None
        if at is not None and (self._opener is None or not self._opener.hides_types):
            sent = codec_of(payload[at : at + 2])
            if sent is not None and sent != self.codec:
                self.codec, self._of_it = sent, _made(sent, self._opener)
        return self._of_it.feed(payload, timestamp, marker=marker, lost=lost)


def _made(codec: Codec, opener: Opener | None) -> Depacketizer:
    return H264Depacketizer(opener) if codec == "h264" else H265Depacketizer(opener)
