"""Settings changed by voice: what the owner allowed, through the registry, which reads the change back."""

from actions.trait import Asked
from registry.camera import Camera, Refusal
from registry.gate.gate import not_by_voice, not_found
from registry.registry import Registry


class Changing:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def allowed(self, asked: Asked, what: str) -> Refusal | None:
        """Why it would be refused whatever the person confirms: nobody is asked for a PIN in vain."""
        state = self._registry.states(asked.link, [asked.camera], asked.left_s).get(asked.camera)
        if state is None:
            return not_found()
        if state.camera.name == "":
            return state.refusal  # nothing is known of any camera just now
        return not_by_voice(state.camera, what)

    def change(self, asked: Asked, setting: str, value: str) -> Camera | Refusal:
        return self._registry.change(asked.link, asked.camera, setting, value, within_s=asked.left_s)

    def restart(self, asked: Asked) -> Camera | Refusal:
        return self._registry.restart(asked.link, asked.camera, within_s=asked.left_s)
