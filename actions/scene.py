"""The trait action.devices.traits.Scene: a scene shows a camera on a TV in the house until it is ended.

Page: https://developers.home.google.com/cloud-to-cloud/traits/scene
Google lists each scene as a device of the type action.devices.types.SCENE.
"""

from typing import Literal, TypedDict

from actions.trait import CameraCommand, Nothing, Trait
from showcam.drivers.camera import Camera, Refusal
from showcam.registry.registry import Registry
from showcam.registry.scenes import Begun


class Attributes(TypedDict):
    sceneReversible: Literal[True]


class SceneTrait(Trait):
    name = "action.devices.traits.Scene"
    command = "action.devices.commands.ActivateScene"

    def __init__(self, registry: Registry) -> None:
        self._scenes = registry.scenes

    def attributes(self, camera: Camera) -> None:
        """None for every camera, since no camera is a scene."""
        return

    @staticmethod
    def of_scene() -> Attributes:
        return Attributes(sceneReversible=True)

    def execute(self, command: CameraCommand) -> Nothing | Refusal | Begun:
        if command.params.get("deactivate") is True:
            return self._scenes.deactivate(command.link, command.camera, command.left_s) or Nothing()
        found = self._scenes.activate(command.link, command.camera, command.left_s)
        return found if isinstance(found, Refusal) or found.waking else Nothing()
