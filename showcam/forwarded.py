"""The forwarder's signature: what proves that a directive came through the owner's own Lambda.

HMAC-SHA256 over version, key id, time, nonce, method, path and the body's hash, each on a line of its own. A message is
taken within 60 s of its time, and once.
"""

import hashlib
import hmac
import time

from showcam.exchange import Request
from store.ports import Taken

HEADER = "X-Showcam-Signature"  # v1;{key id};{epoch s};{nonce};{hex}
WINDOW_S = 60
_KEEP_S = 300


def sign(key_id: str, key: bytes, method: str, path: str, body: bytes, *, now: int, nonce: str) -> str:
    tag = _tag(_keyed(key), key_id, str(now), nonce, method, path, body)
    return f"v1;{key_id};{now};{nonce};{tag}"


class Signatures:
    """`keys`: by id, the forwarder's and those it had before."""

    def __init__(self, keys: list[tuple[str, bytes]], store: Taken) -> None:
        self._keyed = {key_id: _keyed(key) for key_id, key in keys}
        self._store = store

    def good(self, request: Request) -> bool:
        """Whether the request carries one that was not seen before. Raises what the store raises."""
        parts = (request.header(HEADER) or "").split(";")
        if len(parts) != 5 or parts[0] != "v1":
            return False
        _, key_id, sent, nonce, tag = parts
        keyed = self._keyed.get(key_id)
        if keyed is None or not sent.isdecimal() or not 16 <= len(nonce) <= 64 or not tag.isascii():
            return False
        if not hmac.compare_digest(_tag(keyed, key_id, sent, nonce, request.method, request.path, request.body), tag):
            return False
        if abs(time.time() - int(sent)) > WINDOW_S:
            return False
        # kept from the message's own time on, so that a repeat is the same whenever it comes
        return self._store.take_once(f"forwarded:{nonce}", int(sent) + _KEEP_S)


def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")  # to copy it takes half as long as to begin with the key


def _tag(keyed: hmac.HMAC, key_id: str, sent: str, nonce: str, method: str, path: str, body: bytes) -> str:
    mac = keyed.copy()
    lines = f"v1\n{key_id}\n{sent}\n{nonce}\n{method}\n{path}\n{hashlib.sha256(body).hexdigest()}"
    mac.update(lines.encode())
    return mac.hexdigest()
