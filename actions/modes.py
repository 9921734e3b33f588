"""The trait action.devices.traits.Modes: how a camera sees at night.

Page: https://developers.home.google.com/cloud-to-cloud/traits/modes
"""

from typing import Literal, TypedDict

from actions.changing import Changing
from actions.confirmation import need_yes
from actions.errors import BadParams
from actions.trait import Asked, Nothing, Trait
from registry.camera import Camera, Refusal, State
from registry.settings import NIGHT_VISION

MODE: Literal["night_vision"] = "night_vision"
# as it is set: how that is called in English and Norwegian, the first as Google says it
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


_AVAILABLE: Available = {
    "name": MODE,
    "name_values": [
        {"name_synonym": ["night vision", "night mode"], "lang": "en"},
        {"name_synonym": ["nattsyn", "nattmodus"], "lang": "no"},
    ],
    "settings": [
        {
            "setting_name": each,
            "setting_values": [
                {"setting_synonym": list(WORDS[each][0]), "lang": "en"},
                {"setting_synonym": list(WORDS[each][1]), "lang": "no"},
            ],
        }
        for each in NIGHT_VISION
    ],
    "ordered": False,
}


class Modes(Trait):
    name = "action.devices.traits.Modes"
    command = "action.devices.commands.SetModes"

    def __init__(self, changing: Changing) -> None:
        self._changing = changing

    def attributes(self, camera: Camera) -> Attributes | None:
        if camera.night_vision == "none":
            return None
        query_only = MODE not in camera.voice_may
        return {"availableModes": [_AVAILABLE], "commandOnlyModes": False, "queryOnlyModes": query_only}

    def states(self, state: State) -> States | Nothing:
        return _settings(state.camera)

    def execute(self, asked: Asked) -> States | Nothing | Refusal:
        given = asked.params.get("updateModeSettings")
        wanted = given.get(MODE) if isinstance(given, dict) and len(given) == 1 else None
        if not isinstance(wanted, str) or wanted not in NIGHT_VISION:
            raise BadParams(f"updateModeSettings holds {MODE}: {', '.join(NIGHT_VISION)}.")
        if (refusal := self._changing.allowed(asked, MODE)) is not None:
            return refusal
        need_yes(asked.challenge)
        changed = self._changing.change(asked, MODE, wanted)
        return changed if isinstance(changed, Refusal) else _settings(changed)


def _settings(camera: Camera) -> States | Nothing:
    if camera.night_vision == "none":
        return Nothing()
    return {"currentModeSettings": {MODE: camera.night_vision} if camera.night_vision != "unknown" else {}}
