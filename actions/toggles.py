"""The trait action.devices.traits.Toggles: a camera's switches.

Image Encryption can be read and never changed by voice.

Page: https://developers.home.google.com/cloud-to-cloud/traits/toggles
"""

from typing import Any, Literal, TypedDict

from actions.confirmation import need_yes
from actions.controls import Controls
from actions.errors import BadParams
from actions.trait import CameraCommand, Nothing, Trait
from showcam.drivers.camera import Camera, Refusal, State
from showcam.drivers.settings import Asked, Setting, field_of

# setting: its names in English and in Norwegian; Google speaks the first
WORDS: dict[Setting, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "audio": (("audio", "sound", "microphone"), ("lyd", "mikrofon")),
    "status_light": (("status light", "indicator light"), ("statuslys", "indikatorlys")),
    "alarm_notification": (("alarm notification", "alarm notifications"), ("alarmvarsling", "alarmvarsler")),
    "offline_notification": (("offline notification", "offline notifications"), ("frakoblingsvarsel",)),
    "flip": (("image flip", "picture flip"), ("bildevending", "snudd bilde")),
    "encryption": (("image encryption", "encryption"), ("bildekryptering", "kryptering")),
}


class Words(TypedDict):
    name_synonym: list[str]
    lang: Literal["en", "no"]


class Available(TypedDict):
    name: str
    name_values: list[Words]


class Attributes(TypedDict):
    availableToggles: list[Available]
    commandOnlyToggles: bool
    queryOnlyToggles: bool


class States(TypedDict):
    currentToggleSettings: dict[Setting, bool]


_AVAILABLE: dict[Setting, Available] = {
    setting: {
        "name": setting,
        "name_values": [{"name_synonym": list(en), "lang": "en"}, {"name_synonym": list(no), "lang": "no"}],
    }
    for setting, (en, no) in WORDS.items()
}


class Toggles(Trait):
    name = "action.devices.traits.Toggles"
    command = "action.devices.commands.SetToggles"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def attributes(self, camera: Camera) -> Attributes | None:
        available = _available(camera)
        if not available:
            return None
        return {
            "availableToggles": [_AVAILABLE[setting] for setting in available],
            "commandOnlyToggles": False,
            "queryOnlyToggles": not any(setting in camera.decided.voice_may for setting in available),
        }

    def states(self, state: State) -> States | Nothing:
        return _settings(state.camera)

    def execute(self, command: CameraCommand) -> States | Nothing | Refusal | Asked:
        setting, on = _wanted(command.params.get("updateToggleSettings"))
        if (refusal := self._controls.refusal(command, setting)) is not None:
            return refusal
        need_yes(command.challenge)
        changed = self._controls.change(command, setting, "on" if on else "off")
        return changed if isinstance(changed, Refusal | Asked) else _settings(changed)


def _available(camera: Camera) -> list[Setting]:
    return [setting for setting in WORDS if field_of(camera, setting) != "none"]


def _settings(camera: Camera) -> States | Nothing:
    available = _available(camera)
    known = {
        setting: field_of(camera, setting) == "on" for setting in available if field_of(camera, setting) != "unknown"
    }
    return {"currentToggleSettings": known} if available else Nothing()


def _wanted(params: Any) -> tuple[Setting, bool]:
    if isinstance(params, dict) and len(params) == 1:
        [(name, on)] = params.items()
        for setting in WORDS:
            if setting == name and isinstance(on, bool):
                return setting, on
    raise BadParams("updateToggleSettings holds one of the camera's toggles, true or false.")
