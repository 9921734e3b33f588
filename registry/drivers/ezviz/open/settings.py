"""The manual's settings by the Open Platform: the calls that read and write each.

Some calls exist in China alone; elsewhere the vendor answers "not supported", and so does this module.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from registry.camera import Camera
from registry.drivers.ezviz.cameras import NIGHT_VISION
from registry.drivers.ezviz.settings import CLOUD, DATE_FORMAT, Clock, disks
from registry.errors import Refused, SetRefused
from registry.settings import CHOICES, Setting, SettingView

if TYPE_CHECKING:
    from registry.drivers.ezviz.open.calls import Calls

FILL_LIGHT = "/api/v3/device/fillLight/mode"


def _flag(value: Any) -> str:
    return {"0": "off", "1": "on"}.get(str(value), "")


def _sound(calls: "Calls") -> dict[Setting, str]:
    rows = calls.rows("camera/video/sound/status")
    own_rows = [row for row in rows if str(row.get("channelNo")) == str(calls.channel)] or rows
    return {"audio": _flag(own_rows[0].get("enable")) if own_rows else ""}


def _light(calls: "Calls") -> dict[Setting, str]:
    return {"status_light": _flag(calls.data("device/light/switch/status").get("enable"))}


def _info(calls: "Calls") -> dict[Setting, str]:
    info = calls.data("device/info", version="utc")
    zone = str(info.get("timeZone") or "")
    return {
        "encryption": _flag(info.get("isEncrypt")),
        "alarm_notification": _flag(info.get("defence")),
        "offline_notification": _flag(info.get("offlineNotify")),
        "time_zone": "+00:00" if zone == "UTC" else zone.removeprefix("UTC"),
        "wifi": str(info.get("wifiSsid") or ""),
        "about": str(info.get("model") or ""),
    }


def _status(calls: "Calls") -> dict[Setting, str]:
    status = calls.data("device/status/get")
    try:
        cloud = CLOUD.get(int(status.get("cloudStatus", "")), "")
    except (TypeError, ValueError):
        cloud = ""
    return {
        # the Open Platform has no Sleep Mode; the nearest, the covered lens, is read and set instead
        "sleep": _flag(status.get("privacyStatus")),
        "cloud_storage": cloud,
        "storage": disks(str(status.get("diskState") or ""), status.get("diskNum")),
    }


def _version(calls: "Calls") -> dict[Setting, str]:
    versions = calls.data("device/version/info")
    current, latest = (str(versions.get(name) or "") for name in ("currentVersion", "latestVersion"))
    return {"version": f"{current}, {latest} is there" if latest not in ("", current) else current}


def _night(calls: "Calls") -> dict[Setting, str]:
    light = calls.v3("GET", f"{FILL_LIGHT}/get")
    try:
        return {"night_vision": NIGHT_VISION.get(int(light.get("graphicType", "")), "")}
    except (TypeError, ValueError):
        return {}


_READS: tuple[Callable[["Calls"], dict[Setting, str]], ...] = (_info, _status, _sound, _light, _version, _night)


def views(calls: "Calls") -> dict[Setting, SettingView]:
    """The settings that can be read, each by its calls; those that the device refuses are left out."""
    found: dict[Setting, str] = {}
    for read in _READS:
        try:
            found |= read(calls)
        except SetRefused:
            continue
    shown = {}
    for name, choices in CHOICES.items():
        can_set = name in _WRITES or name in TIME or name == "encryption"
        readable = name in found
        # a write that can't be read may be one that this device has not; only the date format is known to be so
        can_set = can_set and (readable or name == "date_format")
        value = found.get(name) or None
        if readable or can_set:
            why = "" if can_set else "not_this_way"
            shown[name] = SettingView(value, can_set, "open", why, (choices or ()) if can_set else ())
    return shown


def _set(path: str, name: str = "enable", **more: str) -> Callable[["Calls", str], None]:
    def write(calls: "Calls", value: str) -> None:
        calls.data(path, **{name: str(int(value == "on"))}, **more)

    return write


def _set_night(calls: "Calls", value: str) -> None:
    mode = next(number for number, name in NIGHT_VISION.items() if name == value)
    calls.v3("POST", f"{FILL_LIGHT}/set", mode=str(mode))


def _set_time(calls: "Calls", setting: Setting, value: str, clock: Clock) -> None:
    """Zone, date format and summer time go together in one call."""
    date_format = clock.date_format
    if setting == "time_zone":
        zone = "UTC" if value == "+00:00" else f"UTC{value}"
    else:
        zone = str(calls.data("device/info", version="utc").get("timeZone") or "")
        date_format = next(number for number, name in DATE_FORMAT.items() if name == value)
    codes = [row.get("tzCode") for row in calls.rows("timezone/list") if row.get("tzValue") == zone]
    if not codes:
        raise SetRefused("unsupported")
    calls.data("device/timezone/set", timezone=str(codes[0]), timeFormat=date_format, daylightSaving=clock.summer_time)


def _format(calls: "Calls", _value: str) -> None:
    disks = calls.v3("GET", "/api/v3/device/format/status").get("storageStatus")
    rows = [row for row in disks if isinstance(row, dict)] if isinstance(disks, list) else []
    if not rows:
        raise SetRefused("unsupported")
    for row in rows:
        calls.v3("PUT", "/api/v3/device/format/disk", diskIndex=str(row.get("index", 0)))


_WRITES: dict[Setting, Callable[["Calls", str], None]] = {
    "audio": _set("camera/video/sound/set"),
    "sleep": _set("device/scene/switch/set"),
    "status_light": _set("device/light/switch/set"),
    "alarm_notification": _set("device/defence/set", "isDefence"),
    "offline_notification": _set("device/notify/switch"),
    "night_vision": _set_night,
    "storage": _format,
}
TIME: tuple[Setting, ...] = ("time_zone", "date_format")


def write(calls: "Calls", camera: Camera, setting: Setting, value: str, code: str, clock: Clock | None = None) -> None:
    """`clock`: how the camera writes the time now, where that is known. Raises SetRefused and DriverError."""
    if camera.owner == "shared":
        raise SetRefused("unsupported")
    if setting == "encryption":
        _encrypt(calls, value, code)
    elif setting in TIME:
        _set_time(calls, setting, value, clock or Clock())
    elif setting in _WRITES:
        _WRITES[setting](calls, value)
    else:
        raise SetRefused("unsupported")


def _encrypt(calls: "Calls", value: str, code: str) -> None:
    if value == "on":
        try:
            calls.data("device/encrypt/on")
        except Refused as refused:
            if refused.reason != "encryption_on":  # it was so already
                raise
    elif code:
        calls.data("device/encrypt/off", validateCode=code)
    else:
        raise SetRefused("code_wanted")


def restart(calls: "Calls") -> None:
    calls.v3("POST", "/api/v3/device/systemOperate", systemOperation="reboot", delay="0")


def change_password(calls: "Calls", old: str, new: str) -> None:
    calls.data("device/password/update", oldPassword=old, newPassword=new)


def delete(calls: "Calls") -> None:
    """Takes the device off the vendor account."""
    try:
        calls.data("device/delete")
    except SetRefused:
        raise Refused("not_this_way") from None
