"""The trait action.devices.traits.Modes: a camera's night vision.

Page: https://developers.home.google.com/cloud-to-cloud/traits/modes
"""

from typing import Literal, TypedDict

from actions.confirmation import need_yes
from actions.controls import Controls
from actions.errors import BadParams
from actions.trait import CameraCommand, Nothing, Trait
from showcam.drivers.camera import Camera, Refusal, State
from showcam.drivers.settings import NIGHT_VISION, Asked, night_choices

MODE: Literal["night_vision"] = "night_vision"
# value: its names in English and in Norwegian; Google speaks the first
WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "colour": (("color", "colour"), ("farge",)),
    "black_and_white": (("black and white", "infrared"), ("svart-hvitt", "infrarød")),
    "smart": (("smart", "automatic"), ("smart", "automatisk")),
}


class NameWords(TypedDict):
    name_synonym: list[str]
    lang: Literal["en", "no"]


class SettingWords(TypedDict):
    setting_synonym: list[str]
    lang: Literal["en", "no"]


class SettingOf(TypedDict):
    setting_name: str
    setting_values: list[SettingWords]


class Available(TypedDict):
    name: str
    name_values: list[NameWords]
    settings: list[SettingOf]
    ordered: bool


class Attributes(TypedDict):
    availableModes: list[Available]
    commandOnlyModes: bool
    queryOnlyModes: bool


class Current(TypedDict, total=False):
    night_vision: str


class States(TypedDict):
    currentModeSettings: Current


_SETTINGS: dict[str, SettingOf] = {
    value: {
        "setting_name": value,
        "setting_values": [
            {"setting_synonym": list(WORDS[value][0]), "lang": "en"},
            {"setting_synonym": list(WORDS[value][1]), "lang": "no"},
        ],
    }
    for value in NIGHT_VISION
}


class Modes(Trait):
    name = "action.devices.traits.Modes"
    command = "action.devices.commands.SetModes"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def attributes(self, camera: Camera) -> Attributes | None:
        choices = night_choices(camera)
        if not choices:
            return None
        query_only = MODE not in camera.decided.voice_may
        return {"availableModes": [_available(choices)], "commandOnlyModes": False, "queryOnlyModes": query_only}

    def states(self, state: State) -> States | Nothing:
        return _settings(state.camera)

    def execute(self, command: CameraCommand) -> States | Nothing | Refusal | Asked:
        given = command.params.get("updateModeSettings")
        wanted = given.get(MODE) if isinstance(given, dict) and len(given) == 1 else None
        if not isinstance(wanted, str) or wanted not in NIGHT_VISION:
            raise BadParams(f"updateModeSettings holds {MODE}: {', '.join(NIGHT_VISION)}.")
        if (refusal := self._controls.refusal(command, MODE)) is not None:
            return refusal
        need_yes(command.challenge)
        changed = self._controls.change(command, MODE, wanted)
        return changed if isinstance(changed, Refusal | Asked) else _settings(changed)


def _available(choices: tuple[str, ...]) -> Available:
    return {
        "name": MODE,
        "name_values": [
            {"name_synonym": ["night vision", "night mode"], "lang": "en"},
            {"name_synonym": ["nattsyn", "nattmodus"], "lang": "no"},
        ],
        "settings": [_SETTINGS[value] for value in choices],
        "ordered": False,
    }


def _settings(camera: Camera) -> States | Nothing:
    if not night_choices(camera):
        return Nothing()
    return {"currentModeSettings": {MODE: camera.night_vision} if camera.night_vision != "unknown" else {}}
