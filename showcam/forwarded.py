"""The forwarder's signature: what proves that a directive came through the owner's own Lambda.

HMAC-SHA256 over version, key id, time, nonce, method, path and the body's hash, each on a line of its own. A message is
taken within 60 s of its time, and once.
"""

import hashlib
import hmac
import time

from showcam.exchange import Request
from store.ports import Store

HEADER = "X-Showcam-Signature"  # v1;{key id};{epoch s};{nonce};{hex}
WINDOW_S = 60
_KEEP_S = 300


def sign(key_id: str, key: bytes, method: str, path: str, body: bytes, *, now: int, nonce: str) -> str:
    return f"v1;{key_id};{now};{nonce};{_tag(key, key_id, str(now), nonce, method, path, body)}"


def verified(request: Request, keys: list[tuple[str, bytes]], store: Store) -> bool:
    """Whether the request carries a good signature that was not seen before. Raises what the store raises."""
    parts = (request.header(HEADER) or "").split(";")
    if len(parts) != 5 or parts[0] != "v1":
        return False
    _, key_id, sent, nonce, tag = parts
    key = dict(keys).get(key_id)
    if key is None or not sent.isdigit() or not 16 <= len(nonce) <= 64 or not tag.isascii():
        return False
    if not hmac.compare_digest(_tag(key, key_id, sent, nonce, request.method, request.path, request.body), tag):
        return False
    if abs(time.time() - int(sent)) > WINDOW_S:
        return False
    # counted in the window of the message's own time, so that a repeat can't fall into the next one
    return store.hit(f"nonce:{nonce}", _KEEP_S, float(sent)) == 1


def _tag(key: bytes, key_id: str, sent: str, nonce: str, method: str, path: str, body: bytes) -> str:
    lines = ["v1", key_id, sent, nonce, method, path, hashlib.sha256(body).hexdigest()]
    return hmac.digest(key, "\n".join(lines).encode(), hashlib.sha256).hex()
