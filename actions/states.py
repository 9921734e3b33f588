"""QUERY: whether each camera is online, and what its traits have to tell; encoded once while it stays the same."""

from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Raw

from actions.errors import refused
from actions.trait import Trait
from net.cache import Recent
from registry.camera import State
from registry.gate.gate import not_found
from registry.registry import Registry
from store.records import Link

KEPT = 4096  # cameras
_UNTOLD = ("signed_out", "vendor_down", "vendor_busy")  # the state itself could not be read


class States:
    def __init__(self, registry: Registry, traits: tuple[Trait, ...]) -> None:
        self._registry = registry
        # CameraStream has no states of its own
        self._telling = tuple(each for each in traits if type(each).states is not Trait.states)
        self._kept: Recent[str, tuple[State, str, Raw]] = Recent(KEPT)

    def query(self, link: Link, camera_ids: list[str], within_s: float | None = None) -> dict[str, Any]:
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

    def _told(self, state: State, locale: str) -> dict[str, Any]:
        refusal = state.refusal
        if refusal is None:
            return {"online": True, "status": "SUCCESS", **self._traits(state)}
        told = refused(refusal, locale)
        if refusal.reason == "offline":
            return {"online": False, **told, **self._traits(state)}
        if refusal.reason in _UNTOLD:
            # for a camera that it holds for offline Google sends no request at all, and so nobody would be told why
            return {"online": state.camera.online != "off", **told}
        # there and well, though it can't be shown: asking for the picture gets the error
        return {"online": True, "status": "SUCCESS", "debugString": told["debugString"], **self._traits(state)}

    def _traits(self, state: State) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for each in self._telling:
            told |= each.states(state)
        return told


_encode = msgspec.json.Encoder().encode


@lru_cache(16)
def _unknown(locale: str) -> Raw:
    return Raw(_encode({"online": False, **refused(not_found(), locale)}))
