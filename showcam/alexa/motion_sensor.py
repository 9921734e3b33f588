"""Alexa.MotionSensor 3: whether a camera detects motion.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-motionsensor.html
"""

from collections.abc import Mapping, Sequence

from showcam.alexa.capability import Capability, reported
from showcam.alexa.interface import Handler, Interface, Stated
from showcam.alexa.texts import Locales
from showcam.drivers.camera import Camera

_OF_MOTION = {
    "on": (Stated("detectionState", "DETECTED"),),
    "off": (Stated("detectionState", "NOT_DETECTED"),),
}


class MotionSensor(Interface):
    name = "Alexa.MotionSensor"

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        if camera.motion == "none":
            return ()
        return (Capability(interface=self.name, version="3", properties=reported("detectionState")),)

    def states(self, camera: Camera) -> Sequence[Stated]:
        return _OF_MOTION.get(camera.motion, ())

    def directives(self) -> Mapping[str, Handler]:
        return {}
