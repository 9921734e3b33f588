"""Alexa.ToggleController 3: what is on or off on a camera, to be asked about, and switched where a voice may."""

from functools import cache
from typing import NamedTuple

from msgspec import Raw

from alexa.controls import Controls
from alexa.directive import Directive
from alexa.errors import InvalidDirective
from alexa.event import Reply
from alexa.interface import Capability, Condition, Stated, encoded, reported
from alexa.texts import Locales, friendly
from registry.camera import Camera
from store.records import Link

INTERFACE = "Alexa.ToggleController"


class Toggle(NamedTuple):
    """`setting` is both the registry's name for it and the camera's field."""

    instance: str
    setting: str
    ever: bool = True  # whether an owner can let a voice switch it


TOGGLES = (
    Toggle("Camera.StatusLight", "status_light"),
    Toggle("Camera.AlarmNotification", "alarm_notification"),
    Toggle("Camera.OfflineNotification", "offline_notification"),
    Toggle("Camera.Flip", "flip"),
    Toggle("Camera.Audio", "audio"),
    # why a picture is refused may be asked; that it no longer is, is for the signed-in owner alone to bring about
    Toggle("Camera.ImageEncryption", "encryption", ever=False),
)
_BY_INSTANCE = {each.instance: each for each in TOGGLES}


def capabilities(camera: Camera, named: Locales) -> list[Capability]:
    return [_capability(each, each.setting in camera.voice_may, named) for each in _of(camera)]


def names(camera: Camera) -> int:
    """How many the camera's switches take."""
    return len(_of(camera))


def _of(camera: Camera) -> list[Toggle]:
    return [each for each in TOGGLES if getattr(camera, each.setting) != "none"]


@cache
def _capability(toggle: Toggle, controllable: bool, named: Locales) -> Raw:
    return encoded(
        INTERFACE,
        "3",
        instance=toggle.instance,
        properties=reported("toggleState", controllable=controllable),
        capabilityResources=friendly(toggle.setting, named),
    )


def states(camera: Condition) -> list[Stated]:
    return [
        Stated(INTERFACE, "toggleState", value.upper(), each.instance)
        for each in TOGGLES
        if (value := getattr(camera, each.setting)) in ("on", "off")
    ]


class Toggles:
    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def turn_on(self, link: Link, camera_id: str, directive: Directive, reply: Reply) -> bytes:
        return self._turn(link, camera_id, directive, "on", reply)

    def turn_off(self, link: Link, camera_id: str, directive: Directive, reply: Reply) -> bytes:
        return self._turn(link, camera_id, directive, "off", reply)

    def _turn(self, link: Link, camera_id: str, directive: Directive, value: str, reply: Reply) -> bytes:
        toggle = _BY_INSTANCE.get(directive.header.instance or "")
        if toggle is None:
            raise InvalidDirective("A camera has no such switch.")
        if not toggle.ever:
            self._controls.refuse_encryption(link, camera_id, reply)
        return self._controls.change(link, camera_id, toggle.setting, value, reply)
