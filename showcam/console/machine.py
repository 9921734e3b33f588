"""The console's interface to the machine that showcam runs on; composition hands in the object."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

# The step of set-up that a finding belongs to; "" if there is none.
type Step = Literal["", "cameras", "reachable", "google", "alexa"]


class Facts(Struct, frozen=True):
    """Sizes are in bytes. `live` counts the household's streams that are watched now; None if nothing answers.

    `newer` is another version on the disk. `changed` is when the program on the disk changed since showcam started; 0
    if it did not.
    """

    version: str
    python: str
    address: str  # the public one, "" without
    disk_free: int
    disk_size: int
    database: int
    live: int | None
    keeps_backups: bool  # whether a backup can be made here
    newer: str = ""
    changed: float = 0.0


class Found(Protocol):
    """One of the doctor's findings. The texts are English; the page translates them."""

    @property
    def what(self) -> str: ...
    @property
    def state(self) -> Literal["ok", "wrong", "unsure"]: ...
    @property
    def text(self) -> str: ...
    @property
    def mend(self) -> str: ...
    @property
    def fault(self) -> str | None: ...
    @property
    def step(self) -> Step: ...


class NotMade(Exception):
    """A backup could not be made; the text says why, in English."""


class Machine(Protocol):
    def facts(self, account_id: str) -> Facts: ...

    def examine(self, account_id: str) -> Iterator[Found]:
        """Examines everything that the doctor can examine, but only this household. Takes seconds."""
        ...

    def backup(self, folder: Path) -> Path:
        """Writes a backup into `folder`, without the keys. Raises NotMade."""
        ...

    def log(self, most: int) -> list[str]:
        """Returns the last lines, oldest first; none if the log goes elsewhere."""
        ...
