"""The state of a camera as reported to Alexa: every advertised property whose value is known."""

import time
from collections.abc import Sequence

from alexa.interface import Interface
from alexa.message import Property, timestamp
from registry.camera import Camera

SAMPLE_MS = 1000  # how old the vendor's answer may be when it arrives


class State:
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
