"""The web process's endpoint for the media process: sources through the gate, and whether sessions may go on."""

import base64
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import msgspec
import structlog

from showcam.accounts.links import TokenInvalid
from showcam.app.http_types import Refuse, Request, Response, problem
from showcam.engine.grants import HEADER, Claims, ProcessAuth
from showcam.engine.messages import (
    Admits,
    Admitted,
    Check,
    Checked,
    Closed,
    Judged,
    Learnt,
    Nothing,
    NotOpened,
    Open,
    Opened,
    Still,
)
from showcam.engine.source import UNASKED, Denied, from_text
from showcam.registry.streams.grants import Questions
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Assistant, Link

log = structlog.get_logger()

MOST_AT_ONCE = 32  # households that are judged at once
NOT_NOW = Denied(UNASKED, again=True)
_open, _check = msgspec.json.Decoder(Open), msgspec.json.Decoder(Check)
_admits = msgspec.json.Decoder(Admits)
_learnt, _closed = msgspec.json.Decoder(Learnt), msgspec.json.Decoder(Closed)
_judged = msgspec.json.Decoder(Judged)

type Answer = Opened | NotOpened | Still | Checked | Admitted | Nothing


class Internal:
    """POST /internal/sources/{open,still,check,admits,learnt,judged,closed}, with a header that our processes make.

    `authenticate` returns the link of an assistant's access token, or raises TokenInvalid.
    """

    def __init__(
        self, questions: Questions, proof: ProcessAuth, authenticate: Callable[[str, Assistant], Link]
    ) -> None:
        self._questions = questions
        self._proof = proof
        self._authenticate = authenticate

    def answer(self, request: Request) -> Response:
        if not self._proof.covers(request.header(HEADER) or "", request.path, request.body, time.time()):
            raise Refuse(problem(404, "There is nothing here", "See the README for the addresses."))
        try:
            result = self._answer(request.rest, request.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError):
            raise Refuse(problem(400, "That is no question of the media process", "Send what media asks.")) from None
        except StoreUnavailable:
            log.warning("the store can't be reached", reason="store")
            raise Refuse(problem(503, "The store can't be reached just now", "Ask again in a moment.")) from None
        return Response(200, msgspec.json.encode(result), [("Content-Type", "application/json")])

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
            return Checked(
                denied=self._checked([Claims(**claims) for claims in _check.decode(body)["claims"]], time.time())
            )
        if what == "admits":
            admits = _admits.decode(body)
            return Admitted(admitted=self._admits(Claims(**admits["claims"]), admits["bearer"]))
        if what == "learnt":
            learnt = _learnt.decode(body)
            self._questions.learn(
                Claims(**learnt["claims"]),
                learnt["width"],
                learnt["height"],
                b_frames=learnt.get("b_frames", False),
                codec=learnt.get("codec", "unknown"),
                lacks_sub=learnt.get("lacks_sub", False),
            )
            return Nothing()
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

    def _checked(self, claims: list[Claims], received: float) -> list[Denied | None]:
        """Verdicts in the order of the claims; households are judged at once, and the claims of one share a reading.

        A household that can't be judged gets NOT_NOW and does not affect the others. `received`: epoch seconds.
        """
        households: dict[str, list[int]] = {}
        for index, claim in enumerate(claims):
            households.setdefault(claim.account, []).append(index)
        verdicts: list[Denied | None] = [NOT_NOW] * len(claims)

        def check(indexes: list[int]) -> None:
            try:
                for index in indexes:
                    verdicts[index] = self._questions.check(claims[index], received)
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

    def _admits(self, claims: Claims, bearer: str) -> bool:
        """Whether the bearer is of the grant's own link and assistant; another link of the household does not count."""
        if claims.surface not in ("alexa", "google"):
            return False
        try:
            link = self._authenticate(bearer, "alexa" if claims.surface == "alexa" else "google")
        except TokenInvalid:
            return False
        return link.id == claims.link and link.account == claims.account
