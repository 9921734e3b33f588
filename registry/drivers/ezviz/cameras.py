"""Cameras out of the app API's device list (sections STATUS and SWITCH); what a page lacks is unknown."""

import json
from collections.abc import Iterable
from typing import Any

from net.incoming import JsonObject
from net.text import line
from registry.camera import Camera, Flag, Ref, Video
from registry.errors import VendorDown

SECTIONS = "STATUS,SWITCH"
SLEEP, PRIVACY, AUDIO, LIGHT = 21, 7, 22, 3  # switch types
# supportExt: whether the model has these settings
SUPPORTS_SLEEP, SUPPORTS_AUDIO, SUPPORTS_NIGHT_VISION = "62", "63", "206"
SUPPORTS_OFFLINE_NOTICE, SUPPORTS_RESTART = "450", "452"
NIGHT_VISION = {0: "black_and_white", 1: "colour", 2: "smart"}  # graphicType
SUPPORTS_PERSON = ("224", "302", "244")  # detection of people apart from other motion
CHANNEL_ROW = 50  # resourceType of a video channel; 0 is the device or hub itself
SHARED_TO_ME = 2

# Categories whose device row is a camera itself where it has no channel rows.
CAMERAS = frozenset({"IPC", "BatteryCamera", "BDoorBell", "CatEye", "COMMON"})
DOORBELLS = frozenset({"BDoorBell", "CatEye"})
RECORDERS = frozenset({"XVR"})

_WORST_FIRST: tuple[Flag, ...] = ("on", "unknown", "off")
_ON_OFF: dict[int, Flag] = {0: "off", 1: "on"}
_ENABLED: dict[str, Flag] = {"true": "on", "1": "on", "false": "off", "0": "off"}


def cameras(pages: Iterable[JsonObject], source: str, ways: tuple[str, ...]) -> tuple[Camera, ...]:
    """One camera for each video channel. Raises VendorDown when there is no device list, which is not an empty one."""
    devices: dict[str, JsonObject] = {}
    resources: list[JsonObject] = []
    status: dict[str, JsonObject] = {}
    switches: dict[str, list[JsonObject]] = {}
    for page in pages:
        if not isinstance(page.get("deviceInfos"), list) or not isinstance(page.get("resourceInfos"), list):
            raise VendorDown("no device list in the answer")
        devices |= {str(device["deviceSerial"]): device for device in page["deviceInfos"]}
        resources += page["resourceInfos"]
        status |= page.get("STATUS") or {}
        switches |= page.get("SWITCH") or {}
    found = []
    for row in _channels(devices, resources):
        serial = str(row["deviceSerial"])
        found.append(_camera(devices[serial], row, status.get(serial), switches.get(serial), source, ways))
    return tuple(found)


def _channels(devices: dict[str, JsonObject], resources: list[JsonObject]) -> list[JsonObject]:
    rows = [row for row in resources if str(row.get("deviceSerial")) in devices]
    channel_rows = [row for row in rows if _number(row.get("resourceType")) == CHANNEL_ROW]
    channelled = {str(row["deviceSerial"]) for row in channel_rows}
    alone = [
        row
        for row in rows
        if str(row["deviceSerial"]) not in channelled and _category(devices[str(row["deviceSerial"])]) in CAMERAS
    ]
    return [row for row in channel_rows if not _unused(devices[str(row["deviceSerial"])], row)] + alone


def _unused(device: JsonObject, row: JsonObject) -> bool:
    """A recorder lists every channel it could have; those without a camera are named after the recorder."""
    return _category(device) in RECORDERS and str(device["deviceSerial"]) in str(row.get("resourceName", ""))


def _camera(
    device: JsonObject,
    row: JsonObject,
    status: JsonObject | None,
    switches: list[JsonObject] | None,
    source: str,
    ways: tuple[str, ...],
) -> Camera:
    serial, channel = str(device["deviceSerial"]), max(1, _number(row.get("localIndex")) or 1)
    optionals = _object((status or {}).get("optionals"))
    set_to = _switches(device, switches, channel) if isinstance(switches, list) else None
    owner = "shared" if _number(row.get("shareType")) == SHARED_TO_ME else "own"
    battery = _number(optionals.get("powerRemaining"))
    return Camera(
        id="",
        ref=Ref(source, serial, channel),
        name=line(row.get("resourceName")) or line(device.get("name")) or serial,
        manufacturer="EZVIZ",
        kind="doorbell" if _category(device) in DOORBELLS else "camera",
        model=line(device.get("deviceSubCategory") or device.get("deviceType")),
        firmware=line(device.get("version")),
        owner=owner,  # type: ignore[arg-type]
        online={1: "on", 2: "off"}.get(_number(device.get("status")) or 0, "unknown"),  # type: ignore[arg-type]
        asleep=_asleep(device, status, set_to),
        encryption={0: "off", 1: "on"}.get(_number((status or {}).get("isEncrypt"), -1), "unknown"),  # type: ignore[arg-type]
        audio=_audio(device, set_to),
        video=_video(optionals, "MainEncode") or Video(),
        sub=_video(optionals, "SubEncode"),
        status_light=_light(set_to),
        alarm_notification=_told(status, "globalStatus"),
        offline_notification=_offline_notice(device),
        flip=_flip(status, optionals),
        night_vision=_night_vision(device, status, optionals),
        can_restart=_supports(device, SUPPORTS_RESTART) is True,
        battery=battery if battery is not None and 0 <= battery <= 100 else None,
        charging=_ON_OFF.get(_number(optionals.get("powerStatus"), -1), "none"),
        motion="off",  # every model reports motion; sightings are the registry's
        person="off" if any(_supports(device, feature) for feature in SUPPORTS_PERSON) else "none",
        ways=ways if owner == "own" else (),
    )


