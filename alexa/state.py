"""The state of a camera as Alexa is told it: every property that was advertised and is known."""

import time
from typing import Any

from alexa import (
    endpoint_health,
    mode_controller,
    motion_sensor,
    object_detection_sensor,
    power_controller,
    toggle_controller,
)
from alexa.event import timestamp
from alexa.interface import Interface
from registry.camera import Camera

INTERFACES: tuple[Interface, ...] = (
    endpoint_health,
    power_controller,
    motion_sensor,
    object_detection_sensor,
    toggle_controller,
    mode_controller,
)
SAMPLE_MS = 1000  # how long the vendor may have taken to tell


def properties(camera: Camera) -> list[dict[str, Any]]:
    """For an event's context."""
    shared = {"timeOfSample": timestamp(camera.as_of or time.time()), "uncertaintyInMilliseconds": SAMPLE_MS}
    told = []
    for interface in INTERFACES:
        for namespace, name, value, instance in interface.states(camera):
            one = {"namespace": namespace, "name": name, "value": value, **shared}
            if instance:
                one["instance"] = instance
            told.append(one)
    return told
