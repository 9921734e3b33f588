"""Alexa.ModeController 3: a camera's night vision.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-modecontroller.html
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from showcam.alexa.capability import Capability, reported
from showcam.alexa.controls import Controls
from showcam.alexa.errors import InvalidDirective, InvalidValue
from showcam.alexa.interface import Answer, CameraDirective, Handler, Interface, Stated
from showcam.alexa.texts import Locales, Named, friendly
from showcam.drivers.camera import Camera
from showcam.drivers.settings import night_choices as choices

INSTANCE = "Camera.NightVision"
_MODES = {
    "colour": "NightVision.Color",
    "black_and_white": "NightVision.BlackAndWhite",
    "smart": "NightVision.Smart",
}
_VALUES = {mode: value for value, mode in _MODES.items()}
_OF_NIGHT_VISION = {value: (Stated("mode", mode, INSTANCE),) for value, mode in _MODES.items()}


class _Mode(Struct, rename="camel"):
    value: str
    mode_resources: Named


class _Configuration(Struct, rename="camel"):
    ordered: bool
    supported_modes: list[_Mode]


class _SetMode(Struct):
    mode: str


_set_mode = msgspec.json.Decoder(_SetMode)


class ModeController(Interface):
    name = "Alexa.ModeController"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        modes = [_Mode(_MODES[value], friendly(value, locales)) for value in choices(camera)]
        if not modes:
            return ()
        capability = Capability(
            interface=self.name,
            version="3",
            instance=INSTANCE,
            properties=reported("mode", controllable="night_vision" in camera.decided.voice_may),
            capability_resources=friendly("night_vision", locales),
            configuration=_Configuration(ordered=False, supported_modes=modes),
        )
        return (capability,)

    def names(self, camera: Camera) -> int:
        """The names of the modes and the name of the instance."""
        modes = choices(camera)
        return len(modes) + 1 if modes else 0

    def states(self, camera: Camera) -> Sequence[Stated]:
        return _OF_NIGHT_VISION.get(camera.night_vision, ()) if choices(camera) else ()

    def directives(self) -> Mapping[str, Handler]:
        return {"SetMode": self.set_mode}  # AdjustMode is for ordered modes only

    def set_mode(self, directive: CameraDirective) -> Answer:
        if directive.instance != INSTANCE:
            raise InvalidDirective("A camera has no such mode.")
        value = _VALUES.get(directive.read(_set_mode).mode)
        if value is None:
            raise InvalidValue("Night vision has the modes " + ", ".join(_VALUES) + ".")
        return self._controls.change(directive, "night_vision", value)
