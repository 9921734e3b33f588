"""The trait action.devices.traits.ObjectDetection: for doorbells and for cameras that detect people.

It has no attributes, states or command, only notifications, which actions/reports.py sends.

Page: https://developers.home.google.com/cloud-to-cloud/traits/objectdetection
"""

from actions.trait import Nothing, Trait
from registry.camera import Camera


class ObjectDetection(Trait):
    name = "action.devices.traits.ObjectDetection"

    def attributes(self, camera: Camera) -> Nothing | None:
        return Nothing() if camera.can_ring or camera.person != "none" else None
