"""WebRTC signalling: answers the offer that Google's player posts for a camera.

Page: https://developers.home.google.com/cloud-to-cloud/traits/camerastream, under WebRTC. The page names the header
Authorization in one place and Authentication in another. The player runs on another origin, so every response needs
CORS headers, errors too.
"""

import logging
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from actions.errors import WRITTEN
from showcam.drivers.camera import Refusal
from showcam.engine.grants import BadGrant, ExpiredGrant
from showcam.engine.messages import BadOffer
from showcam.net.text import problem_of, too_deep
from showcam.registry import outcomes
from showcam.registry.gate.reasons import explain
from showcam.registry.streams.grants import Offers
from showcam.store.ports import StoreUnavailable

log = logging.getLogger(__name__)

type Answer = tuple[int, list[tuple[str, str]], bytes]

# HTTP status by reason; every other reason is 409, since only a person can fix the cause
_STATUS = {
    "not_found": 404,
    "busy": 429,
    "too_often": 429,
    "household_full": 429,
    "machine_full": 429,
    "vendor_busy": 429,
    "no_internet": 503,
    "vendor_down": 503,
    "media_down": 503,
    "waking": 503,
}


class Message(Struct, rename="camel"):
    """The message that a player posts. Players use several shapes."""

    action: Any = UNSET
    type: Any = UNSET
    device_id: Any = None
    offer: Any = UNSET  # SDP as text, or a session description
    sdp: Any = UNSET


type Answered = dict[str, str]  # the answer to a player, in the shape of its message


class Problem(Exception):
    """Answered as a problem document (RFC 9457)."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(title)
        self.status, self.title, self.detail = status, title, detail


class Signalling:
    """`origins`: pages of these origins may read the answers. For any other origin the answer names the first."""

    def __init__(self, offers: Offers, origins: tuple[str, ...] = ("https://www.gstatic.com",)) -> None:
        self._offers, self._origins = offers, origins

    def answer(self, method: str, grant: str, origin: str | None, authorization: str | None, body: bytes) -> Answer:
        """Status, headers and body. Never raises. `grant`: from the path, or ""; `authorization`: either header."""
        if method == "OPTIONS":
            return 204, self.cors(origin), b""
        try:
            answered = self._post(method, _tokens(grant, authorization), body)
        except Problem as problem:
            return self._problem(problem, origin)
        except StoreUnavailable:
            log.warning("the store can't be reached: an offer was not answered", extra={"reason": "store"})
            return self._problem(Problem(503, "The store can't be reached just now", "Try again in a moment."), origin)
        except Exception:
            log.exception("an offer failed")
            return self._problem(Problem(500, "Something went wrong here", "It is in the log of showcam."), origin)
        return 200, [("Content-Type", "application/json"), *self.cors(origin)], msgspec.json.encode(answered)

    def _post(self, method: str, tokens: list[str], body: bytes) -> Answered:
        if method != "POST":
            raise Problem(405, "That method is not for this address", "It takes POST and OPTIONS.")
        message = _read(body)
        action = message.action or message.type or ("offer" if message.offer is not UNSET else None)
        if action not in ("offer", "answer", "end"):
            raise Problem(400, "That is no signalling message", "Its action is offer, answer or end.")
        if not tokens:
            raise Problem(401, "A stream grant is needed", "It stands in the address that came with the stream.")
        try:
            for token in tokens:
                self._check_grant(token, message.device_id, ended=action == "end")
            if action == "end":
                self._offers.end(tokens[0])
                return {}
            # showcam makes no offers, so a player's answer has no effect
            return self._answer_offer(tokens[0], message) if action == "offer" else {}
        except ExpiredGrant:
            raise Problem(410, "This stream grant is over", "Ask for the camera again.") from None
        except BadGrant:
            raise Problem(403, "This stream grant is not for that", "Ask for the camera again.") from None

    def _check_grant(self, token: str, device_id: Any, *, ended: bool) -> None:
        """The token must be a grant for the named device. Raises BadGrant, ExpiredGrant."""
        try:
            camera = self._offers.camera(token)
        except ExpiredGrant:
            if ended:
                return  # the stream goes on after its grant has expired, so an end with the expired grant is taken too
            raise
        if device_id is not None and device_id != camera:
            raise BadGrant

    def _answer_offer(self, token: str, message: Message) -> Answered:
        with outcomes.asking(outcomes.OFFER, "google", for_picture=True) as asked:
            try:
                stream = self._offers.answer(token, _sdp(message))
            except BadOffer:
                asked.refused("bad_offer")
                raise Problem(400, "The offer can't be answered", "It must be SDP that asks for video.") from None
            except (BadGrant, ExpiredGrant):
                asked.refused("bad_grant")
                raise
            finally:
                outcomes.add(asked.ended())
        if isinstance(stream, Refusal):
            raise Problem(_STATUS.get(stream.reason, 409), "The camera can't be shown", explain(stream, own=WRITTEN))
        if message.action is not UNSET:
            return {"action": "answer", "sdp": stream.answer}
        if message.type is not UNSET:
            return {"type": "answer", "sdp": stream.answer}
        return {"answer": stream.answer}

    def cors(self, origin: str | None) -> list[tuple[str, str]]:
        """The CORS headers of every response."""
        return [
            ("Access-Control-Allow-Origin", origin if origin in self._origins else self._origins[0]),
            ("Access-Control-Allow-Methods", "POST, OPTIONS"),
            ("Access-Control-Allow-Headers", "Authorization, Authentication, Content-Type"),
            ("Access-Control-Allow-Credentials", "true"),  # some players require it; no cookie is read here
            ("Access-Control-Max-Age", "600"),
            ("Vary", "Origin"),
        ]

    def _problem(self, problem: Problem, origin: str | None) -> Answer:
        document = problem_of(problem.status, problem.title, problem.detail)
        headers = [("Content-Type", "application/problem+json"), *self.cors(origin)]
        return problem.status, headers, msgspec.json.encode(document)


def _tokens(grant: str, authorization: str | None) -> list[str]:
    scheme, _, credentials = (authorization or "").partition(" ")
    bearer = credentials.strip() if scheme.lower() == "bearer" else ""
    return [token for token in dict.fromkeys((grant, bearer)) if token]


def _read(body: bytes) -> Message:
    try:
        message = None if too_deep(body) else msgspec.json.decode(body, type=Message)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        message = None
    if message is None:
        raise Problem(400, "That is no signalling message", "Send a JSON object with action, deviceId and sdp.")
    return message


def _sdp(message: Message) -> str:
    """The offer's SDP: in `sdp`, in `offer` as text, or in `offer` as a session description."""
    sdp = message.offer if message.sdp is UNSET else message.sdp
    if isinstance(sdp, dict):
        sdp = sdp.get("sdp")
    return sdp if isinstance(sdp, str) else ""
