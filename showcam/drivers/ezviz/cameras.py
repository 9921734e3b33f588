"""Cameras out of the app API's device list, with the features of their models; what a page lacks is unknown.

Nearly every row of a switch is of channel 0, the whole device; a few types have rows for each channel of some models.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.camera import Flag, Listed, PictureCode, Ref, Video
from showcam.drivers.errors import VendorDown
from showcam.drivers.ezviz.answers import fields, number, tidied, within
from showcam.drivers.settings import NIGHT_VISION
from showcam.net.cache import Recent
from showcam.net.text import JsonObject, line

# The numbers of features in supportExt.
HAS_SENSITIVITY, HAS_SLEEP, HAS_AUDIO = "61", "62", "63"
NIGHT_VISION_MODE, SMART_NIGHT_VISION = "206", "274"
HAS_RESTART = "452"
HAS_TURNING = ("154", "30", "31")  # SupportPtz, or its parts TopBottom and LeftRight (pyEzvizApi, SupportExt)
HAS_PERSON = ("224", "302", "244")  # detection of people apart from other motion

type NightVision = Literal["colour", "black_and_white", "smart", "none", "unknown"]

# The bits of SMART_NIGHT_VISION. Of 15 real devices with it, those in smart mode all have bit 1, those in colour bit 2.
_BITS = {"smart": 1, "colour": 2, "black_and_white": 4}


class Features:
    def __init__(self, device: JsonObject) -> None:
        self._reported = fields(device.get("supportExt"))

    def has(self, feature: str) -> bool | None:
        """Whether the model has the feature. The list leaves out missing features; None if there is no list at all."""
        return bool(self.mask(feature)) if self._reported else None

    def mask(self, feature: str) -> int:
        """The feature's value; of a list of numbers, their bits together. 0 if it is missing or makes no sense."""
        bits = 0
        for part in str(self._reported.get(feature, "")).split(","):
            word = part.strip()
            if word.isascii() and word.isdigit() and len(word) < 10:
                bits |= int(word)
        return bits

    def night_modes(self, now: NightVision) -> tuple[str, ...]:
        """The modes that night vision can be set to; only the present mode if the vendor's app offers no choice.

        () if there is no list of features.
        """
        if not self._reported or now == "none":
            return ()
        mask = self.mask(SMART_NIGHT_VISION)
        if mask:
            return tuple(mode for mode in NIGHT_VISION if mask & _BITS[mode] or mode in ("black_and_white", now))
        if self.has(NIGHT_VISION_MODE):
            return NIGHT_VISION
        return () if now == "unknown" else (now,)


LIGHT, PRIVACY, SLEEP, AUDIO = 3, 7, 21, 22  # types
MANY = 4096

_ENABLED: dict[str, Flag] = {"true": "on", "1": "on", "false": "off", "0": "off"}


def enabled(value: object) -> Flag:
    """True and false, as the list writes them."""
    return _ENABLED.get(str(value).lower(), "unknown")


def of_channel(rows: Iterable[JsonObject], channel: int, *, apart: bool) -> dict[int, Flag]:
    """Switches by type. The channel's row beats the device's (channel 0); that beats another lens of the same camera.

    `apart`: each channel is a separate camera, as of a recorder, so that other channels' rows do not count.
    """

    def nearness(row: JsonObject) -> int:
        at = number(row.get("channelNo"), 0)
        return 2 if at == channel else 1 if at == 0 else 0

    near = [row for row in rows if nearness(row) > 0 or not apart]
    return {
        number(row["type"]): enabled(row.get("enable"))
        for row in sorted(near, key=nearness)
        if number(row.get("type")) is not None
    }


