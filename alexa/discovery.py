"""Alexa.Discovery: the link's cameras as endpoints, encoded once as long as they stay the same."""

import logging
from typing import Any

import msgspec
from msgspec import Raw, Struct

from alexa import (
    camera_stream,
    doorbell_event_source,
    mode_controller,
    rtc_session,
    snapshot_provider,
    state,
    toggle_controller,
)
from alexa.errors import BridgeUnreachable
from alexa.event import Reply
from alexa.interface import Capability, encoded
from alexa.names import friendly_names, shorten
from alexa.sentences import WRITTEN
from alexa.texts import Locales, locales
from net.cache import Recent
from registry.camera import Camera
from registry.errors import Unavailable
from registry.gate.gate import overruled
from registry.gate.reasons import explain
from registry.registry import Registry
from store.records import Link

log = logging.getLogger(__name__)

MOST = 300  # endpoints Alexa takes of one customer
_ALEXA = encoded("Alexa", "3")
KEPT = 256  # links whose encoded list is kept; in all languages a camera with every setting is 16 KB


class Scope(Struct):
    token: str = ""


class Discover(Struct):
    scope: Scope | None = None


PAYLOAD = msgspec.json.Decoder(Discover)


class Discovery:
    """`snapshots`: whether still pictures are advertised."""

    def __init__(self, registry: Registry, *, snapshots: bool) -> None:
        self._registry = registry
        self._more: tuple[Raw, ...] = (rtc_session.CAPABILITY,) if "webrtc" in registry.playable else ()
        if snapshots and registry.stills:
            self._more = (*self._more, snapshot_provider.CAPABILITY)
        self._kept: Recent[str, tuple[str, Raw]] = Recent(KEPT)

    def discover(self, link: Link, reply: Reply) -> bytes:
        """An error when the cameras can't be listed: an empty list would take them away from the user."""
        try:
            listing = self._registry.cameras(link, reply.left_s)
        except Unavailable as unavailable:
            refusal = overruled(unavailable.reason, None, unavailable.vendor)
            raise BridgeUnreachable(explain(refusal, link.locale, WRITTEN)) from None
        kept = self._kept.get(link.id)
        if kept is None or kept[0] != listing.fingerprint:
            kept = (listing.fingerprint, self._encoded(link, listing.cameras))
            self._kept.put(link.id, kept)
        return reply.listing({"endpoints": kept[1]})

    def _encoded(self, link: Link, cameras: tuple[Camera, ...]) -> Raw:
        if len(cameras) > MOST:
            log.warning("link %s has %d cameras; Alexa is told of %d", link.id, len(cameras), MOST)
            cameras = tuple(sorted(cameras, key=lambda camera: camera.id)[:MOST])
        names = friendly_names(cameras)
        named = locales(sum(_names(camera) for camera in cameras), link.locale)
        endpoints = [_endpoint(camera, names[camera.id], self._capabilities(camera, named)) for camera in cameras]
        return Raw(msgspec.json.encode(endpoints))

    def _capabilities(self, camera: Camera, named: Locales) -> list[Capability]:
        """The camera's own; a screen's first."""
        found: list[Capability] = [_ALEXA, *camera_stream.capabilities(camera), *self._more]
        for interface in (*state.INTERFACES, doorbell_event_source):
            found += interface.capabilities(camera, named)
        return found


def _names(camera: Camera) -> int:
    """How many things on it have a name of ours."""
    return toggle_controller.names(camera) + mode_controller.names(camera)


def _endpoint(camera: Camera, name: str, capabilities: list[Capability]) -> dict[str, Any]:
    manufacturer = shorten(camera.manufacturer, 128) or "Unknown"
    what = "doorbell" if camera.kind == "doorbell" else "camera"
    attributes = {"manufacturer": manufacturer, "model": camera.model[:256] or what.capitalize()}
    if camera.firmware:
        attributes["firmwareVersion"] = camera.firmware[:256]
    return {
        "endpointId": camera.id,
        "manufacturerName": manufacturer,
        "friendlyName": name,
        "description": shorten(f"{manufacturer} {what} {camera.model}".rstrip(), 110) + " through showcam",
        # a video doorbell is a camera first
        "displayCategories": ["CAMERA", "DOORBELL"] if camera.kind == "doorbell" else ["CAMERA"],
        "additionalAttributes": attributes,
        "capabilities": capabilities,
    }
