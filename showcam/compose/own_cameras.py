"""Builds what the commands about an owner's own cameras work on."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from accounts import households
from media.plane.codec.units import SourceFailed
from media.plane.sources.probe import probe
from media.source import SourceSpec, Watched
from net.networks import house_networks
from registry.drivers.lan.adding import Adding
from registry.drivers.lan.devices import Device, Devices
from registry.drivers.lan.finding import Candidate, Heard, find
from registry.errors import Refused
from registry.reason import is_reason
from showcam.compose.cameras import Household, household
from showcam.compose.ground import discovered
from showcam.process.supervisor import CannotStart
from showcam.settings import Settings
from store.records import Source

PROBE_S = 2.8


@dataclass(frozen=True)
class OwnCameras:
    home: Household
    source: Source
    devices: Devices
    adding: Adding
    loopback: bool

    def with_endpoint(self, device: Device) -> Device:
        """With what it answers WS-Discovery by, which finds it again at another address."""
        seen = next((each for each in discovered() if each.host == device.host), None) if not self.loopback else None
        return replace(device, endpoint=seen.endpoint) if seen else device

    def watch(self, spec: SourceSpec) -> Watched:
        """A picture as it comes, watched by this process: no other has to run. Raises Refused."""
        try:
            return asyncio.run(probe(spec, loopback=self.loopback, within_s=PROBE_S)).told(small=False)
        except SourceFailed as failed:
            raise Refused(failed.reason if is_reason(failed.reason) else "media_down") from None


def found(settings: Settings, user: str | None, *, look: bool, heard: Heard) -> list[Candidate]:
    """What could be a camera in the house; nothing is kept of it. Raises CannotStart."""
    _check(settings)
    return find(house_networks(), _known(settings, user), look=look, heard=heard)


def _known(settings: Settings, user: str | None) -> tuple[Device, ...]:
    """Those of the household, where there is one."""
    try:
        with household(settings, user) as home:
            sources = home.store.sources(home.account)
            own = next((source for source in sources if source.kind == Devices.kind), None)
            return Devices(home.store).read(own) if own else ()
    except CannotStart:
        return ()


def _check(settings: Settings) -> None:
    if not settings.has_lan_cameras:
        raise CannotStart(
            "Cameras of one's own are not for an installation where anyone may sign up, nor for one on AWS."
        )


def own_of(home: Household, settings: Settings) -> OwnCameras:
    """Of the household, which gains a source of them where it has none. Raises CannotStart."""
    _check(settings)
    source = households.with_lan(home.store, home.account)
    return OwnCameras(home, source, Devices(home.store), Adding(loopback=settings.demo), settings.demo)


@contextlib.contextmanager
def own_cameras(settings: Settings, user: str | None) -> Iterator[OwnCameras]:
    """Of the user's household, or of the only one, which is made where there is none. Raises CannotStart."""
    _check(settings)
    with household(settings, user, make=True) as home:
        yield own_of(home, settings)
