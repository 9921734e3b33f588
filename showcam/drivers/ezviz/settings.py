"""The manual's settings by the app's API: the call that reads and writes each."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from showcam.drivers.camera import Camera, Listed
from showcam.drivers.errors import VendorDown
from showcam.drivers.ezviz import cameras as of_list
from showcam.drivers.ezviz.answers import channel, device, fields, number, rows, section, text, within
from showcam.drivers.ezviz.cameras import (
    AUDIO,
    HAS_SENSITIVITY,
    HAS_SLEEP,
    LIGHT,
    NIGHT_MODES,
    PRIVACY,
    SLEEP,
    Channels,
    Features,
    of_channel,
)
from showcam.drivers.settings import CHOICES, FIELDS, BadValue, Setting, SettingView, field_of
from showcam.net.text import JsonObject

if TYPE_CHECKING:
    from showcam.drivers.ezviz.client import Client

# The sections that the camera list must hold for all settings.
SECTIONS = f"{of_list.SECTIONS},WIFI,CLOUD,UPGRADE,NODISTURB"
DISK = {"0": "ok", "1": "faulty", "2": "uninitialised", "3": "formatting"}
DATE_FORMAT = {"0": "ymd", "1": "mdy", "2": "dmy"}
CLOUD = {-2: "unsupported", -1: "unavailable", 0: "inactive", 1: "active", 2: "expired"}
# videoLevel by the live view's three words in the manual; models have more levels than words
RESOLUTION = {0: "standard", 1: "standard", 2: "hi_def", 3: "ultra_hd", 4: "ultra_hd", 5: "ultra_hd", 6: "ultra_hd"}
FINEST, FINEST_BY_BATTERY = 6, 100  # detection sensitivity; cameras on battery have another kind of detector
BY_PICTURE, BY_WARMTH = 0, 3  # kinds of detection, as the vendor numbers them
LONGEST_LINK = 300


def check(camera: Camera, setting: Setting, value: str) -> None:
    """Raises BadValue for a value that this camera can't have."""
    if setting == "sensitivity" and not 1 <= int(value) <= finest(camera):
        raise BadValue(f"sensitivity of this camera is a number from 1 to {finest(camera)}")
    if setting == "night_vision" and camera.night_modes and value not in camera.night_modes:
        raise BadValue(f"night_vision of this camera is {' or '.join(camera.night_modes)}")


def finest(camera: Listed) -> int:
    return FINEST if camera.battery is None else FINEST_BY_BATTERY


def detection(camera: Listed) -> int:
    """The kind of detection whose sensitivity counts."""
    return BY_PICTURE if camera.battery is None else BY_WARMTH


def write(client: "Client", camera: Camera, setting: Setting, value: str, channels: Channels) -> bool:
    """Sets a value; false if the app's API or the camera lacks the setting. Image Encryption is in keys.py."""
    if setting in FIELDS and field_of(camera, setting) == "none":
        return False
    if (setting, value) == ("sleep", "off"):
        _wake(client, camera, channels)
    elif setting in _SWITCHES:
        _switch(client, camera, _SWITCHES[setting], value == "on", channels)
    elif setting in _WRITES:
        _WRITES[setting](client, camera, value)
    else:
        return False
    return True


def _switch(client: "Client", camera: Camera, kind: int, on: bool, channels: Channels) -> None:
    if not channels.known(camera.ref):
        channels.keep(client.pages("SWITCH"), [camera.ref])
    client.switch_status(camera.ref.serial, kind, on, channel_no=channels.of(camera.ref, kind))


def _wake(client: "Client", camera: Camera, channels: Channels) -> None:
    """Sleep Mode, the shutter or both make a camera sleep: what is on goes off."""
    pages = client.pages(of_list.SECTIONS)
    channels.keep(pages, [camera.ref])
    for kind in _sleeping(pages, camera) or (SLEEP,):
        client.switch_status(camera.ref.serial, kind, False, channel_no=channels.of(camera.ref, kind))


def _sleeping(pages: list[JsonObject], camera: Camera) -> list[int]:
    its_device = device(pages, camera.ref.serial)
    listed = [row for page in pages for row in rows(within(page, "SWITCH"), camera.ref.serial)]
    flags = of_channel(listed, camera.ref.channel, apart=text(its_device.get("deviceCategory")) in of_list.RECORDERS)
    # models without Sleep Mode list its switch too
    kinds = (PRIVACY,) if Features(its_device).has(HAS_SLEEP) is False else (SLEEP, PRIVACY)
    return [kind for kind in kinds if flags.get(kind) == "on"]


def _night_vision(client: "Client", camera: Camera, value: str) -> None:
    """Sets only the mode: the brightness of its light and the duration stay as they are."""
    mode = next(known for known, name in NIGHT_MODES.items() if name == value)
    optionals = fields(section(client.pages("STATUS"), "STATUS", camera.ref.serial).get("optionals"))
    model = fields(optionals.get("NightVision_Model"))
    if not model:
        raise VendorDown("night vision is missing in the answer")
    written = json.dumps(model | {"graphicType": mode}, separators=(",", ":"))
    client.set_dev_config_kv(camera.ref.serial, camera.ref.channel, "NightVision_Model", written)


def _flip(client: "Client", camera: Camera, value: str) -> None:
    """Sets the flip whatever the list says, which may be old. Older models can only turn the picture over."""
    if client.set_flip(camera.ref.serial, camera.ref.channel, value == "on"):
        return
    if camera.flip == "unknown":
        raise VendorDown("the picture's orientation is missing in the answer")
    if camera.flip != value:
        client.flip_image(camera.ref.serial, camera.ref.channel)


