"""What the doctor found at one point."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend` says what to do where something is wrong, or may be."""

    what: str
    state: Literal["ok", "wrong", "unsure"]
    told: str
    mend: str = ""


def ok(what: str, told: str) -> Finding:
    return Finding(what, "ok", told)


def wrong(what: str, told: str, mend: str) -> Finding:
    return Finding(what, "wrong", told, mend)


def unsure(what: str, told: str, mend: str) -> Finding:
    return Finding(what, "unsure", told, mend)
