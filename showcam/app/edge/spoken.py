"""The route of Alexa's spoken requests, which Amazon signs."""

import json
import logging
from collections.abc import Callable, Mapping

from showcam.alexa.spoken.signature import Chains, ChainUnreached, NotSigned, event_of, verified
from showcam.app.edge.machines import HEADER
from showcam.app.http_types import Refuse, Request, Response, Route, carries, problem
from showcam.net.text import JsonObject

log = logging.getLogger(__name__)

SKILL_PATH = "/alexa/skill"


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
        return Response(200, text, [("Content-Type", "application/json")])

    return Route("spoken", SKILL_PATH, ("POST",), skill, json=True, claims=carries("Signature-256", HEADER))
