"""QUERY: whether a camera is online, and the states of its traits."""

from typing import Literal, NotRequired, TypedDict

from actions.errors import DeviceFailure, refused
from actions.trait import Trait
from showcam.drivers.camera import Refusal, State
from showcam.drivers.errors import Unavailable
from showcam.registry.gate.gate import not_found
from showcam.registry.registry import Registry
from showcam.store.records import Link

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
