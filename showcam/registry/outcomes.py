"""Notes how each directive and intent of a request ended, for its log line and the metrics, without any name.

A door opens `asking` around a directive, an intent, or a device's commands. Meanwhile the registry and the door note
their findings at `current()`, in the same thread; the door then adds the `Outcome`. The edge has opened `collected`
around the whole request.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from msgspec import Struct
from msgspec.structs import asdict

from showcam.accounts.links import SESSION
from showcam.drivers.camera import Refusal, Stream
from showcam.drivers.settings import Asked
from showcam.store.records import Assistant

OFFER = "offer"  # a player's offer, the second half of an ask whose first half was answered by an address for it
REPORT = "report"  # to an assistant, of what changed
FIRST_PICTURE = "first picture"  # of a pull; the media process reports it
CARD: Literal["card"] = "card"  # counts as a refusal: the display was shown the reason in the camera's place
_ID = re.compile(r"(?:[a-z]{2,10}-[a-z2-7]{20}|scene-[0-9a-f]{20})")  # any other text in place of an id may be a secret
# pending: the vendor was asked for the change, and the camera does not show it yet. failed: by a fault of showcam.
type Ending = Literal["done", "pending", "refused", "failed"]
# The end of an ask for a live picture; "": none was asked for. awaited: the display was given an address for its
# offer. shown: it was given the stream. none: neither stream nor card.
type Picture = Literal["", "awaited", "shown", "card", "none"]


class Outcome(Struct, frozen=True):
    """The outcome of one directive or intent. `reason`: a Reason, or the assistant's own word for an error.

    `camera`: the id of a camera or a scene. `took_s`: of a report, from the change to its receipt; of a first picture,
    from the first request for the video; None: as long as the request.
    """

    name: str
    outcome: Ending
    reason: str = ""
    way: str = ""
    camera: str = ""
    link: str = ""
    account: str = ""
    assistant: Assistant | Literal[""] = ""
    picture: Picture = ""
    took_s: float | None = None

    @property
    def is_offer(self) -> bool:
        return self.name == OFFER

    @property
    def is_report(self) -> bool:
        return self.name == REPORT

    def fields(self) -> dict[str, object]:
        """The fields of its log line."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class Asking:
    """A directive, an intent or a device's commands under way. `name` is a name from showcam's own list.

    `for_picture`: a live picture is asked for.
    """

    def __init__(self, name: str, assistant: Assistant | Literal[""] = "", *, for_picture: bool = False) -> None:
        self.name, self._assistant, self._is_for_picture = name, assistant, for_picture
        self._outcome: Ending = "done"
        self._picture: Picture = ""
        self._reason = self._way = self._camera = self._link = self._account = ""
        self._is_split = False

    def for_picture(self) -> None:
        """Notes that a live picture is asked for, which a name such as YesIntent does not say."""
        self._is_for_picture = True

    def by(self, link: str, account: str) -> None:
        """Notes the ids of a link and its household."""
        self._link, self._account = link, account

    def about(self, camera: str) -> None:
        """Notes the camera or scene that is asked for."""
        self._camera = camera if _ID.fullmatch(camera) else ""

    def came_to(self, camera: str, found: object) -> None:
        """Notes the registry's answer about the camera: a stream, a refusal, an awaited change, or the wanted result.

        A stream that is a card with the reason counts as a refusal.
        """
        self.about(camera)
        if isinstance(found, Refusal):
            self.refused(found.reason)
        elif isinstance(found, Asked):
            self.pending()
        elif isinstance(found, Stream):
            self._way = CARD if found.explains else found.way
            self._picture = "awaited" if found.protocol == "webrtc" and not found.answer else "shown"
            if found.explains:
                self._picture = CARD
                self.refused(found.explains.reason)

    def refused(self, reason: str) -> None:
        self._outcome, self._reason = "refused", reason

    def pending(self) -> None:
        """Notes that the wanted change has begun, and is not done yet."""
        self._outcome = "pending"

    def failed(self, reason: str = "") -> None:
        self._outcome, self._reason = "failed", reason

    def split(self) -> None:
        """Notes that each device of the request has an outcome, and the request as a whole has none."""
        self._is_split = True

    def ended(self) -> Outcome | None:
        """The outcome of this request; None after `split`, and for a request that an owner tries on the console."""
        if self._is_split or self._link.startswith(SESSION):
            return None
        found, picture = (self._outcome, self._reason, self._way), self._picture
        if self._outcome in ("refused", "failed") and picture != CARD:
            picture = "none" if self._is_for_picture else ""
        ids = self._camera, self._link, self._account
        return Outcome(self.name, *found, *ids, self._assistant, picture)


_asking: ContextVar[Asking | None] = ContextVar("asking", default=None)


@contextmanager
def asking(name: str, assistant: Assistant, *, for_picture: bool = False) -> Iterator[Asking]:
    """Notes what this thread asks of the registry in the block. The caller adds it to the request's outcomes."""
    asked = Asking(name, assistant, for_picture=for_picture)
    within = _asking.set(asked)
    try:
        yield asked
    finally:
        _asking.reset(within)


def current() -> Asking:
    """The request under way in this thread; one that nobody reads if no door has opened `asking`."""
    return _asking.get() or Asking("")


_collected: ContextVar[list[Outcome] | None] = ContextVar("collected", default=None)


@contextmanager
def collected() -> Iterator[list[Outcome]]:
    """Collects the outcomes of the request that this thread answers. Nested calls share one list."""
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
    """Adds an outcome to the list that the edge has opened for this thread's request, if there is a list."""
    outcomes = _collected.get()
    if outcomes is not None and outcome is not None:
        outcomes.append(outcome)
