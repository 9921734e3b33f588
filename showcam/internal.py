"""What the media process may ask the web process: a source through the gate, and whether live sessions may go on."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from accounts.tokens import TokenInvalid
from media.grants import Claims
from media.proof import HEADER, Proof
from media.source import Denied, SourceSpec
from registry.registry import Registry
from showcam.exchange import Refuse, Request, Response, problem
from store.records import Assistant, Link

MOST_AT_ONCE = 32  # households that are asked about together


class Internal:
    """POST /internal/sources/{open,check,admits,learnt,closed}; told by a header that only our own processes can make.

    `authenticate` turns an assistant's access token into its link; it raises TokenInvalid.
    """

    def __init__(self, registry: Registry, proof: Proof, authenticate: Callable[[str, Assistant], Link]) -> None:
        self._registry = registry
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
        return Response(200, json.dumps(result).encode(), [("Content-Type", "application/json")])

    def _answer(self, what: str, data: dict[str, Any]) -> dict[str, Any]:
        if what == "open":
            found = self._registry.source_for(Claims(**data["claims"]))
            return {"source": found.as_json()} if isinstance(found, SourceSpec) else {"denied": asdict(found)}
        if what == "check":
            verdicts = self._checked([Claims(**claims) for claims in data["claims"]])
            return {"denied": [asdict(verdict) if verdict else None for verdict in verdicts]}
        if what == "admits":
            return {"admitted": self._admits(Claims(**data["claims"]), str(data["bearer"]))}
        if what == "learnt":
            self._registry.learn(Claims(**data["claims"]), int(data["width"]), int(data["height"]))
            return {}
        if what == "closed":
            self._registry.release(Claims(**data["claims"]), data["release"])
            return {}
        raise KeyError(what)

    def _checked(self, claims: list[Claims]) -> list[Denied | None]:
        """All households at once, since the media process waits for the slowest; a household's share one reading."""
        homes: dict[str, list[int]] = {}
        for place, each in enumerate(claims):
            homes.setdefault(each.account, []).append(place)
        verdicts: dict[int, Denied | None] = {}

        def check(places: list[int]) -> None:
            for place in places:
                verdicts[place] = self._registry.check(claims[place])

        if len(homes) <= 1:
            check([*range(len(claims))])
        else:
            with ThreadPoolExecutor(min(MOST_AT_ONCE, len(homes)), "check") as pool:
                list(pool.map(check, homes.values()))
        return [verdicts[place] for place in range(len(claims))]

    def _admits(self, claims: Claims, bearer: str) -> bool:
        """A bearer of the link itself, on the surface the grant was made for; another link of the household is none."""
        if claims.surface not in ("alexa", "google"):
            return False
        try:
            link = self._authenticate(bearer, "alexa" if claims.surface == "alexa" else "google")
        except TokenInvalid:
            return False
        return link.id == claims.link and link.account == claims.account
