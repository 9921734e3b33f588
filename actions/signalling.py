"""WebRTC signalling: where Google's player posts its offer for a camera, and gets the answer.

Page: https://developers.home.google.com/cloud-to-cloud/traits/camerastream, under WebRTC, which calls the header
Authorization in one place and Authentication in another. The player runs in a page of another origin, so every response
needs CORS headers, errors too.
"""

import logging
from typing import Any, Literal, TypedDict

import msgspec
from msgspec import UNSET, Struct

from actions.sentences import WRITTEN
from net.json_depth import too_deep
from net.problem import problem_of
from registry.camera import Refusal
from registry.errors import BadGrant, BadOffer, ExpiredGrant
from registry.gate.reasons import explain
from registry.streams.offers import Offers
from store.ports import StoreUnavailable

log = logging.getLogger(__name__)

type Answer = tuple[int, list[tuple[str, str]], bytes]

# 409: the camera is not as it must be; the others may pass by themselves
_STATUS = {
    "not_found": 404,
    "busy": 429,
    "vendor_busy": 429,
    "vendor_down": 503,
    "media_down": 503,
    "waking": 503,
}


class Message(Struct, rename="camel"):
    """What a player posts, in whichever of the shapes it knows."""

    action: Any = UNSET
    type: Any = UNSET
    device_id: Any = None
    offer: Any = UNSET  # text, or a session description
    sdp: Any = UNSET


class Nothing(TypedDict):
    """There is nothing to say."""


class ActionAnswer(TypedDict):
    action: Literal["answer"]
    sdp: str


class DescriptionAnswer(TypedDict):
    type: Literal["answer"]
    sdp: str


class BareAnswer(TypedDict):
    answer: str


type Answered = Nothing | ActionAnswer | DescriptionAnswer | BareAnswer


class Problem(Exception):
    """Answered as a problem document (RFC 9457)."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(title)
        self.status, self.title, self.detail = status, title, detail


class Signalling:
    """`origins`: whose pages may read the answers; the first is named to all others, which can't."""

    def __init__(self, offers: Offers, origins: tuple[str, ...] = ("https://www.gstatic.com",)) -> None:
        self._offers, self._origins = offers, origins

    def answer(self, method: str, grant: str, origin: str | None, authorization: str | None, body: bytes) -> Answer:
        """`grant` is what the path holds, "" when nothing; `authorization` the header, by either of its names.

        Never raises.
        """
        if method == "OPTIONS":
            return 204, self.cors(origin), b""
        try:
            answered = self._post(method, _tokens(grant, authorization), body)
        except Problem as problem:
            return self._problem(problem, origin)
        except StoreUnavailable:
            log.warning("the store can't be reached: an offer goes without an answer", extra={"reason": "store"})
            return self._problem(Problem(503, "The store can't be reached just now", "Try again in a moment."), origin)
        except Exception:
            log.exception("an offer failed")
            return self._problem(Problem(500, "Something went wrong here", "It is in the log of showcam."), origin)
        return 200, [("Content-Type", "application/json"), *self.cors(origin)], msgspec.json.encode(answered)

    def _post(self, method: str, tokens: list[str], body: bytes) -> Answered:
        if method != "POST":
            raise Problem(405, "That method is not for this address", "It takes POST and OPTIONS.")
        given = _read(body)
        action = given.action or given.type or ("offer" if given.offer is not UNSET else None)
        if action not in ("offer", "answer", "end"):
            raise Problem(400, "That is no signalling message", "Its action is offer, answer or end.")
        if not tokens:
            raise Problem(401, "A stream grant is needed", "It stands in the address that came with the stream.")
        try:
            for token in tokens:
                self._agree(token, given.device_id, ended=action == "end")
            if action == "end":
                self._offers.end(tokens[0])
                return Nothing()
            # an answer needs an offer of ours, and we make none: there is nothing to do with it
            return self._offered(tokens[0], given) if action == "offer" else Nothing()
        except ExpiredGrant:
            raise Problem(410, "This stream grant is over", "Ask for the camera again.") from None
        except BadGrant:
            raise Problem(403, "This stream grant is not for that", "Ask for the camera again.") from None

    def _agree(self, token: str, device_id: Any, *, ended: bool) -> None:
        """Every token given must be for the device that is named. Raises BadGrant, ExpiredGrant."""
        try:
            camera = self._offers.camera(token)
        except ExpiredGrant:
            if ended:
                return  # a stream outlives its grant, and may be ended by it
            raise
        if device_id is not None and device_id != camera:
            raise BadGrant

    def _offered(self, token: str, given: Message) -> Answered:
        try:
            stream = self._offers.answer(token, _sdp(given))
        except BadOffer:
            raise Problem(400, "The offer can't be answered", "It must be SDP that asks for video.") from None
        if isinstance(stream, Refusal):
            raise Problem(_STATUS.get(stream.reason, 409), "The camera can't be shown", explain(stream, own=WRITTEN))
        if given.action is not UNSET:
            return {"action": "answer", "sdp": stream.answer}
        if given.type is not UNSET:
            return {"type": "answer", "sdp": stream.answer}
        return {"answer": stream.answer}

    def cors(self, origin: str | None) -> list[tuple[str, str]]:
        """The headers that every response needs."""
        return [
            ("Access-Control-Allow-Origin", origin if origin in self._origins else self._origins[0]),
            ("Access-Control-Allow-Methods", "POST, OPTIONS"),
            ("Access-Control-Allow-Headers", "Authorization, Authentication, Content-Type"),
            ("Access-Control-Allow-Credentials", "true"),  # players may ask for it; cookies mean nothing here
            ("Access-Control-Max-Age", "600"),
            ("Vary", "Origin"),
        ]

    def _problem(self, problem: Problem, origin: str | None) -> Answer:
        document = problem_of(problem.status, problem.title, problem.detail)
        headers = [("Content-Type", "application/problem+json"), *self.cors(origin)]
        return problem.status, headers, msgspec.json.encode(document)


def _tokens(grant: str, authorization: str | None) -> list[str]:
    scheme, _, token = (authorization or "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return [each for each in dict.fromkeys((grant, bearer)) if each]


def _read(body: bytes) -> Message:
    try:
        given = None if too_deep(body) else msgspec.json.decode(body, type=Message)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        given = None
    if given is None:
        raise Problem(400, "That is no signalling message", "Send a JSON object with action, deviceId and sdp.")
    return given


def _sdp(given: Message) -> str:
    """Players differ: `sdp`, `offer` as text, or `offer` as a session description."""
    sdp = given.offer if given.sdp is UNSET else given.sdp
    if isinstance(sdp, dict):
        sdp = sdp.get("sdp")
    return sdp if isinstance(sdp, str) else ""
