"""Builds what adds an owner's own cameras, for the console's pages and for the command."""

import asyncio
import contextlib
from collections.abc import Iterator

from showcam.accounts import households
from showcam.app.compose.command import DEMO_USER, built, named_or_only
from showcam.app.compose.ground import Ground
from showcam.app.process.supervisor import CannotStart
from showcam.app.settings import Settings
from showcam.drivers.errors import Refused, is_reason
from showcam.drivers.lan.adding import Adding
from showcam.drivers.lan.devices import Devices, read_address
from showcam.drivers.lan.discovery import of_house
from showcam.drivers.lan.trial import Tried, Watch
from showcam.engine.source import Rtsp, SourceFailed, Watched
from showcam.registry.owner.own_cameras import Asks, OwnCameras
from showcam.store.ports import Store

PROBE_S = 2.8  # a camera is watched for at most this long: two keyframes must come, 2.5 s apart


def own_cameras_of(
    settings: Settings, base: Ground, devices: Devices, watch: Watch, asks: Asks | None = None
) -> OwnCameras:
    """`asks`: finds the endpoints of added cameras afterwards; None: nothing does."""
    adding = Adding(loopback=settings.demo)
    return OwnCameras(base.store, base.adapter.owner, devices, adding, watch, asks, loopback=settings.demo)


def endpoint_at(settings: Settings, address: str) -> str:
    """The WS-Discovery endpoint of the camera at an address; "" if it says none. Raises BadAddress.

    With its endpoint a camera is found again at another address. The demo asks nothing of a real house.
    """
    host = read_address(address, loopback=settings.demo).host
    found = () if settings.demo else of_house()
    return next((answer.endpoint for answer in found if answer.host == host), "")


@contextlib.contextmanager
def own_cameras(settings: Settings, user: str | None) -> Iterator[tuple[OwnCameras, Store, str]]:
    """Yields the own cameras, the store, and the id of the user's household or of the only one; "" if there is none.

    Raises CannotStart.
    """
    if not settings.has_lan_cameras:
        raise CannotStart(
            "Cameras of one's own are not for an installation where anyone may sign up, nor for one on AWS."
        )
    with built(settings) as base:
        loopback = settings.demo
        account = named_or_only(base.store, (user or DEMO_USER) if loopback else user) or ""

        def watch(spec: Rtsp) -> Watched:
            """Watches the camera in the process of the command: showcam need not run. Raises Refused."""
            from showcam.engine.sources.probe import probe  # it brings PyAV, which the web process has no use for

            try:
                return asyncio.run(probe(spec, loopback=loopback, within_s=PROBE_S)).watched(small=False)
            except SourceFailed as failed:
                raise Refused(failed.reason if is_reason(failed.reason) else "media_down") from None

        yield own_cameras_of(settings, base, Devices(base.store), watch), base.store, account


def add(own: OwnCameras, store: Store, account: str, shown: Tried, name: str, *, doorbell: bool) -> str:
    """Adds the camera. Returns the id of its household, which is made now if there is none.

    Raises BadValue; CannotStart if several households were made meanwhile.
    """
    if known := account or named_or_only(store, None):
        own.add(known, shown, name, doorbell=doorbell)
        return known
    made = households.add_of_lan(store).id
    try:
        own.add(made, shown, name, doorbell=doorbell)
    except BaseException:
        store.drop_household(made)  # a household without a camera would be nobody's
        raise
    return made