def _asleep(device: JsonObject, status: JsonObject | None, set_to: dict[int, Flag] | None) -> Flag:
    """Sleep Mode or the privacy shutter: with either there is no picture."""
    if _number((status or {}).get("privacyStatus")) == 1:
        return "on"
    if set_to is None:
        return "unknown"
    flags = {set_to[kind] for kind in (SLEEP, PRIVACY) if kind in set_to}
    if SLEEP not in set_to and _supports(device, SUPPORTS_SLEEP):
        flags.add("unknown")
    return next((flag for flag in _WORST_FIRST if flag in flags), "none")


def _audio(device: JsonObject, set_to: dict[int, Flag] | None) -> Flag:
    if _supports(device, SUPPORTS_AUDIO) is False:
        return "none"  # switch 22 is listed for models without a microphone too
    return (set_to or {}).get(AUDIO, "unknown")


def _light(set_to: dict[int, Flag] | None) -> Flag:
    return "unknown" if set_to is None else set_to.get(LIGHT, "none")


def _told(section: JsonObject | None, name: str) -> Flag:
    """A number of a section. Without the section it is unknown, without the number the camera lacks it."""
    if section is None:
        return "unknown"
    return _ON_OFF.get(_number(section[name], -1), "unknown") if name in section else "none"


def _offline_notice(device: JsonObject) -> Flag:
    return "none" if _supports(device, SUPPORTS_OFFLINE_NOTICE) is False else _told(device, "offlineNotify")


def _flip(status: JsonObject | None, optionals: JsonObject) -> Flag:
    """Older models only turn it over and don't say how it stands: what can't be read back is not offered."""
    if status is None:
        return "unknown"
    if "inverse_mode" not in optionals:
        return "none"
    mode = optionals["inverse_mode"]
    number = _number(_object(mode).get("enable"), _number(mode, -1))
    return "unknown" if number < 0 else "on" if number else "off"


def _night_vision(device: JsonObject, status: JsonObject | None, optionals: JsonObject) -> Any:
    if _supports(device, SUPPORTS_NIGHT_VISION) is False:
        return "none"
    if status is None:
        return "unknown"
    model = _object(optionals.get("NightVision_Model"))
    return NIGHT_VISION.get(_number(model.get("graphicType"), -1), "unknown") if model else "none"


def _supports(device: JsonObject, what: str) -> bool | None:
    """What supportExt leaves out is not supported; None when there is no supportExt."""
    features = _object(device.get("supportExt"))
    return _number(features.get(what)) == 1 if features else None


def _switches(device: JsonObject, rows: list[JsonObject], channel: int) -> dict[int, Flag]:
    """By type. The channel's own row beats the device's (channel 0); that beats another lens of the same camera."""
    apart = _category(device) in RECORDERS  # of a recorder each channel is a camera of its own

    def nearness(row: JsonObject) -> int:
        number = _number(row.get("channelNo"), 0)
        return 2 if number == channel else 1 if number == 0 else 0

    near = [row for row in rows if nearness(row) > 0 or not apart]
    return {
        _number(row["type"]): _ENABLED.get(str(row.get("enable")).lower(), "unknown")
        for row in sorted(near, key=nearness)
        if _number(row.get("type")) is not None
    }


def _video(optionals: JsonObject, stream: str) -> Video | None:
    """None where the list has the camera's streams without this one."""
    streams = _object(optionals.get("video_para"))
    if streams and stream not in streams:
        return None
    encode = _number(streams.get(stream))
    return Video({1: "h264", 2: "h265"}.get(encode or 0, "unknown"))  # type: ignore[arg-type]


def _category(device: JsonObject) -> str:
    return str(device.get("deviceCategory", ""))


def _object(value: Any) -> JsonObject:
    """Many values are JSON in a string."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _number(value: Any, otherwise: int | None = None) -> Any:
    try:
        return int(value)
    except (TypeError, ValueError):
        return otherwise
