"""The trait action.devices.traits.OnOff: a camera that sleeps is off. Off wants the PIN, on does not.

A camera whose "on" were challenged could be switched off by voice and not on again.

Page: https://developers.home.google.com/cloud-to-cloud/traits/onoff
"""

from typing import TypedDict

from actions.changing import Changing
from actions.confirmation import need_pin
from actions.errors import BadParams
from actions.trait import Asked, Nothing, Trait
from registry.camera import Camera, Refusal, State


class Attributes(TypedDict):
    commandOnlyOnOff: bool
    queryOnlyOnOff: bool


class States(TypedDict):
    on: bool


class OnOff(Trait):
    name = "action.devices.traits.OnOff"
    command = "action.devices.commands.OnOff"

    def __init__(self, changing: Changing) -> None:
        self._changing = changing

    def attributes(self, camera: Camera) -> Attributes | None:
        if camera.asleep == "none":
            return None
        return {"commandOnlyOnOff": False, "queryOnlyOnOff": "sleep" not in camera.voice_may}

    def states(self, state: State) -> States | Nothing:
        return _on(state.camera)

    def execute(self, asked: Asked) -> States | Nothing | Refusal:
        on = asked.params.get("on")
        if not isinstance(on, bool):
            raise BadParams("on is true or false.")
        if (refusal := self._changing.allowed(asked, "sleep")) is not None:
            return refusal
        if not on:
            need_pin(asked.challenge, asked.proof)
        changed = self._changing.change(asked, "sleep", "off" if on else "on")
        return changed if isinstance(changed, Refusal) else _on(changed)


def _on(camera: Camera) -> States | Nothing:
    return {"on": camera.asleep == "off"} if camera.asleep in ("on", "off") else Nothing()
