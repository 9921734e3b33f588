"""Alexa.SmartVision.SnapshotProvider 1.1: the address of a still, which Alexa fetches with its access token.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-smartvision-snapshotprovider.html
No public implementation shows the Snapshot event's payload; without `enabled` the interface is
not advertised.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from showcam.alexa.capability import Capability
from showcam.alexa.errors import SnapshotsDisabled, refused
from showcam.alexa.interface import Answer, CameraDirective, Handler, Interface, Stated
from showcam.alexa.message import timestamp
from showcam.alexa.texts import Locales
from showcam.drivers.camera import Camera, Refusal
from showcam.registry.registry import Registry

VERSION = "1.1"  # of the interface and of its messages
FRESH_MS = 2000  # the still is taken when it is fetched, from a stream with up to this delay


class _GetSnapshot(Struct, rename="camel"):
    prefer_on_demand_snapshot: bool = False  # every still of ours is on demand


_get_snapshot = msgspec.json.Decoder(_GetSnapshot)


class _Picture(Struct, rename="camel"):
    uri: str
    uri_expiration_time: str
    authentication_type: str


class _Snapshot(Struct, rename="camel"):
    value: _Picture
    time_of_sample: str
    uncertainty_in_milliseconds: int


class SnapshotProvider(Interface):
    """Gives the address of a still. `enabled`: False for a trial, because the link of a trial is not stored."""

    name = "Alexa.SmartVision.SnapshotProvider"

    def __init__(self, registry: Registry, *, enabled: bool) -> None:
        self._registry, self._enabled = registry, enabled and registry.stills

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        return (Capability(interface=self.name, version=VERSION),) if self._enabled else ()

    def states(self, camera: Camera) -> Sequence[Stated]:
        return ()

    def directives(self) -> Mapping[str, Handler]:
        return {"GetSnapshot": self.get}

    def get(self, directive: CameraDirective) -> Answer:
        directive.read(_get_snapshot)
        if not self._enabled:
            raise SnapshotsDisabled("Snapshots are switched off in the settings of showcam.")
        snapshot = self._registry.snapshot(directive.link, directive.camera_id, "alexa", directive.left_s)
        if isinstance(snapshot, Refusal):
            raise refused(snapshot, directive.link.locale)
        picture = _Picture(snapshot.url, timestamp(snapshot.expires), "ACCESS_TOKEN")
        payload = _Snapshot(picture, timestamp(snapshot.at), FRESH_MS)
        return Answer(self.name, "Snapshot", payload, version=VERSION)
