"""Cameras by the Open Platform alone: for a household that has a sub-account and no app session.

Lists have names, presence and encryption; Audio and the lens mask take two calls for each camera, so that this way in
is for households of a few cameras. A flag that could not be read in time is unknown.
"""

from typing import Any

from net.exchange import Exchange
from net.incoming import JsonObject
from net.text import line
from registry.camera import Camera, Flag, Ref, Video
from registry.drivers.ezviz.open.calls import Calls, OpenPlatform
from registry.drivers.ezviz.open.tokens import Access
from registry.errors import DriverError, SetRefused, SignedOut, VendorBusy

SHARED_TO_ME = "2"
DOORBELLS = ("DB", "CS-DB", "HP", "CS-HP")  # how the models' names begin
ENOUGH_S = 0.4  # the least time for one more call

_FLAGS: dict[str, Flag] = {"0": "off", "1": "on"}


def read(platform: OpenPlatform, access: Access, source: str, exchange: Exchange) -> tuple[Camera, ...]:
    """Raises DriverError."""
    devices = {str(device.get("deviceSerial")): device for device in platform.pages(access, "device/list", exchange)}
    rows = platform.pages(access, "camera/list", exchange)
    return tuple(
        _camera(platform, access, row, devices.get(str(row["deviceSerial"]), {}), source, exchange)
        for row in rows
        if row.get("deviceSerial")
    )


def _camera(
    platform: OpenPlatform, access: Access, row: JsonObject, device: JsonObject, source: str, exchange: Exchange
) -> Camera:
    try:
        channel = max(1, int(row.get("channelNo", 1)))
    except (TypeError, ValueError):
        channel = 1
    ref = Ref(source, str(row["deviceSerial"]), channel)
    model = line(device.get("deviceType") or device.get("model"))
    online = _flag(row.get("status"))
    calls = Calls(platform, access, ref, exchange)
    shared = str(row.get("isShared")) == SHARED_TO_ME
    readable = online == "on" and not shared
    return Camera(
        id="",
        ref=ref,
        name=line(row.get("channelName")) or line(device.get("deviceName")) or ref.serial,
        manufacturer="EZVIZ",
        kind="doorbell" if model.startswith(DOORBELLS) else "camera",
        model=model,
        firmware=line(device.get("deviceVersion")),
        owner="shared" if shared else "own",
        online=online,
        asleep=_asleep(calls, exchange) if readable else "unknown",
        encryption=_flag(row.get("isEncrypt")),
        audio=_audio(calls, exchange) if readable else "unknown",
        sub=Video(),  # the list lacks it, and the platform has an address of a smaller picture for every camera
        alarm_notification=_flag(device["defence"]) if "defence" in device else "none",
        ways=("open",) if not shared else (),
    )


def _asleep(calls: Calls, exchange: Exchange) -> Flag:
    status = _ask(calls, exchange, "device/status/get")
    # -1, -2: not known; 2: this camera has no such mask
    return "none" if str(status.get("privacyStatus")) == "2" else _flag(status.get("privacyStatus"))


def _audio(calls: Calls, exchange: Exchange) -> Flag:
    if exchange.left < ENOUGH_S:
        return "unknown"
    try:
        rows = calls.rows("camera/video/sound/status")
    except (SignedOut, VendorBusy):
        raise
    except (DriverError, SetRefused):
        return "unknown"  # "not supported" also means "not known"
    own_rows = [row for row in rows if str(row.get("channelNo")) == str(calls.channel)] or rows
    return _flag(own_rows[0].get("enable")) if own_rows else "unknown"


def _ask(calls: Calls, exchange: Exchange, path: str) -> JsonObject:
    if exchange.left < ENOUGH_S:
        return {}
    try:
        return calls.data(path)
    except (SignedOut, VendorBusy):
        raise
    except (DriverError, SetRefused):
        return {}


def _flag(value: Any) -> Flag:
    return _FLAGS.get(str(value), "unknown")
