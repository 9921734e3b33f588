"""QUERY: whether each camera is online, and what each of its traits has to tell."""

from typing import Any

from actions.errors import refused
from actions.trait import Trait
from registry.camera import State
from registry.gate import not_found
from registry.registry import Registry
from store.records import Link

_UNTOLD = ("signed_out", "vendor_down", "vendor_busy")  # the state itself could not be read


class States:
    def __init__(self, registry: Registry, traits: tuple[Trait, ...]) -> None:
        self._registry = registry
        # CameraStream has no states of its own
        self._telling = tuple(each for each in traits if type(each).states is not Trait.states)

    def query(self, link: Link, camera_ids: list[str]) -> dict[str, Any]:
        """Every id asked about is answered, the unknown ones too."""
        states = self._registry.states(link, camera_ids)
        return {"devices": {each: self._told(states.get(each), link.locale) for each in camera_ids}}

    def _told(self, state: State | None, locale: str) -> dict[str, Any]:
        if state is None:
            return {"online": False, **refused(not_found(), locale)}
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