class Channels:
    """The channel number for setting a switch: 0, unless the list has a row of its type for the channel itself."""

    def __init__(self) -> None:
        self._own: Recent[Ref, frozenset[int]] = Recent(MANY)

    def keep(self, pages: Iterable[JsonObject], refs: Iterable[Ref]) -> None:
        """Notes the channels' own switches, from a list that was just read."""
        found: dict[str, list[JsonObject]] = {}
        for page in pages:
            section = page.get("SWITCH")
            if isinstance(section, dict):
                found |= {str(serial): rows for serial, rows in section.items() if isinstance(rows, list)}
        for ref in refs:
            rows = [row for row in found.get(ref.serial, []) if isinstance(row, dict)]
            own = (number(row.get("type")) for row in rows if number(row.get("channelNo"), 0) == ref.channel)
            self._own.put(ref, frozenset(kind for kind in own if kind is not None))

    def known(self, ref: Ref) -> bool:
        """Whether this process has read the camera's list."""
        return self._own.get(ref) is not None

    def of(self, ref: Ref, kind: int) -> int:
        return ref.channel if kind in (self._own.get(ref) or ()) else 0


SECTIONS = "STATUS,SWITCH,FEATURE_INFO,VIDEO_QUALITY"
NIGHT_MODES = {0: "black_and_white", 1: "colour", 2: "smart"}  # graphicType
CHANNEL_ROW = 50  # resourceType of a video channel; 0 is the device or hub itself
# shareType: one's own, shared out or not; another account's: shared now, no longer, not at this hour, by barcode
OWN, RECEIVED = frozenset({0, 1}), frozenset({2, 3, 4, 5})
EVERYTHING = -1  # permission of an owner; the single bits of other permissions have no published meaning
SUB = 2  # streamType of the smaller picture; 1 is the whole one

# Categories whose device row is a camera itself if there are no channel rows.
CAMERAS = frozenset({"IPC", "BatteryCamera", "BDoorBell", "CatEye", "COMMON"})
DOORBELLS = frozenset({"BDoorBell", "CatEye"})
RECORDERS = frozenset({"XVR"})

_WORST_FIRST: tuple[Flag, ...] = ("on", "unknown", "off")
_ON_OFF: dict[int, Flag] = {0: "off", 1: "on"}


class _Sections(Struct, frozen=True):
    """The parts of the pages about a channel. None is a missing section, whose values are unknown."""

    device: JsonObject
    row: JsonObject
    status: JsonObject | None
    switches: dict[int, Flag] | None
    features: JsonObject | None
    qualities: list[Any] | None
    has_switches: bool  # a real recorder lists no switches, and has nothing to switch


def cameras(pages: Iterable[JsonObject], source: str, ways: tuple[str, ...]) -> tuple[Listed, ...]:
    """One camera for each video channel. Raises VendorDown when there is no device list, which is not an empty one."""
    devices: dict[str, JsonObject] = {}
    resources: list[JsonObject] = []
    sections: dict[str, JsonObject] = {}
    for page in pages:
        if not isinstance(page.get("deviceInfos"), list) or not isinstance(page.get("resourceInfos"), list):
            raise VendorDown("no device list in the answer")
        tidy = tidied(page)
        devices |= {str(device["deviceSerial"]): device for device in tidy["deviceInfos"]}
        resources += tidy["resourceInfos"]
        for name in SECTIONS.split(","):
            if tidy.get(name) is not None:
                sections[name] = sections.get(name, {}) | tidy[name]
    return tuple(
        _camera(_listed(devices[str(row["deviceSerial"])], row, sections), source, ways)
        for row in _channels(devices, resources)
    )


def has_sub(qualities: Any) -> bool:
    """Whether the list of qualities has one with the smaller picture; yes if it has none at all."""
    streams = (
        [row.get("streamType") for row in qualities if isinstance(row, dict)] if isinstance(qualities, list) else ()
    )
    return not streams or SUB in streams


def _listed(device: JsonObject, row: JsonObject, sections: dict[str, JsonObject]) -> _Sections:
    serial = str(device["deviceSerial"])
    is_recorder = _category(device) in RECORDERS
    switches = sections.get("SWITCH", {}).get(serial)
    return _Sections(
        device,
        row,
        sections.get("STATUS", {}).get(serial),
        of_channel(switches, _channel(row), apart=is_recorder) if switches is not None else None,
        within(sections["FEATURE_INFO"].get(serial)) if "FEATURE_INFO" in sections else None,
        sections.get("VIDEO_QUALITY", {}).get(str(row.get("resourceId"))),
        has_switches=not is_recorder or "SWITCH" not in sections or switches is not None,
    )


