"""Alexa.EndpointHealth 3.1: whether a camera can be reached."""

from alexa.interface import Capability, Condition, Stated, sensor
from alexa.texts import Locales
from registry.camera import Camera

_INTERFACE = "Alexa.EndpointHealth"
_CAPABILITY = sensor(_INTERFACE, "3.1", "connectivity")


def capabilities(_camera: Camera, _named: Locales) -> list[Capability]:
    return [_CAPABILITY]


def states(camera: Condition) -> list[Stated]:
    return [Stated(_INTERFACE, "connectivity", {"value": "OK" if camera.online == "on" else "UNREACHABLE"})]
