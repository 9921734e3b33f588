"""Collects how each directive and intent of a request ended, for its log line and the metrics, without any name.

The edge opens `collected` around a request; the doors add an `Outcome` for each directive, intent or device's command.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from msgspec import Struct

# pending: the vendor was asked for the change, and the camera does not show it yet. failed: by a fault of showcam.
type Ending = Literal["done", "pending", "refused", "failed"]


class Outcome(Struct, frozen=True):
    """The outcome of one directive or intent. `reason`: a Reason, or the assistant's own word for an error.

    `camera`: the id of a camera or a scene.
    """

    name: str
    outcome: Ending
    reason: str = ""
    way: str = ""
    camera: str = ""
    link: str = ""
    account: str = ""


_collected: ContextVar[list[Outcome] | None] = ContextVar("collected", default=None)


@contextmanager
def collected() -> Iterator[list[Outcome]]:
    """The outcomes of the request that this thread answers. Nested calls share one list."""
    running = _collected.get()
    if running is not None:
        yield running
        return
    outcomes: list[Outcome] = []
    within = _collected.set(outcomes)
    try:
        yield outcomes
    finally:
        _collected.reset(within)


def add(outcome: Outcome | None) -> None:
    """Adds the outcome to those of the request that this thread answers, if the edge collects them."""
    outcomes = _collected.get()
    if outcomes is not None and outcome is not None:
        outcomes.append(outcome)