def _channel(row: JsonObject) -> int:
    return max(1, number(row.get("localIndex")) or 1)


def _channels(devices: dict[str, JsonObject], resources: list[JsonObject]) -> list[JsonObject]:
    rows = [row for row in resources if str(row.get("deviceSerial")) in devices]
    channel_rows = [row for row in rows if is_channel(row)]
    channelled = {str(row["deviceSerial"]) for row in channel_rows}
    alone = [
        row
        for row in rows
        if str(row["deviceSerial"]) not in channelled and _category(devices[str(row["deviceSerial"])]) in CAMERAS
    ]
    return [row for row in channel_rows if not _unused(devices[str(row["deviceSerial"])], row)] + alone


def is_channel(row: JsonObject) -> bool:
    """Whether a row is of a picture. Public clients take every type but 0, and no list says which others there are."""
    return (number(row.get("resourceType")) or 0) > 0


def _kind(row: JsonObject) -> str:
    """The type of a row that no known list has, to be shown after the model; "" for a known type."""
    kind = number(row.get("resourceType"))
    return f"(type {kind})" if is_channel(row) and kind != CHANNEL_ROW else ""


def _unused(device: JsonObject, row: JsonObject) -> bool:
    """A recorder lists every channel it could have; those without a camera are named after the recorder."""
    return _category(device) in RECORDERS and str(device["deviceSerial"]) in str(row.get("resourceName", ""))


def _camera(listed: _Sections, source: str, ways: tuple[str, ...]) -> Listed:
    device, row, status = listed.device, listed.row, listed.status
    serial, can = str(device["deviceSerial"]), Features(device)
    optionals = within(status, "optionals")
    owner = "shared" if _is_received(row) else "own"
    battery = number(optionals.get("powerRemaining"))
    night_vision = _night_vision(status, optionals)
    return Listed(
        ref=Ref(source, serial, _channel(row)),
        name=line(row.get("resourceName")) or line(device.get("name")) or serial,
        manufacturer="EZVIZ",
        kind="doorbell" if _category(device) in DOORBELLS else "camera",
        model=line(f"{device.get('deviceSubCategory') or device.get('deviceType') or ''} {_kind(row)}"),
        firmware=line(device.get("version")),
        owner=owner,  # type: ignore[arg-type]
        online={1: "on", 2: "off"}.get(number(device.get("status")) or 0, "unknown"),  # type: ignore[arg-type]
        asleep=_asleep(can, listed),
        encryption={0: "off", 1: "on"}.get(number((status or {}).get("isEncrypt"), -1), "unknown"),  # type: ignore[arg-type]
        audio=_audio(can, listed.switches) if listed.has_switches else "none",
        # `video_para` does not show for sure which codec a picture has: that is known once it was opened
        listed_sub=Video() if has_sub(listed.qualities) else None,
        status_light=_light(listed),
        alarm_notification=_flag(status, "globalStatus"),
        offline_notification=_flag(device, "offlineNotify"),  # supportExt says it of no real model
        flip=_flip(listed.features, _channel(row)),
        night_vision=night_vision,
        night_modes=can.night_modes(night_vision),
        can_restart=can.has(HAS_RESTART) is True,
        can_turn=owner == "own" and any(can.has(feature) for feature in HAS_TURNING),
        battery=battery if battery is not None and 0 <= battery <= 100 else None,
        charging=_ON_OFF.get(number(optionals.get("powerStatus"), -1), "none"),
        motion="off",  # every model reports motion; sightings are the registry's
        person="off" if any(can.has(feature) for feature in HAS_PERSON) else "none",
        ways=ways if owner == "own" else (),
    )


def _is_received(row: JsonObject) -> bool:
    """Whether another account owns the camera; the permission decides if shareType does not."""
    share = number(row.get("shareType"))
    if share in OWN:
        return False
    return share in RECEIVED or number(row.get("permission"), EVERYTHING) != EVERYTHING


