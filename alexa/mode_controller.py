"""Alexa.ModeController 3: how a camera sees at night."""

from functools import cache

import msgspec
from msgspec import Raw, Struct

from alexa.controls import Controls
from alexa.directive import Directive
from alexa.errors import InvalidDirective, InvalidValue
from alexa.event import Reply
from alexa.interface import Capability, Condition, Stated, encoded, reported
from alexa.texts import Locales, friendly
from registry.camera import Camera
from store.records import Link

INTERFACE = "Alexa.ModeController"
INSTANCE = "Camera.NightVision"
_VALUES = {
    "colour": "NightVision.Color",
    "black_and_white": "NightVision.BlackAndWhite",
    "smart": "NightVision.Smart",
}
_MODES = {mode: value for value, mode in _VALUES.items()}


class _Set(Struct):
    mode: str


_set = msgspec.json.Decoder(_Set)


def capabilities(camera: Camera, named: Locales) -> list[Capability]:
    return [] if camera.night_vision == "none" else [_capability("night_vision" in camera.voice_may, named)]


def names(camera: Camera) -> int:
    """How many the camera's modes take, and what they are modes of."""
    return 0 if camera.night_vision == "none" else len(_VALUES) + 1


@cache
def _capability(controllable: bool, named: Locales) -> Raw:
    modes = [{"value": mode, "modeResources": friendly(value, named)} for value, mode in _VALUES.items()]
    return encoded(
        INTERFACE,
        "3",
        instance=INSTANCE,
        properties=reported("mode", controllable=controllable),
        capabilityResources=friendly("night_vision", named),
        configuration={"ordered": False, "supportedModes": modes},
    )


def states(camera: Condition) -> list[Stated]:
    mode = _VALUES.get(camera.night_vision)
    return [Stated(INTERFACE, "mode", mode, INSTANCE)] if mode else []


class Modes:
    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def set(self, link: Link, camera_id: str, directive: Directive, reply: Reply) -> bytes:
        """SetMode. AdjustMode is for modes that have an order."""
        if directive.header.instance != INSTANCE:
            raise InvalidDirective("A camera has no such mode.")
        value = _MODES.get(directive.read(_set).mode)
        if value is None:
            raise InvalidValue("Night vision has the modes " + ", ".join(_MODES) + ".")
        return self._controls.change(link, camera_id, "night_vision", value, reply)
