"""Alexa.SmartVision.ObjectDetectionSensor 1.0: people, if the camera itself recognises them.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-smartvision-objectdetectionsensor.html
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from showcam.alexa.capability import Capability, reported
from showcam.alexa.controls import Controls
from showcam.alexa.errors import InvalidDirective, InvalidValue
from showcam.alexa.interface import Answer, CameraDirective, Handler, Interface, Stated
from showcam.alexa.texts import Locales
from showcam.drivers.camera import Camera


class ObjectClass(Struct, rename="camel", frozen=True):
    image_net_class: str


class _Configuration(Struct, rename="camel", frozen=True):
    object_detection_configuration: tuple[ObjectClass, ...]


class _SetClasses(Struct, rename="camel"):
    object_detection_classes: list[ObjectClass]


_set_classes = msgspec.json.Decoder(_SetClasses)
_PERSON = (ObjectClass("person"),)
_STATES = (Stated("objectDetectionClasses", _PERSON),)


class ObjectDetectionSensor(Interface):
    name = "Alexa.SmartVision.ObjectDetectionSensor"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        if camera.person == "none":
            return ()
        properties, configuration = reported("objectDetectionClasses"), _Configuration(_PERSON)
        return (Capability(interface=self.name, version="1.0", properties=properties, configuration=configuration),)

    def states(self, camera: Camera) -> Sequence[Stated]:
        """The classes that the camera can detect, also while the camera detects none."""
        return () if camera.person == "none" else _STATES

    def directives(self) -> Mapping[str, Handler]:
        return {"SetObjectDetectionClasses": self.set_classes}

    def set_classes(self, directive: CameraDirective) -> Answer:
        """Accepts only people: the camera detects nothing else, and detection can't be switched off by voice."""
        classes = {wanted.image_net_class for wanted in directive.read(_set_classes).object_detection_classes}
        if classes != {"person"}:
            raise InvalidValue("This camera tells people apart, and nothing else; it can be set in the camera's app.")
        if self._controls.read(directive).person == "none":
            raise InvalidDirective("This camera does not tell people apart.")
        return self._controls.unchanged(directive)
