"""The traits that change a camera by voice: on and off, switches, night vision, restart.

Each trait asks first whether the camera's owner allows it.
"""

from typing import Literal, TypedDict

from actions.errors import DeviceError
from actions.trait import CameraCommand, Nothing, Switch, need_pin
from showcam.drivers.camera import Camera, Refusal, State
from showcam.drivers.settings import NIGHT_VISION, Asked, Setting, field_of, night_choices
from showcam.net.text import JsonObject


class OnOffAttributes(TypedDict):
    commandOnlyOnOff: bool
    queryOnlyOnOff: bool


class OnOffStates(TypedDict):
    on: bool


class OnOff(Switch):
    """The trait action.devices.traits.OnOff: a camera in Sleep Mode is off. Switching off by voice needs the PIN.

    Switching on needs none, so that a camera switched off by voice can always be switched on again.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/onoff
    """

    name = "action.devices.traits.OnOff"
    command = "action.devices.commands.OnOff"

    def attributes(self, camera: Camera) -> OnOffAttributes | None:
        if camera.asleep == "none":
            return None
        return {"commandOnlyOnOff": False, "queryOnlyOnOff": "sleep" not in camera.decided.voice_may}

    def states(self, state: State) -> OnOffStates | Nothing:
        asleep = state.camera.asleep
        return {"on": asleep == "off"} if asleep in ("on", "off") else Nothing()

    def wanted(self, params: JsonObject) -> tuple[str, str]:
        on = params.get("on")
        if not isinstance(on, bool):
            raise DeviceError("notSupported", "on is true or false.")
        return "sleep", "off" if on else "on"

    def confirm(self, command: CameraCommand, value: str) -> None:
        if value == "on":
            need_pin(command.challenge, command.proof)


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


class Toggles(Switch):
    """The trait action.devices.traits.Toggles: a camera's switches.

    Image Encryption can be read and never changed by voice.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/toggles
    """

    name = "action.devices.traits.Toggles"
    command = "action.devices.commands.SetToggles"

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
        available = {setting: field_of(state.camera, setting) for setting in _toggles_of(state.camera)}
        known = {setting: value == "on" for setting, value in available.items() if value != "unknown"}
        return {"currentToggleSettings": known} if available else Nothing()

    def wanted(self, params: JsonObject) -> tuple[str, str]:
        given = params.get("updateToggleSettings")
        if isinstance(given, dict) and len(given) == 1:
            [(name, on)] = given.items()
            for setting in TOGGLES:
                if setting == name and isinstance(on, bool):
                    return setting, "on" if on else "off"
        raise DeviceError("notSupported", "updateToggleSettings holds one of the camera's toggles, true or false.")


def _toggles_of(camera: Camera) -> list[Setting]:
    return [setting for setting in TOGGLES if field_of(camera, setting) != "none"]


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


class Modes(Switch):
    """The trait action.devices.traits.Modes: a camera's night vision.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/modes
    """

    name = "action.devices.traits.Modes"
    command = "action.devices.commands.SetModes"

    def attributes(self, camera: Camera) -> ModesAttributes | None:
        choices = night_choices(camera)
        if not choices:
            return None
        query_only = MODE not in camera.decided.voice_may
        return {"availableModes": [_night_vision(choices)], "commandOnlyModes": False, "queryOnlyModes": query_only}

    def states(self, state: State) -> ModesStates | Nothing:
        camera = state.camera
        if not night_choices(camera):
            return Nothing()
        return {"currentModeSettings": {MODE: camera.night_vision} if camera.night_vision != "unknown" else {}}

    def wanted(self, params: JsonObject) -> tuple[str, str]:
        given = params.get("updateModeSettings")
        wanted = given.get(MODE) if isinstance(given, dict) and len(given) == 1 else None
        if not isinstance(wanted, str) or wanted not in NIGHT_VISION:
            raise DeviceError("notSupported", f"updateModeSettings holds {MODE}: {', '.join(NIGHT_VISION)}.")
        return MODE, wanted


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


class Reboot(Switch):
    """The trait action.devices.traits.Reboot: offered if the owner lets a voice restart the camera.

    Page: https://developers.home.google.com/cloud-to-cloud/traits/reboot
    """

    name = "action.devices.traits.Reboot"
    command = "action.devices.commands.Reboot"

    def attributes(self, camera: Camera) -> Nothing | None:
        # Reboot has no query-only form, so cameras offer it only if the owner lets a voice restart them
        return Nothing() if camera.can_restart and "restart" in camera.decided.voice_may else None

    def wanted(self, params: JsonObject) -> tuple[str, str]:
        return "restart", ""

    def change(self, command: CameraCommand, setting: str, value: str) -> Camera | Asked | Refusal:
        return self._registry.restart(command.link, command.camera, within_s=command.left_s)
