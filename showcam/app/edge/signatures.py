"""Checks who sent a request for Alexa: the owner's Lambda function signs directives, Amazon signs spoken requests.

The forwarder's signature is HMAC-SHA256 over version, key id, time, nonce, method, path and the body's hash, each on a
separate line. A message is taken once, within 60 s of its time.
"""

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Mapping
from wsgiref.types import WSGIEnvironment

from msgspec import Struct

from showcam.alexa.spoken.signature import Chains, ChainUnreached, NotSigned, event_of, verified
from showcam.app.http_types import Refuse, Request, Response, Route, carries, problem
from showcam.engine.grants import WINDOW_S
from showcam.net.text import JsonObject
from showcam.store.ports import Store, StoreUnavailable

log = logging.getLogger(__name__)

HEADER = "X-Showcam-Signature"  # v1;{key id};{epoch s};{nonce};{hex}
_KEY = "HTTP_X_SHOWCAM_SIGNATURE"
_READ = "showcam.signature"  # a key of the environ: the header once it was read
WAY_S = 2.0  # the longest transport that is believed: if more is measured, the two clocks differ
_KEEP_S = 5 * WINDOW_S  # a nonce is remembered for longer than its message is taken
SKILL_PATH = "/alexa/skill"
_JSON = ("Content-Type", "application/json")


class _Signature(Struct, frozen=True):
    """A header that is right in all parts but perhaps the tag."""

    keyed: hmac.HMAC
    key_id: str
    sent: str
    sent_at: int  # the same, epoch s
    nonce: str
    tag: str

    def fits(self, method: str, path: str, body: bytes) -> bool:
        """Whether the signature's tag is right too."""
        right = _tag(self.keyed, self.key_id, self.sent, self.nonce, method, path, body)
        return hmac.compare_digest(right, self.tag)


def sign(key_id: str, key: bytes, method: str, path: str, body: bytes, *, now: int, nonce: str) -> str:
    tag = _tag(_keyed(key), key_id, str(now), nonce, method, path, body)
    return f"v1;{key_id};{now};{nonce};{tag}"


class Signatures:
    """`keys`: ids and keys, the present key first, then the earlier keys."""

    def __init__(self, keys: list[tuple[str, bytes]], store: Store) -> None:
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
        the next full second. Raises Refuse if the store can't be reached.
        """
        try:
            if not self.good(request):
                return None
        except StoreUnavailable as error:
            log.warning("a forwarded message can't be taken: %s", error, extra={"reason": "store"})
            raise Refuse(problem(503, "The store can't be reached just now", "Try again in a moment.")) from None
        signature: _Signature = request.environ[_READ]
        received = request.received
        way_s = time.time() - (time.monotonic() - received) - (signature.sent_at + 1)
        return received - min(WAY_S, max(0.0, way_s))

    def _read(self, environ: WSGIEnvironment) -> _Signature | None:
        """The header's signature; None if the header can't be right."""
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
    return hmac.new(key, digestmod="sha256")  # copying this object takes half as long as making a new one


def _tag(keyed: hmac.HMAC, key_id: str, sent: str, nonce: str, method: str, path: str, body: bytes) -> str:
    mac = keyed.copy()
    lines = f"v1\n{key_id}\n{sent}\n{nonce}\n{method}\n{path}\n{hashlib.sha256(body).hexdigest()}"
    mac.update(lines.encode())
    return mac.hexdigest()


def directives_route(
    answer: Callable[[bytes, float], bytes],
    signatures: Signatures,
    note_stranger: Callable[[], None],
    *,
    is_demo: bool,
) -> Route:
    """`answer` takes a directive and the time it was sent, by time.monotonic. `note_stranger`: called for a bad tag.

    `is_demo`: the simulated Alexa sends directives itself; any other comes through the owner's forwarder.
    """

    def directive(request: Request) -> Response:
        sent = request.received if is_demo else signatures.sent(request)
        if sent is None:
            if request.header(HEADER) is not None:
                note_stranger()
            raise Refuse(problem(403, "Directives come through the forwarder", "Its signature is missing or wrong."))
        return Response(200, answer(request.body, sent), [_JSON])

    return Route("alexa", "/alexa/smart-home", ("POST",), directive, json=True, claims=signatures.likely)


def spoken_route(
    skill_id: str,
    answer: Callable[[JsonObject, float], Mapping[str, object]],
    chains: Callable[[], Chains],
    forwarded: Callable[[Request], float | None],
    note_stranger: Callable[[], None] = lambda: None,
) -> Route:
    """`answer` takes an event and the time it was received, by time.monotonic. `chains` is called on a request.

    `forwarded` returns the time the forwarder sent the request, None if it did not; it may raise Refuse.
    `note_stranger` is called for a signed request of another skill.
    """

    def skill(request: Request) -> Response:
        if not skill_id:
            raise Refuse(problem(404, "There is no spoken half here", "Set alexa_skill_id to the skill's id."))
        from showcam.alexa.spoken.skill import NotForUs, NotTaken

        try:
            received = forwarded(request)
            if received is None:
                event, received = verified(request, chains()), request.received
            else:
                event = event_of(request.body)
            text = json.dumps(answer(event, received)).encode()
        except NotSigned as error:
            raise Refuse(problem(400, "Requests come from Alexa", f"Its signature does not hold: {error}.")) from None
        except ChainUnreached as error:
            log.warning("Amazon's certificate chain could not be fetched: %s", error)
            raise Refuse(problem(503, "Amazon's certificates can't be had just now", "Try again.")) from None
        except NotForUs as error:
            note_stranger()
            raise Refuse(problem(400, "Requests come from the skill", f"This is {error}.")) from None
        except NotTaken:
            raise Refuse(problem(503, "The event can't be dealt with just now", "Send it again.")) from None
        return Response(200, text, [_JSON])

    return Route("spoken", SKILL_PATH, ("POST",), skill, json=True, claims=carries("Signature-256", HEADER))
