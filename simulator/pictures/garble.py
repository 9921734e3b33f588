"""Image Encryption: the framing of a picture stays, its bodies are encrypted."""

import re
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_FIRST = 4096  # bytes of a body that are encrypted
_START = re.compile(rb"\x00\x00\x01")
_HEADER = {"h264": 1, "h265": 2}


class Garbler:
    """AES-128-ECB over the first 4096 bytes of each NAL unit's body, and over each AAC frame; the code is the key."""

    def __init__(self, code: str, codec: Literal["h264", "h265"]) -> None:
        key = code.encode()[:16].ljust(16, b"\0")
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - the vendor's choice
        self._header = _HEADER[codec]

    def audio(self, frame: bytes) -> bytes:
        """An AAC frame without its header."""
        return self._encrypted(frame)

    def video(self, access_unit: bytes) -> bytes:
        """An access unit in Annex B form."""
        out = bytearray(access_unit)
        starts = [match.end() for match in _START.finditer(access_unit)]
        ends = [start - 3 for start in starts[1:]] + [len(out)]
        for start, end in zip(starts, ends, strict=True):
            out[start + self._header : end] = self._encrypted(bytes(out[start + self._header : end]))
        return bytes(out)

    def _encrypted(self, body: bytes) -> bytes:
        whole = min(len(body), _FIRST) // 16 * 16
        encryptor = self._cipher.encryptor()
        return encryptor.update(body[:whole]) + encryptor.finalize() + body[whole:]
