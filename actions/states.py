"""QUERY: whether each camera is online, and what its traits have to tell."""

from typing import Literal, NotRequired, TypedDict

from actions.errors import DeviceFailure, refused
from actions.trait import Trait
from registry.camera import Refusal, State
from registry.gate.gate import not_found
from registry.registry import Registry
from store.records import Link

_UNTOLD = ("signed_out", "vendor_down", "vendor_busy")  # the state itself could not be read


class Health(TypedDict):
    """What is told of every camera; the states of its traits stand beside it."""

    online: bool
    status: Literal["SUCCESS", "ERROR", "OFFLINE"]
    errorCode: NotRequired[str]
    debugString: NotRequired[str]


class QueryPayload(TypedDict):
    devices: dict[str, Health | dict[str, object]]


class States:
    def __init__(self, registry: Registry, traits: tuple[Trait, ...]) -> None:
        self._registry = registry
        # CameraStream has no states of its own
        self._telling = tuple(each for each in traits if type(each).states is not Trait.states)

    def query(self, link: Link, camera_ids: list[str], within_s: float | None = None) -> QueryPayload:
        """Every id asked about is answered, the unknown ones too."""
        states = self._registry.states(link, camera_ids, within_s)
        unknown = _unwell(online=False, failure=refused(not_found(), link.locale))
        return {
            "devices": {
                each: self._told(state, link.locale) if (state := states.get(each)) else unknown for each in camera_ids
            }
        }

    def _told(self, state: State, locale: str) -> dict[str, object]:
        refusal = state.refusal
        if refusal is not None and refusal.reason in _UNTOLD:
            # for a camera that it holds for offline Google sends no request at all, and so nobody would be told why
            return {**_unwell(state.camera.online != "off", refused(refusal, locale))}
        told: dict[str, object] = {**_health(refusal, locale)}
        for each in self._telling:
            told.update(each.states(state))
        return told


def _health(refusal: Refusal | None, locale: str) -> Health:
    if refusal is None:
        return {"online": True, "status": "SUCCESS"}
    failure = refused(refusal, locale)
    if refusal.reason == "offline":
        return _unwell(online=False, failure=failure)
    # there and well, though it can't be shown: asking for the picture gets the error
    return {"online": True, "status": "SUCCESS", "debugString": failure["debugString"]}


def _unwell(online: bool, failure: DeviceFailure) -> Health:
    return {
        "online": online,
        "status": failure["status"],
        "errorCode": failure["errorCode"],
        "debugString": failure["debugString"],
    }
