"""A public address by one press: what the step "Reachable" shows of it; composition hands in the `Exposer`."""

from typing import Literal, Protocol

from msgspec import Struct

from showcam.console import pages
from showcam.console.sentences import EXPOSING, NOT_EXPOSED

TAILSCALES = ".ts.net"  # https://tailscale.com/kb/1223/funnel: only names of a tailnet can be public

type Why = Literal["missing", "denied", "down", "taken", "no_name", "late", "given_elsewhere", "failed"]
type Stand = Literal["idle", "working", "sign_in", "approve", "allow", "refused", "done"]


class Stage(Struct, frozen=True):
    """How far it is. A person must do something on the page `link`; `detail` quotes Tailscale's program."""

    stand: Stand = "idle"
    link: str = ""
    why: Why | None = None
    detail: str = ""

    @property
    def waits(self) -> bool:
        return self.stand in ("working", "sign_in", "approve", "allow")


class Exposer(Protocol):
    """Gives this machine an address on the internet, and takes it back."""

    def stage(self) -> Stage: ...

    def drawn(self, link: str) -> str:
        """Draws a QR code as an SVG image."""
        ...

    def begin(self) -> None:
        """Begins in the background. The owner has agreed that anyone on the internet reaches the sign-in page."""
        ...

    def end(self) -> Stage:
        """Closes the way in, then forgets the address. The stage says why if the way is still open."""
        ...


class View(Struct):
    """`offers`: whether an owner may press for an address. `drawn` is the link as an SVG image of a QR code."""

    text: str
    link: str
    drawn: str
    goes_on: bool  # the page opens itself again
    offers: bool
    can_end: bool


def seen(exposer: Exposer, address: str, *, is_ill: bool) -> View:
    """`is_ill`: whether the doctor found the address unreachable."""
    stage = exposer.stage()
    goes_on = stage.waits or (stage.stand == "done" and not address)
    by_tailscale = address.endswith(TAILSCALES)
    return View(
        text=_text(stage) if goes_on or stage.why else "",
        link=stage.link,
        drawn=exposer.drawn(stage.link) if stage.link else "",
        goes_on=goes_on,
        offers=not address or (by_tailscale and is_ill),
        can_end=by_tailscale,
    )


def _text(stage: Stage) -> str:
    return pages.say(NOT_EXPOSED[stage.why], detail=stage.detail) if stage.why else pages.say(EXPOSING[stage.stand])
