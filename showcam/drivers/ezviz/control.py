"""Reads and changes a camera's settings: by the app's API, and by the Open Platform if the app's API can't.

The Open Platform also lists the cameras of a household that has a sub-account and no app session. Its list has names,
presence and encryption; Audio and the lens mask take two calls for each camera, so that this is for households of a few
cameras. Some calls exist only in China; elsewhere the vendor answers "not supported", and so does this module.
"""

import time
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from showcam.drivers.camera import Camera, Flag, Listed, Ref, Video
from showcam.drivers.driver import LEAST_S
from showcam.drivers.errors import DriverError, Refused, SetRefused, SignedOut, VendorBusy
from showcam.drivers.ezviz.account import EzvizAccount
from showcam.drivers.ezviz.cameras import NIGHT_MODES
from showcam.drivers.ezviz.open_platform import Access, Calls, Keys, OpenPlatform
from showcam.drivers.ezviz.sessions import Sessions
from showcam.drivers.ezviz.settings import CLOUD, DATE_FORMAT, Clock, disks
from showcam.drivers.settings import CHOICES, Setting, SettingView
from showcam.net.exchange import Exchange
from showcam.net.text import JsonObject, line
from showcam.store.records import Source

SHARED_TO_ME = "2"
NO_MASK = "2"  # privacyStatus of a camera without a lens mask; -1 and -2: not known
DOORBELLS = ("DB", "CS-DB", "HP", "CS-HP")  # how the models' names begin

_FLAGS: dict[str, Flag] = {"0": "off", "1": "on"}


def listed(platform: OpenPlatform, access: Access, source: str, exchange: Exchange) -> tuple[Listed, ...]:
    """The cameras in the Open Platform's list. Raises DriverError."""
    devices = {str(device.get("deviceSerial")): device for device in platform.pages(access, "device/list", exchange)}
    rows = platform.pages(access, "camera/list", exchange)
    return tuple(
        _camera(platform, access, row, devices.get(str(row["deviceSerial"]), {}), source, exchange)
        for row in rows
        if row.get("deviceSerial")
    )


def _camera(
    platform: OpenPlatform, access: Access, row: JsonObject, device: JsonObject, source: str, exchange: Exchange
) -> Listed:
    try:
        channel = max(1, int(row.get("channelNo", 1)))
    except (TypeError, ValueError):
        channel = 1
    ref = Ref(source, str(row["deviceSerial"]), channel)
    model = line(device.get("deviceType") or device.get("model"))
    online = _listed_flag(row.get("status"))
    calls = Calls(platform, access, ref, exchange)
    shared = str(row.get("isShared")) == SHARED_TO_ME
    state = _state(calls, exchange) if online == "on" and not shared else {}
    return Listed(
        ref=ref,
        name=line(row.get("channelName")) or line(device.get("deviceName")) or ref.serial,
        manufacturer="EZVIZ",
        kind="doorbell" if model.startswith(DOORBELLS) else "camera",
        model=model,
        firmware=line(device.get("deviceVersion")),
        owner="shared" if shared else "own",
        online=online,
        asleep=state.get("sleep") or "unknown",  # type: ignore[arg-type]
        encryption=_listed_flag(row.get("isEncrypt")),
        audio=state.get("audio") or "unknown",  # type: ignore[arg-type]
        listed_sub=Video(),  # the list lacks it, and the platform has an address of a smaller picture for every camera
        alarm_notification=_listed_flag(device["defence"]) if "defence" in device else "none",
        ways=("open",) if not shared else (),
    )


def _state(calls: Calls, exchange: Exchange) -> dict[Setting, str]:
    """The covered lens and Audio, which the list lacks; "" or missing if the camera does not tell it in time."""
    found: dict[Setting, str] = {}
    for read in (_status, _sound):
        if exchange.left < LEAST_S:
            break
        try:
            found |= read(calls)
        except (SignedOut, VendorBusy):
            raise
        except (DriverError, SetRefused):
            continue  # "not supported" also means "not known"
    return found


def _listed_flag(value: Any) -> Flag:
    return _FLAGS.get(str(value), "unknown")


FILL_LIGHT = "/api/v3/device/fillLight/mode"


def _flag(value: Any) -> str:
    return _FLAGS.get(str(value), "")


