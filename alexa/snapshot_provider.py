"""Alexa.SmartVision.SnapshotProvider 1.1: a still picture's address, which Alexa fetches with its access token.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-smartvision-snapshotprovider.html
The Snapshot event's payload has been seen in no public implementation; `snapshots = false` in the settings takes the
interface out of what is advertised.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from alexa.capability import Capability
from alexa.errors import SnapshotsDisabled, refused
from alexa.interface import Answer, Asked, Handler, Interface, Stated
from alexa.message import timestamp
from alexa.texts import Locales
from registry.camera import Camera, Refusal
from registry.registry import Registry

VERSION = "1.1"  # of the interface and of its messages
FRESH_MS = 2000  # the picture is taken when it is fetched, by a stream that may be this far behind


class _GetSnapshot(Struct, rename="camel"):
    prefer_on_demand_snapshot: bool = False  # every picture of ours is of now


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
    """`enabled`: whether the settings want still pictures."""

    name = "Alexa.SmartVision.SnapshotProvider"

    def __init__(self, registry: Registry, *, enabled: bool) -> None:
        self._registry, self._enabled = registry, enabled and registry.stills

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        return (Capability(interface=self.name, version=VERSION),) if self._enabled else ()

    def states(self, camera: Camera) -> Sequence[Stated]:
        return ()

    def directives(self) -> Mapping[str, Handler]:
        return {"GetSnapshot": self.get}

    def get(self, asked: Asked) -> Answer:
        asked.read(_get_snapshot)
        if not self._enabled:
            raise SnapshotsDisabled("Snapshots are switched off in the settings of showcam.")
        snapshot = self._registry.snapshot(asked.link, asked.camera_id, "alexa", asked.left_s)
        if isinstance(snapshot, Refusal):
            raise refused(snapshot, asked.link.locale)
        picture = _Picture(snapshot.url, timestamp(snapshot.expires), "ACCESS_TOKEN")
        payload = _Snapshot(picture, timestamp(snapshot.at), FRESH_MS)
        return Answer(self.name, "Snapshot", payload, version=VERSION)
