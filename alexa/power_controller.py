"""Alexa.PowerController 3: a camera is on when it is awake, and off in Sleep Mode.

Told of a camera only where its owner lets a voice use it: Amazon has no word for a power state that can only be asked
about (`nonControllable` is the generic controllers'), and would show a switch that is refused.
"""

from alexa.controls import Controls
from alexa.directive import Directive
from alexa.event import Reply
from alexa.interface import Capability, Condition, Stated, encoded, reported
from alexa.texts import Locales
from registry.camera import Camera
from store.records import Link

INTERFACE = "Alexa.PowerController"
_CAPABILITY = encoded(INTERFACE, "3", properties=reported("powerState"))


def capabilities(camera: Camera, _named: Locales) -> list[Capability]:
    return [] if camera.asleep == "none" or "sleep" not in camera.voice_may else [_CAPABILITY]


def states(camera: Condition) -> list[Stated]:
    value = {"on": "OFF", "off": "ON"}.get(camera.asleep) if "sleep" in camera.voice_may else None
    return [Stated(INTERFACE, "powerState", value)] if value else []


class Power:
    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def turn_on(self, link: Link, camera_id: str, _directive: Directive, reply: Reply) -> bytes:
        return self._controls.change(link, camera_id, "sleep", "off", reply)

    def turn_off(self, link: Link, camera_id: str, _directive: Directive, reply: Reply) -> bytes:
        return self._controls.change(link, camera_id, "sleep", "on", reply)
