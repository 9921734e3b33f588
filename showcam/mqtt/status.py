"""The state of the connection to the broker. The worker writes this state, pages and the doctor read it."""

import contextlib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from showcam.i18n.catalogue import Worded, worded

type Outcome = Literal["connected", "password", "certificate", "unreachable", "old_protocol", "no_broker", "unwritable"]

SENTENCES: dict[Outcome, Worded] = {
    "connected": worded("Connected"),
    "password": worded("The broker refuses the user name or the password"),
    "certificate": worded("The broker's certificate is not trusted"),
    "unreachable": worded("The broker can't be reached"),
    "old_protocol": worded("The broker does not speak MQTT 5"),
    "no_broker": worded("What answers is no broker"),
    "unwritable": worded("The broker lets showcam write nothing"),
}


class Status(Struct, frozen=True):
    """`ignored` counts messages of the broker that were not allowed, since the worker's start."""

    outcome: Outcome
    ignored: int = 0

    @property
    def sentence(self) -> Worded:
        known = SENTENCES[self.outcome]
        return worded("{state}. Ignored: {count}", state=known, count=self.ignored) if self.ignored else known


def write(file: Path, status: Status) -> None:
    """Leaves the old status if the disk takes nothing."""
    new = file.with_suffix(".new")
    with contextlib.suppress(OSError):
        new.write_bytes(msgspec.json.encode(status))
        new.replace(file)


def read(file: Path) -> Status | None:
    """The last status that a worker wrote; None if no broker is set."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Status)
    except (OSError, msgspec.MsgspecError):
        return None
