"""The traits that change a camera by voice: on and off, switches, night vision, restart.

Each trait asks first whether the camera's owner allows it.
"""

from typing import Any, Literal, TypedDict

from actions.errors import BadParams
from actions.trait import CameraCommand, Controls, Nothing, Trait, need_pin, need_yes
from showcam.drivers.camera import Camera, Refusal, State
from showcam.drivers.settings import NIGHT_VISION, Asked, Setting, field_of, night_choices


class OnOffAttributes(TypedDict):
    commandOnlyOnOff: bool
    queryOnlyOnOff: bool


class OnOffStates(TypedDict):
    on: bool


class OnOff(Trait):
    """The trait action.devices.traits.OnOff: a camera in Sleep Mode is off. Switching off by voice needs the PIN.

    Switching on needs none, so that a camera switched off by voice can always be switched on again.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/onoff
    """

    name = "action.devices.traits.OnOff"
    command = "action.devices.commands.OnOff"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def attributes(self, camera: Camera) -> OnOffAttributes | None:
        if camera.asleep == "none":
            return None
        return {"commandOnlyOnOff": False, "queryOnlyOnOff": "sleep" not in camera.decided.voice_may}

    def states(self, state: State) -> OnOffStates | Nothing:
        return _on(state.camera)

    def execute(self, command: CameraCommand) -> OnOffStates | Nothing | Refusal | Asked:
        on = command.params.get("on")
        if not isinstance(on, bool):
            raise BadParams("on is true or false.")
        if (refusal := self._controls.refusal(command, "sleep")) is not None:
            return refusal
        if not on:
            need_pin(command.challenge, command.proof)
        changed = self._controls.change(command, "sleep", "off" if on else "on")
        return changed if isinstance(changed, Refusal | Asked) else _on(changed)


def _on(camera: Camera) -> OnOffStates | Nothing:
    return {"on": camera.asleep == "off"} if camera.asleep in ("on", "off") else Nothing()


# setting: its names in English and in Norwegian; Google speaks the first
TOGGLES: dict[Setting, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "audio": (("audio", "sound", "microphone"), ("lyd", "mikrofon")),
    "status_light": (("status light", "indicator light"), ("statuslys", "indikatorlys")),
    "alarm_notification": (("alarm notification", "alarm notifications"), ("alarmvarsling", "alarmvarsler")),
    "offline_notification": (("offline notification", "offline notifications"), ("frakoblingsvarsel",)),
    "flip": (("image flip", "picture flip"), ("bildevending", "snudd bilde")),
    "encryption": (("image encryption", "encryption"), ("bildekryptering", "kryptering")),
}


class NameWords(TypedDict):
    name_synonym: list[str]
    lang: Literal["en", "no"]


class AvailableToggle(TypedDict):
    name: str
    name_values: list[NameWords]


class TogglesAttributes(TypedDict):
    availableToggles: list[AvailableToggle]
    commandOnlyToggles: bool
    queryOnlyToggles: bool


class TogglesStates(TypedDict):
    currentToggleSettings: dict[Setting, bool]


_AVAILABLE: dict[Setting, AvailableToggle] = {
    setting: {
        "name": setting,
        "name_values": [{"name_synonym": list(en), "lang": "en"}, {"name_synonym": list(no), "lang": "no"}],
    }
    for setting, (en, no) in TOGGLES.items()
}


class Toggles(Trait):
    """The trait action.devices.traits.Toggles: a camera's switches.

    Image Encryption can be read and never changed by voice.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/toggles
    """

    name = "action.devices.traits.Toggles"
    command = "action.devices.commands.SetToggles"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def attributes(self, camera: Camera) -> TogglesAttributes | None:
        available = _toggles_of(camera)
        if not available:
            return None
        return {
            "availableToggles": [_AVAILABLE[setting] for setting in available],
            "commandOnlyToggles": False,
            "queryOnlyToggles": not any(setting in camera.decided.voice_may for setting in available),
        }

    def states(self, state: State) -> TogglesStates | Nothing:
        return _switched(state.camera)

    def execute(self, command: CameraCommand) -> TogglesStates | Nothing | Refusal | Asked:
        setting, on = _wanted(command.params.get("updateToggleSettings"))
        if (refusal := self._controls.refusal(command, setting)) is not None:
            return refusal
        need_yes(command.challenge)
        changed = self._controls.change(command, setting, "on" if on else "off")
        return changed if isinstance(changed, Refusal | Asked) else _switched(changed)


def _toggles_of(camera: Camera) -> list[Setting]:
    return [setting for setting in TOGGLES if field_of(camera, setting) != "none"]