_SWITCHES: Mapping[Setting, int] = {"audio": AUDIO, "sleep": SLEEP, "status_light": LIGHT}
_WRITES: Mapping[Setting, Callable[["Client", Camera, str], object]] = {
    "alarm_notification": lambda client, camera, value: client.set_camera_defence(
        camera.ref.serial, int(value == "on"), channel_no=camera.ref.channel
    ),
    "phone_mute": lambda client, camera, value: client.do_not_disturb(
        camera.ref.serial, int(value == "on"), channelno=camera.ref.channel
    ),
    "offline_notification": lambda client, camera, value: client.set_offline_notification(
        camera.ref.serial, int(value == "on")
    ),
    "night_vision": _night_vision,
    "flip": _flip,
    "sensitivity": lambda client, camera, value: client.set_sensitivity(
        camera.ref.serial, camera.ref.channel, detection(camera), int(value)
    ),
}
WRITABLE = frozenset({*_SWITCHES, *_WRITES, "encryption"})


def views(client: "Client", pages: list[JsonObject], camera: Listed) -> dict[Setting, SettingView]:
    """Every setting as on the pages that `camera` was read from; detection's sensitivity takes another call."""
    serial = camera.ref.serial
    found = {name: field_of(camera, name) for name in FIELDS}
    its_device, its_row = device(pages, serial), channel(pages, serial, camera.ref.channel)
    status, wifi, upgrade, quiet = (section(pages, name, serial) for name in ("STATUS", "WIFI", "UPGRADE", "NODISTURB"))
    optionals, cloud = fields(status.get("optionals")), section(pages, "CLOUD", text(its_row.get("resourceId")))
    senses = Features(its_device).has(HAS_SENSITIVITY) is True
    texts = {
        "phone_mute": {"0": "off", "1": "on"}.get(text(quiet.get("alarmEnable")), ""),
        "sensitivity": client.sensitivity(serial, camera.ref.channel, detection(camera)) if senses else "",
        "resolution": RESOLUTION.get(number(its_row.get("videoLevel"), -1), ""),
        "time_zone": text(optionals.get("timeZone")).removeprefix("UTC"),
        "date_format": DATE_FORMAT.get(text(optionals.get("timeFormat")), ""),
        "wifi": _wifi(wifi),
        "cloud_storage": CLOUD.get(number(cloud.get("status"), -9), ""),
        "storage": disks(text(status.get("diskState")), status.get("diskNum")),
        "version": _version(its_device, upgrade),
        "user_guide": _link(its_device.get("instructionBook")),
        "about": " ".join(text(its_device.get(name)) for name in ("deviceType", "fullSerial")).strip(),
    }
    shown = {name: _view(name, (found | texts).get(name, ""), _choices(name, camera)) for name in CHOICES}
    return shown if senses else shown | {"sensitivity": SettingView(None, False, why_not="not_this_way")}


def _choices(name: Setting, camera: Listed) -> tuple[str, ...]:
    if name == "night_vision" and camera.night_modes:
        return camera.night_modes
    if name == "sensitivity" and camera.battery is None:
        return tuple(str(step) for step in range(1, FINEST + 1))
    return CHOICES[name] or ()


def _view(name: Setting, value: str, choices: tuple[str, ...]) -> SettingView:
    if name in FIELDS and value == "none":
        return SettingView(None, False, why_not="not_this_way")
    can_set = name in WRITABLE and choices != (value,)
    return SettingView(
        value if value not in ("", "unknown") else None,
        can_set,
        "account",
        "" if can_set else "not_this_way",
        choices if can_set else (),
    )


class Clock(Struct, frozen=True):
    """Date format and summer time as the vendor's numbers; the Open Platform sets both, and reads neither."""

    date_format: str = "0"
    summer_time: str = "1"


def clock(pages: list[JsonObject], camera: Camera) -> Clock:
    found = fields(section(pages, "STATUS", camera.ref.serial).get("optionals"))
    date_format, summer_time = text(found.get("timeFormat")), text(found.get("daylightSavingTime"))
    usual = Clock()
    return Clock(
        date_format if date_format in DATE_FORMAT else usual.date_format,
        summer_time if summer_time in ("0", "1") else usual.summer_time,
    )


def disks(state: str, count: Any) -> str:
    """ "0---" has a digit for each disk; "" when there is no disk."""
    states = [DISK.get(char, "unknown") for char in state if char != "-"]
    if not states:
        return "none" if state or text(count) == "0" else ""
    return states[0] if len(set(states)) == 1 else ", ".join(states)


def _wifi(wifi: JsonObject) -> str:
    name = text(wifi.get("ssid"))
    if not name:
        return "cable" if wifi.get("netType") == "wire" else ""
    signal = text(wifi.get("signal"))
    return f"{name}, {signal} %" if signal else name


def _version(its_device: JsonObject, upgrade: JsonObject) -> str:
    version = text(its_device.get("version"))
    newer = text(fields(upgrade.get("upgradePackageInfo")).get("version"))
    is_newer = text(upgrade.get("isNeedUpgrade")) in ("1", "3")
    return f"{version}, {newer} is there" if version and newer and is_newer else version


def _link(value: Any) -> str:
    """An address that a person may open; "" for all else."""
    link = text(value)
    is_one = link.startswith("https://") and link.isascii() and link.isprintable() and " " not in link
    return link if is_one and len(link) <= LONGEST_LINK else ""
