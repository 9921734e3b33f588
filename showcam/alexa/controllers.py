"""Alexa's interfaces that let a voice change a camera, if its owner allows that: switches, power, night vision."""

import functools
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

import msgspec
from msgspec import Struct

from showcam.alexa.errors import DirectiveError, refused
from showcam.alexa.interface import Answer, CameraDirective, Capability, Handler, Interface, Stated, reported
from showcam.alexa.texts import Locales, Named, friendly
from showcam.drivers.camera import Camera
from showcam.drivers.settings import night_choices as choices
from showcam.registry.gate.gate import overruled


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
    """Alexa.ToggleController 3: a camera's switches. A voice may read them, and change them if the owner allows it.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-togglecontroller.html
    """

    name = "Alexa.ToggleController"

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
            raise DirectiveError("INVALID_DIRECTIVE", "A camera has no such switch.")
        if not toggle.ever:
            raise refused(overruled("encryption_by_voice", self.read(directive)), directive.link.locale)
        return self.change(directive, toggle.setting, value)


@functools.lru_cache(256)
def _stated(flags: tuple[str, ...]) -> Sequence[Stated]:
    """The states of the toggles. `flags` are in the order of TOGGLES."""
    found = [states.get(flag) for states, flag in zip(_STATES, flags, strict=True)]
    return [stated for stated in found if stated]


def _of(camera: Camera) -> list[Toggle]:
    return [toggle for toggle in TOGGLES if getattr(camera, toggle.setting) != "none"]


_OF_ASLEEP = {
    "on": (Stated("powerState", "OFF"),),
    "off": (Stated("powerState", "ON"),),
}


class PowerController(Interface):
    """Alexa.PowerController 3: an awake camera is on, and a camera in Sleep Mode is off.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-powercontroller.html
    A camera has this interface only if its owner lets a voice use it. Alexa knows no read-only power state
    (`nonControllable` exists only for the generic controllers) and would show a switch that showcam refuses.
    """

    name = "Alexa.PowerController"

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        if camera.asleep == "none" or "sleep" not in camera.decided.voice_may:
            return ()
        return (Capability(interface=self.name, version="3", properties=reported("powerState")),)

    def states(self, camera: Camera) -> Sequence[Stated]:
        return _OF_ASLEEP.get(camera.asleep, ()) if "sleep" in camera.decided.voice_may else ()

    def directives(self) -> Mapping[str, Handler]:
        return {"TurnOn": self.turn_on, "TurnOff": self.turn_off}

    def turn_on(self, directive: CameraDirective) -> Answer:
        return self.change(directive, "sleep", "off")

    def turn_off(self, directive: CameraDirective) -> Answer:
        return self.change(directive, "sleep", "on")


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
    """Alexa.ModeController 3: a camera's night vision.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-modecontroller.html
    """

    name = "Alexa.ModeController"

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
            raise DirectiveError("INVALID_DIRECTIVE", "A camera has no such mode.")
        value = _VALUES.get(directive.read(_set_mode).mode)
        if value is None:
            raise DirectiveError("INVALID_VALUE", "Night vision has the modes " + ", ".join(_VALUES) + ".")
        return self.change(directive, "night_vision", value)
