"""Alexa 3, the interface of every endpoint: answers ReportState with every retrievable property.

https://developer.amazon.com/en-US/docs/alexa/smarthome/state-reporting-for-a-smart-home-skill.html
"""

import time
from collections.abc import Mapping, Sequence

from showcam.alexa.capability import Capability
from showcam.alexa.controls import Controls
from showcam.alexa.interface import Answer, CameraDirective, Handler, Interface, Stated
from showcam.alexa.message import EMPTY, Property, timestamp
from showcam.alexa.texts import Locales
from showcam.drivers.camera import Camera

SAMPLE_MS = 1000  # how old the vendor's answer may be when it arrives


class StateReport(Interface):
    name = "Alexa"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        return (Capability(interface=self.name, version="3"),)

    def states(self, camera: Camera) -> Sequence[Stated]:
        return ()

    def directives(self) -> Mapping[str, Handler]:
        return {"ReportState": self.report}

    def report(self, directive: CameraDirective) -> Answer:
        """Reports an offline camera as UNREACHABLE. Raises DirectiveError only if its state can't be read."""
        return Answer(self.name, "StateReport", EMPTY, self._controls.read(directive))


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
