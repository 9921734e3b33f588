"""Alexa 3, the interface of every endpoint: answers ReportState with every retrievable property.

https://developer.amazon.com/en-US/docs/alexa/smarthome/state-reporting-for-a-smart-home-skill.html
"""

from collections.abc import Mapping, Sequence

from alexa.capability import Capability
from alexa.controls import Controls
from alexa.interface import Answer, CameraDirective, Handler, Interface, Stated
from alexa.message import EMPTY
from alexa.texts import Locales
from registry.camera import Camera


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
        """Reports an offline camera as UNREACHABLE. Raises DirectiveError only where its state can't be read."""
        return Answer(self.name, "StateReport", EMPTY, self._controls.read(directive))
