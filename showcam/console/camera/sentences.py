"""The sentences of a camera's page: settings and their values, in the words of the manual, and outcomes of a change."""

from collections.abc import Mapping

from showcam.drivers.errors import Reason
from showcam.drivers.settings import Setting
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import mark
from showcam.registry.preferences import MotionRings

NAMES: Mapping[Setting, str] = {
    "audio": mark("Audio"),
    "sleep": mark("Sleep Mode"),
    "status_light": mark("Status Light"),
    "alarm_notification": mark("Alarm Notification"),
    "phone_mute": mark("Silence on the phone"),
    "offline_notification": mark("Offline Notification"),
    "flip": mark("Flip Image"),
    "night_vision": mark("Night Vision Mode"),
    "sensitivity": mark("Detection sensitivity"),
    "resolution": mark("Resolution"),
    "encryption": mark("Image Encryption"),
    "time_zone": mark("Time Zone"),
    "date_format": mark("Date Format"),
    "wifi": mark("Wi-Fi"),
    "cloud_storage": mark("Cloud Storage"),
    "storage": mark("Storage Status"),
    "version": mark("Device Version"),
    "user_guide": mark("User Guide"),
    "about": mark("About"),
}
# The groups of settings on the camera's page: name, heading, and settings in their order.
ALERTS = "alerts"
GROUPS: tuple[tuple[str, str, tuple[Setting, ...]], ...] = (
    ("picture", mark("Picture and sound"), ("audio", "flip", "night_vision", "resolution", "encryption")),
    (ALERTS, mark("Alerts"), ("alarm_notification", "sensitivity", "phone_mute", "offline_notification")),
    (
        "device",
        mark("The camera itself"),
        (
            "sleep",
            "status_light",
            "time_zone",
            "date_format",
            "wifi",
            "cloud_storage",
            "storage",
            "version",
            "user_guide",
            "about",
        ),
    ),
)
HINTS: Mapping[Setting, str] = {
    "audio": mark("Off: Google shows no picture."),
    "sleep": mark("On: nothing is shown or recorded."),
    "alarm_notification": mark("Off: nothing is detected."),
    "sensitivity": mark("Higher sees more, animals too."),
    "encryption": mark("On: no assistant shows it."),
    "time_zone": mark("As +02:00."),
    "resolution": mark("Set in the {vendor} app."),
}
TYPED: frozenset[Setting] = frozenset({"time_zone"})  # settings whose hint says how a value is typed
VALUES: Mapping[str, str] = {
    "on": mark("On"),
    "off": mark("Off"),
    "colour": mark("Colour"),
    "black_and_white": mark("Black and white"),
    "smart": mark("Smart"),
    "ymd": mark("Year, month, day"),
    "mdy": mark("Month, day, year"),
    "dmy": mark("Day, month, year"),
    "ultra_hd": mark("Ultra HD"),
    "hi_def": mark("Hi-Def"),
    "standard": mark("Standard"),
    "ok": mark("Works"),
    "faulty": mark("Faulty"),
    "uninitialised": mark("Uninitialised: nothing is recorded"),
    "formatting": mark("Being formatted"),
    "unsupported": mark("Not available"),
    "unavailable": mark("Not available"),
    "inactive": mark("Not active"),
    "active": mark("Active"),
    "expired": mark("Expired"),
}
RESTART = mark("Restart")
# Events that are announced as if somebody had rung.
RINGS: Mapping[MotionRings, str] = {
    "no": mark("Only its bell"),
    "motion": mark("All motion"),
    "person": mark("Only persons"),
}
# For a change on a camera's page.
CHANGED = {
    "no_value": mark("Not changed: not possible."),
    "no_pause": mark("A pause is 0 to {most} seconds."),
    "meanwhile": mark("Somebody else just changed this."),
    "other_name": mark("Not deleted: another name."),
    "asked_for": mark("not confirmed yet"),
    "confirmed": mark("confirmed"),
}
# For a camera that showcam can't delete.
IN_APP: Mapping[Reason, Sentence] = {"not_this_way": ("", mark("Delete it in the {vendor} app."))}
