"""EZVIZ's Image Encryption undone: AES-128-ECB over the beginning of each NAL unit, and over each AAC frame.

`Encryption` finds how a unit is encrypted; this module applies it to units, to pictures of a program stream, and to
sound.
"""

import copy
import re
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from showcam.engine.codec import nal
from showcam.engine.codec.nal import Kind
from showcam.engine.ezviz.encryption import BLOCK, FIRST, Encryption, Judged, Layout, Reading, counted

_CODE = re.compile(rb"\x00\x00\x01")
_UNITS = 64  # units of keyframes that are remembered as they came: a keyframe has its slices and a few parameter sets
# the first byte of a frame: with a channel, or a pair, numbered 0
_AAC = frozenset((b"\x00", b"\x01", b"\x20", b"\x21"))


class _Piece(NamedTuple):
    """A unit in a run, or the rest of one that began in an earlier run."""

    begin: int
    body: int  # the offset of its encrypted bytes
    unit: Judged
    is_rest: bool = False


class Decipherer:
    """Deciphers one stream.

    `key`: 16 bytes; with none everything counts as clear. `codec`: None if it must be found.
    """

    def __init__(self, key: bytes, codec: nal.Codec | None = None) -> None:
        self.encryption = Encryption(key, codec)
        self._sound = 0  # above zero: sound is encrypted
        self._last = Judged()
        self._long_codes: dict[Kind | None, bool] = {}  # whether start codes before that kind have four bytes
        self._came: deque[tuple[bytes, bytes]] = deque(maxlen=_UNITS)  # units of keyframes: in the clear, as they came

    @property
    def hides_types(self) -> bool:
        return self.encryption.hides_types

    def unit(self, unit: bytes) -> bytes:
        """A NAL unit without start code; b"" until the codec is known, since nothing can be shown before."""
        judged = self.encryption.judge(unit)
        opened = self.encryption.opened(unit, judged.layout) if self.encryption.syntax else b""
        if self.encryption.may_be_of_keyframe(unit, judged):
            self._came.append((opened, unit))
        return opened

    def plausible(self, picture: bytes) -> bytes:
        """The picture without units whose header names a keyframe or a parameter set, and whose bytes refute that."""
        syntax = self.encryption.syntax
        assert syntax is not None
        units = list(nal.units(picture))
        kept = [unit for unit in units if syntax.kind(unit) not in ("key", "sets") or syntax.fits(unit) is not False]
        return picture if len(kept) == len(units) else nal.joined(kept)

    def came(self, keyframe: bytes) -> list[bytes]:
        """The units of this keyframe as they came, before each was deciphered."""
        found: list[bytes] = []
        end = len(keyframe)
        for opened, unit in reversed(self._came):
            at = keyframe.rfind(opened, 0, end) if opened else -1
            if at >= 0:
                found.insert(0, unit)
                end = at
        return found

    def with_keys(self, layout: Layout) -> "Decipherer":
        """A copy that deciphers the same stream, except that it reads the slices of keyframes in this layout."""
        other = copy.copy(self)
        other.encryption = self.encryption.with_keys(layout)
        other._long_codes, other._came = dict(self._long_codes), deque(maxlen=_UNITS)
        return other

    def picture(self, data: bytes, breaks: Sequence[int] = ()) -> bytes:
        """Deciphers a picture in Annex B form.

        `breaks`: the offsets of new beginnings of the cipher, after other packets.
        """
        return b"".join(self._run(data[begin:end]) for begin, end in pairwise((0, *breaks, len(data))))

    def sound(self, frame: bytes) -> bytes:
        """Deciphers an AAC frame without header."""
        opened = self.encryption.deciphered(frame, len(frame))
        is_clear, is_opened = frame[:1] in _AAC, opened[:1] in _AAC
        if is_clear != is_opened:
            self._sound = counted(self._sound, up=is_opened)
        return opened if self._sound > 0 or (self._sound == 0 and self.encryption.stream != "clear") else frame

    def samples(self, data: bytes) -> bytes:
        """Samples of G.711, deciphered whether they are encrypted or not."""
        return self.encryption.deciphered(data, len(data))

    # program streams: ciphertext in them may look like the start of a unit

    def _run(self, data: bytes) -> bytes:
        """Deciphers a part of a picture whose packets followed one another directly."""
        codes = [found.start() for found in _CODE.finditer(data)]
        out = bytearray()
        piece: _Piece | None = None
        if data[: codes[0] if codes else None].strip(b"\0"):
            piece = _Piece(0, 0, self._last, is_rest=True)
        for code, following in pairwise((*codes, len(data))):
            begin = code + 3
            if piece is not None and code < piece.body + FIRST and not self._may_begin(piece, data[begin:following]):
                continue
            unit = self.encryption.judge(data[begin:following])
            if piece is None:
                out += data[:begin]
            else:
                end = code - self._has_long_code(data, code, piece, unit.kind)
                out += self._closed(data, piece, end) + data[end:begin]
            head = self.encryption.syntax.HEAD if self.encryption.syntax and unit.layout != "whole" else 0
            piece = _Piece(begin, begin + head, unit)
        if piece is None:
            return data
        self._last = piece.unit
        return bytes(out + self._closed(data, piece, len(data)))

    def _may_begin(self, piece: _Piece, unit: bytes) -> bool:
        """Whether a unit begins there, and not only three bytes of ciphertext that look so."""
        if piece.unit.layout == "clear" or self.encryption.syntax is None:
            return True
        return any(self._may_follow(piece.unit, reading) for reading in self.encryption.readings(unit))

    def _may_follow(self, before: Judged, unit: Reading) -> bool:
        """Whether this unit may follow: after a picture's first slice come others of this picture, and little else."""
        if before.kind in ("key", "inter") and before.header != unit.head[: len(before.header)]:
            return unit.fits is True and unit.kind in ("other", "inter")
        return unit.fits is not False or unit.kind == "other"

    def _has_long_code(self, data: bytes, code: int, piece: _Piece, kind: Kind | None) -> bool:
        """Whether the zero before a start code belongs to it, and not to the encrypted bytes before it."""
        is_zero = code > piece.begin and data[code - 1] == 0
        size = code - piece.body
        if is_zero and piece.unit.layout != "clear" and size % BLOCK == 0 and size <= FIRST:
            return self._long_codes.get(kind, True)
        self._long_codes[kind] = is_zero
        return is_zero

    def _closed(self, data: bytes, piece: _Piece, end: int) -> bytes:
        unit = data[piece.begin : end]
        if not piece.is_rest:
            return self.encryption.opened(unit, piece.unit.layout)
        return unit if piece.unit.layout == "clear" else self.encryption.deciphered(unit)
