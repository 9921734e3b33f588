"""Alexa.EndpointHealth 3.1: whether a camera can be reached; never why not, which Alexa doesn't say aloud."""

from alexa.interface import Capability, Condition, Stated, sensor
from alexa.texts import Locales
from registry.camera import Camera

_INTERFACE = "Alexa.EndpointHealth"
_CAPABILITY = sensor(_INTERFACE, "3.1", "connectivity")


def capabilities(_camera: Camera, _named: Locales) -> list[Capability]:
    return [_CAPABILITY]


def states(camera: Condition) -> list[Stated]:
    value = {"on": "OK", "off": "UNREACHABLE"}.get(camera.online)
    return [Stated(_INTERFACE, "connectivity", {"value": value})] if value else []
