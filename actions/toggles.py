"""The trait action.devices.traits.Toggles: the settings of a camera that are on or off.

Image Encryption can be asked about and never changed by voice.

Page: https://developers.home.google.com/cloud-to-cloud/traits/toggles
"""

from typing import Any, Literal, TypedDict

from actions.changing import Changing
from actions.confirmation import need_yes
from actions.errors import BadParams
from actions.trait import Asked, Nothing, Trait
from registry.camera import Camera, Refusal, State
from registry.settings import Setting, field_of

# setting: how it is called in English and Norwegian, the first as Google says it
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

    def __init__(self, changing: Changing) -> None:
        self._changing = changing

    def attributes(self, camera: Camera) -> Attributes | None:
        there = _there(camera)
        if not there:
            return None
        return {
            "availableToggles": [_AVAILABLE[each] for each in there],
            "commandOnlyToggles": False,
            "queryOnlyToggles": not any(each in camera.voice_may for each in there),
        }

    def states(self, state: State) -> States | Nothing:
        return _settings(state.camera)

    def execute(self, asked: Asked) -> States | Nothing | Refusal:
        setting, on = _wanted(asked.params.get("updateToggleSettings"))
        if (refusal := self._changing.allowed(asked, setting)) is not None:
            return refusal
        need_yes(asked.challenge)
        changed = self._changing.change(asked, setting, "on" if on else "off")
        return changed if isinstance(changed, Refusal) else _settings(changed)


def _there(camera: Camera) -> list[Setting]:
    return [each for each in WORDS if field_of(camera, each) != "none"]


def _settings(camera: Camera) -> States | Nothing:
    there = _there(camera)
    known = {each: field_of(camera, each) == "on" for each in there if field_of(camera, each) != "unknown"}
    return {"currentToggleSettings": known} if there else Nothing()


def _wanted(given: Any) -> tuple[Setting, bool]:
    if isinstance(given, dict) and len(given) == 1:
        [(name, on)] = given.items()
        for setting in WORDS:
            if setting == name and isinstance(on, bool):
                return setting, on
    raise BadParams("updateToggleSettings holds one of the camera's toggles, true or false.")
