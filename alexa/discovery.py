"""Alexa.Discovery 3: the link's cameras and scenes as endpoints, encoded once as long as they stay the same.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-discovery.html
"""

import logging
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Raw, Struct

from alexa.capability import Capability
from alexa.deadline import Deadline
from alexa.directive import Directive, Scope
from alexa.errors import BridgeUnreachable
from alexa.interface import Answer, HouseholdHandler, HouseholdInterface, Interface
from alexa.names import friendly_names, shorten
from alexa.scene_controller import scene_endpoints
from alexa.sentences import WRITTEN
from alexa.texts import Locales, locales
from net.cache import Kept
from registry.camera import Camera
from registry.errors import Unavailable
from registry.gate.gate import overruled
from registry.gate.reasons import explain
from registry.registry import Listing, Registry
from store.records import Link

log = logging.getLogger(__name__)

MOST = 300  # endpoints that Alexa accepts from one customer
KEPT = 256  # links whose encoded list is kept; a camera with every setting in all languages takes 16 KB


class _Discover(Struct):
    scope: Scope | None = None


class _Attributes(Struct, rename="camel", omit_defaults=True):
    manufacturer: str
    model: str
    firmware_version: str | None = None


class _Endpoint(Struct, rename="camel"):
    endpoint_id: str
    manufacturer_name: str
    friendly_name: str
    description: str
    display_categories: tuple[str, ...]
    additional_attributes: _Attributes
    capabilities: list[Capability]


class _Discovered(Struct):
    endpoints: Raw  # a JSON array of _Endpoint


_discover = msgspec.json.Decoder(_Discover)
_encode = msgspec.json.Encoder().encode


class Discovery(HouseholdInterface):
    """`interfaces`: what a camera may have, in the order of its capabilities."""

    name = "Alexa.Discovery"

    def __init__(self, registry: Registry, link_of: Callable[[str], Link], interfaces: Sequence[Interface]) -> None:
        self._registry, self._link_of, self._interfaces = registry, link_of, interfaces
        self._kept: Kept[str, tuple[str, Raw]] = Kept(KEPT)

    def directives(self) -> Mapping[str, HouseholdHandler]:
        return {"Discover": self.discover}

    def discover(self, directive: Directive, deadline: Deadline) -> Answer:
        """Raises DirectiveError when the cameras can't be listed: an empty list would delete them from Alexa."""
        scope = directive.read(_discover).scope
        link = self._link_of(scope.token if scope else "")
        try:
            listing = self._registry.cameras(link, deadline.left_s)
        except Unavailable as unavailable:
            refusal = overruled(unavailable.reason, None, unavailable.vendor)
            raise BridgeUnreachable(explain(refusal, link.locale, WRITTEN)) from None
        kept = self._kept.get(link.id)
        if kept is None or kept[0] != listing.fingerprint:
            kept = (listing.fingerprint, self._encoded(link, listing))
            self._kept.put(link.id, kept)
        return Answer(self.name, "Discover.Response", _Discovered(kept[1]), of_camera=False)

    def _encoded(self, link: Link, listing: Listing) -> Raw:
        cameras = listing.cameras
        if len(cameras) > MOST:
            log.warning(
                "link %s has %d cameras; Alexa accepts %d, so the rest are left out", link.id, len(cameras), MOST
            )
            cameras = tuple(sorted(cameras, key=lambda camera: camera.id)[:MOST])
        names = friendly_names(cameras)
        count = sum(interface.names(camera) for camera in cameras for interface in self._interfaces)
        spoken = locales(count, link.locale)
        endpoints = [self._endpoint(camera, names[camera.id], spoken) for camera in cameras]
        scenes = scene_endpoints(self._registry.scenes.of(listing), names, link.locale)
        return Raw(_encode([*endpoints, *scenes[: MOST - len(endpoints)]]))

    def _endpoint(self, camera: Camera, name: str, spoken: Locales) -> _Endpoint:
        manufacturer = shorten(camera.manufacturer, 128) or "Unknown"
        kind = "doorbell" if camera.kind == "doorbell" else "camera"
        return _Endpoint(
            endpoint_id=camera.id,
            manufacturer_name=manufacturer,
            friendly_name=name,
            description=shorten(f"{manufacturer} {kind} {camera.model}".rstrip(), 110) + " through showcam",
            # a video doorbell is a camera first
            display_categories=("CAMERA", "DOORBELL") if kind == "doorbell" else ("CAMERA",),
            additional_attributes=_Attributes(
                manufacturer, camera.model[:256] or kind.capitalize(), camera.firmware[:256] or None
            ),
            capabilities=[
                capability for interface in self._interfaces for capability in interface.capabilities(camera, spoken)
            ],
        )
