"""Alexa.SmartVision.SnapshotProvider 1.1: a still picture's address, which Alexa fetches with its access token.

The Snapshot event's payload has been seen in no public implementation; `snapshots = false` in the settings takes the
interface out of what is advertised.
"""

from typing import Any

import msgspec
from msgspec import Struct

from alexa.directive import Directive
from alexa.errors import SnapshotsDisabled, refused
from alexa.event import Reply, timestamp
from alexa.interface import encoded
from registry.camera import Refusal
from registry.registry import Registry
from store.records import Link

INTERFACE = "Alexa.SmartVision.SnapshotProvider"
VERSION = "1.1"  # of the interface and of its messages
FRESH_MS = 2000  # the picture is taken when it is fetched, by a stream that may be this far behind
CAPABILITY = encoded(INTERFACE, VERSION)


class _Get(Struct, rename="camel"):
    prefer_on_demand_snapshot: bool = False  # every picture of ours is of now


_get = msgspec.json.Decoder(_Get)


class Snapshots:
    def __init__(self, registry: Registry, *, enabled: bool) -> None:
        self._registry, self._enabled = registry, enabled

    def get(self, link: Link, camera_id: str, directive: Directive, reply: Reply) -> bytes:
        """GetSnapshot."""
        directive.read(_get)
        if not self._enabled:
            raise SnapshotsDisabled("Snapshots are switched off in the settings of showcam.")
        snapshot = self._registry.snapshot(link, camera_id, "alexa", reply.left_s)
        if isinstance(snapshot, Refusal):
            raise refused(snapshot, link.locale)
        value: dict[str, Any] = {
            "uri": snapshot.url,
            "uriExpirationTime": timestamp(snapshot.expires),
            "authenticationType": "ACCESS_TOKEN",
        }
        payload = {
            "value": value,
            "timeOfSample": timestamp(snapshot.at),
            "uncertaintyInMilliseconds": FRESH_MS,
        }
        return reply.event(INTERFACE, "Snapshot", payload, version=VERSION)
