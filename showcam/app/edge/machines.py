"""Endpoints for machines of the owner's, each with a proof: the media process asks, the forwarder hands on.

The media process asks for sources through the gate, and whether sessions may go on. The owner's Lambda function hands
on Alexa's directives, and signs them. Its signature is HMAC-SHA256 over version, key id, time, nonce, method, path and
the body's hash, each on a separate line. A message is taken once, within 60 s of its time.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Protocol
from wsgiref.types import WSGIEnvironment

import msgspec
import structlog
from msgspec import Struct

from showcam.accounts.links import SESSION, TokenInvalid
from showcam.app.http_types import Refuse, Request, Response, Route, problem
from showcam.engine import grants
from showcam.engine.grants import WINDOW_S, Claims, ProcessAuth
from showcam.engine.messages import (
    Admits,
    Admitted,
    Beat,
    Beaten,
    Check,
    Checked,
    Closed,
    Find,
    Found,
    Judged,
    Knock,
    Knocked,
    Learnt,
    Nothing,
    NotOpened,
    Open,
    Opened,
    Play,
    Played,
    Still,
    Talk,
)
from showcam.engine.source import MOVED, UNASKED, Denied, from_text
from showcam.net.addresses import is_in_house
from showcam.registry import outcomes
from showcam.registry.outcomes import Outcome
from showcam.registry.streams.grants import Questions
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.processes import Process, Processes
from showcam.store.records import Assistant, Link

log = structlog.get_logger()

MOST_AT_ONCE = 32  # households that are judged at once
NOT_NOW = Denied(UNASKED, again=True)
_open, _check = msgspec.json.Decoder(Open), msgspec.json.Decoder(Check)
_admits = msgspec.json.Decoder(Admits)
_learnt, _closed = msgspec.json.Decoder(Learnt), msgspec.json.Decoder(Closed)
_talk = msgspec.json.Decoder(Talk)
_judged = msgspec.json.Decoder(Judged)

HEADER = "X-Showcam-Signature"  # v1;{key id};{epoch s};{nonce};{hex}
_KEY = "HTTP_X_SHOWCAM_SIGNATURE"
_READ = "showcam.signature"  # a key of the environ: the header once it was read
WAY_S = 2.0  # the longest transport that is believed: if more is measured, the two clocks differ
_KEEP_S = 5 * WINDOW_S  # a nonce is remembered for longer than its message is taken
_JSON = ("Content-Type", "application/json")
_beat, _find = msgspec.json.Decoder(Beat), msgspec.json.Decoder(Find)
_knock, _play = msgspec.json.Decoder(Knock), msgspec.json.Decoder(Play)

type Answer = Opened | NotOpened | Still | Checked | Admitted | Beaten | Found | Knocked | Played | Nothing

# the assistants whose displays ask for a picture; the spoken skill plays videos
OF_SURFACE: dict[str, Assistant] = {"alexa": "alexa", "video": "alexa", "google": "google"}


class PlayersByRtsp(Protocol):
    """Answers the media process about players, as showcam.app.edge.players.PlayerDoor does."""

    def knocked(self, name: str) -> Knocked: ...
    def played(self, player_id: str, camera: str) -> Played: ...


class Internal:
    """POST /internal/sources/{open,still,check,talk,admits,learnt,…}, with a header that our processes make.

    `authenticate` returns the link of an assistant's access token, or raises TokenInvalid. `processes`: the media
    processes, if they report themselves, by the questions beat and find. `players`: makes what answers the questions
    knock and play, if the household's own programs may watch here.
    """

    def __init__(
        self,
        questions: Questions,
        proof: ProcessAuth,
        authenticate: Callable[[str, Assistant], Link],
        processes: Processes | None = None,
        players: Callable[[], PlayersByRtsp] | None = None,
    ) -> None:
        self._processes, self._players = processes, players
        self._questions = questions
        self._proof = proof
        self._authenticate = authenticate

    def answer(self, request: Request) -> Response:
        if not self._proof.covers(request.header(grants.HEADER) or "", request.path, request.body, time.time()):
            raise Refuse(problem(404, "There is nothing here", "See the README for the addresses."))
        try:
            result = self._answer(request.rest, request.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError):
            raise Refuse(problem(400, "That is no question of the media process", "Send what media asks.")) from None
        except StoreUnavailable:
            log.warning("the store can't be reached", reason="store")
            raise Refuse(problem(503, "The store can't be reached just now", "Ask again in a moment.")) from None
        return Response(200, msgspec.json.encode(result), [_JSON])

    def _answer(self, what: str, body: bytes) -> Answer:
        """Answers a question. Raises KeyError for an unknown question, and errors of msgspec for a wrong shape."""
        if what == "open":
            found = self._questions.source_for(Claims(**_open.decode(body)["claims"]))
            if isinstance(found, Denied):
                return NotOpened(denied=found)
            return Opened(source=found.as_json())
        if what == "still":
            made = self._questions.still_for(Claims(**_open.decode(body)["claims"]))
            if isinstance(made, Denied):
                return NotOpened(denied=made)
            return Still(still=base64.b64encode(made or b"").decode())
        if what == "check":
            check = _check.decode(body)
            asked = [Claims(**claims) for claims in check["claims"]]
            return Checked(denied=self._checked(asked, time.time(), check.get("process", "")))
        if what == "beat" and self._processes is not None:
            return _beaten(self._processes, _beat.decode(body))
        if what == "find" and self._processes is not None:
            return _found(self._processes, _find.decode(body))
        if what == "knock" and self._players is not None:
            return self._players().knocked(_knock.decode(body)["name"])
        if what == "play" and self._players is not None:
            play = _play.decode(body)
            return self._players().played(play["player"], play["camera"])
        if what == "admits":
            admits = _admits.decode(body)
            return Admitted(admitted=self._admits(Claims(**admits["claims"]), admits["bearer"]))
        if what == "learnt":
            learnt = _learnt.decode(body)
            claims = Claims(**learnt["claims"])
            _note_first_picture(claims, learnt.get("first_s"))
            self._questions.learn(
                claims,
                learnt["width"],
                learnt["height"],
                b_frames=learnt.get("b_frames", False),
                codec=learnt.get("codec", "unknown"),
                lacks_sub=learnt.get("lacks_sub", False),
            )
            return Nothing()
        if what == "talk":
            talk = _talk.decode(body)
            found = self._questions.talk(Claims(**talk["claims"]), talk["phase"], talk["reason"])
            return NotOpened(denied=found) if isinstance(found, Denied) else Opened(source=found.as_json())
        if what == "judged":
            judged = _judged.decode(body)
            self._questions.judge_key(Claims(**judged["claims"]), judged["mark"], fits=judged["fits"])
            return Nothing()
        if what == "closed":
            closed = _closed.decode(body)
            old_lease, old_ending = from_text(closed["release"])
            lease, ending = closed.get("lease", old_lease), closed.get("ending", old_ending)
            self._questions.release(Claims(**closed["claims"]), lease, ending)
            return Nothing()
        raise KeyError(what)

    def _checked(self, claims: list[Claims], received: float, process: str) -> list[Denied | None]:
        """Verdicts in the order of the claims; households are judged at once, and the claims of one share a reading.

        A household that can't be judged gets NOT_NOW and does not affect the others. `received`: epoch seconds.
        `process`: the media process that asks, if it reports itself: it may go on with what it still holds.
        """
        households: dict[str, list[int]] = {}
        for index, claim in enumerate(claims):
            households.setdefault(claim.account, []).append(index)
        verdicts: list[Denied | None] = [NOT_NOW] * len(claims)

        def check(indexes: list[int]) -> None:
            try:
                held = self._held([claims[index] for index in indexes], process)
                for index in indexes:
                    is_held = held.get(claims[index].camera, True)
                    verdicts[index] = self._questions.check(claims[index], received) if is_held else Denied(MOVED)
            except StoreUnavailable:
                log.warning("the store can't be reached", account=claims[indexes[0]].account, reason="store")
            except Exception:
                # caught here, so that a fault with one household does not end the check of the others
                log.exception("live sessions could not be judged", account=claims[indexes[0]].account)

        if len(households) <= 1:
            check([*range(len(claims))])
        else:
            with ThreadPoolExecutor(min(MOST_AT_ONCE, len(households)), "check") as pool:
                contexts = [copy_context() for _ in households]
                list(pool.map(lambda context, indexes: context.run(check, indexes), contexts, households.values()))
        return verdicts

    def _held(self, claims: list[Claims], process: str) -> dict[str, bool]:
        """Whether the process still holds each camera of these claims, which are of one household."""
        if self._processes is None or not process:
            return {}
        return self._processes.keeps(claims[0].account, {claim.camera for claim in claims}, process)

    def _admits(self, claims: Claims, bearer: str) -> bool:
        """Whether the bearer is of the grant's own link and assistant; another link of the household does not count."""
        if claims.surface not in ("alexa", "google"):
            return False
        try:
            link = self._authenticate(bearer, "alexa" if claims.surface == "alexa" else "google")
        except TokenInvalid:
            return False
        return link.id == claims.link and link.account == claims.account


