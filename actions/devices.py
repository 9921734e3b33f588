"""SYNC: the link's cameras and scenes as devices, encoded once as long as they stay the same. QUERY: their states."""

import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NotRequired, TypedDict

import msgspec
from msgspec import Raw

from actions.errors import CannotList, DeviceFailure, refused
from actions.trait import Trait
from actions.traits import ObjectDetection, SceneAttributes, SceneTrait
from showcam.drivers.camera import Camera, Refusal, State
from showcam.drivers.errors import Unavailable
from showcam.net.cache import Recent
from showcam.net.text import line
from showcam.registry.gate.gate import not_found, overruled
from showcam.registry.registry import Listing, Registry
from showcam.registry.scenes import Scene, called
from showcam.store.records import Link

LONGEST_NAME = 60  # code points; Google cuts longer names, even within a word
KEPT = 256  # limit of links whose encoded list is kept


class Name(TypedDict):
    name: str


class Device(TypedDict):
    """Has no customData, since the id suffices. An empty roomHint would make a room without a name."""

    id: str
    type: Literal["action.devices.types.CAMERA", "action.devices.types.DOORBELL"]
    traits: list[str]
    name: Name
    willReportState: bool
    attributes: dict[str, object]  # of all the device's traits together
    deviceInfo: dict[Literal["manufacturer", "model", "swVersion"], str]  # without what is unknown
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
    info: tuple[tuple[Literal["manufacturer", "model", "swVersion"], str], ...] = (
        ("manufacturer", camera.manufacturer),
        ("model", camera.model),
        ("swVersion", camera.firmware),
    )
    attributes = {trait.name: own for trait in traits if (own := trait.attributes(camera)) is not None}
    listed: Device = {
        "id": camera.id,
        "type": "action.devices.types.DOORBELL" if camera.can_ring else "action.devices.types.CAMERA",
        "traits": list(attributes),
        "name": {"name": _name(camera)},
        "willReportState": reported,
        "attributes": {key: value for own in attributes.values() for key, value in own.items()},
        "deviceInfo": {key: value for key, value in info if value},
    }
    if room := line(camera.decided.room):
        listed["roomHint"] = room
    if reported and ObjectDetection.name in attributes:
        listed["notificationSupportedByAgent"] = True
    return listed


def names(cameras: Iterable[Camera]) -> dict[str, str]:
    """The names that Google uses for the cameras, by camera id."""
    return {camera.id: _name(camera) for camera in cameras}


def _name(camera: Camera) -> str:
    return _cut(line(camera.name)) or ("Doorbell" if camera.kind == "doorbell" else "Camera")


def _cut(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    return textwrap.shorten(name, LONGEST_NAME, placeholder="", break_long_words=False) or name[:LONGEST_NAME]


# with one of these reasons the camera's state could not be read
STATE_UNREAD = ("signed_out", "no_internet", "vendor_down", "vendor_busy")
_OF_QUERY = ("status", "errorCode", "debugString")


class Health(TypedDict):
    """The keys of every camera; the states of its traits are added to them."""

    online: bool
    status: Literal["SUCCESS", "ERROR", "OFFLINE"]
    errorCode: NotRequired[str]
    debugString: NotRequired[str]


class QueryPayload(TypedDict):
    devices: dict[str, Health | dict[str, object]]


class States:
    def __init__(self, registry: Registry, traits: tuple[Trait, ...]) -> None:
        self._registry = registry
        # some traits, such as CameraStream, have no states
        self._with_states = tuple(trait for trait in traits if type(trait).states is not Trait.states)

    def query(self, link: Link, camera_ids: list[str], within_s: float | None = None) -> QueryPayload:
        """Answers for every queried id, unknown ones too."""
        states = self._registry.states(link, camera_ids, within_s)
        unknown = _failed(online=False, failure=refused(not_found(), link.locale))
        return {
            "devices": {
                camera_id: self._device(state, link.locale)
                if (state := states.get(camera_id))
                else self._scene(link, camera_id) or unknown
                for camera_id in camera_ids
            }
        }

    def _scene(self, link: Link, scene_id: str) -> Health | None:
        """A scene's state is always success; obstacles are answered when somebody starts the scene."""
        try:
            scene = self._registry.scenes.find(link, scene_id)
        except Unavailable:
            return None
        return None if scene is None else {"online": True, "status": "SUCCESS"}

    def reported(self, state: State, locale: str) -> dict[str, object]:
        """The states of QUERY's answer without its success or error: Report State takes none of these."""
        return {key: value for key, value in self._device(state, locale).items() if key not in _OF_QUERY}

    def _device(self, state: State, locale: str) -> dict[str, object]:
        refusal = state.refusal
        if refusal is not None and refusal.reason in STATE_UNREAD:
            # not reported offline: to an offline camera Google sends no requests, so the person would not hear the
            # reason
            return {**_failed(state.camera.online != "off", refused(refusal, locale))}
        entry: dict[str, object] = {**_health(refusal, locale)}
        for trait in self._with_states:
            entry.update(trait.states(state))
        return entry


def _health(refusal: Refusal | None, locale: str) -> Health:
    if refusal is None:
        return {"online": True, "status": "SUCCESS"}
    failure = refused(refusal, locale)
    if refusal.reason == "offline":
        return _failed(online=False, failure=failure)
    # reported online although the camera can't be shown: the request for its stream then answers with the error
    return {"online": True, "status": "SUCCESS", "debugString": failure["debugString"]}


def _failed(online: bool, failure: DeviceFailure) -> Health:
    return {
        "online": online,
        "status": failure["status"],
        "errorCode": failure["errorCode"],
        "debugString": failure["debugString"],
    }
