"""Alexa.DoorbellEventSource 3: that a press can be told; its event has no state to ask for."""

from alexa.interface import Capability, Condition, Stated, encoded
from alexa.texts import Locales
from registry.camera import Camera

_CAPABILITY = encoded("Alexa.DoorbellEventSource", "3", proactivelyReported=False)


def capabilities(camera: Camera, _named: Locales) -> list[Capability]:
    return [_CAPABILITY] if camera.kind == "doorbell" else []


def states(_camera: Condition) -> list[Stated]:
    return []
