"""Finds out how the units of one stream are encrypted, by reading them.

Each kind of unit is judged on its own: some cameras encrypt only the units of a keyframe, and the vendor's list may
hold old data about a camera. A unit is deciphered only if that makes sense of it, so a clear stream stays as it is with
any key.
"""

import copy
from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from showcam.engine.codec import nal
from showcam.engine.codec.h264 import H264
from showcam.engine.codec.h265 import H265
from showcam.engine.codec.nal import PEEK, Kind, Syntax

# The encrypted part of a unit. `clear`: nothing. `body`: all bytes after the unit's header. `copied`: the whole unit,
# with a clear copy of its header in front. `whole`: the whole unit.
type Layout = Literal["clear", "body", "copied", "whole"]

FIRST = 4096  # bytes that are encrypted, in whole blocks
BLOCK = 16
ENOUGH = 16  # units that show whether their headers can be read
CERTAIN = 3  # headers that no unit of the other codec has
ODD = 2  # units that have no codec's header, deciphered or not: a stream that can be read has none
FAILED = 2  # keyframes that no layout makes sense of before the key counts as wrong: a single keyframe may be damaged
LAYOUTS: tuple[Layout, ...] = ("clear", "body", "copied", "whole")
_SURE = 3


class Reading(NamedTuple):
    """A possible reading of a unit, in one layout.

    `fits`: None if the unit does not show whether the reading is right.
    """

    layout: Layout
    kind: Kind
    fits: bool | None
    head: bytes
    doubt: int = 0


class Judged(NamedTuple):
    """The judgement on a unit, made from its beginning."""

    layout: Layout = "clear"
    kind: Kind | None = None
    header: bytes = b""


