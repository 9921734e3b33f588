"""SYNC: the link's cameras and scenes as devices, encoded once as long as they stay the same."""

import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NotRequired, TypedDict

import msgspec
from msgspec import Raw

from actions.errors import CannotList
from actions.object_detection import ObjectDetection
from actions.scene import Attributes as SceneAttributes
from actions.scene import SceneTrait
from actions.trait import Trait
from showcam.drivers.camera import Camera
from showcam.drivers.errors import Unavailable
from showcam.net.cache import Recent
from showcam.net.text import line
from showcam.registry.gate.gate import overruled
from showcam.registry.registry import Listing, Registry
from showcam.registry.scenes import Scene, called
from showcam.store.records import Link

LONGEST_NAME = 60  # code points; Google cuts longer names, even within a word
KEPT = 256  # limit of links whose encoded list is kept


class Name(TypedDict):
    name: str


class DeviceInfo(TypedDict, total=False):
    manufacturer: str
    model: str
    swVersion: str


class Device(TypedDict):
    """Has no customData, since the id suffices. An empty roomHint would make a room without a name."""

    id: str
    type: Literal["action.devices.types.CAMERA", "action.devices.types.DOORBELL"]
    traits: list[str]
    name: Name
    willReportState: bool
    attributes: dict[str, object]  # of all the device's traits together
    deviceInfo: DeviceInfo
    roomHint: NotRequired[str]
    notificationSupportedByAgent: NotRequired[bool]


class SceneDevice(TypedDict):
    id: str
    type: Literal["action.devices.types.SCENE"]
    traits: list[str]
    name: Name
    willReportState: Literal[False]
    attributes: SceneAttributes


class SyncPayload(TypedDict):
    agentUserId: str
    devices: Raw  # a list of Device, then of SceneDevice


class Devices:
    """`reported`: whether changes are reported to the link."""

    def __init__(
        self,
        registry: Registry,
        traits: tuple[Trait, ...],
        reported: Callable[[Link], bool] = lambda link: False,
    ) -> None:
        self._registry, self._traits, self._reported = registry, traits, reported
        self._kept: Recent[str, tuple[tuple[str, bool], Raw]] = Recent(KEPT)

    def sync(self, link: Link, within_s: float | None = None) -> SyncPayload:
        """Raises CannotList if the vendor gives no list of the cameras."""
        try:
            listing = self._registry.cameras(link, within_s)
        except Unavailable as unavailable:
            refusal = overruled(unavailable.reason, None, unavailable.vendor)
            raise CannotList(refusal, link.locale) from None
        of = listing.fingerprint, self._reported(link)
        kept = self._kept.get(link.id)
        if kept is None or kept[0] != of:
            devices = [device(camera, self._traits, reported=of[1]) for camera in listing.cameras]
            kept = of, Raw(msgspec.json.encode([*devices, *self._scenes(listing, link)]))
            self._kept.put(link.id, kept)
        return {"agentUserId": link.agent_user, "devices": kept[1]}

    def _scenes(self, listing: Listing, link: Link) -> list[SceneDevice]:
        names = {camera.id: camera.name for camera in listing.cameras}
        return scene_devices(self._registry.scenes.of(listing), names, link.locale)


def scene_devices(scenes: Iterable[Scene], names: Mapping[str, str], locale: str) -> list[SceneDevice]:
    """The scenes as SYNC lists them, after the cameras. `names`: the cameras' names by camera id."""
    return [
        {
            "id": scene.id,
            "type": "action.devices.types.SCENE",
            "traits": [SceneTrait.name],
            "name": {"name": _cut(line(called(names[scene.camera], scene, locale)))},
            "willReportState": False,
            "attributes": SceneTrait.of_scene(),
        }
        for scene in scenes
    ]


def device(camera: Camera, traits: Iterable[Trait], *, reported: bool) -> Device:
    """The camera as SYNC lists it. `reported`: whether its changes are reported."""
    bell = camera.can_ring
    attributes = {trait.name: own for trait in traits if (own := trait.attributes(camera)) is not None}
    listed: Device = {
        "id": camera.id,
        "type": "action.devices.types.DOORBELL" if bell else "action.devices.types.CAMERA",
        "traits": list(attributes),
        "name": {"name": _name(camera)},
        "willReportState": reported,
        "attributes": {key: value for own in attributes.values() for key, value in own.items()},
        "deviceInfo": _info(camera),
    }
    if room := line(camera.decided.room):
        listed["roomHint"] = room
    if reported and ObjectDetection.name in attributes:
        listed["notificationSupportedByAgent"] = True
    return listed


def _info(camera: Camera) -> DeviceInfo:
    info: DeviceInfo = {}
    if camera.manufacturer:
        info["manufacturer"] = camera.manufacturer
    if camera.model:
        info["model"] = camera.model
    if camera.firmware:
        info["swVersion"] = camera.firmware
    return info


def names(cameras: Iterable[Camera]) -> dict[str, str]:
    """The names that Google uses for the cameras, by camera id."""
    return {camera.id: _name(camera) for camera in cameras}


def _name(camera: Camera) -> str:
    return _cut(line(camera.name)) or ("Doorbell" if camera.kind == "doorbell" else "Camera")


def _cut(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    return textwrap.shorten(name, LONGEST_NAME, placeholder="", break_long_words=False) or name[:LONGEST_NAME]
