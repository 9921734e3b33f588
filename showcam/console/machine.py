"""What the console asks of the machine that showcam runs on; composition hands it in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

# A step of set-up that a finding belongs to; "" where it belongs to none.
type Step = Literal["", "cameras", "reachable", "google", "alexa"]


class Facts(Struct, frozen=True):
    """Sizes in bytes; `live` counts the household's pictures that are watched now, None where nobody answers.

    `newer`: another version on the disk. `changed`: when the program there was, since showcam started; 0: it was not.
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
    """One of the doctor's findings. Its texts are English, which the page says in its own language."""

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
        """Everything the doctor examines; of households that one alone. Takes seconds."""
        ...

    def backup(self, folder: Path) -> Path:
        """Writes one there, without the keys. Raises NotMade."""
        ...

    def log(self, most: int) -> list[str]:
        """The last lines, oldest first; none where the log goes elsewhere."""
        ...
