"""A link's cameras and scenes as Alexa's endpoints, with names that people can say.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-discovery-objects.html
"""

import logging
import textwrap
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from showcam.alexa.errors import WRITTEN, DirectiveError, refused
from showcam.alexa.interface import (
    Answer,
    CameraDirective,
    Capability,
    Deadline,
    Directive,
    Handler,
    HouseholdHandler,
    HouseholdInterface,
    Interface,
    Scope,
    timestamp,
)
from showcam.alexa.texts import Locales, locales
from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.errors import Unavailable
from showcam.i18n.catalogue import NAMING
from showcam.net.cache import Recent
from showcam.registry import outcomes
from showcam.registry.gate.gate import overruled
from showcam.registry.gate.reasons import explain
from showcam.registry.registry import Listing, Registry
from showcam.registry.scenes import Begun, Scene, called
from showcam.store.records import Link

LONGEST = 128


def friendly_names(cameras: Iterable[Camera]) -> dict[str, str]:
    """Names by camera id. Of cameras with equal names all but the first, by id, get a number.

    A camera's number changes only when another camera of its name is added or removed.
    """
    names = {camera.id: spoken_name(camera) for camera in sorted(cameras, key=lambda camera: camera.id)}
    taken = {name.casefold() for name in names.values()}
    first: set[str] = set()
    for camera_id, name in names.items():
        if name.casefold() not in first:
            first.add(name.casefold())
            continue
        number = 2
        while (numbered := f"{name[: LONGEST - 4].rstrip()} {number}").casefold() in taken:
            number += 1
        taken.add(numbered.casefold())
        names[camera_id] = numbered
    return names


def spoken_name(camera: Camera) -> str:
    return spoken(camera.name) or ("Doorbell" if camera.kind == "doorbell" else "Camera")


def spoken(name: str) -> str:
    """A name that Alexa understands: without apostrophes ("Karis stue"); any other sign becomes a space."""
    text = unicodedata.normalize("NFC", name).replace("'", "").replace("’", "")
    words = "".join(sign if _spoken(sign) else " " for sign in text).split()
    return shorten(" ".join(words), LONGEST)


def shorten(text: str, longest: int) -> str:
    """The name with at most `longest` characters, cut between words if possible."""
    return text if len(text) <= longest else textwrap.shorten(text, longest, placeholder="") or text[:longest]


def _spoken(sign: str) -> bool:
    return sign.isalnum() or unicodedata.category(sign) in (
        "Mn",
        "Mc",
    )  # a combining mark is part of a letter


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
            description=shorten(f"{manufacturer} {kind} {camera.model}".rstrip(), 110) + f" through {NAMING.name}",
            # a video doorbell is a camera first
            display_categories=("CAMERA", "DOORBELL") if camera.can_ring else ("CAMERA",),
            additional_attributes=_Attributes(
                manufacturer, camera.model[:256] or kind.capitalize(), camera.firmware[:256] or None
            ),
            capabilities=[
                capability for interface in self._interfaces for capability in interface.capabilities(camera, spoken)
            ],
        )


class SceneCapability(Capability):
    supports_deactivation: bool


class SceneEndpoint(Struct, rename="camel"):
    endpoint_id: str
    friendly_name: str
    manufacturer_name: str
    description: str
    display_categories: tuple[str, ...] = ("SCENE_TRIGGER",)
    capabilities: tuple[Capability, ...] = (
        Capability(interface="Alexa", version="3"),
        SceneCapability(interface="Alexa.SceneController", version="3", supports_deactivation=True),
    )


class _Cause(Struct, frozen=True):
    type: Literal["VOICE_INTERACTION"] = "VOICE_INTERACTION"


class _Started(Struct):
    """The scene has begun; it may not be done, since the TV may still be loading."""

    timestamp: str
    cause: _Cause = _Cause()


