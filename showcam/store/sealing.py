"""AES-256-GCM for what must be readable again: vendor sessions, sign-ins, camera lists.

A sealed value is `version, length of key id, key id, nonce (12 bytes), ciphertext and tag`. Table and record key go
in as associated data, so that a value copied to another row can't be opened there.
"""

import contextlib
import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from showcam.store.ports import StoreUnavailable

_VERSION = 1
_NONCE = 12


class SealedUnreadable(StoreUnavailable):
    """A row can't be opened: its key is not in the list (then `key_id` names it), or it was changed or moved."""

    def __init__(self, message: str, key_id: str = "") -> None:
        super().__init__(message)
        self.key_id = key_id


def key_id(data: bytes) -> str:
    """The id of the key that sealed a value, from the value's header; "" if the header is damaged."""
    length = data[1] if len(data) > 1 and data[0] == _VERSION else 0
    return data[2 : 2 + length].decode(errors="replace")


class Sealer:
    """Seals with the first key and opens with any of the keys, so keys can be rotated."""

    def __init__(self, keys: list[tuple[str, bytes]]) -> None:
        if not keys:
            raise ValueError("there is no sealing key")
        if any(not 1 <= len(key_id.encode()) <= 255 or len(key) != 32 for key_id, key in keys):
            raise ValueError("a sealing key has an id of 1 to 255 bytes and exactly 32 bytes")
        if len({key_id for key_id, _ in keys}) != len(keys):
            raise ValueError("two sealing keys have the same id")
        self._first = keys[0][0]
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys}

    def seal(self, aad: str, data: bytes) -> bytes:
        key_id = self._first.encode()
        header = bytes((_VERSION, len(key_id))) + key_id
        nonce = os.urandom(_NONCE)
        return header + nonce + self._ciphers[self._first].encrypt(nonce, data, header + aad.encode())

    def open(self, aad: str, data: bytes) -> bytes:
        """Raises SealedUnreadable if the value is damaged, was changed or moved, or if its key is missing."""
        start = 2 + data[1] if len(data) > 1 and data[0] == _VERSION else 0
        if not start or len(data) < start + _NONCE + 16:
            raise SealedUnreadable("a sealed row is damaged")
        header, nonce, text = data[:start], data[start : start + _NONCE], data[start + _NONCE :]
        key_id = header[2:].decode(errors="replace")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealedUnreadable(
                f"a row is sealed under key “{key_id}”, which is not among the keys; put that key back", key_id
            )
        try:
            return cipher.decrypt(nonce, text, header + aad.encode())
        except InvalidTag:
            raise SealedUnreadable("a sealed row was changed, or moved from another row") from None

    def open_all(self, aad: str, rows: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
        """The opened values by name, without the unreadable ones. Each row was sealed under `aad` and its name."""
        found = {}
        for name, data in rows:
            with contextlib.suppress(SealedUnreadable):
                found[name] = self.open(f"{aad}|{name}", data)
        return found
