"""The forwarder's signature, which proves that a directive came through the owner's own Lambda function.

HMAC-SHA256 over version, key id, time, nonce, method, path and the body's hash, each on a line of its own. A message is
taken once, within 60 s of its time.
"""

import hashlib
import hmac
import time
from wsgiref.types import WSGIEnvironment

from msgspec import Struct

from showcam.http_types import Request
from store.ports import Taken

HEADER = "X-Showcam-Signature"  # v1;{key id};{epoch s};{nonce};{hex}
_KEY = "HTTP_X_SHOWCAM_SIGNATURE"
_READ = "showcam.signature"  # a key of the environ: the header once it was read
WINDOW_S = 60
WAY_S = 2.0  # the longest transport that is believed: where more is measured, the two clocks differ
_KEEP_S = 300


class _Signature(Struct, frozen=True):
    """A header in which nothing is wrong but, perhaps, its tag."""

    keyed: hmac.HMAC
    key_id: str
    sent: str
    sent_at: int  # the same, epoch s
    nonce: str
    tag: str

    def fits(self, method: str, path: str, body: bytes) -> bool:
        """Whether its tag is right too."""
        right = _tag(self.keyed, self.key_id, self.sent, self.nonce, method, path, body)
        return hmac.compare_digest(right, self.tag)


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
        return self._read(environ) is not None

    def good(self, request: Request) -> bool:
        """Whether the request carries a valid signature that was not used before. Raises what the store raises."""
        signature = self._read(request.environ)
        if signature is None or not signature.fits(request.method, request.path, request.body):
            return False
        # the nonce is kept until a fixed time after the message's own, whenever the message arrives
        return self._store.take_once(f"forwarded:{signature.nonce}", signature.sent_at + _KEEP_S)

    def sent(self, request: Request) -> float | None:
        """When the forwarder sent a valid message that is new, by time.monotonic; None for any other.

        Alexa's time limit runs from then on. The header's time is in whole seconds, so the transport is measured from
        the next full second. Raises what the store raises.
        """
        if not self.good(request):
            return None
        signature: _Signature = request.environ[_READ]
        received = request.received
        way_s = time.time() - (time.monotonic() - received) - (signature.sent_at + 1)
        return received - min(WAY_S, max(0.0, way_s))

    def _read(self, environ: WSGIEnvironment) -> _Signature | None:
        """None where the header can't be right."""
        signature: _Signature | None = environ.get(_READ) or self._parsed(environ.get(_KEY) or "")
        if signature is None or abs(time.time() - signature.sent_at) > WINDOW_S:
            return None
        environ[_READ] = signature
        return signature

    def _parsed(self, header: str) -> _Signature | None:
        fields = header.split(";")
        if len(fields) != 5 or fields[0] != "v1":
            return None
        _, key_id, sent, nonce, tag = fields
        keyed = self._keyed.get(key_id)
        if keyed is None or not sent.isdecimal() or len(sent) > 12 or not 16 <= len(nonce) <= 64 or not tag.isascii():
            return None
        return _Signature(keyed, key_id, sent, int(sent), nonce, tag)


def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")  # a copy of it takes half as long as a new one


def _tag(keyed: hmac.HMAC, key_id: str, sent: str, nonce: str, method: str, path: str, body: bytes) -> str:
    mac = keyed.copy()
    lines = f"v1\n{key_id}\n{sent}\n{nonce}\n{method}\n{path}\n{hashlib.sha256(body).hexdigest()}"
    mac.update(lines.encode())
    return mac.hexdigest()
