"""What the doctor found at one point."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` is the point, `text` what was found there, `mend` what to do where it is wrong or may be."""

    what: str
    state: Literal["ok", "wrong", "unsure"]
    text: str
    mend: str = ""


def ok(what: str, text: str) -> Finding:
    return Finding(what, "ok", text)


def wrong(what: str, text: str, mend: str) -> Finding:
    return Finding(what, "wrong", text, mend)


def unsure(what: str, text: str, mend: str) -> Finding:
    return Finding(what, "unsure", text, mend)
