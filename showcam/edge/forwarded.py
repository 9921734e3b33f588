"""The forwarder's signature, which proves that a directive came through the owner's own Lambda function.

HMAC-SHA256 over version, key id, time, nonce, method, path and the body's hash, each on a line of its own. A message is
taken once, within 60 s of its time.
"""

import hashlib
import hmac
import time
from wsgiref.types import WSGIEnvironment

from showcam.http_types import Request
from store.ports import Taken

HEADER = "X-Showcam-Signature"  # v1;{key id};{epoch s};{nonce};{hex}
_KEY = "HTTP_X_SHOWCAM_SIGNATURE"
WINDOW_S = 60
WAY_S = 2.0  # the longest transport that is believed: where more is measured, the two clocks differ
_KEEP_S = 300


def sign(key_id: str, key: bytes, method: str, path: str, body: bytes, *, now: int, nonce: str) -> str:
    tag = _tag(_keyed(key), key_id, str(now), nonce, method, path, body)
    return f"v1;{key_id};{now};{nonce};{tag}"


class Signatures:
    """`keys`: ids and keys, the one in use first, then those it had before."""

    def __init__(self, keys: list[tuple[str, bytes]], store: Taken) -> None:
        self._keyed = {key_id: _keyed(key) for key_id, key in keys}
        self._store = store

    def likely(self, environ: WSGIEnvironment) -> bool:
        """Whether the header may be valid, judged before the body has arrived: all but its tag is right."""
        return self._read(environ.get(_KEY)) is not None

    def good(self, request: Request) -> bool:
        """Whether the request carries a valid signature that was not used before. Raises what the store raises."""
        header = self._read(request.environ.get(_KEY))
        if header is None:
            return False
        keyed, key_id, sent, nonce, tag = header
        if not hmac.compare_digest(_tag(keyed, key_id, sent, nonce, request.method, request.path, request.body), tag):
            return False
        # the nonce is kept until a fixed time after the message's own, whenever the message arrives
        return self._store.take_once(f"forwarded:{nonce}", int(sent) + _KEEP_S)

    def _read(self, header: str | None) -> tuple[hmac.HMAC, str, str, str, str] | None:
        """Key, key id, time, nonce and tag; None where one of them can't be right."""
        fields = (header or "").split(";")
        if len(fields) != 5 or fields[0] != "v1":
            return None
        _, key_id, sent, nonce, tag = fields
        keyed = self._keyed.get(key_id)
        if keyed is None or not sent.isdecimal() or len(sent) > 12 or not 16 <= len(nonce) <= 64 or not tag.isascii():
            return None
        return (keyed, key_id, sent, nonce, tag) if abs(time.time() - int(sent)) <= WINDOW_S else None


def sent(request: Request) -> float:
    """When the forwarder sent a valid message, by time.monotonic: Alexa's time limit runs from then on.

    The header's time is in whole seconds, so the transport is measured from the next full second.
    """
    epoch_s = int((request.header(HEADER) or "").split(";")[2])
    way_s = time.time() - (time.monotonic() - request.received) - (epoch_s + 1)
    return request.received - min(WAY_S, max(0.0, way_s))


def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")  # a copy of it takes half as long as a new one


def _tag(keyed: hmac.HMAC, key_id: str, sent: str, nonce: str, method: str, path: str, body: bytes) -> str:
    mac = keyed.copy()
    lines = f"v1\n{key_id}\n{sent}\n{nonce}\n{method}\n{path}\n{hashlib.sha256(body).hexdigest()}"
    mac.update(lines.encode())
    return mac.hexdigest()
