"""Alexa.DoorbellEventSource 3: a doorbell can be pressed; a press is an event, not a state that can be read.

A camera whose motion rings, as its owner said, has it too: each announcement is a press.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-doorbelleventsource.html
"""

from collections.abc import Mapping, Sequence

from showcam.alexa.capability import Capability
from showcam.alexa.interface import Handler, Interface, Stated
from showcam.alexa.texts import Locales
from showcam.drivers.camera import Camera


class DoorbellCapability(Capability):
    proactively_reported: bool

    def report(self) -> None:
        self.proactively_reported = True


class DoorbellEventSource(Interface):
    name = "Alexa.DoorbellEventSource"

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        if not camera.can_ring:
            return ()
        return (DoorbellCapability(interface=self.name, version="3", proactively_reported=False),)

    def states(self, camera: Camera) -> Sequence[Stated]:
        return ()

    def directives(self) -> Mapping[str, Handler]:
        return {}
