"""SYNC: the link's cameras as devices, encoded once as long as they stay the same."""

import textwrap
from collections.abc import Iterable
from typing import Literal, NotRequired, TypedDict

import msgspec
from msgspec import Raw

from actions.errors import CannotList
from actions.trait import Trait
from net.cache import Kept
from net.text import line
from registry.camera import Camera
from registry.errors import Unavailable
from registry.gate.gate import overruled
from registry.registry import Registry
from store.records import Link

LONGEST_NAME = 60  # code points; Google cuts longer names, even within a word
KEPT = 256  # links whose encoded list is kept


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
    attributes: dict[str, object]  # of all its traits together
    deviceInfo: DeviceInfo
    roomHint: NotRequired[str]


class SyncPayload(TypedDict):
    agentUserId: str
    devices: Raw  # a list of Device


class Devices:
    def __init__(self, registry: Registry, traits: tuple[Trait, ...]) -> None:
        self._registry, self._traits = registry, traits
        self._kept: Kept[str, tuple[str, Raw]] = Kept(KEPT)

    def sync(self, link: Link, within_s: float | None = None) -> SyncPayload:
        """Raises CannotList."""
        try:
            listing = self._registry.cameras(link, within_s)
        except Unavailable as unavailable:
            refusal = overruled(unavailable.reason, None, unavailable.vendor)
            raise CannotList(refusal, link.locale) from None
        kept = self._kept.get(link.id)
        if kept is None or kept[0] != listing.fingerprint:
            kept = (listing.fingerprint, Raw(msgspec.json.encode([self._device(camera) for camera in listing.cameras])))
            self._kept.put(link.id, kept)
        return {"agentUserId": link.agent_user, "devices": kept[1]}

    def _device(self, camera: Camera) -> Device:
        bell = camera.kind == "doorbell"
        attributes = {trait.name: own for trait in self._traits if (own := trait.attributes(camera)) is not None}
        device: Device = {
            "id": camera.id,
            "type": "action.devices.types.DOORBELL" if bell else "action.devices.types.CAMERA",
            "traits": list(attributes),
            "name": {"name": _name(camera)},
            "willReportState": False,
            "attributes": {key: value for own in attributes.values() for key, value in own.items()},
            "deviceInfo": _info(camera),
        }
        if room := line(camera.room):
            device["roomHint"] = room
        return device


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
    """What Google calls the cameras, by id."""
    return {camera.id: _name(camera) for camera in cameras}


def _name(camera: Camera) -> str:
    name = line(camera.name)
    if len(name) <= LONGEST_NAME:
        return name or ("Doorbell" if camera.kind == "doorbell" else "Camera")
    return textwrap.shorten(name, LONGEST_NAME, placeholder="", break_long_words=False) or name[:LONGEST_NAME]
