"""Alexa.ToggleController 3: a camera's switches. A voice may read them, and change them if the owner allows it.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-togglecontroller.html
"""

import functools
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from showcam.alexa.capability import Capability, reported
from showcam.alexa.controls import Controls
from showcam.alexa.errors import InvalidDirective
from showcam.alexa.interface import Answer, CameraDirective, Handler, Interface, Stated
from showcam.alexa.texts import Locales, friendly
from showcam.drivers.camera import Camera


class Toggle(NamedTuple):
    """A switch of a camera. `setting`: the registry's name of the switch, and the camera's field."""

    instance: str
    setting: str
    ever: bool = True  # whether an owner can let a voice switch it


TOGGLES = (
    Toggle("Camera.StatusLight", "status_light"),
    Toggle("Camera.AlarmNotification", "alarm_notification"),
    Toggle("Camera.OfflineNotification", "offline_notification"),
    Toggle("Camera.Flip", "flip"),
    Toggle("Camera.Audio", "audio"),
    # a voice may read that encryption is on; only the signed-in owner may switch it off
    Toggle("Camera.ImageEncryption", "encryption", ever=False),
)
_BY_INSTANCE = {toggle.instance: toggle for toggle in TOGGLES}
_flags = attrgetter(*(toggle.setting for toggle in TOGGLES))
_STATES = [{flag: Stated("toggleState", flag.upper(), toggle.instance) for flag in ("on", "off")} for toggle in TOGGLES]


class ToggleController(Interface):
    name = "Alexa.ToggleController"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        return [
            Capability(
                interface=self.name,
                version="3",
                instance=toggle.instance,
                properties=reported("toggleState", controllable=toggle.setting in camera.decided.voice_may),
                capability_resources=friendly(toggle.setting, locales),
            )
            for toggle in _of(camera)
        ]

    def names(self, camera: Camera) -> int:
        return len(_of(camera))

    def states(self, camera: Camera) -> Sequence[Stated]:
        return _stated(_flags(camera))

    def directives(self) -> Mapping[str, Handler]:
        return {"TurnOn": self.turn_on, "TurnOff": self.turn_off}

    def turn_on(self, directive: CameraDirective) -> Answer:
        return self._turn(directive, "on")

    def turn_off(self, directive: CameraDirective) -> Answer:
        return self._turn(directive, "off")

    def _turn(self, directive: CameraDirective, value: str) -> Answer:
        toggle = _BY_INSTANCE.get(directive.instance)
        if toggle is None:
            raise InvalidDirective("A camera has no such switch.")
        if not toggle.ever:
            self._controls.refuse_encryption(directive)
        return self._controls.change(directive, toggle.setting, value)


@functools.lru_cache(256)
def _stated(flags: tuple[str, ...]) -> Sequence[Stated]:
    """The states of the toggles. `flags` are in the order of TOGGLES."""
    found = [states.get(flag) for states, flag in zip(_STATES, flags, strict=True)]
    return [stated for stated in found if stated]


def _of(camera: Camera) -> list[Toggle]:
    return [toggle for toggle in TOGGLES if getattr(camera, toggle.setting) != "none"]
