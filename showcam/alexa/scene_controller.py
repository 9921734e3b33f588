"""Alexa.SceneController 3: a scene shows a camera on a TV in the house; ended, it takes the camera off that TV.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-scenecontroller.html
A scene is an endpoint with its own name, which people say: “Alexa, turn on Garden on Living room TV”.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from showcam.alexa.capability import Capability
from showcam.alexa.errors import refused
from showcam.alexa.interface import Answer, CameraDirective, Handler, Interface, Stated
from showcam.alexa.message import timestamp
from showcam.alexa.names import spoken
from showcam.alexa.texts import Locales
from showcam.drivers.camera import Camera, Refusal
from showcam.registry import outcomes
from showcam.registry.registry import Registry
from showcam.registry.scenes import Begun, Scene, called

MAKER = "showcam"
_DESCRIPTION = "Scene that shows a camera on a TV, through showcam"


class SceneCapability(Capability):
    supports_deactivation: bool


class SceneEndpoint(Struct, rename="camel"):
    endpoint_id: str
    friendly_name: str
    manufacturer_name: str = MAKER
    description: str = _DESCRIPTION
    display_categories: tuple[str, ...] = ("SCENE_TRIGGER",)
    capabilities: tuple[Capability, ...] = (
        Capability(interface="Alexa", version="3"),
        SceneCapability(interface="Alexa.SceneController", version="3", supports_deactivation=True),
    )


class _Cause(Struct, frozen=True):
    type: Literal["VOICE_INTERACTION"] = "VOICE_INTERACTION"


class _Started(Struct):
    """The scene has begun; it may not be done, since the TV may still be loading."""

    timestamp: str
    cause: _Cause = _Cause()


class SceneController(Interface):
    name = "Alexa.SceneController"

    def __init__(self, registry: Registry) -> None:
        self._scenes = registry.scenes

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        return ()

    def states(self, camera: Camera) -> Sequence[Stated]:
        return ()

    def directives(self) -> Mapping[str, Handler]:
        return {"Activate": self.activate, "Deactivate": self.deactivate}

    def activate(self, directive: CameraDirective) -> Answer:
        """Starts the scene. Answers ActivationStarted also while the camera wakes: Alexa takes no other answer.

        The TV says that the camera is waking. Seen by home-assistant/core, commit f35e7114.
        """
        found = self._scenes.activate(directive.link, directive.camera_id, directive.left_s)
        if isinstance(found, Begun) and found.waking:
            outcomes.pending()
        return self._started("ActivationStarted", directive, found if isinstance(found, Refusal) else None)

    def deactivate(self, directive: CameraDirective) -> Answer:
        refusal = self._scenes.deactivate(directive.link, directive.camera_id, directive.left_s)
        return self._started("DeactivationStarted", directive, refusal)

    def _started(self, event: str, directive: CameraDirective, refusal: Refusal | None) -> Answer:
        if refusal is not None:
            raise refused(refusal, directive.link.locale)
        return Answer(self.name, event, _Started(timestamp(time.time())))


def scene_endpoints(scenes: Iterable[Scene], names: Mapping[str, str], locale: str) -> list[SceneEndpoint]:
    """The scenes that Discover lists as well as the cameras. `names`: the cameras' names by id."""
    return [
        SceneEndpoint(scene.id, spoken(called(names[scene.camera], scene, locale)) or "Scene")
        for scene in scenes
        if scene.camera in names
    ]
