"""The trait action.devices.traits.ObjectDetection: that a doorbell, or a camera that knows people, can tell of them.

It has neither attributes nor states nor a command, only notifications. None are sent yet, so SYNC does not claim any.

Page: https://developers.home.google.com/cloud-to-cloud/traits/objectdetection
"""

from actions.trait import Nothing, Trait
from registry.camera import Camera


class ObjectDetection(Trait):
    name = "action.devices.traits.ObjectDetection"

    def attributes(self, camera: Camera) -> Nothing | None:
        return Nothing() if camera.kind == "doorbell" or camera.person != "none" else None