class SceneController(Interface):
    """Alexa.SceneController 3: to activate a scene shows a camera on a TV in the house, to deactivate it stops the TV.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-scenecontroller.html
    A scene is an endpoint with its own name, which people say: “Alexa, turn on Garden on Living room TV”.
    """

    name = "Alexa.SceneController"

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        return ()

    def directives(self) -> Mapping[str, Handler]:
        return {"Activate": self.activate, "Deactivate": self.deactivate}

    def activate(self, directive: CameraDirective) -> Answer:
        """Starts the scene. Answers ActivationStarted also while the camera wakes: Alexa takes no other answer.

        The TV says that the camera is waking. Seen by home-assistant/core, commit f35e7114.
        """
        found = self._registry.scenes.activate(directive.link, directive.camera_id, directive.left_s)
        if isinstance(found, Begun) and found.waking:
            outcomes.current().pending()
        return self._started("ActivationStarted", directive, found if isinstance(found, Refusal) else None)

    def deactivate(self, directive: CameraDirective) -> Answer:
        refusal = self._registry.scenes.deactivate(directive.link, directive.camera_id, directive.left_s)
        return self._started("DeactivationStarted", directive, refusal)

    def _started(self, event: str, directive: CameraDirective, refusal: Refusal | None) -> Answer:
        if refusal is not None:
            raise refused(refusal, directive.link.locale)
        return Answer(self.name, event, _Started(timestamp(time.time())))


def scene_endpoints(scenes: Iterable[Scene], names: Mapping[str, str], locale: str) -> list[SceneEndpoint]:
    """The scenes that Discover lists as well as the cameras. `names`: the cameras' names by id."""
    return [
        SceneEndpoint(
            scene.id,
            spoken(called(names[scene.camera], scene, locale)) or "Scene",
            manufacturer_name=NAMING.name,
            description=f"Scene that shows a camera on a TV, through {NAMING.name}",
        )
        for scene in scenes
        if scene.camera in names
    ]


KEPT = 256  # links whose encoded list is kept; a camera with every setting in all languages takes 16 KB


class _Discover(Struct):
    scope: Scope | None = None


class _Discovered(Struct):
    endpoints: Raw  # a JSON array of Endpoint


_discover = msgspec.json.Decoder(_Discover)
_encode = msgspec.json.Encoder().encode


class Discovery(HouseholdInterface):
    """Alexa.Discovery 3: the link's cameras and scenes as endpoints, encoded once as long as they stay the same.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-discovery.html

    `reported`: whether changes are reported to the link.
    """

    name = "Alexa.Discovery"

    def __init__(
        self,
        registry: Registry,
        link_of: Callable[[str], Link],
        endpoints: Endpoints,
        reported: Callable[[Link], bool],
    ) -> None:
        self._registry, self._link_of, self._endpoints, self._reported = registry, link_of, endpoints, reported
        self._kept: Recent[str, tuple[tuple[str, bool], Raw]] = Recent(KEPT)

    def directives(self) -> Mapping[str, HouseholdHandler]:
        return {"Discover": self.discover}

    def discover(self, directive: Directive, deadline: Deadline) -> Answer:
        """Lists the cameras.

        Raises DirectiveError when they can't be listed: an empty list would delete them from Alexa.
        """
        scope = directive.read(_discover).scope
        link = self._link_of(scope.token if scope else "")
        try:
            listing = self._registry.cameras(link, deadline.left_s)
        except Unavailable as unavailable:
            refusal = overruled(unavailable.reason, None, unavailable.vendor)
            raise DirectiveError("BRIDGE_UNREACHABLE", explain(refusal, link.locale, WRITTEN)) from None
        of = listing.fingerprint, self._reported(link)
        kept = self._kept.get(link.id)
        if kept is None or kept[0] != of:
            kept = of, self._encoded(link, listing, reported=of[1])
            self._kept.put(link.id, kept)
        return Answer(self.name, "Discover.Response", _Discovered(kept[1]), of_camera=False)

    def _encoded(self, link: Link, listing: Listing, *, reported: bool) -> Raw:
        endpoints = list(self._endpoints.of(link, listing.cameras, reported=reported).values())
        scenes = scene_endpoints(self._registry.scenes.of(listing), friendly_names(listing.cameras), link.locale)
        return Raw(_encode([*endpoints, *scenes[: MOST - len(endpoints)]]))
