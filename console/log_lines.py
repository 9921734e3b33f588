"""The log for an owner to read: its warnings and errors, by process, and how often; their own words are English."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

MOST = 30
LEVELS: dict[str, Literal["warning", "error"]] = {"warning": "warning", "error": "error", "critical": "error"}


class Trouble(Struct, frozen=True):
    """A line of the log. `last`: when it was last written, epoch seconds; `line` as it then was; `part`: a process."""

    level: Literal["warning", "error"]
    part: str
    count: int
    last: float
    line: str


class _Line(Struct):
    event: str
    level: str
    timestamp: str
    part: str = ""


_decoder = msgspec.json.Decoder(_Line)


def troubles(lines: Iterable[str]) -> list[Trouble]:
    """The last first. `lines`: as they are in the files, the oldest first; one that is none of ours is left out."""
    found: dict[tuple[str, str, str], Trouble] = {}
    for line in lines:
        try:
            read = _decoder.decode(line)
            at = datetime.fromisoformat(read.timestamp).timestamp()
        except (msgspec.MsgspecError, ValueError, OverflowError, OSError):
            continue
        if level := LEVELS.get(read.level):
            key = level, read.part, read.event
            before = found.pop(key, None)
            found[key] = Trouble(level, read.part, before.count + 1 if before else 1, at, line)
    return list(reversed(found.values()))[:MOST]
