"""The trait action.devices.traits.ObjectDetection: that a doorbell, or a camera that knows people, can tell of them.

It has neither attributes nor states nor a command, only notifications. None are sent yet, so SYNC does not claim any.
"""

from typing import Any

from actions.trait import Trait
from registry.camera import Camera


class ObjectDetection(Trait):
    name = "action.devices.traits.ObjectDetection"

    def attributes(self, camera: Camera) -> dict[str, Any] | None:
        return {} if camera.kind == "doorbell" or camera.person != "none" else None
