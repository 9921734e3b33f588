"""Endpoints that take JSON from anybody refuse deeply nested text, also on a small stack."""

from collections.abc import Callable
from typing import Any

import pytest

from actions import request as intent
from actions.signalling import Signalling
from showcam.alexa.interface import Unreadable
from showcam.alexa.interface import read as directive
from showcam.alexa.spoken.signature import NotSigned, event_of
from tests.doubles.small_stack import on_small_stack

DEEP = 100_000
BODIES = {
    "arrays": b"[" * DEEP,
    "objects": b'{"a":' * DEEP,
    "an Alexa payload": b'{"directive":{"header":{"namespace":"Alexa","name":"x"},"payload":' + b"[" * DEEP,
    "a Google payload": b'{"requestId":"r","inputs":[{"intent":"x","payload":' + b"[" * DEEP,
    "what nobody reads": b'{"action":"offer","request":{},"more":' + b"[" * DEEP,
    "closed": b"[" * DEEP + b"]" * DEEP,
}


def refusal(call: Callable[[bytes], Any], body: bytes) -> Any:
    """What it gives back, or the error it raises."""
    try:
        return on_small_stack(lambda: call(body))
    except Exception as error:
        return type(error)


DOORS: dict[str, tuple[Callable[[bytes], Any], Any]] = {
    "alexa": (directive, Unreadable),
    "google": (lambda body: intent.read(body)[1], None),
    "signalling": (lambda body: Signalling(None).answer("POST", "grant", None, None, body)[0], 400),  # type: ignore[arg-type]
    "custom skill": (event_of, NotSigned),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(("door", "refused"), DOORS.values(), ids=DOORS)
def test_what_nests_without_end_is_unreadable(door: Callable[[bytes], Any], refused: Any, body: bytes) -> None:
    assert refusal(door, body) == refused
