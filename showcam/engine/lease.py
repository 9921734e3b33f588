"""What a source lent for one opening, and how that opening ended: the media process hands both back.

A lease crosses processes that are deployed apart. The version before wrote both into one text; this version reads
that text and still writes it as well.
"""

from msgspec import Struct

_IN_VAIN, _REFUSED = " in vain: ", " refused: "


class Lease(Struct, frozen=True):
    """`source`: the id of the source that lent it. `lent`: in the words of its driver, which alone reads them."""

    source: str
    lent: str


class Used(Struct, frozen=True, tag="used"):
    """A session was opened, or nobody answered: there is nothing to say of it."""


class InVain(Struct, frozen=True, tag="in_vain"):
    """Its way brought no video; `reason` is a Reason of the registry."""

    reason: str


class Unopened(Struct, frozen=True, tag="unopened"):
    """The vendor opened nothing. `result` is its code; the camera is not asked for again for `rest_s` seconds."""

    result: int
    reason: str
    rest_s: float


type Ending = Used | InVain | Unopened

USED = Used()


def as_text(lease: Lease | None, ending: Ending = USED) -> str:
    """Both as the version before reads them."""
    text = f"{lease.source}/{lease.lent}" if lease else ""
    if isinstance(ending, InVain):
        return f"{text}{_IN_VAIN}{ending.reason}"
    if isinstance(ending, Unopened):
        return f"{text}{_REFUSED}{ending.result}/{ending.reason}/{ending.rest_s:.1f}"
    return text


def from_text(text: str) -> tuple[Lease | None, Ending]:
    """Both as the version before wrote them."""
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
