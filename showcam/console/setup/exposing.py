"""A public address by one press: how far it is, and who gives it; composition hands in the `Exposer`."""

from typing import Literal, Protocol

from msgspec import Struct

from showcam.i18n.catalogue import mark

TAILSCALES = ".ts.net"  # https://tailscale.com/kb/1223/funnel: only names of a tailnet can be public

type By = Literal["tailscale", "cloudflare"]
type _OfTailscale = Literal["missing", "denied", "down", "taken", "no_name"]
type _OfCloudflare = Literal["no_cloudflared", "record", "other_domain"]
type Why = _OfTailscale | _OfCloudflare | Literal["begun", "late", "given_elsewhere", "failed"]
type Stand = Literal["idle", "working", "sign_in", "approve", "allow", "choose", "refused", "done", "closed"]

# The tasks of a person on the way to an address, by `Stage.stand`.
EXPOSING = {
    "working": mark("This takes seconds."),
    "sign_in": mark("Sign in to Tailscale; a free account does."),
    "approve": mark("Let a Tailscale admin approve this machine."),
    "allow": mark("Allow Funnel in your Tailscale network."),
    "choose": mark("Sign in to Cloudflare; choose your name's domain."),
    "done": mark("The address works in seconds."),
    "begun": mark("{detail} was begun, and not finished."),
    "closed": mark("Closed. Delete what Cloudflare still has: {detail}."),
}
# Causes of a refusal, by `Stage.why`.
GIVEN_ELSEWHERE = mark("A file, variable or option sets it. Change it there.")
NOT_EXPOSED = {
    "missing": mark("Tailscale is not installed here. Read how."),
    "denied": mark("Tailscale obeys only its operator. Read how showcam becomes it."),
    "down": mark("Tailscale does not run. Restart this machine."),
    "taken": mark("Tailscale serves another program here. End that."),
    "no_name": mark("Tailscale has no name for this machine. Switch MagicDNS on there."),
    "no_cloudflared": mark("cloudflared is not installed here. Read how."),
    "record": mark("Cloudflare has another record for {detail}. Delete that, or take another name."),
    "other_domain": mark("Delete Cloudflare's record {detail}: the name is in another domain."),
    "begun": mark("First take {detail} back."),
    "late": mark("Nobody went on in time. Try again."),
    "given_elsewhere": GIVEN_ELSEWHERE,
    "failed": mark("That was refused ({detail}). Try again."),
}


class Stage(Struct, frozen=True):
    """How far it is. A person must do something on the page `link`, which is a page of `by`.

    `detail` quotes the program of Tailscale or Cloudflare, or is a name.
    """

    stand: Stand = "idle"
    link: str = ""
    why: Why | None = None
    detail: str = ""
    by: By = "tailscale"

    @property
    def waits(self) -> bool:
        return self.stand in ("working", "sign_in", "approve", "allow", "choose")


class Held(Struct, frozen=True):
    """The record of a way. `tunnel` is its name at Cloudflare; `closed`: the owner must delete what is left there."""

    by: By
    name: str
    tunnel: str = ""
    closed: bool = False

    @property
    def left(self) -> str:
        """The DNS record and the tunnel that cloudflared could not delete, in the words of Cloudflare's pages."""
        return f"CNAME {self.name}, tunnel {self.tunnel}" if self.tunnel else f"CNAME {self.name}"


class Exposer(Protocol):
    """Gives this machine an address on the internet, and takes it back."""

    def stage(self) -> Stage: ...

    def held(self) -> Held | None: ...

    def drawn(self, link: str) -> str:
        """Draws a QR code as an SVG image."""
        ...

    def begin(self, name: str = "") -> None:
        """Begins in the background. The owner has agreed that anyone on the internet reaches the sign-in page.

        `name`: the public name, for Cloudflare. "": the walk goes on with the recorded way, else takes Tailscale.
        """
        ...

    def end(self) -> Stage:
        """Closes the way in, then forgets the address. The stage says why if the way is still open."""
        ...
