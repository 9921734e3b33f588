"""QUERY: whether each camera is online, and what its traits have to tell; encoded once while it stays the same."""

from functools import lru_cache
from typing import Literal, NotRequired, TypedDict

import msgspec
from msgspec import Raw

from actions.errors import DeviceFailure, refused
from actions.trait import Trait
from net.cache import Recent
from registry.camera import Refusal, State
from registry.gate.gate import not_found
from registry.registry import Registry
from store.records import Link

KEPT = 4096  # cameras
_UNTOLD = ("signed_out", "vendor_down", "vendor_busy")  # the state itself could not be read


class Health(TypedDict):
    """What is told of every camera; the states of its traits stand beside it."""

    online: bool
    status: Literal["SUCCESS", "ERROR", "OFFLINE"]
    errorCode: NotRequired[str]
    debugString: NotRequired[str]


class QueryPayload(TypedDict):
    devices: dict[str, Raw]


class States:
    def __init__(self, registry: Registry, traits: tuple[Trait, ...]) -> None:
        self._registry = registry
        # CameraStream has no states of its own
        self._telling = tuple(each for each in traits if type(each).states is not Trait.states)
        self._kept: Recent[str, tuple[State, str, Raw]] = Recent(KEPT)

    def query(self, link: Link, camera_ids: list[str], within_s: float | None = None) -> QueryPayload:
        """Every id asked about is answered, the unknown ones too."""
        states = self._registry.states(link, camera_ids, within_s)
        unknown = _unknown(link.locale)
        return {
            "devices": {
                each: self._encoded(state, link.locale) if (state := states.get(each)) else unknown
                for each in camera_ids
            }
        }

    def _encoded(self, state: State, locale: str) -> Raw:
        kept = self._kept.get(state.camera.id)
        if kept is None or kept[0] is not state or kept[1] != locale:
            kept = (state, locale, Raw(_encode(self._told(state, locale))))
            self._kept.put(state.camera.id, kept)
        return kept[2]

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


_encode = msgspec.json.Encoder().encode


@lru_cache(16)
def _unknown(locale: str) -> Raw:
    return Raw(_encode(_unwell(online=False, failure=refused(not_found(), locale))))
