"""The state of a camera as Alexa is told it: every property that was advertised and is known."""

import time
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw

from alexa import (
    endpoint_health,
    mode_controller,
    motion_sensor,
    object_detection_sensor,
    power_controller,
    toggle_controller,
)
from alexa.event import timestamp
from alexa.interface import Condition, Interface
from net.cache import kept
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

_TIME = "time of sample"
_condition = attrgetter(*Condition._fields)


def properties(camera: Camera) -> Raw:
    """For an event's context: a JSON array."""
    sampled = timestamp(camera.as_of or time.time()).encode()
    return Raw(sampled.join(_around_times(_condition(camera))))


@kept(1024)
def _around_times(condition: tuple[Any, ...]) -> list[bytes]:
    """The array, parted where a time belongs; no value of a property is text from outside that could hold one."""
    camera = Condition(*condition)
    shared = {"timeOfSample": _TIME, "uncertaintyInMilliseconds": SAMPLE_MS}
    told: list[dict[str, Any]] = []
    for interface in INTERFACES:
        for namespace, name, value, instance in interface.states(camera):
            one = {"namespace": namespace, "name": name, "value": value, **shared}
            if instance:
                one["instance"] = instance
            told.append(one)
    return msgspec.json.encode(told).split(_TIME.encode())
