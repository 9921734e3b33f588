"""What the media process may ask the web process: a source through the gate, and whether live sessions may go on."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import asdict
from typing import Any

import structlog

from accounts.tokens import TokenInvalid
from media.grants import Claims
from media.process_auth import HEADER, Proof
from media.source import UNASKED, Denied, SourceSpec
from registry.streams.questions import Questions
from showcam.http_types import Refuse, Request, Response, problem
from store.ports import StoreUnavailable
from store.records import Assistant, Link

log = structlog.get_logger()

MOST_AT_ONCE = 32  # households that are asked about together
NOT_NOW = Denied(UNASKED, again=True)


class Internal:
    """POST /internal/sources/{open,check,admits,learnt,closed}; told by a header that only our own processes can make.

    `authenticate` turns an assistant's access token into its link; it raises TokenInvalid.
    """

    def __init__(self, questions: Questions, proof: Proof, authenticate: Callable[[str, Assistant], Link]) -> None:
        self._questions = questions
        self._proof = proof
        self._authenticate = authenticate

    def answer(self, request: Request) -> Response:
        if not self._proof.covers(request.header(HEADER) or "", request.path, request.body, time.time()):
            raise Refuse(problem(404, "There is nothing here", "See the README for the addresses."))
        try:
            data = json.loads(request.body)
            result = self._answer(request.rest, data)
        except (ValueError, KeyError, TypeError):
            raise Refuse(problem(400, "That is no question of the media process", "Send what media asks.")) from None
        except StoreUnavailable:
            log.warning("the store can't be reached", reason="store")
            raise Refuse(problem(503, "The store can't be reached just now", "Ask again in a moment.")) from None
        return Response(200, json.dumps(result).encode(), [("Content-Type", "application/json")])

    def _answer(self, what: str, data: dict[str, Any]) -> dict[str, Any]:
        if what == "open":
            found = self._questions.source_for(Claims(**data["claims"]))
            return {"source": found.as_json()} if isinstance(found, SourceSpec) else {"denied": asdict(found)}
        if what == "check":
            verdicts = self._checked([Claims(**claims) for claims in data["claims"]], time.time())
            return {"denied": [asdict(verdict) if verdict else None for verdict in verdicts]}
        if what == "admits":
            return {"admitted": self._admits(Claims(**data["claims"]), str(data["bearer"]))}
        if what == "learnt":
            size = int(data["width"]), int(data["height"])
            # a media process of the version before tells no more than that
            self._questions.learn(Claims(**data["claims"]), *size, b_frames=data.get("b_frames") is True)
            return {}
        if what == "closed":
            self._questions.release(Claims(**data["claims"]), data["release"])
            return {}
        raise KeyError(what)

    def _checked(self, claims: list[Claims], asked: float) -> list[Denied | None]:
        """All households at once, since the media process waits for the slowest; a household's share one reading.

        Of a household that can't be judged just now it is told so, and the others hear theirs.
        """
        homes: dict[str, list[int]] = {}
        for place, each in enumerate(claims):
            homes.setdefault(each.account, []).append(place)
        verdicts: list[Denied | None] = [NOT_NOW] * len(claims)

        def check(places: list[int]) -> None:
            try:
                for place in places:
                    verdicts[place] = self._questions.check(claims[place], asked)
            except StoreUnavailable:
                log.warning("the store can't be reached", account=claims[places[0]].account, reason="store")
            except Exception:
                # the edge of this household: what is wrong with one is no word about the others
                log.exception("live sessions could not be judged", account=claims[places[0]].account)

        if len(homes) <= 1:
            check([*range(len(claims))])
        else:
            with ThreadPoolExecutor(min(MOST_AT_ONCE, len(homes)), "check") as pool:
                within = [copy_context() for _ in homes]
                list(pool.map(lambda context, places: context.run(check, places), within, homes.values()))
        return verdicts

    def _admits(self, claims: Claims, bearer: str) -> bool:
        """A bearer of the link itself, on the surface the grant was made for; another link of the household is none."""
        if claims.surface not in ("alexa", "google"):
            return False
        try:
            link = self._authenticate(bearer, "alexa" if claims.surface == "alexa" else "google")
        except TokenInvalid:
            return False
        return link.id == claims.link and link.account == claims.account