def _asleep(can: Features, listed: _Sections) -> Flag:
    """Whether Sleep Mode or the privacy shutter stops the picture. Models without them list the switches, too."""
    switches = listed.switches
    if number((listed.status or {}).get("privacyStatus")) == 1:
        return "on"
    if switches is None:
        return "unknown" if listed.has_switches else "none"
    sleeps = can.has(HAS_SLEEP)
    flags = {
        switches[kind] for kind in (SLEEP, PRIVACY) if kind in switches and (kind == PRIVACY or sleeps is not False)
    }
    if sleeps is False and flags == {"off"}:
        return "none"
    if SLEEP not in switches and sleeps:
        flags.add("unknown")
    return next((flag for flag in _WORST_FIRST if flag in flags), "none")


def _audio(can: Features, switches: dict[int, Flag] | None) -> Flag:
    if can.has(HAS_AUDIO) is False:
        return "none"  # switch 22 is listed for models without a microphone too
    return (switches or {}).get(AUDIO, "unknown")


def _light(listed: _Sections) -> Flag:
    if listed.switches is None:
        return "unknown" if listed.has_switches else "none"
    return listed.switches.get(LIGHT, "none")


def _flag(section: JsonObject | None, name: str) -> Flag:
    """A number of a section: "unknown" without the section, "none" if the section lacks the number."""
    if section is None:
        return "unknown"
    return _ON_OFF.get(number(section[name], -1), "unknown") if name in section else "none"


def _flip(of_device: JsonObject | None, channel: int) -> Flag:
    """Whether the channel's picture is flipped. `inverse_mode` of STATUS contradicts this value, and is not used."""
    if of_device is None:
        return "unknown"
    flip = within(of_device, str(channel), "Video", "VideoAdjustment").get("ImageFlip")
    return enabled(fields(flip).get("enabled")) if flip is not None else "none"


def _night_vision(status: JsonObject | None, optionals: JsonObject) -> NightVision:
    """Night vision as it is set; models whose supportExt has no such feature list the setting, too."""
    if status is None:
        return "unknown"
    model = fields(optionals.get("NightVision_Model"))
    return NIGHT_MODES.get(number(model.get("graphicType"), -1), "unknown") if model else "none"  # type: ignore[return-value]


def _category(device: JsonObject) -> str:
    return str(device.get("deviceCategory", ""))


def judged(
    cameras: tuple[Listed, ...], pages: Iterable[JsonObject], codes: Mapping[str, str], videos: Mapping[str, bool]
) -> tuple[Listed, ...]:
    """The cameras, each with whether its code in `codes` fits. `videos`: by serial, whether it deciphered video."""
    known = list(pages)
    found: dict[str, PictureCode] = {
        serial: _judged(known, serial, code, videos.get(serial)) for serial, code in codes.items()
    }
    return tuple(
        replace(camera, picture_code=found[camera.ref.serial]) if camera.ref.serial in found else camera
        for camera in cameras
    )


def _judged(pages: list[JsonObject], serial: str, code: str, video: bool | None) -> PictureCode:
    """A code that the list confirms and the video does not is tried again: the video may have been damaged."""
    is_listed = is_right(pages, serial, code) is True
    if video is None:
        return "fits" if is_listed else "unknown"
    return "fits" if video else "unknown" if is_listed else "wrong"


def is_right(pages: list[JsonObject], serial: str, code: str) -> bool | None:
    """Whether the code is right by the digest that the vendor lists; None without a digest."""
    for page in pages:
        digest = ((page.get("STATUS") or {}).get(serial) or {}).get("encryptPwd")
        if isinstance(digest, str) and digest:
            return hmac.compare_digest(digest_of(code), digest.lower().encode())
    return None


def digest_of(code: str) -> bytes:
    """The digest of a code as the vendor writes it: MD5 twice."""
    once = hashlib.md5(code.encode(), usedforsecurity=False).hexdigest()
    return hashlib.md5(once.encode(), usedforsecurity=False).hexdigest().encode()
