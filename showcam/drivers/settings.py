"""A camera's settings in showcam's words: their names, their values, and the outcomes of a change."""

import re
from typing import Literal

from msgspec import Struct

from showcam.drivers.camera import Camera, Listed

type Setting = Literal[
    "audio",
    "sleep",
    "status_light",
    "alarm_notification",
    "phone_mute",
    "offline_notification",
    "flip",
    "night_vision",
    "sensitivity",
    "resolution",
    "encryption",
    "time_zone",
    "date_format",
    "wifi",
    "cloud_storage",
    "storage",
    "version",
    "user_guide",
    "about",
]

SENSITIVITY = re.compile(r"[1-9][0-9]{0,2}")
ON_OFF = ("on", "off")
NIGHT_VISION = ("colour", "black_and_white", "smart")
DATE_FORMATS = ("ymd", "mdy", "dmy")

# The values of each setting; () is any text. None: the setting can only be read.
CHOICES: dict[Setting, tuple[str, ...] | None] = {
    "audio": ON_OFF,
    "sleep": ON_OFF,
    "status_light": ON_OFF,
    "alarm_notification": ON_OFF,  # arms and disarms detection; `phone_mute` only silences the phone
    "phone_mute": ON_OFF,
    "offline_notification": ON_OFF,
    "flip": ON_OFF,
    "night_vision": NIGHT_VISION,
    "sensitivity": (),  # of detection: a whole number from 1, up to the finest that the camera has
    "resolution": None,  # of the live view in the vendor's app: ultra_hd, hi_def, standard
    "encryption": ON_OFF,
    "time_zone": (),  # as "+02:00"
    "date_format": DATE_FORMATS,
    "wifi": None,
    "cloud_storage": None,
    "storage": ("format",),  # of an uninitialised disk; this erases the disk
    "version": None,
    "user_guide": None,
    "about": None,
}

# setting: the field of Camera that holds it, read with the list at no further cost
FIELDS: dict[str, str] = {
    "audio": "audio",
    "sleep": "asleep",
    "status_light": "status_light",
    "alarm_notification": "alarm_notification",
    "offline_notification": "offline_notification",
    "flip": "flip",
    "night_vision": "night_vision",
    "encryption": "encryption",
}

# The settings that an owner may let a voice change; never Image Encryption.
BY_VOICE = (*(setting for setting in FIELDS if setting != "encryption"), "restart")


class BadValue(ValueError):
    """There is no such setting, or it can't be set to this value; the text says which values it takes."""


class SettingView(Struct, frozen=True):
    """`value` None: not known. `why_not`: the Reason why it is not known or can't be set, else ""."""

    value: str | None
    can_set: bool
    way: Literal["", "account", "open"] = ""  # the way it is read
    why_not: str = ""
    choices: tuple[str, ...] = ()


# Why a code does not help now. "old": it was mailed too long ago. "too_soon": no other is mailed yet. "too_often": none
# is mailed for a while. "guessed": too many codes were wrong. "silent": the camera does not answer the vendor.
# "not_given": the vendor gives this account no key of the camera.
type Hindrance = Literal["", "old", "too_soon", "too_often", "guessed", "silent", "not_given"]


class Step(Struct, frozen=True):
    """Something the owner must bring before the setting can be changed. Nothing was changed.

    "code" is the code on the camera's label or the password set since, "mailed_code" a code that the vendor has
    mailed, "pause" some time.
    """

    wants: Literal["consent", "code", "mailed_code", "pause"]
    wrong: bool = False  # the code that was brought is wrong
    why: Hindrance = ""

    @property
    def key(self) -> str:
        """The key of the sentence about the step, in showcam.console.home.sentences."""
        return self.why or (f"wrong_{self.wants}" if self.wrong else self.wants)


class Asked(Struct, frozen=True):
    """The vendor took the change, and the camera did not show it in time; most show it within half a minute.

    `camera` has the value of the change.
    """

    camera: Camera


def check(setting: str, value: str) -> Setting:
    """The setting, if it can be set to the value. Raises BadValue."""
    for name, choices in CHOICES.items():
        if name != setting:
            continue
        if choices is None:
            raise BadValue(f"{setting} can be read, not set")
        if choices and value not in choices:
            raise BadValue(f"{setting} can be set to {', '.join(choices)}")
        if name == "sensitivity" and not SENSITIVITY.fullmatch(value):
            raise BadValue("sensitivity can be set to a number from 1, up to 6 or 100 as the camera has it")
        return name
    raise BadValue(f"there is no setting {setting!r}; there are {', '.join(CHOICES)}")


def night_choices(camera: Listed) -> tuple[str, ...]:
    """The modes that the camera's night vision can be set to; () if there is nothing to choose."""
    if camera.night_vision == "none" or len(camera.night_modes) == 1:
        return ()
    return camera.night_modes or NIGHT_VISION


def field_of(camera: Listed, setting: str) -> str:
    """The setting's value in the camera list; "none" if the list lacks it.

    A change is then read back by `Driver.settings`: the Open Platform's list holds few settings.
    """
    return str(getattr(camera, FIELDS[setting]))
