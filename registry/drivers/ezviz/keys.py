"""By which Open Platform key a household's cameras are reached, and which cameras those are."""

import contextlib
from collections.abc import Iterator

from msgspec.structs import replace

from net.exchange import Exchange
from registry.camera import Camera
from registry.drivers.ezviz.hosts import EzvizHosts
from registry.drivers.ezviz.open.calls import Calls, OpenPlatform
from registry.drivers.ezviz.open.tokens import Access, Key, Sub
from registry.drivers.ezviz.sessions import Held
from registry.errors import SignedOut


class Keys:
    """`developer` is the installation's own key, under which households may have sub-accounts."""

    def __init__(self, platform: OpenPlatform, hosts: EzvizHosts, developer: Key | None) -> None:
        self._platform, self._hosts, self._developer = platform, hosts, developer

    def find(self, held: Held) -> Access | None:
        """The household's own key, at the region of its account; else its sub-account."""
        own = held.secrets.open
        if own is not None:
            api = str((held.secrets.session or {}).get("api_url") or "")
            return replace(own, host=self._hosts.open_of(api))
        if not held.secrets.sub_account or self._developer is None:
            return None
        return Sub(self._developer, held.secrets.sub_account)

    def access(self, held: Held) -> Access:
        """Raises SignedOut where there is none."""
        key = self.find(held)
        if key is None:
            raise SignedOut
        return key

    def alone(self, held: Held) -> bool:
        """A household of an integrator, who gave it a sub-account; nobody has signed in with an app account."""
        return held.secrets.session is None and bool(held.secrets.sub_account) and self._developer is not None

    def reaches(self, held: Held, camera: Camera) -> bool:
        """Whether the key reaches the camera: for another owner's camera EZVIZ answers the key with a refusal."""
        return camera.owner != "shared" and self.find(held) is not None

    @contextlib.contextmanager
    def calls(self, held: Held, camera: Camera, deadline_s: float, *, again: bool = True) -> Iterator[Calls]:
        with Exchange(deadline_s) as exchange:
            yield Calls(self._platform, self.access(held), camera.ref, exchange, again=again)
