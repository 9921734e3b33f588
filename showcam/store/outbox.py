"""What a store can do so that assistants are told of changes: rows of what is to be told, and what each link was told.

A row is a change in our own terms, for one link. What an assistant is shown and the row are one write: a list, a
happening, a preference, the cameras of a link, whether a source is signed in. Each method is atomic by itself, as in
showcam.store.ports.
"""

from typing import Protocol

from msgspec import Struct

from showcam.store.records import MONTH_S, Assistant, Happening, Known, Link

LOOK = "look"  # the cameras may differ from what was told; a link has one such row at most
RING = "doorbell"  # somebody rang, or what its owner has announced as that
ENDED = "ended"  # the link ended here; the row stays until its assistant is told

OUTBOX_KEPT_S = 7 * 24 * 3600  # a row that nobody sent is removed after this
LAID_KEPT_S = MONTH_S


class Row(Struct, frozen=True):
    """What waits to be told to one link. `kind`: LOOK, ENDED, or what happened (showcam.store.records.Happening)."""

    id: str
    account: str
    link: str
    assistant: Assistant
    kind: str
    subject: str  # the camera's id; of ENDED the link's agent user; of LOOK "", or the camera to be told whole
    at: float  # of LOOK the first change that it stands for
    due: float
    number: int = 1  # how many changes it stands for


class Laid(Struct, frozen=True):
    """A row that can't be sent, and why: it waits for a person."""

    row: Row
    at: float
    reason: str


class Claim(Struct, frozen=True):
    """One link's due rows, oldest first, for who claimed it alone until its time is over."""

    account: str
    link_id: str
    link: Link | None  # None: it has ended, or is gone with its household
    rows: tuple[Row, ...]
    told: bytes | None
    turn: int  # how often something was told
    listed: float | None  # when the assistant first fetched the list
    tries: int  # in vain, one after the other
    reason: str  # why the last of them was in vain
    by: str


class Settled(Struct, frozen=True):
    """How a claim ends. A LOOK that has a new change since it was claimed stays, though it is `over`."""

    at: float
    over: tuple[Row, ...] = ()
    laid: tuple[tuple[Row, str], ...] = ()  # with the reason; a row that is not stored yet is stored so
    told: bytes | None = None  # None: as it was
    what: str = ""  # in few words, what was told; "": nothing
    forget: bool = False  # what it was told, and that the list was fetched
    again: float | None = None  # look again at this time
    wait: float = 0.0  # it is not claimed before this time, unless a RING comes
    asked: float = 0.0  # nor before this one, whatever comes: the service asked to wait
    reason: str = ""  # why not all of it was told; "": all was
    tries: int = 0  # in vain, one after the other


class Telling(Struct, frozen=True):
    """Where a link stands."""

    link: str
    listed: float | None
    told_at: float | None
    what: str
    tries: int
    reason: str
    wanted: float | None  # when it is next due; None: nothing waits


class Outbox(Protocol):
    def record_change(self, account_id: str, source_id: str, known: Known) -> bool:
        """The list (see `put_known`), and a LOOK for each live link of the household, in one write; False: neither."""
        ...

    def record_happening(
        self, account_id: str, happening: Happening, same_s: float, told: tuple[str, ...] | None
    ) -> bool:
        """The happening (see `put_happening`), and a row of each kind in `told` for each link that may see the camera.

        Where `told` is empty, the row is a LOOK; where it is None, there is none. False, and no row, when one of its
        kind is stored that began less than `same_s` before it, or later. A row has the same id when written again.
        """
        ...

    def look(self, account_id: str, at: float, link_id: str = "") -> None:
        """A LOOK for each live link of the household, or for one of them."""
        ...

    def note_listed(self, account_id: str, link_id: str, at: float, due: float) -> None:
        """The assistant fetched the list; for the first time: a LOOK that is due then, whatever the link waits for."""
        ...

    def due(self, assistant: Assistant, now: float, most: int) -> list[tuple[str, str]]:
        """Accounts and links that can be claimed, those first that wait longest; may lag a little."""
        ...

    def claim(self, account_id: str, link_id: str, now: float, until: float, most: int) -> Claim | None:
        """Its first `most` due rows; None: nothing is due, or somebody has claimed it."""
        ...

    def settle(self, claim: Claim, settled: Settled) -> bool:
        """All or none. False, and nothing written, when the claim's time was over and another had it, or it ended."""
        ...

    def free_claims(self, at: float) -> None:
        """At the start of the only sender: frees from `at` on what an earlier one held when it was killed."""
        ...

    def waiting(self, now: float, account_id: str = "") -> list[Row]:
        """Every row that is due by `now`, also those whose link waits for a later try; may lag a little.

        `account_id`: of that household alone; "" of all.
        """
        ...

    def backlog(self, now: float) -> dict[Assistant, tuple[int, float]]:
        """For each assistant that waits for rows due by `now`: how many, and since when the first waits."""
        ...

    def laid_down(self, account_id: str = "") -> list[Laid]:
        """Oldest first; may lag a little. `account_id`: of that household alone; "" of all."""
        ...

    def retry(self, account_id: str, row_id: str, now: float) -> bool:
        """Puts a laid row back, due now. False: no such row."""
        ...

    def drop(self, account_id: str, row_id: str) -> bool:
        """Removes a laid row. False: no such row."""
        ...

    def tellings(self, account_id: str) -> dict[str, Telling]:
        """By link; one that nothing was ever to be told is absent."""
        ...


def happening_row(link: Link, happening: Happening, kind: str) -> Row:
    row_id = f"{link.id}/{kind}/{happening.camera}/{round(1000 * happening.at)}"
    return Row(row_id, link.account, link.id, link.assistant, kind, happening.camera, happening.at, happening.at)


def ended_row(link: Link, at: float) -> Row:
    return Row(f"{link.id}/{ENDED}", link.account, link.id, link.assistant, ENDED, link.agent_user, at, at)


def look_row(account: str, link: str, assistant: Assistant, at: float, due: float, number: int = 1) -> Row:
    return Row(f"{link}/{LOOK}", account, link, assistant, LOOK, "", at, due, number)


def sees(link: Link, camera: str) -> bool:
    return link.cameras is None or camera in link.cameras
