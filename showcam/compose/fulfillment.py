"""Google's fulfillment alone, as an HTTP API event (payload format 2.0) in and its answer out."""

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

from accounts.pins import Pins
from accounts.tokens import authenticate
from actions.fulfillment import Fulfillment
from showcam import keys
from showcam.compose import parts
from showcam.settings import load

type Event = dict[str, Any]


def build() -> Callable[[Event], Event]:
    settings = load()
    base = parts.ground(settings, keys.of(settings))
    fulfillment = Fulfillment(
        partial(authenticate, base.store, assistant="google"),
        base.registry,
        parts.unlinker(base.store, base.pictures),
        settings.web_url,
        Pins(base.store),
    )

    def answer(event: Event) -> Event:
        text = event.get("body") or ""
        body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
        scheme, _, token = event.get("headers", {}).get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        status, answered = fulfillment.answer(body, bearer or None)
        return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": answered.decode()}

    return answer
