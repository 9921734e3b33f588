"""Builds what the commands about an owner's own cameras work on."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from showcam.accounts import households
from showcam.app.compose.command import DEMO_USER, Household, built, household, named_or_only
from showcam.app.process.supervisor import CannotStart
from showcam.app.settings import Settings
from showcam.drivers.errors import Refused, is_reason
from showcam.drivers.lan.adding import Adding
from showcam.drivers.lan.devices import Device, Devices
from showcam.drivers.lan.discovery import of_house
from showcam.drivers.lan.search import Candidate, Heard, search
from showcam.engine.source import Rtsp, Watched
from showcam.engine.units import SourceFailed
from showcam.net.addresses import house_networks
from showcam.net.child import Broke
from showcam.store.ports import Store
from showcam.store.records import Source

PROBE_S = 2.8  # a camera is watched for at most this long: two keyframes must come, 2.5 s apart


@dataclass(frozen=True)
class OwnCameras:
    """`account` is the household's id, "" if there is no household before the first camera is kept."""

    store: Store
    account: str
    devices: Devices
    adding: Adding
    loopback: bool

    @property
    def source(self) -> Source | None:
        """The source of the household's own cameras; None before the first camera."""
        sources = self.store.sources(self.account) if self.account else []
        return next((source for source in sources if source.kind == Devices.kind), None)

    def known(self) -> tuple[Device, ...]:
        source = self.source
        return self.devices.read(source) if source else ()

    def keep(self, device: Device) -> str:
        """Adds the camera or replaces it. Returns the id of its household, which is made now if there is none.

        Raises CannotStart if several households were made meanwhile.
        """
        account = self.account or named_or_only(self.store, None)
        if account is not None:
            self.devices.put(households.with_lan(self.store, account), device)
            return account
        account = households.add_of_lan(self.store).id
        try:
            self.devices.put(households.with_lan(self.store, account), device)
        except BaseException:
            self.store.drop_household(account)  # a household without a camera would be nobody's
            raise
        return account

    def with_endpoint(self, device: Device) -> Device:
        """The device with its WS-Discovery endpoint. With that, showcam finds the device again at another address."""
        its_answer = (
            next((found for found in of_house() if found.host == device.host), None) if not self.loopback else None
        )
        return replace(device, endpoint=its_answer.endpoint) if its_answer else device

    def watch(self, spec: Rtsp) -> Watched:
        """Watches the camera's picture in this process: no other process has to run. Raises Refused."""
        from showcam.engine.sources.probe import probe  # it brings PyAV, which the web process has no use for

        try:
            return asyncio.run(probe(spec, loopback=self.loopback, within_s=PROBE_S)).watched(small=False)
        except SourceFailed as failed:
            raise Refused(failed.reason if is_reason(failed.reason) else "media_down") from None


def found(settings: Settings, user: str | None, *, look: bool, heard: Heard) -> list[Candidate]:
    """Devices in the house that could be cameras; nothing about them is kept. Raises CannotStart."""
    _check(settings)
    try:
        return search(house_networks(), _known(settings, user), look=look, heard=heard)
    except Broke as broke:
        raise CannotStart(f"The house could not be searched: {broke}. Try again.") from None


def _known(settings: Settings, user: str | None) -> tuple[Device, ...]:
    """The household's own cameras; none if there is no household."""
    try:
        with household(settings, user) as home:
            return own_of(home, settings).known()
    except CannotStart:
        return ()


def _check(settings: Settings) -> None:
    if not settings.has_lan_cameras:
        raise CannotStart(
            "Cameras of one's own are not for an installation where anyone may sign up, nor for one on AWS."
        )


def own_of(home: Household, settings: Settings) -> OwnCameras:
    """The own cameras of this household. Raises CannotStart if the installation can have none."""
    _check(settings)
    return _of(home.store, home.account, settings)


def _of(store: Store, account: str, settings: Settings) -> OwnCameras:
    return OwnCameras(store, account, Devices(store), Adding(loopback=settings.demo), settings.demo)


@contextlib.contextmanager
def own_cameras(settings: Settings, user: str | None) -> Iterator[OwnCameras]:
    """The own cameras of the user's household, or of the only household, if there is one. Raises CannotStart."""
    _check(settings)
    if settings.demo:
        user = user or DEMO_USER
    with built(settings) as base:
        yield _of(base.store, named_or_only(base.store, user) or "", settings)