def _sound(calls: Calls) -> dict[Setting, str]:
    rows = calls.rows("camera/video/sound/status")
    own_rows = [row for row in rows if str(row.get("channelNo")) == str(calls.channel)] or rows
    return {"audio": _flag(own_rows[0].get("enable")) if own_rows else ""}


def _light(calls: Calls) -> dict[Setting, str]:
    return {"status_light": _flag(calls.data("device/light/switch/status").get("enable"))}


def _info(calls: Calls) -> dict[Setting, str]:
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


def _status(calls: Calls) -> dict[Setting, str]:
    status = calls.data("device/status/get")
    try:
        cloud = CLOUD.get(int(status.get("cloudStatus", "")), "")
    except (TypeError, ValueError):
        cloud = ""
    return {
        # the Open Platform has no Sleep Mode; the nearest, the covered lens, is read and set instead
        "sleep": "none" if str(status.get("privacyStatus")) == NO_MASK else _flag(status.get("privacyStatus")),
        "cloud_storage": cloud,
        "storage": disks(str(status.get("diskState") or ""), status.get("diskNum")),
    }


def _version(calls: Calls) -> dict[Setting, str]:
    versions = calls.data("device/version/info")
    current, latest = (str(versions.get(name) or "") for name in ("currentVersion", "latestVersion"))
    return {"version": f"{current}, {latest} is there" if latest not in ("", current) else current}


def _night(calls: Calls) -> dict[Setting, str]:
    light = calls.v3("GET", f"{FILL_LIGHT}/get")
    try:
        return {"night_vision": NIGHT_MODES.get(int(light.get("graphicType", "")), "")}
    except (TypeError, ValueError):
        return {}


_READS: tuple[Callable[[Calls], dict[Setting, str]], ...] = (_info, _status, _sound, _light, _version, _night)


def open_views(calls: Calls) -> dict[Setting, SettingView]:
    """The settings that can be read, each by its calls; those that the device refuses are left out."""
    found: dict[Setting, str] = {}
    for read in _READS:
        try:
            found |= read(calls)
        except SetRefused:
            continue
    if found.get("sleep") == "none":
        del found["sleep"]
    shown = {}
    for name, choices in CHOICES.items():
        can_set = name in _WRITES or name in TIME or name == "encryption"
        readable = name in found
        # a setting that can't be read may be missing in this device; only the date format is known to be write-only
        can_set = can_set and (readable or name == "date_format")
        value = found.get(name) or None
        if readable or can_set:
            why = "" if can_set else "not_this_way"
            shown[name] = SettingView(value, can_set, "open", why, (choices or ()) if can_set else ())
    return shown


def _set(path: str, name: str = "enable", **more: str) -> Callable[[Calls, str], None]:
    def write(calls: Calls, value: str) -> None:
        calls.data(path, **{name: str(int(value == "on"))}, **more)

    return write


def _set_night(calls: Calls, value: str) -> None:
    mode = next(number for number, name in NIGHT_MODES.items() if name == value)
    calls.v3("POST", f"{FILL_LIGHT}/set", mode=str(mode))


def _set_time(calls: Calls, setting: Setting, value: str, clock: Clock) -> None:
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


def _format(calls: Calls, _value: str) -> None:
    disks = calls.v3("GET", "/api/v3/device/format/status").get("storageStatus")
    rows = [row for row in disks if isinstance(row, dict)] if isinstance(disks, list) else []
    if not rows:
        raise SetRefused("unsupported")
    for row in rows:
        calls.v3("PUT", "/api/v3/device/format/disk", diskIndex=str(row.get("index", 0)))


_WRITES: dict[Setting, Callable[[Calls, str], None]] = {
    "audio": _set("camera/video/sound/set"),
    "sleep": _set("device/scene/switch/set"),
    "status_light": _set("device/light/switch/set"),
    "alarm_notification": _set("device/defence/set", "isDefence"),
    "offline_notification": _set("device/notify/switch"),
    "night_vision": _set_night,
    "storage": _format,
}
TIME: tuple[Setting, ...] = ("time_zone", "date_format")


def write(calls: Calls, camera: Camera, setting: Setting, value: str, code: str, clock: Clock | None = None) -> None:
    """Changes a setting. `clock`: how the camera writes the time now, if known. Raises SetRefused and DriverError."""
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


