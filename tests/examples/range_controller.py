"""Alexa.RangeController 3: a camera's battery in percent, which can be read and never set.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-rangecontroller.html
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from showcam.alexa.errors import DirectiveError
from showcam.alexa.interface import Answer, CameraDirective, Capability, Handler, Interface, Stated, reported
from showcam.alexa.texts import Locales, LocalText, Named, Text
from showcam.drivers.camera import Camera

INSTANCE = "Camera.Battery"


class _Range(Struct, rename="camel"):
    minimum_value: int
    maximum_value: int
    precision: int


class _Configuration(Struct, rename="camel"):
    supported_range: _Range
    unit_of_measure: str


class RangeController(Interface):
    name = "Alexa.RangeController"

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        if camera.battery is None:
            return ()
        capability = Capability(
            interface=self.name,
            version="3",
            instance=INSTANCE,
            properties=reported("rangeValue", controllable=False),
            capability_resources=Named([Text(LocalText("Battery", "en-US"))]),
            configuration=_Configuration(_Range(0, 100, 1), "Alexa.Unit.Percent"),
        )
        return (capability,)

    def states(self, camera: Camera) -> Sequence[Stated]:
        return () if camera.battery is None else (Stated("rangeValue", camera.battery, INSTANCE),)

    def directives(self) -> Mapping[str, Handler]:
        return {"SetRangeValue": self.set_value}

    def set_value(self, directive: CameraDirective) -> Answer:
        raise DirectiveError("INVALID_DIRECTIVE", "A battery is charged, and can't be set.")
