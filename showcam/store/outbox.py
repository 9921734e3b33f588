"""The outbox of a store: changes that wait to be reported to assistants, and the last report to each link.

A row is a change in showcam's own terms, for one link. The store writes it together with the change itself: a list, a
happening, a preference, the cameras of a link, whether a source is signed in. Each method is atomic, as in
showcam.store.ports.
"""

from typing import Literal, Protocol

from msgspec import Struct

from showcam.store.records import MONTH_S, Assistant, Happening, Known, Link

LOOK = "look"  # the cameras may differ from the last report; a link has at most one LOOK
RING = "doorbell"  # somebody rang, or motion was seen that the owner has announced as a ring
ENDED = "ended"  # the link ended here; the row stays until its assistant has been notified

# The kind of a failed report. The word is stored: never rename one.
type Why = Literal[
    "late", "too_large", "refused", "permission", "unknown_user", "busy", "trouble", "unreached", "clock", "fault"
]

OUTBOX_KEPT_S = 7 * 24 * 3600  # a row that was never sent is removed this long after it was last due
LAID_KEPT_S = MONTH_S
_OF_0_2: tuple[tuple[str, Why], ...] = (
    ("it happened too long ago", "late"),
    ("something went wrong in showcam", "fault"),
    ("clock is wrong", "clock"),
    ("does not know this user", "unknown_user"),
    ("has not fetched the list", "unknown_user"),
    ("answered 413", "too_large"),
    ("refused: ", "permission"),
    ("answered 400", "refused"),
    ("answered 403", "permission"),
    ("answered 429", "busy"),
    ("could not be reached", "unreached"),
)


class Row(Struct, frozen=True):
    """A change that waits to be reported to a link. `kind`: LOOK, ENDED, or a kind of happening.

    Kinds of happenings are in showcam.store.records.Happening.
    """

    id: str
    account: str
    link: str
    assistant: Assistant
    kind: str
    subject: str  # the camera's id; of ENDED the link's agent user; of LOOK "", or the camera to report completely
    at: float  # of LOOK: the time of the first change in it
    due: float
    number: int = 1  # how many changes the row stands for


class Laid(Struct, frozen=True):
    """A parked row: it could not be sent, for this reason, and waits for a person."""

    row: Row
    at: float
    reason: str
    why: Why | None


class Claim(Struct, frozen=True):
    """The due rows of one link, oldest first. Only one sender has them, until the claim expires."""

    account: str
    link_id: str
    link: Link | None  # None: the link has ended, or was removed with its household
    rows: tuple[Row, ...]
    told: bytes | None
    turn: int  # how often something was reported
    listed: float | None  # when the assistant first fetched the list
    tries: int  # failed ones in a row
    why: Why | None  # why the last try failed; None: it did not
    by: str


class Settled(Struct, frozen=True):
    """The result of a claim. A LOOK that got a new change since the claim stays, even if it is in `over`."""

    at: float
    over: tuple[Row, ...] = ()
    laid: tuple[Laid, ...] = ()  # to be parked; a row that is not stored yet is added
    told: bytes | None = None  # None: unchanged
    what: str = ""  # in few words, what was reported; "": nothing
    forget: bool = False  # forget the last report and the fetch of the list
    again: float | None = None  # adds a LOOK that is due at this time
    wait: float = 0.0  # the link is not claimed before this time, unless a RING comes
    asked: float = 0.0  # the link is not claimed before this time, even for a RING: the service asked to wait
    reason: str = ""  # why something was not reported, as a text; "": all was
    why: Why | None = None
    tries: int = 0  # failed ones in a row


class Telling(Struct, frozen=True):
    """The state of the reports to a link."""

    link: str
    listed: float | None
    told_at: float | None
    what: str
    tries: int
    reason: str
    wanted: float | None  # when the link is next due; None: nothing waits
    why: Why | None


