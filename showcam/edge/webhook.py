"""`POST /webhooks/ezviz`: takes the vendor's messages and answers their ids; the work is done afterwards."""

import structlog

from registry.drivers.ezviz.messages import Full, Unreadable, Untrusted, Webhook
from showcam.http_types import Request, Response, Route, carries, problem
from store.ports import StoreUnavailable

log = structlog.get_logger()

_KINDS = ("text/plain", "application/json")


def route(webhook: Webhook | None) -> Route:
    """`webhook` is None where ezviz_webhook_key is not set: the address then answers 404."""

    def answer(request: Request) -> Response:
        if webhook is None:
            return problem(404, "There is no such address here", "Set ezviz_webhook_key to take EZVIZ's messages.")
        kind = request.environ.get("CONTENT_TYPE", "").split(";", 1)[0].strip().lower()
        if kind not in _KINDS:
            return problem(415, "Messages come as text/plain", "Send the JSON with Content-Type: text/plain.")
        try:
            answered = webhook.take(request.body, request.header("signature") or "", request.header("t") or "")
        except Untrusted as error:
            log.warning("a message to the webhook was refused", why=str(error))
            return problem(401, "That is not signed as EZVIZ signs", "See ezviz_webhook_key, and this machine's clock.")
        except Unreadable:
            return problem(400, "That is no message", "A header with deviceId, messageId and type is wanted.")
        except (Full, StoreUnavailable) as error:
            log.warning(
                "a message to the webhook was not taken and has to be sent again",
                reason="full" if isinstance(error, Full) else "store",
            )
            return problem(503, "Too much is going on", "Send it again in a moment.")
        return Response(200, answered, [("Content-Type", "application/json")])

    return Route("webhook", "/webhooks/ezviz", ("POST",), answer, claims=carries("signature"))
