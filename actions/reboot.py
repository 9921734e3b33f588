"""The trait action.devices.traits.Reboot: offered if the owner lets a voice restart the camera.

Page: https://developers.home.google.com/cloud-to-cloud/traits/reboot
"""

from actions.confirmation import need_yes
from actions.controls import Controls
from actions.trait import CameraCommand, Nothing, Trait
from showcam.drivers.camera import Camera, Refusal


class Reboot(Trait):
    name = "action.devices.traits.Reboot"
    command = "action.devices.commands.Reboot"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def attributes(self, camera: Camera) -> Nothing | None:
        # Reboot has no query-only form, so cameras offer it only if the owner lets a voice restart them
        return Nothing() if camera.can_restart and "restart" in camera.decided.voice_may else None

    def execute(self, command: CameraCommand) -> Nothing | Refusal:
        if (refusal := self._controls.refusal(command, "restart")) is not None:
            return refusal
        need_yes(command.challenge)
        restarted = self._controls.restart(command)
        return restarted if isinstance(restarted, Refusal) else Nothing()