def _encrypt(calls: Calls, value: str, code: str) -> None:
    if value == "on":
        try:
            calls.data("device/encrypt/on")
        except Refused as refused:
            if refused.reason != "encryption_on":  # encryption is on already
                raise
    elif code:
        calls.data("device/encrypt/off", validateCode=code)
    else:
        raise SetRefused("code_wanted")


class Control:
    """Settings by both APIs. Raises showcam.drivers.errors.DriverError, and SetRefused if a change is refused."""

    def __init__(self, account: EzvizAccount, sessions: Sessions, keys: Keys) -> None:
        self.account, self.sessions, self._keys = account, sessions, keys

    def settings(self, source: Source, camera: Camera, deadline_s: float) -> dict[Setting, SettingView]:
        """The settings by the app's API; a key of the Open Platform adds settings that this API can't report or set."""
        held, began = self.sessions.read(source), time.monotonic()
        views = {} if self._keys.alone(held) else self.account.settings(source, camera, deadline_s)
        if self._keys.reaches(held, camera):
            try:
                with self._keys.calls(held, camera, deadline_s - (time.monotonic() - began)) as calls:
                    views = _both(views, open_views(calls))
            except DriverError:
                if not views:
                    raise
        nothing = SettingView(None, False, why_not="not_this_way")
        return {name: views.get(name, nothing) for name in CHOICES}

    def apply(
        self, source: Source, camera: Camera, setting: Setting, value: str, deadline_s: float, *, code: str = ""
    ) -> None:
        began = time.monotonic()
        clock = self._clock(source, camera, setting, deadline_s)
        self._either(
            source,
            camera,
            deadline_s - (time.monotonic() - began),
            lambda left_s: self.account.apply(source, camera, setting, value, left_s, code=code),
            lambda calls: write(calls, camera, setting, value, code, clock),
        )

    def restart(self, source: Source, camera: Camera, deadline_s: float) -> None:
        self._either(
            source,
            camera,
            deadline_s,
            lambda left_s: self.account.restart(source, camera, left_s),
            lambda calls: calls.v3("POST", "/api/v3/device/systemOperate", systemOperation="reboot", delay="0"),
        )

    def change_password(self, source: Source, camera: Camera, old: str, new: str, deadline_s: float) -> None:
        self._either(
            source,
            camera,
            deadline_s,
            lambda left_s: self.account.change_password(source, camera, old, new, left_s),
            lambda calls: calls.data("device/password/update", oldPassword=old, newPassword=new),
        )

    def delete(self, source: Source, camera: Camera, deadline_s: float) -> None:
        held = self.sessions.read(source)
        if not self._keys.reaches(held, camera):
            raise SetRefused("unsupported")
        with self._keys.calls(held, camera, deadline_s) as calls:
            try:
                calls.data("device/delete")
            except SetRefused:
                raise Refused("not_this_way") from None

    def _clock(self, source: Source, camera: Camera, setting: Setting, deadline_s: float) -> Clock | None:
        """How the camera writes the time, if setting a part would lose the rest; unknown with only a sub-account."""
        held = self.sessions.read(source)
        if setting not in TIME or self._keys.alone(held) or not self._keys.reaches(held, camera):
            return None
        return self.account.clock(source, camera, deadline_s)

    def _either(
        self,
        source: Source,
        camera: Camera,
        deadline_s: float,
        by_account: Callable[[float], None],
        by_open: Callable[[Calls], object],
    ) -> None:
        """Makes a change by the app's API; by the Open Platform only if the app's API can't do it at all."""
        held, began = self.sessions.read(source), time.monotonic()
        if not self._keys.alone(held):
            try:
                by_account(deadline_s)
            except SetRefused as refused:
                if refused.why not in ("unsupported", "not_permitted") or not self._keys.reaches(held, camera):
                    raise
            else:
                return
        with self._keys.calls(held, camera, deadline_s - (time.monotonic() - began), again=False) as calls:
            by_open(calls)


def _both(first: dict[Setting, SettingView], second: dict[Setting, SettingView]) -> dict[Setting, SettingView]:
    """The first views, with the second for settings that the first can't report or set."""
    both = dict(first)
    for name, other in second.items():
        one = first.get(name)
        if one is None or (one.value is None and not one.can_set):
            both[name] = other
        elif other.can_set and not one.can_set:
            both[name] = replace(one, can_set=True, choices=other.choices, why_not="")
        elif one.value is None:
            both[name] = replace(one, value=other.value, way=other.way)
    return both
