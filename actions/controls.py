"""Changes a camera by voice as far as its owner allows; the registry reads the change back."""

from actions.trait import CameraCommand
from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.settings import Asked
from showcam.registry.gate.gate import not_by_voice, not_found
from showcam.registry.registry import Registry


class Controls:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def refusal(self, command: CameraCommand, setting: str) -> Refusal | None:
        """Why the change is refused, whatever the person confirms. Checked first, to ask for no PIN in vain."""
        state = self._registry.states(command.link, [command.camera], command.left_s).get(command.camera)
        if state is None:
            return not_found()
        if state.camera.name == "":
            return state.refusal  # no reading: nothing is known of any camera now
        return not_by_voice(state.camera, setting)

    def change(self, command: CameraCommand, setting: str, value: str) -> Camera | Asked | Refusal:
        return self._registry.change(command.link, command.camera, setting, value, within_s=command.left_s)

    def restart(self, command: CameraCommand) -> Camera | Refusal:
        return self._registry.restart(command.link, command.camera, within_s=command.left_s)
