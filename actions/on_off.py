"""The trait action.devices.traits.OnOff: a camera in Sleep Mode is off. Switching off by voice needs the PIN.

Switching on needs none, so that a camera switched off by voice can always be switched on again.

Page: https://developers.home.google.com/cloud-to-cloud/traits/onoff
"""

from typing import TypedDict

from actions.confirmation import need_pin
from actions.controls import Controls
from actions.errors import BadParams
from actions.trait import CameraCommand, Nothing, Trait
from showcam.drivers.camera import Camera, Refusal, State
from showcam.drivers.settings import Asked


class Attributes(TypedDict):
    commandOnlyOnOff: bool
    queryOnlyOnOff: bool


class States(TypedDict):
    on: bool


class OnOff(Trait):
    name = "action.devices.traits.OnOff"
    command = "action.devices.commands.OnOff"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def attributes(self, camera: Camera) -> Attributes | None:
        if camera.asleep == "none":
            return None
        return {"commandOnlyOnOff": False, "queryOnlyOnOff": "sleep" not in camera.decided.voice_may}

    def states(self, state: State) -> States | Nothing:
        return _states(state.camera)

    def execute(self, command: CameraCommand) -> States | Nothing | Refusal | Asked:
        on = command.params.get("on")
        if not isinstance(on, bool):
            raise BadParams("on is true or false.")
        if (refusal := self._controls.refusal(command, "sleep")) is not None:
            return refusal
        if not on:
            need_pin(command.challenge, command.proof)
        changed = self._controls.change(command, "sleep", "off" if on else "on")
        return changed if isinstance(changed, Refusal | Asked) else _states(changed)


def _states(camera: Camera) -> States | Nothing:
    return {"on": camera.asleep == "off"} if camera.asleep in ("on", "off") else Nothing()
