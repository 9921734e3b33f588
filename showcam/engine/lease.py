"""A source's loan for one opening, and the ending of this opening: the media process hands both back.

A lease crosses processes that are deployed apart. The version before wrote both into one text; this version reads that
text and still writes it as well.
"""

from msgspec import Struct

_IN_VAIN, _REFUSED = " in vain: ", " refused: "


class Lease(Struct, frozen=True):
    """The loan of a source for one opening. `source`: the lender's id. `lent`: text for the source's driver only."""

    source: str
    lent: str


class Used(Struct, frozen=True, tag="used"):
    """A session was opened, or the camera did not answer: there is nothing to report."""


class InVain(Struct, frozen=True, tag="in_vain"):
    """The opening brought no video; `reason` is a Reason of the registry."""

    reason: str


class Unopened(Struct, frozen=True, tag="unopened"):
    """The vendor opened nothing. `result` is the vendor's code; the camera is not opened again for `rest_s` seconds."""

    result: int
    reason: str
    rest_s: float


type Ending = Used | InVain | Unopened

USED = Used()


def as_text(lease: Lease | None, ending: Ending = USED) -> str:
    """Writes both as one text for a process of the version before."""
    text = f"{lease.source}/{lease.lent}" if lease else ""
    if isinstance(ending, InVain):
        return f"{text}{_IN_VAIN}{ending.reason}"
    if isinstance(ending, Unopened):
        return f"{text}{_REFUSED}{ending.result}/{ending.reason}/{ending.rest_s:.1f}"
    return text


def from_text(text: str) -> tuple[Lease | None, Ending]:
    """Both from the text that the version before wrote."""
    ending: Ending = USED
    if _IN_VAIN in text:
        text, _, reason = text.partition(_IN_VAIN)
        ending = InVain(reason)
    elif _REFUSED in text:
        text, _, told = text.partition(_REFUSED)
        result, reason, rest_s = told.split("/") if told.count("/") == 2 else ("0", "", "0")
        ending = Unopened(int(result), reason, float(rest_s))
    source, _, lent = text.partition("/")
    return (Lease(source, lent) if lent else None), ending
