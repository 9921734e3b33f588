"""The trait action.devices.traits.OnOff: a camera that sleeps is off. Off wants the PIN, on does not.

A camera whose "on" were challenged could be switched off by voice and not on again.
"""

from typing import Any

from actions.changing import Changing
from actions.confirmation import need_pin
from actions.errors import BadParams
from actions.trait import Asked, Trait
from registry.camera import Camera, Refusal, State


class OnOff(Trait):
    name = "action.devices.traits.OnOff"
    command = "action.devices.commands.OnOff"

    def __init__(self, changing: Changing) -> None:
        self._changing = changing

    def attributes(self, camera: Camera) -> dict[str, Any] | None:
        if camera.asleep == "none":
            return None
        return {"commandOnlyOnOff": False, "queryOnlyOnOff": "sleep" not in camera.voice_may}

    def states(self, state: State) -> dict[str, Any]:
        return _on(state.camera)

    def execute(self, asked: Asked) -> dict[str, Any] | Refusal:
        on = asked.params.get("on")
        if not isinstance(on, bool):
            raise BadParams("on is true or false.")
        if (refusal := self._changing.allowed(asked, "sleep")) is not None:
            return refusal
        if not on:
            need_pin(asked.challenge, asked.proof)
        changed = self._changing.change(asked, "sleep", "off" if on else "on")
        return changed if isinstance(changed, Refusal) else _on(changed)


def _on(camera: Camera) -> dict[str, Any]:
    return {"on": camera.asleep == "off"} if camera.asleep in ("on", "off") else {}