def _switched(camera: Camera) -> TogglesStates | Nothing:
    available = _toggles_of(camera)
    known = {
        setting: field_of(camera, setting) == "on" for setting in available if field_of(camera, setting) != "unknown"
    }
    return {"currentToggleSettings": known} if available else Nothing()


def _wanted(params: Any) -> tuple[Setting, bool]:
    if isinstance(params, dict) and len(params) == 1:
        [(name, on)] = params.items()
        for setting in TOGGLES:
            if setting == name and isinstance(on, bool):
                return setting, on
    raise BadParams("updateToggleSettings holds one of the camera's toggles, true or false.")


MODE: Literal["night_vision"] = "night_vision"
# value: its names in English and in Norwegian; Google speaks the first
MODES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "colour": (("color", "colour"), ("farge",)),
    "black_and_white": (("black and white", "infrared"), ("svart-hvitt", "infrarød")),
    "smart": (("smart", "automatic"), ("smart", "automatisk")),
}


class SettingWords(TypedDict):
    setting_synonym: list[str]
    lang: Literal["en", "no"]


class SettingOf(TypedDict):
    setting_name: str
    setting_values: list[SettingWords]


class AvailableMode(TypedDict):
    name: str
    name_values: list[NameWords]
    settings: list[SettingOf]
    ordered: bool


class ModesAttributes(TypedDict):
    availableModes: list[AvailableMode]
    commandOnlyModes: bool
    queryOnlyModes: bool


class Current(TypedDict, total=False):
    night_vision: str


class ModesStates(TypedDict):
    currentModeSettings: Current


_SETTINGS: dict[str, SettingOf] = {
    value: {
        "setting_name": value,
        "setting_values": [
            {"setting_synonym": list(MODES[value][0]), "lang": "en"},
            {"setting_synonym": list(MODES[value][1]), "lang": "no"},
        ],
    }
    for value in NIGHT_VISION
}


class Modes(Trait):
    """The trait action.devices.traits.Modes: a camera's night vision.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/modes
    """

    name = "action.devices.traits.Modes"
    command = "action.devices.commands.SetModes"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def attributes(self, camera: Camera) -> ModesAttributes | None:
        choices = night_choices(camera)
        if not choices:
            return None
        query_only = MODE not in camera.decided.voice_may
        return {"availableModes": [_night_vision(choices)], "commandOnlyModes": False, "queryOnlyModes": query_only}

    def states(self, state: State) -> ModesStates | Nothing:
        return _mode_of(state.camera)

    def execute(self, command: CameraCommand) -> ModesStates | Nothing | Refusal | Asked:
        given = command.params.get("updateModeSettings")
        wanted = given.get(MODE) if isinstance(given, dict) and len(given) == 1 else None
        if not isinstance(wanted, str) or wanted not in NIGHT_VISION:
            raise BadParams(f"updateModeSettings holds {MODE}: {', '.join(NIGHT_VISION)}.")
        if (refusal := self._controls.refusal(command, MODE)) is not None:
            return refusal
        need_yes(command.challenge)
        changed = self._controls.change(command, MODE, wanted)
        return changed if isinstance(changed, Refusal | Asked) else _mode_of(changed)


def _night_vision(choices: tuple[str, ...]) -> AvailableMode:
    return {
        "name": MODE,
        "name_values": [
            {"name_synonym": ["night vision", "night mode"], "lang": "en"},
            {"name_synonym": ["nattsyn", "nattmodus"], "lang": "no"},
        ],
        "settings": [_SETTINGS[value] for value in choices],
        "ordered": False,
    }


def _mode_of(camera: Camera) -> ModesStates | Nothing:
    if not night_choices(camera):
        return Nothing()
    return {"currentModeSettings": {MODE: camera.night_vision} if camera.night_vision != "unknown" else {}}


class Reboot(Trait):
    """The trait action.devices.traits.Reboot: offered if the owner lets a voice restart the camera.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/reboot
    """

    name = "action.devices.traits.Reboot"
    command = "action.devices.commands.Reboot"

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def attributes(self, camera: Camera) -> Nothing | None:
        # Reboot has no query-only form, so cameras offer it only if the owner lets a voice restart them
        return Nothing() if camera.can_restart and "restart" in camera.decided.voice_may else None

    def execute(self, command: CameraCommand) -> Nothing | Refusal:
        if (refusal := self._controls.refusal(command, "restart")) is not None:
            return refusal
        need_yes(command.challenge)
        restarted = self._controls.restart(command)
        return restarted if isinstance(restarted, Refusal) else Nothing()
