"""The manual's settings by the app's API: the call that reads and writes each, all of them the library's."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypedDict

from msgspec import Struct

from net.incoming import JsonObject
from registry.camera import Camera
from registry.drivers.ezviz.cameras import AUDIO, LIGHT, NIGHT_VISION, SLEEP
from registry.errors import VendorDown
from registry.settings import CHOICES, FIELDS, Setting, SettingView, field_of

if TYPE_CHECKING:
    from registry.drivers.ezviz.client import Client

# What the camera list must hold for all of them, beyond what states need.
SECTIONS = "STATUS,SWITCH,WIFI,CLOUD,UPGRADE"
DISK = {"0": "ok", "1": "faulty", "2": "uninitialised", "3": "formatting"}
DATE_FORMAT = {"0": "ymd", "1": "mdy", "2": "dmy"}
CLOUD = {-2: "unsupported", -1: "unavailable", 0: "inactive", 1: "active", 2: "expired"}


class NightVision(TypedDict):
    graphicType: int
    luminance: int


def write(client: "Client", camera: Camera, setting: Setting, value: str) -> bool:
    """False when the app's API can't set it, or the camera lacks it; Image Encryption is in encryption.py."""
    if setting not in _WRITES or field_of(camera, setting) == "none":
        return False
    _WRITES[setting](client, camera, value)
    return True


def _switch(kind: int) -> Callable[["Client", Camera, str], None]:
    def turn(client: "Client", camera: Camera, value: str) -> None:
        client.switch_status(camera.ref.serial, kind, value == "on", channel_no=camera.ref.channel)

    return turn


def _arm(client: "Client", camera: Camera, value: str) -> None:
    client.set_camera_defence(camera.ref.serial, int(value == "on"), channel_no=camera.ref.channel)


def _offline_notice(client: "Client", camera: Camera, value: str) -> None:
    client.set_offline_notification(camera.ref.serial, int(value == "on"))


def _night_vision(client: "Client", camera: Camera, value: str) -> None:
    mode = next(number for number, name in NIGHT_VISION.items() if name == value)
    client.set_dev_config_kv(
        camera.ref.serial,
        camera.ref.channel,
        "NightVision_Model",
        json.dumps(NightVision(graphicType=mode, luminance=100), separators=(",", ":")),
    )


def _flip(client: "Client", camera: Camera, value: str) -> None:
    if camera.flip == "unknown":
        raise VendorDown("the picture's orientation is missing in the answer")
    if camera.flip != value:  # the call turns the picture over, whichever way it stands
        client.flip_image(camera.ref.serial, camera.ref.channel)


_WRITES: dict[Setting, Callable[["Client", Camera, str], None]] = {
    "audio": _switch(AUDIO),
    "sleep": _switch(SLEEP),
    "status_light": _switch(LIGHT),
    "alarm_notification": _arm,
    "offline_notification": _offline_notice,
    "night_vision": _night_vision,
    "flip": _flip,
}
WRITABLE = frozenset({*_WRITES, "encryption"})


def views(pages: list[JsonObject], camera: Camera) -> dict[Setting, SettingView]:
    """Every setting as on the pages that `camera` was read from."""
    serial = camera.ref.serial
    found = {name: field_of(camera, name) for name in FIELDS}
    device = next((row for page in pages for row in _rows(page, "deviceInfos") if _serial(row) == serial), {})
    status, wifi, upgrade = (_section(pages, name, serial) for name in ("STATUS", "WIFI", "UPGRADE"))
    optionals = status.get("optionals") if isinstance(status.get("optionals"), dict) else {}
    assert isinstance(optionals, dict)
    texts = {
        "time_zone": _text(optionals.get("timeZone")).removeprefix("UTC"),
        "date_format": DATE_FORMAT.get(_text(optionals.get("timeFormat")), ""),
        "wifi": _wifi(wifi),
        "cloud_storage": _cloud(pages, camera),
        "storage": disks(_text(status.get("diskState")), status.get("diskNum")),
        "version": _version(device, upgrade),
        "about": " ".join(_text(device.get(name)) for name in ("deviceType", "fullSerial")).strip(),
    }
    return {name: _view(name, (found | texts).get(name, "")) for name in CHOICES}


def _view(name: Setting, value: str) -> SettingView:
    if name in FIELDS and value == "none":
        return SettingView(None, False, why_not="not_this_way")
    choices = CHOICES[name] or ()
    return SettingView(
        value if value not in ("", "unknown") else None,
        name in WRITABLE,
        "account",
        "" if name in WRITABLE else "not_this_way",
        choices if name in WRITABLE else (),
    )


class Clock(Struct, frozen=True):
    """Date format and summer time as the vendor's numbers; the Open Platform sets both, and reads neither."""

    date_format: str = "0"
    summer_time: str = "1"


def clock(pages: list[JsonObject], camera: Camera) -> Clock:
    optionals = _section(pages, "STATUS", camera.ref.serial).get("optionals")
    fields = optionals if isinstance(optionals, dict) else {}
    date_format, summer_time = _text(fields.get("timeFormat")), _text(fields.get("daylightSavingTime"))
    usual = Clock()
    return Clock(
        date_format if date_format in DATE_FORMAT else usual.date_format,
        summer_time if summer_time in ("0", "1") else usual.summer_time,
    )


def disks(state: str, count: Any) -> str:
    """ "0---" tells each disk with a digit; "" when there is none to tell of."""
    states = [DISK.get(char, "unknown") for char in state if char != "-"]
    if not states:
        return "none" if state or _text(count) == "0" else ""
    return states[0] if len(set(states)) == 1 else ", ".join(states)


def _wifi(wifi: JsonObject) -> str:
    name = _text(wifi.get("ssid"))
    if not name:
        return "cable" if wifi.get("netType") == "wire" else ""
    signal = _text(wifi.get("signal"))
    return f"{name}, {signal} %" if signal else name


def _version(device: JsonObject, upgrade: JsonObject) -> str:
    version = _text(device.get("version"))
    newer = _text(upgrade.get("upgradePackageInfo", {}).get("version")) if _newer(upgrade) else ""
    return f"{version}, {newer} is there" if version and newer else version


def _newer(upgrade: JsonObject) -> bool:
    return _text(upgrade.get("isNeedUpgrade")) in ("1", "3") and isinstance(upgrade.get("upgradePackageInfo"), dict)


def _cloud(pages: list[JsonObject], camera: Camera) -> str:
    for page in pages:
        for row in _rows(page, "resourceInfos"):
            if _serial(row) == camera.ref.serial and _text(row.get("localIndex")) in ("", str(camera.ref.channel)):
                status = _section([page], "CLOUD", _text(row.get("resourceId")))
                try:
                    return CLOUD.get(int(status.get("status", "")), "")
                except (TypeError, ValueError):
                    return ""
    return ""


def _rows(page: JsonObject, name: str) -> list[JsonObject]:
    rows = page.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _section(pages: list[JsonObject], name: str, key: str) -> JsonObject:
    for page in pages:
        section = page.get(name)
        if isinstance(section, dict) and isinstance(section.get(key), dict):
            return dict(section[key])
    return {}


def _serial(row: JsonObject) -> str:
    return _text(row.get("deviceSerial"))


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
