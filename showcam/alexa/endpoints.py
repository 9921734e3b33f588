"""A link's cameras as endpoints: the same in a discovery and in a report of new cameras.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-discovery-objects.html
"""

import logging
from collections.abc import Sequence

from msgspec import Struct

from showcam.alexa.capability import Capability
from showcam.alexa.interface import Interface
from showcam.alexa.names import friendly_names, shorten
from showcam.alexa.texts import Locales, locales
from showcam.drivers.camera import Camera
from showcam.store.records import Link

log = logging.getLogger(__name__)

MOST = 300  # Alexa accepts this number of endpoints from one customer


class _Attributes(Struct, rename="camel", omit_defaults=True):
    manufacturer: str
    model: str
    firmware_version: str | None = None


class Endpoint(Struct, rename="camel"):
    endpoint_id: str
    manufacturer_name: str
    friendly_name: str
    description: str
    display_categories: tuple[str, ...]
    additional_attributes: _Attributes
    capabilities: list[Capability]


class Endpoints:
    """Makes the endpoints of cameras. `interfaces`: all possible ones, in the order of an endpoint's capabilities."""

    def __init__(self, interfaces: Sequence[Interface]) -> None:
        self._interfaces = interfaces

    def of(self, link: Link, cameras: Sequence[Camera], *, reported: bool) -> dict[str, Endpoint]:
        """Endpoints by camera id. `reported`: whether changes are reported to the link."""
        if len(cameras) > MOST:
            log.warning(
                "link %s has %d cameras; Alexa accepts %d, so the rest are left out", link.id, len(cameras), MOST
            )
            cameras = tuple(sorted(cameras, key=lambda camera: camera.id)[:MOST])
        names = friendly_names(cameras)
        count = sum(interface.names(camera) for camera in cameras for interface in self._interfaces)
        spoken = locales(count, link.locale)
        endpoints = {camera.id: self._endpoint(camera, names[camera.id], spoken) for camera in cameras}
        if reported:
            for endpoint in endpoints.values():
                for capability in endpoint.capabilities:
                    capability.report()
        return endpoints

    def _endpoint(self, camera: Camera, name: str, spoken: Locales) -> Endpoint:
        manufacturer = shorten(camera.manufacturer, 128) or "Unknown"
        kind = "doorbell" if camera.kind == "doorbell" else "camera"
        return Endpoint(
            endpoint_id=camera.id,
            manufacturer_name=manufacturer,
            friendly_name=name,
            description=shorten(f"{manufacturer} {kind} {camera.model}".rstrip(), 110) + " through showcam",
            # a video doorbell is a camera first
            display_categories=("CAMERA", "DOORBELL") if camera.can_ring else ("CAMERA",),
            additional_attributes=_Attributes(
                manufacturer, camera.model[:256] or kind.capitalize(), camera.firmware[:256] or None
            ),
            capabilities=[
                capability for interface in self._interfaces for capability in interface.capabilities(camera, spoken)
            ],
        )
