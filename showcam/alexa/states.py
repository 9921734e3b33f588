"""The interfaces for what Alexa reads of a camera: its whole state, whether it answers, motion, people, the bell."""

import time
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from showcam.alexa.errors import DirectiveError
from showcam.alexa.interface import (
    EMPTY,
    Answer,
    CameraDirective,
    Capability,
    Handler,
    Interface,
    Property,
    Stated,
    reported,
    timestamp,
)
from showcam.alexa.texts import Locales
from showcam.drivers.camera import Camera

SAMPLE_MS = 1000  # how old the vendor's answer may be when it arrives


class StateReport(Interface):
    """Alexa 3, the interface of every endpoint: answers ReportState with every retrievable property.

    https://developer.amazon.com/en-US/docs/alexa/smarthome/state-reporting-for-a-smart-home-skill.html
    """

    name = "Alexa"

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        return (Capability(interface=self.name, version="3"),)

    def directives(self) -> Mapping[str, Handler]:
        return {"ReportState": self.report}

    def report(self, directive: CameraDirective) -> Answer:
        """Reports an offline camera as UNREACHABLE. Raises DirectiveError only if its state can't be read."""
        return Answer(self.name, "StateReport", EMPTY, self.read(directive))


class State:
    """The state of a camera as reported to Alexa: every advertised property whose value is known."""

    def __init__(self, interfaces: Sequence[Interface]) -> None:
        self._interfaces = interfaces

    def properties(self, camera: Camera) -> list[Property]:
        """The properties for an event's context."""
        sampled = timestamp(camera.as_of or time.time())
        return [
            Property(interface.name, stated.name, stated.value, sampled, SAMPLE_MS, stated.instance)
            for interface in self._interfaces
            for stated in interface.states(camera)
        ]


class Connectivity(Struct, frozen=True):
    value: str


_OF_ONLINE = {
    "on": (Stated("connectivity", Connectivity("OK")),),
    "off": (Stated("connectivity", Connectivity("UNREACHABLE")),),
}


class EndpointHealth(Interface):
    """Alexa.EndpointHealth 3.1: whether a camera can be reached. Alexa does not speak a reason, so none is sent.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-endpointhealth.html
    """

    name = "Alexa.EndpointHealth"

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        return (Capability(interface=self.name, version="3.1", properties=reported("connectivity")),)

    def states(self, camera: Camera) -> Sequence[Stated]:
        return _OF_ONLINE.get(camera.online, ())


_OF_MOTION = {
    "on": (Stated("detectionState", "DETECTED"),),
    "off": (Stated("detectionState", "NOT_DETECTED"),),
}


class MotionSensor(Interface):
    """Alexa.MotionSensor 3: whether a camera detects motion.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-motionsensor.html
    """

    name = "Alexa.MotionSensor"

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        if camera.motion == "none":
            return ()
        return (Capability(interface=self.name, version="3", properties=reported("detectionState")),)

    def states(self, camera: Camera) -> Sequence[Stated]:
        return _OF_MOTION.get(camera.motion, ())


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
    """Alexa.SmartVision.ObjectDetectionSensor 1.0: people, if the camera itself recognises them.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-smartvision-objectdetectionsensor.html
    """

    name = "Alexa.SmartVision.ObjectDetectionSensor"

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
            raise DirectiveError(
                "INVALID_VALUE", "This camera tells people apart, and nothing else; it can be set in the camera's app."
            )
        camera = self.read(directive)
        if camera.person == "none":
            raise DirectiveError("INVALID_DIRECTIVE", "This camera does not tell people apart.")
        return Answer("Alexa", "Response", EMPTY, camera)


class DoorbellCapability(Capability):
    proactively_reported: bool

    def report(self) -> None:
        self.proactively_reported = True


class DoorbellEventSource(Interface):
    """Alexa.DoorbellEventSource 3: a doorbell can be pressed; a press is an event, not a state that can be read.

    A camera whose motion rings, as its owner said, has it too: each announcement is a press.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-doorbelleventsource.html
    """

    name = "Alexa.DoorbellEventSource"

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        if not camera.can_ring:
            return ()
        return (DoorbellCapability(interface=self.name, version="3", proactively_reported=False),)