class Encryption:
    """Finds how one stream is encrypted.

    `key`: 16 bytes; with none everything counts as clear. `codec`: None if it must be found.
    """

    def __init__(self, key: bytes, codec: nal.Codec | None = None) -> None:
        # the vendor's choice; a decryptor of this mode keeps nothing between blocks
        self._aes = Cipher(algorithms.AES(key), modes.ECB()).decryptor() if key else None  # noqa: S305
        self._layouts = LAYOUTS if key else LAYOUTS[:1]
        self._syntaxes = tuple(syntax for syntax in (H264, H265) if codec in (None, syntax.CODEC))
        self.syntax: Syntax | None = None  # None until the codec is known
        # the layout of parameter sets; None until one set was long enough to show the layout
        self._sets: Layout | None = None
        self._keys: Layout | None = None  # the layout of slices of keyframes
        self._between = 0  # above zero: other slices are encrypted
        self._is_forced = False  # `_keys` was found by decoding
        self._units = self._odd = self._run = self._failed = 0  # until the codec is known
        self._certain: Counter[nal.Codec] = Counter()

    @property
    def codec(self) -> nal.Codec | None:
        """The codec of the stream; None until it is known."""
        return self.syntax.CODEC if self.syntax else None

    @property
    def is_wrong(self) -> bool:
        """Whether the stream is encrypted with another key, headers and all: no layout makes sense of its units."""
        is_refuted = not self.may_fit if self._aes is None else self._failed >= FAILED
        return self.syntax is None and self._units >= ENOUGH and is_refuted

    @property
    def may_fit(self) -> bool:
        """Whether all units so far, but for an accident, have a codec's header, as they are or deciphered."""
        return self.syntax is not None or self._odd < ODD

    @property
    def hides_types(self) -> bool:
        return self.syntax is None or "whole" in (self._sets, self._keys)

    @property
    def stream(self) -> Layout:
        """How the stream is encrypted; "clear" if no part of it is, or if the key does not fit."""
        return next((layout for layout in (self._sets, self._keys) if layout and layout != "clear"), "clear")

    def with_keys(self, layout: Layout) -> "Encryption":
        """A copy, except that the slices of keyframes are read in this layout."""
        other = copy.copy(self)
        other.syntax = copy.deepcopy(self.syntax)
        other.force(layout)
        return other

    def force(self, layout: Layout) -> None:
        """Reads the slices of keyframes in this layout from now on: a keyframe decoded only in this layout."""
        self._keys, self._is_forced, self._between = layout, True, 0

    # the cipher

    def opened(self, unit: bytes, layout: Layout) -> bytes:
        head = self.syntax.HEAD if self.syntax else 0
        if layout == "clear":
            return unit
        if layout == "whole":
            return self.deciphered(unit)
        body = self.deciphered(unit[head:])
        return body if layout == "copied" else unit[:head] + body

    def deciphered(self, data: bytes, most: int = FIRST) -> bytes:
        if self._aes is None:
            return data
        size = min(len(data), most) // BLOCK * BLOCK
        return self._aes.update(data[:size]) + data[size:]

    # how a unit is encrypted

    def judge(self, unit: bytes) -> Judged:
        """Judges the unit, and keeps the conclusions about the stream."""
        if self.syntax is None and not self._begin(unit):
            return Judged()
        assert self.syntax is not None
        readings = list(self.readings(unit))
        chosen = self._chosen(readings)
        if chosen is None:
            return Judged()
        is_long = len(unit) >= BLOCK + self.syntax.HEAD
        if chosen.kind == "inter" and is_long and self._keys not in (None, "clear"):
            self._weigh(readings)
        elif chosen.fits:
            self._keep(chosen, is_long=is_long)
        if chosen.fits or chosen.kind != "sets":
            self.syntax.learn(chosen.head)
        return Judged(chosen.layout, chosen.kind, chosen.head[: self.syntax.HEAD])

    def may_be_of_keyframe(self, unit: bytes, judged: Judged) -> bool:
        """Whether the unit is deciphered, and is part of a keyframe by its deciphered or its original header."""
        if self._aes is None:
            return False
        kinds = {judged.kind, self.syntax.kind(unit[: PEEK + self.syntax.HEAD]) if self.syntax else None}
        return not kinds.isdisjoint({"key", "sets", "other"})

    def _begin(self, unit: bytes) -> bool:
        """Whether the codec is known with this unit: by a parameter set that makes sense.

        If no set does, clear headers decide: the stream then stays as it is, and no decoder takes it if it is
        encrypted.
        """
        for make in self._syntaxes:
            syntax = self.syntax = make()
            if any(syntax.begins(reading.head) and reading.fits for reading in self.readings(unit)):
                return True
        self.syntax = None
        self._units += 1
        read = (unit, self.deciphered(unit[:BLOCK]))
        if any(make().kind(head) for make in self._syntaxes for head in read):
            self._run = 0
        else:
            self._odd, self._run = self._odd + 1, self._run + 1
            self._failed += self._run == ODD  # the parameter sets and slices of a keyframe follow one another
        header = nal.codec_of(unit)
        if header is not None:
            self._certain[header] += 1
            if self._certain[header] >= CERTAIN and self._odd < ODD:
                self.syntax = next((make() for make in self._syntaxes if header == make.CODEC), None)
        return self.syntax is not None

    def readings(self, unit: bytes) -> Iterator[Reading]:
        """The unit's possible readings: each layout that changes the bytes gives a reading."""
        assert self.syntax is not None
        size = self.syntax.HEAD
        peek, read = unit[: PEEK + size], set[bytes]()
        for layout in self._layouts:
            head = self.opened(peek, layout)
            if head in read or (layout == "copied" and head[:size] != peek[:size]):
                continue
            read.add(head)
            kind = self.syntax.kind(head)
            if kind is None:
                continue
            if layout == "clear" and len(unit) < BLOCK and (usual := self._usual(kind)) not in (None, "copied"):
                layout = usual  # the unit is too short to be encrypted
            if layout in self._possible(kind):
                yield Reading(layout, kind, self.syntax.fits(head), head, self.syntax.doubt)

    def _possible(self, kind: Kind) -> tuple[Layout | None, ...]:
        """Slices between keyframes are encrypted only if those of keyframes are, and in the same way."""
        if kind == "sets":
            return LAYOUTS
        if kind == "key" and self._is_forced:
            return (self._keys,)
        if kind == "key":
            return LAYOUTS if self._sets in (None, "clear") else (self._sets,)
        return ("clear", self._keys if kind == "inter" else self.stream)

    def _usual(self, kind: Kind) -> Layout | None:
        if kind == "inter":
            return "clear" if self._between < 0 else self._keys
        return {"sets": self._sets, "key": self._keys or self.stream}.get(kind, self.stream)

    def _chosen(self, readings: list[Reading]) -> Reading | None:
        """The reading that fits, else a reading with `fits` None. In doubt the usual layout wins, and clear before all
        others.

        A slice between keyframes may fit in another layout than the slices before it by accident. It is read as they
        were once their layout is settled, and if nothing speaks against it.
        """
        usual = [reading for reading in readings if reading.layout == self._usual(reading.kind)]
        fitting = [reading for reading in readings if reading.fits]
        if all(reading.kind == "inter" for reading in fitting):
            least = {0: (), 1: (True, None)}.get(abs(self._between), (True, None, False))
            kept = [reading for reading in usual if reading.kind == "inter" and reading.fits in least]
            least_doubt = min((reading.doubt for reading in fitting), default=0)
            fitting = kept or [reading for reading in fitting if reading.doubt == least_doubt]
        likely = [reading for reading in fitting if reading in usual] or fitting
        for found in (likely, [reading for reading in usual if reading.fits is None], usual):
            if found:
                return found[0]
        return None

    def _keep(self, chosen: Reading, *, is_long: bool) -> None:
        if chosen.kind == "sets":
            self._sets = chosen.layout if is_long else self._sets
        elif chosen.kind == "key" and is_long:
            self._between = self._between if chosen.layout == self._keys else 0
            self._keys = chosen.layout

    def _weigh(self, readings: list[Reading]) -> None:
        """Counts the evidence of a slice between keyframes if one reading of it fits and another does not.

        The usual layout counts as confirmed also if the other reading has `fits` None.
        """
        between = [reading for reading in readings if reading.kind == "inter"]
        fitting = [reading.layout for reading in between if reading.fits]
        usual = self._usual("inter")
        if len(fitting) == 1 and (fitting[0] == usual or [reading.fits for reading in between].count(None) == 0):
            self._between = counted(self._between, up=fitting[0] != "clear")


def counted(count: int, *, up: bool) -> int:
    return max(-_SURE, min(_SURE, count + (1 if up else -1)))
