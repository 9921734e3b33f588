"""A public address by one press: how far it is, and who gives it; composition hands in the `Exposer`."""

from typing import Literal, Protocol

from msgspec import Struct

TAILSCALES = ".ts.net"  # https://tailscale.com/kb/1223/funnel: only names of a tailnet can be public

type By = Literal["tailscale", "cloudflare"]
type _OfTailscale = Literal["missing", "denied", "down", "taken", "no_name"]
type _OfCloudflare = Literal["no_cloudflared", "record", "other_domain"]
type Why = _OfTailscale | _OfCloudflare | Literal["begun", "late", "given_elsewhere", "failed"]
type Stand = Literal["idle", "working", "sign_in", "approve", "allow", "choose", "refused", "done", "closed"]


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

    def begin(self, name: str = "") -> None:
        """Begins in the background. The owner has agreed that anyone on the internet reaches the sign-in page.

        `name`: the public name, for Cloudflare. "": the walk goes on with the recorded way, else takes Tailscale.
        """
        ...

    def end(self) -> Stage:
        """Closes the way in, then forgets the address. The stage says why if the way is still open."""
        ...
