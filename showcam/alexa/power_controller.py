"""Alexa.PowerController 3: an awake camera is on, and a camera in Sleep Mode is off.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-powercontroller.html
A camera has this interface only if its owner lets a voice use it. Alexa knows no read-only power state
(`nonControllable` exists only for the generic controllers) and would show a switch that showcam refuses.
"""

from collections.abc import Mapping, Sequence

from showcam.alexa.capability import Capability, reported
from showcam.alexa.controls import Controls
from showcam.alexa.interface import Answer, CameraDirective, Handler, Interface, Stated
from showcam.alexa.texts import Locales
from showcam.drivers.camera import Camera

_OF_ASLEEP = {
    "on": (Stated("powerState", "OFF"),),
    "off": (Stated("powerState", "ON"),),
}


class PowerController(Interface):
    name = "Alexa.PowerController"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        if camera.asleep == "none" or "sleep" not in camera.decided.voice_may:
            return ()
        return (Capability(interface=self.name, version="3", properties=reported("powerState")),)

    def states(self, camera: Camera) -> Sequence[Stated]:
        return _OF_ASLEEP.get(camera.asleep, ()) if "sleep" in camera.decided.voice_may else ()

    def directives(self) -> Mapping[str, Handler]:
        return {"TurnOn": self.turn_on, "TurnOff": self.turn_off}

    def turn_on(self, directive: CameraDirective) -> Answer:
        return self._controls.change(directive, "sleep", "off")

    def turn_off(self, directive: CameraDirective) -> Answer:
        return self._controls.change(directive, "sleep", "on")
