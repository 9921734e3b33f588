"""EZVIZ's Image Encryption undone: AES-128-ECB over the beginning of each NAL unit, and over each AAC frame.

Whether a unit is encrypted, and how, is found by looking at its bytes, for each kind of unit by itself: some cameras
encrypt only what a keyframe consists of, and what a vendor's list says of a camera may be old. A unit is deciphered
only if that makes sense of it, so a clear stream stays as it is whatever the key.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from media import nal
from media.ezviz.h264_syntax import H264
from media.ezviz.h265_syntax import H265
from media.ezviz.syntax import PEEK, Kind, Syntax

# what is encrypted: nothing; all behind the unit's header; the whole unit, with a clear copy of its header in front of
# it; the whole unit
type Layout = Literal["clear", "body", "copied", "whole"]

FIRST = 4096  # bytes that are encrypted, in whole blocks
BLOCK = 16
ENOUGH = 16  # units that show whether their headers can be read
CERTAIN = 3  # headers that only one codec has
ODD = 2  # units that have no codec's header, deciphered or not: a stream that can be read has none
_LAYOUTS: tuple[Layout, ...] = ("clear", "body", "copied", "whole")
_CODE = re.compile(rb"\x00\x00\x01")
_AAC = frozenset((b"\x00", b"\x01", b"\x20", b"\x21"))  # how a frame begins: with a channel, or a pair, numbered 0
_SURE = 3


class _Reading(NamedTuple):
    layout: Layout
    kind: Kind
    fits: bool | None
    head: bytes
    doubt: int = 0


class _Unit(NamedTuple):
    """What is known of a unit by its beginning."""

    layout: Layout = "clear"
    kind: Kind | None = None
    header: bytes = b""


class _Piece(NamedTuple):
    """A unit in a run, or the rest of one that began in an earlier run."""

    begin: int
    body: int  # where its encrypted bytes begin
    unit: _Unit
    is_rest: bool = False


class Decipherer:
    """Of one stream. `key`: 16 bytes, or none, and then everything is taken for clear. `codec`: None if it is to be
    found.
    """

    def __init__(self, key: bytes, codec: nal.Codec | None = None) -> None:
        # the vendor's choice; a decryptor of this mode keeps nothing between blocks
        self._aes = Cipher(algorithms.AES(key), modes.ECB()).decryptor() if key else None  # noqa: S305
        self._layouts = _LAYOUTS if key else _LAYOUTS[:1]
        self._syntaxes = tuple(each for each in (H264, H265) if codec in (None, each.CODEC))
        self._syntax: Syntax | None = None
        self._sets: Layout | None = None  # of parameter sets, None until one was long enough to show it
        self._keys: Layout | None = None  # of slices of keyframes
        self._between = self._sound = 0  # above zero: other slices, or sound, are encrypted
        self._units = self._odd = 0  # until the codec is known
        self._certain: Counter[nal.Codec] = Counter()
        self._last = _Unit()
        self._long_codes: dict[Kind | None, bool] = {}  # whether start codes before that kind have four bytes

    @property
    def codec(self) -> nal.Codec | None:
        return self._syntax.CODEC if self._syntax else None

    @property
    def is_wrong(self) -> bool:
        """Whether the stream is encrypted with another key, headers and all."""
        return self._units >= ENOUGH and not self.may_fit

    @property
    def may_fit(self) -> bool:
        """Whether all units so far, but for an accident, have a codec's header, as they are or deciphered."""
        return self._syntax is not None or self._odd < ODD

    @property
    def hides_types(self) -> bool:
        return self._syntax is None or "whole" in (self._sets, self._keys)

    def unit(self, unit: bytes) -> bytes:
        """A NAL unit without start code; b"" until the codec is known, since nothing can be shown before."""
        found = self._judge(unit)
        return self._opened(unit, found.layout) if self._syntax else b""

    def picture(self, data: bytes, breaks: Sequence[int] = ()) -> bytes:
        """A picture in Annex B form. `breaks`: offsets at which the cipher began again, after other packets."""
        return b"".join(self._run(data[begin:end]) for begin, end in pairwise((0, *breaks, len(data))))

    def sound(self, frame: bytes) -> bytes:
        """An AAC frame without header."""
        opened = self._deciphered(frame, len(frame))
        is_clear, is_opened = frame[:1] in _AAC, opened[:1] in _AAC
        if is_clear != is_opened:
            self._sound = _counted(self._sound, up=is_opened)
        return opened if self._sound > 0 or (self._sound == 0 and self._stream != "clear") else frame

    def samples(self, data: bytes) -> bytes:
        """Samples of G.711, deciphered whether they are encrypted or not."""
        return self._deciphered(data, len(data))

    # the cipher

    def _opened(self, unit: bytes, layout: Layout) -> bytes:
        head = self._syntax.HEAD if self._syntax else 0
        if layout == "clear":
            return unit
        if layout == "whole":
            return self._deciphered(unit)
        body = self._deciphered(unit[head:])
        return body if layout == "copied" else unit[:head] + body

    def _deciphered(self, data: bytes, most: int = FIRST) -> bytes:
        if self._aes is None:
            return data
        size = min(len(data), most) // BLOCK * BLOCK
        return self._aes.update(data[:size]) + data[size:]

    # how a unit is encrypted

    @property
    def _stream(self) -> Layout:
        """How the stream is encrypted where it is."""
        return next((each for each in (self._sets, self._keys) if each and each != "clear"), "clear")

    def _judge(self, unit: bytes) -> _Unit:
        """What the unit is; what it shows of the stream is kept."""
        if self._syntax is None and not self._begin(unit):
            return _Unit()
        assert self._syntax is not None
        readings = list(self._readings(unit))
        chosen = self._chosen(readings)
        if chosen is None:
            return _Unit()
        is_long = len(unit) >= BLOCK + self._syntax.HEAD
        if chosen.kind == "inter" and is_long and self._keys not in (None, "clear"):
            self._weigh(readings)
        elif chosen.fits:
            self._keep(chosen, is_long=is_long)
        if chosen.fits or chosen.kind != "sets":
            self._syntax.learn(chosen.head)
        return _Unit(chosen.layout, chosen.kind, chosen.head[: self._syntax.HEAD])

    def _begin(self, unit: bytes) -> bool:
        """Whether the codec is known with this unit: by a parameter set that makes sense.

        Where none does, clear headers tell it: the stream then stays as it is, and no decoder takes it if it is
        encrypted.
        """
        for make in self._syntaxes:
            syntax = self._syntax = make()
            if any(syntax.begins(each.head) and each.fits for each in self._readings(unit)):
                return True
        self._syntax = None
        self._units += 1
        read = (unit, self._deciphered(unit[:BLOCK]))
        self._odd += not any(make().kind(each) for make in self._syntaxes for each in read)
        header = nal.codec(b"\0\0\1" + unit[:2])
        if header is not None:
            self._certain[header] += 1
            if self._certain[header] >= CERTAIN and self._odd < ODD:
                self._syntax = next((make() for make in self._syntaxes if header == make.CODEC), None)
        return self._syntax is not None

    def _readings(self, unit: bytes) -> Iterator[_Reading]:
        """What the unit may be, by each layout that makes a difference to it."""
        assert self._syntax is not None
        size = self._syntax.HEAD
        peek, seen = unit[: PEEK + size], set[bytes]()
        for layout in self._layouts:
            head = self._opened(peek, layout)
            if head in seen or (layout == "copied" and head[:size] != peek[:size]):
                continue
            seen.add(head)
            kind = self._syntax.kind(head)
            if kind is None:
                continue
            if layout == "clear" and len(unit) < BLOCK and (usual := self._usual(kind)) not in (None, "copied"):
                layout = usual  # it is too short to be encrypted
            if layout in self._possible(kind):
                yield _Reading(layout, kind, self._syntax.fits(head), head, self._syntax.doubt)

    def _possible(self, kind: Kind) -> tuple[Layout | None, ...]:
        """Slices between keyframes are encrypted only if those of keyframes are, and in the same way."""
        if kind == "sets":
            return _LAYOUTS
        if kind == "key":
            return _LAYOUTS if self._sets in (None, "clear") else (self._sets,)
        return ("clear", self._keys if kind == "inter" else self._stream)

    def _usual(self, kind: Kind) -> Layout | None:
        if kind == "inter":
            return "clear" if self._between < 0 else self._keys
        return {"sets": self._sets, "key": self._keys or self._stream}.get(kind, self._stream)

    def _chosen(self, readings: list[_Reading]) -> _Reading | None:
        """What fits, else what nothing can be said of; in doubt what is usual, and what is clear before all else.

        A slice between keyframes that fits otherwise than those before may do so by accident: it is read as they were
        once that is settled, and where nothing speaks against it.
        """
        usual = [each for each in readings if each.layout == self._usual(each.kind)]
        fitting = [each for each in readings if each.fits]
        if all(each.kind == "inter" for each in fitting):
            least = {0: (), 1: (True, None)}.get(abs(self._between), (True, None, False))
            kept = [each for each in usual if each.kind == "inter" and each.fits in least]
            least_doubt = min((each.doubt for each in fitting), default=0)
            fitting = kept or [each for each in fitting if each.doubt == least_doubt]
        likely = [each for each in fitting if each in usual] or fitting
        for found in (likely, [each for each in usual if each.fits is None], usual):
            if found:
                return found[0]
        return None

    def _keep(self, chosen: _Reading, *, is_long: bool) -> None:
        if chosen.kind == "sets":
            self._sets = chosen.layout if is_long else self._sets
        elif chosen.kind == "key" and is_long:
            self._between = self._between if chosen.layout == self._keys else 0
            self._keys = chosen.layout

    def _weigh(self, readings: list[_Reading]) -> None:
        """Count what a slice between keyframes shows if one reading of it fits and another does not.

        What is usual is confirmed where nothing can be said of the other.
        """
        between = [each for each in readings if each.kind == "inter"]
        fitting = [each.layout for each in between if each.fits]
        usual = self._usual("inter")
        if len(fitting) == 1 and (fitting[0] == usual or [each.fits for each in between].count(None) == 0):
            self._between = _counted(self._between, up=fitting[0] != "clear")

    # program streams, in which ciphertext may look like the start of a unit

    def _run(self, data: bytes) -> bytes:
        """A part of a picture in which nothing came between its packets."""
        codes = [found.start() for found in _CODE.finditer(data)]
        out = bytearray()
        piece: _Piece | None = None
        if data[: codes[0] if codes else None].strip(b"\0"):
            piece = _Piece(0, 0, self._last, is_rest=True)
        for code, following in pairwise((*codes, len(data))):
            begin = code + 3
            if piece is not None and code < piece.body + FIRST and not self._may_begin(piece, data[begin:following]):
                continue
            unit = self._judge(data[begin:following])
            if piece is None:
                out += data[:begin]
            else:
                end = code - self._has_long_code(data, code, piece, unit.kind)
                out += self._closed(data, piece, end) + data[end:begin]
            head = self._syntax.HEAD if self._syntax and unit.layout != "whole" else 0
            piece = _Piece(begin, begin + head, unit)
        if piece is None:
            return data
        self._last = piece.unit
        return bytes(out + self._closed(data, piece, len(data)))

    def _may_begin(self, piece: _Piece, unit: bytes) -> bool:
        """Whether a unit begins there, and not only three bytes of ciphertext that look so."""
        if piece.unit.layout == "clear" or self._syntax is None:
            return True
        return any(self._may_follow(piece.unit, each) for each in self._readings(unit))

    def _may_follow(self, before: _Unit, unit: _Reading) -> bool:
        """Behind a picture's first slice come others of it, and little else."""
        if before.kind in ("key", "inter") and before.header != unit.head[: len(before.header)]:
            return unit.fits is True and unit.kind in ("other", "inter")
        return unit.fits is not False or unit.kind == "other"

    def _has_long_code(self, data: bytes, code: int, piece: _Piece, kind: Kind | None) -> bool:
        """Whether the zero before a start code belongs to it, and not to what is encrypted before it."""
        is_zero = code > piece.begin and data[code - 1] == 0
        size = code - piece.body
        if is_zero and piece.unit.layout != "clear" and size % BLOCK == 0 and size <= FIRST:
            return self._long_codes.get(kind, True)
        self._long_codes[kind] = is_zero
        return is_zero

    def _closed(self, data: bytes, piece: _Piece, end: int) -> bytes:
        unit = data[piece.begin : end]
        if not piece.is_rest:
            return self._opened(unit, piece.unit.layout)
        return unit if piece.unit.layout == "clear" else self._deciphered(unit)


def _counted(count: int, *, up: bool) -> int:
    return max(-_SURE, min(_SURE, count + (1 if up else -1)))