def _beaten(processes: Processes, beat: Beat) -> Beaten:
    """Keeps the report of a media process. Raises KeyError for an address that is none of a network of ours."""
    process = Process(beat["process"], beat["at"], beat["places"], beat["draining"])
    if not beat["at"]:
        processes.leave(process, beat["born"])
        return Beaten(taken=False)
    host, _, port = beat["at"].rpartition(":")
    if not is_in_house(host.strip("[]"), loopback=True) or not port.isdecimal() or not 0 < int(port) < 65536:
        raise KeyError("at")
    return Beaten(taken=not processes.beat(process, beat["born"]))


def _found(processes: Processes, find: Find) -> Found:
    """The process that a media process asks for; if it is gone, the one that has the camera of the claims now."""
    if find["lost"]:
        processes.suspect(find["process"])
    named = next((process for process in processes.alive() if process.id == find["process"]), None)
    if (named is None or find["lost"]) and find["claims"] is not None:
        claims = Claims(**find["claims"])
        named = processes.holder(claims.account, claims.camera, {find["process"]} if find["lost"] else ())
    return Found(process=named.id, at=named.at) if named else Found(process="", at="")


def _note_first_picture(claims: Claims, first_s: float | None) -> None:
    """Notes the first picture that an assistant's ask brought; `first_s`: None from a process of an older version."""
    assistant = OF_SURFACE.get(claims.surface)
    if first_s is None or assistant is None or claims.link.startswith(SESSION):
        return  # an owner's try on the console is not an ask
    name, ids = outcomes.FIRST_PICTURE, (claims.camera, claims.link, claims.account)
    outcomes.add(Outcome(name, "done", "", "", *ids, assistant, took_s=round(first_s, 3)))


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
            log.warning("a forwarded message can't be taken: %s", error, reason="store")
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
