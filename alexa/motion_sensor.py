"""Alexa.MotionSensor 3: whether a camera has just seen something move."""

from alexa.interface import Capability, Condition, Stated, sensor
from alexa.texts import Locales
from registry.camera import Camera

_INTERFACE = "Alexa.MotionSensor"
_CAPABILITY = sensor(_INTERFACE, "3", "detectionState")


def capabilities(camera: Camera, _named: Locales) -> list[Capability]:
    return [] if camera.motion == "none" else [_CAPABILITY]


def states(camera: Condition) -> list[Stated]:
    value = {"on": "DETECTED", "off": "NOT_DETECTED"}.get(camera.motion)
    return [Stated(_INTERFACE, "detectionState", value)] if value else []
