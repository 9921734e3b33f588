"""Image Encryption: encrypts the bodies of a picture, and leaves its framing."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

type Layout = Literal["body", "copied", "whole"]
LAYOUTS: tuple[Layout, ...] = ("body", "copied", "whole")

_FIRST = 4096  # bytes of a unit that are encrypted
_START = re.compile(rb"\x00?\x00\x00\x01")
_HEADER = {"h264": 1, "h265": 2}


class Garbler:
    """AES-128-ECB over the first 4096 bytes of each NAL unit, and over each AAC frame; the code is the key.

    `layout`: the header stays clear, is copied in clear in front of the encrypted unit, or is encrypted too.
    `selective`: only the units of keyframes are encrypted.
    """

    def __init__(
        self, code: str, codec: Literal["h264", "h265"], layout: Layout = "body", *, selective: bool = False
    ) -> None:
        key = code.encode()[:16].ljust(16, b"\0")
        self._cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - the vendor's choice
        self._codec, self._header, self._layout, self._selective = codec, _HEADER[codec], layout, selective

    def audio(self, frame: bytes) -> bytes:
        """Encrypts an AAC frame without its header."""
        whole = len(frame) // 16 * 16
        return self._cipher.update(frame[:whole]) + frame[whole:]

    def video(self, access_unit: bytes, breaks: Sequence[int] = ()) -> bytes:
        """Encrypts an access unit in Annex B form.

        The cipher begins again at `breaks`, which are offsets in the result.
        """
        out = bytearray()
        for start, unit in split(access_unit):
            out += start
            out += self.unit(unit, [at - len(out) for at in breaks])
        return bytes(out)

    def unit(self, unit: bytes, breaks: Sequence[int] = ()) -> bytes:
        """Encrypts a NAL unit without start code."""
        if self._selective and not self._is_of_keyframe(unit):
            return unit
        clear = b"" if self._layout == "whole" else unit[: self._header]
        hidden = unit[self._header :] if self._layout == "body" else unit
        size = len(clear) + len(hidden)
        cuts = [len(clear), *(at for at in breaks if len(clear) < at < size), size]
        made = clear + hidden
        return clear + b"".join(self._encrypted(made[begin:end]) for begin, end in pairwise(cuts))

    def _is_of_keyframe(self, unit: bytes) -> bool:
        if self._codec == "h264":
            return unit[0] & 0x1F in (5, 7, 8)
        return unit[0] >> 1 in (*range(16, 22), 32, 33, 34)

    def _encrypted(self, body: bytes) -> bytes:
        whole = min(len(body), _FIRST) // 16 * 16
        return self._cipher.update(body[:whole]) + body[whole:]


def split(access_unit: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Returns pairs of a start code and a NAL unit."""
    found = [*_START.finditer(access_unit)]
    ends = [match.start() for match in found[1:]] + [len(access_unit)]
    for start, end in zip(found, ends, strict=True):
        yield start[0], access_unit[start.end() : end]
