"""The trait action.devices.traits.Reboot: offered where the owner lets a voice restart the camera.

Page: https://developers.home.google.com/cloud-to-cloud/traits/reboot
"""

from actions.changing import Changing
from actions.confirmation import need_yes
from actions.trait import Asked, Nothing, Trait
from registry.camera import Camera, Refusal


class Reboot(Trait):
    name = "action.devices.traits.Reboot"
    command = "action.devices.commands.Reboot"

    def __init__(self, changing: Changing) -> None:
        self._changing = changing

    def attributes(self, camera: Camera) -> Nothing | None:
        # there is no query-only Reboot: what may not be done is not offered
        return Nothing() if camera.can_restart and "restart" in camera.voice_may else None

    def execute(self, asked: Asked) -> Nothing | Refusal:
        if (refusal := self._changing.allowed(asked, "restart")) is not None:
            return refusal
        need_yes(asked.challenge)
        restarted = self._changing.restart(asked)
        return restarted if isinstance(restarted, Refusal) else Nothing()
