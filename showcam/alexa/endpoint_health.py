"""Alexa.EndpointHealth 3.1: whether a camera can be reached. Alexa does not speak a reason, so none is sent.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-endpointhealth.html
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from showcam.alexa.capability import Capability, reported
from showcam.alexa.interface import Handler, Interface, Stated
from showcam.alexa.texts import Locales
from showcam.drivers.camera import Camera


class Connectivity(Struct, frozen=True):
    value: str


_OF_ONLINE = {
    "on": (Stated("connectivity", Connectivity("OK")),),
    "off": (Stated("connectivity", Connectivity("UNREACHABLE")),),
}


class EndpointHealth(Interface):
    name = "Alexa.EndpointHealth"

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        return (Capability(interface=self.name, version="3.1", properties=reported("connectivity")),)

    def states(self, camera: Camera) -> Sequence[Stated]:
        return _OF_ONLINE.get(camera.online, ())

    def directives(self) -> Mapping[str, Handler]:
        return {}
