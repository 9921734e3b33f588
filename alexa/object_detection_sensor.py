"""Alexa.SmartVision.ObjectDetectionSensor 1.0: people, where the camera tells them apart by itself."""

import msgspec
from msgspec import Struct

from alexa.controls import Controls
from alexa.directive import Directive
from alexa.errors import InvalidDirective, InvalidValue
from alexa.event import Reply
from alexa.interface import Capability, Condition, Stated, sensor
from alexa.texts import Locales
from registry.camera import Camera
from store.records import Link

INTERFACE = "Alexa.SmartVision.ObjectDetectionSensor"
_PERSON = [{"imageNetClass": "person"}]
_CAPABILITY = sensor(
    INTERFACE, "1.0", "objectDetectionClasses", configuration={"objectDetectionConfiguration": _PERSON}
)


class _Class(Struct, rename="camel"):
    image_net_class: str


class _Set(Struct, rename="camel"):
    object_detection_classes: list[_Class]


_set = msgspec.json.Decoder(_Set)


def capabilities(camera: Camera, _named: Locales) -> list[Capability]:
    return [] if camera.person == "none" else [_CAPABILITY]


def states(camera: Condition) -> list[Stated]:
    return [] if camera.person == "none" else [Stated(INTERFACE, "objectDetectionClasses", _PERSON)]


class ObjectDetection:
    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def set_classes(self, link: Link, camera_id: str, directive: Directive, reply: Reply) -> bytes:
        """SetObjectDetectionClasses: the camera looks for people and nothing else, and can't be told not to."""
        asked = {each.image_net_class for each in directive.read(_set).object_detection_classes}
        if asked != {"person"}:
            raise InvalidValue("This camera tells people apart, and nothing else; it can be set in the camera's app.")
        if self._controls.read(link, camera_id, reply).person == "none":
            raise InvalidDirective("This camera does not tell people apart.")
        return self._controls.unchanged(link, camera_id, reply)
