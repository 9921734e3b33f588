"""The trait action.devices.traits.ObjectDetection: for doorbells, and for cameras that ring since their owner said so.

It has no attributes, states or command, only notifications, which actions/reports.py sends. Google announces each of
them “after a doorbell ring chime” (the page below), so that a camera which merely recognises people has no such trait.

Page: https://developers.home.google.com/cloud-to-cloud/traits/objectdetection
"""

from actions.trait import Nothing, Trait
from showcam.drivers.camera import Camera


class ObjectDetection(Trait):
    name = "action.devices.traits.ObjectDetection"

    def attributes(self, camera: Camera) -> Nothing | None:
        return Nothing() if camera.can_ring else None