class Outbox(Protocol):
    def record_change(self, account_id: str, source_id: str, known: Known) -> bool:
        """Stores the list (see `put_known`) and a LOOK for each live link of the household. False: stored neither."""
        ...

    def record_happening(
        self, account_id: str, happening: Happening, same_s: float, told: tuple[str, ...] | None
    ) -> bool:
        """Stores the happening, unless a later one is stored, and rows for each link that may see the camera.

        Each link gets a row of each kind in `told`. If `told` is empty, the row is a LOOK; if it is None, there are
        no rows. A row has the same id when it is written again.

        Returns False, and adds no row, if a happening of the same kind is stored that began less than `same_s`
        seconds before this one, or later. Returns False, and stores nothing, if the account is removed.
        """
        ...

    def look(self, account_id: str, at: float, link_id: str = "") -> None:
        """Adds a LOOK for each live link of the household, or only for `link_id`."""
        ...

    def note_listed(self, account_id: str, link_id: str, at: float, due: float) -> None:
        """Notes that the assistant fetched the list. The first fetch adds a LOOK due at `due`, despite any pause."""
        ...

    def due(self, assistant: Assistant, now: float, most: int) -> list[tuple[str, str]]:
        """Accounts and links that can be claimed, the longest waiting ones first; may lag a little."""
        ...

    def claim(self, account_id: str, link_id: str, now: float, until: float, most: int) -> Claim | None:
        """Claims the link's first `most` due rows until `until`. None: nothing is due, or another sender has them."""
        ...

    def settle(self, claim: Claim, settled: Settled) -> bool:
        """Ends a claim: writes all or nothing.

        False, and nothing is written, if the claim had expired and another sender took the link, or the link ended.
        DynamoDB parks rows beyond forty before the rest. If the sender is killed in between, the rest still waits.
        """
        ...

    def free_claims(self, at: float) -> None:
        """Frees, from `at` on, the claims of an earlier sender that was killed; for the start of the only sender."""
        ...

    def waiting(self, now: float, account_id: str = "") -> list[Row]:
        """Every row that is due by `now`, also those whose link waits for a later try; may lag a little.

        `account_id`: only this household's; "": all.
        """
        ...

    def backlog(self, now: float) -> dict[Assistant, tuple[int, float]]:
        """How many rows are due by `now` for each assistant, and since when the first of them waits."""
        ...

    def laid_down(self, account_id: str = "") -> list[Laid]:
        """The parked rows, oldest first; may lag a little. `account_id`: only this household's; "": all."""
        ...

    def retry(self, account_id: str, row_id: str, now: float) -> bool:
        """Puts a parked row back, due now. False: no such row."""
        ...

    def drop(self, account_id: str, row_id: str) -> bool:
        """Removes a parked row. False: no such row."""
        ...

    def tellings(self, account_id: str) -> dict[str, Telling]:
        """The state of each link, by its id. A link without any changes so far is absent."""
        ...


def happening_row(link: Link, happening: Happening, kind: str) -> Row:
    row_id = f"{link.id}/{kind}/{happening.camera}/{round(1000 * happening.at)}"
    return Row(row_id, link.account, link.id, link.assistant, kind, happening.camera, happening.at, happening.at)


def ended_row(link: Link, at: float) -> Row:
    return Row(f"{link.id}/{ENDED}", link.account, link.id, link.assistant, ENDED, link.agent_user, at, at)


def look_row(account: str, link: str, assistant: Assistant, at: float, due: float, number: int = 1) -> Row:
    return Row(f"{link}/{LOOK}", account, link, assistant, LOOK, "", at, due, number)


def why_of(kept: str | None, reason: str) -> Why | None:
    """The stored kind of a failure. Showcam 0.2 stored only the text: then the kind is found in that."""
    if kept or not reason:
        return kept or None  # type: ignore[return-value]  # written as a Why
    return next((why for words, why in _OF_0_2 if words in reason), "trouble")


def sees(link: Link, camera: str) -> bool:
    return link.cameras is None or camera in link.cameras
