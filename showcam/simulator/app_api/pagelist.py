"""The app's list of cameras: each camera's type and features, and its present state (STATUS, SWITCH).

Newer types have FEATURE_INFO by channel; "0" is the whole device.
"""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from showcam.simulator.camera import VALUES, Camera
from showcam.simulator.products import Product
from showcam.simulator.state import VTM, Account, Device, World, md5


def features(cameras: Sequence[Camera]) -> dict[str, Any] | None:
    """Returns the rows of a device with these channels; None if the device's type has no rows."""
    product = cameras[0].product
    if not (product.features if product else any(camera.flips for camera in cameras)):
        return None
    rows: dict[str, Any] = {"0": {"global": _rows(cameras[-1]) if len(cameras) > 1 else {}}}
    return rows | {str(camera.channel): {"Video": _rows(camera)} for camera in cameras}


def _rows(camera: Camera) -> dict[str, Any]:
    microphone = {"MicrophoneVolume": 70}
    if not camera.flip_feature:
        return {"Microphone": microphone}
    flip = {"enabled": camera.flipped, "imageFlipStyle": "CENTER"}
    return {"Microphone": microphone, "VideoAdjustment": {"ImageFlip": flip}}


SOUND, SLEEP, PRIVACY, LIGHT, INFRARED = 22, 21, 7, 3, 10
SWITCHES = {LIGHT: "light", PRIVACY: "privacy", INFRARED: "infrared", SLEEP: "asleep", SOUND: "audio"}
_SPOTLIGHT = {"type": 303, "enable": False}  # real devices list only this switch for each channel
_ENCODINGS = {"h264": 0, "h265": 1}


def status(world: World, account: Account, camera: Camera) -> dict[str, Any]:
    own = camera.owner == account.user
    return {
        "isEncrypt": int(camera.encrypted(world.now())),
        "encryptPwd": _digest(camera) if own or camera.product else "",
        "globalStatus": int(camera.armed),
        "alarmSoundMode": 0,
        # real cameras show the shutter only among the switches
        "privacyStatus": 0 if camera.product else int(camera.privacy),
        "pirStatus": -1,
        "diskNum": int(camera.disk is not None),
        "diskState": f"{'-' if camera.disk is None else camera.disk}---------------",
        "cloudType": 0,
        "upgradeAvailable": 0,
        "optionals": {
            "NightVision_Model": json.dumps({"graphicType": camera.night_vision, "luminance": 100, "duration": 90}),
            "timeZone": VALUES[camera.zone],
            "tzCode": camera.zone,
            "timeFormat": str(camera.date_format),
            "daylightSavingTime": str(int(camera.summer_time)),
            "language": "ENGLISH",
            "video_para": json.dumps(_encodings(camera)),
            "OnlineStatus": "1" if camera.online else "2",
            "wanIp": "203.0.113.7",
        }
        | _more(camera),
    }


def _digest(camera: Camera) -> str:
    return md5(md5(camera.code[::-1] if camera.lists_other_digest else camera.secret))


def _encodings(camera: Camera) -> dict[str, int]:
    """Lists the codecs of the camera's type, whatever the camera sends; -1 if the type shows no codec."""
    if camera.product is not None:
        return camera.product.video_para()
    streams = (("MainEncode", camera.picture(1)), ("SubEncode", camera.picture(2)))
    return {name: _ENCODINGS[picture[0]] for name, picture in streams if picture}


def _more(camera: Camera) -> dict[str, Any]:
    """Returns the optionals that only some models have."""
    optionals: dict[str, Any] = {}
    if camera.flips:
        # if FEATURE_INFO says which way up the picture is, this value does not follow
        stale = camera.product.inverse if camera.product else 1
        turned = stale if camera.flip_feature else int(camera.flipped)
        optionals["inverse_mode"] = json.dumps({"mode": 0, "enable": turned, "position": 0})
    if camera.battery is not None:
        optionals |= {"powerRemaining": str(camera.battery), "powerStatus": str(int(camera.charging))}
    return optionals


def switches(world: World, account: Account, camera: Camera) -> list[dict[str, Any]]:
    """Returns the switches of the device's channels; the only channel of a plain camera has number 0 here."""
    serial, now = camera.serial, world.now()
    if camera.product is not None:  # as in life, two lenses have the switches of their device, and one row each of 303
        lenses = [{**_SPOTLIGHT, "deviceSerial": serial, "channelNo": at} for at in (0, 1, 2)]
        return [*_switches_of(camera, 0, now), *lenses]
    several = serial in world.devices
    known = [shown for shown in world.visible(account.user) if shown.serial == serial]
    return [row for shown in known for row in _switches_of(shown, shown.channel * several, now)]


def _switches_of(camera: Camera, channel: int, now: float) -> list[dict[str, Any]]:
    return [
        {"deviceSerial": camera.serial, "channelNo": channel, "type": kind, "enable": camera.listed(name, now)}
        for kind, name in SWITCHES.items()
    ]


MOST = 50
# a dispatcher's SubjectPublicKeyInfo on P-256; clients need the key if the link has its own cipher
PUBLIC_KEY = base64.b64encode(
    bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004") + bytes(range(64))
).decode()
_EMPTY = (
    *("TIME_PLAN", "KMS", "P2P", "DETECTOR", "FEATURE", "CUSTOM_TAG", "QOS"),
    *("PRODUCTS_INFO", "SIM_CARD", "MULTI_UPGRADE_EXT"),
)


def page(world: World, account: Account, offset: int, limit: int, sections: set[str]) -> dict[str, Any]:
    """Returns one page. `offset` counts resources: channels, and devices with several channels or none."""
    everything = _resources(world, account)
    shown = everything[offset : offset + limit]
    more = offset + limit < len(everything)
    serials = dict.fromkeys(row["deviceSerial"] for row, _camera in shown)
    cameras = list({camera.key: camera for _row, camera in shown if camera is not None}.values())
    firsts = {camera.serial: camera for camera in reversed(cameras)}
    answer: dict[str, Any] = {
        # the vendor counts nothing, even for a full list
        "page": {"offset": offset, "limit": limit, "totalResults": 0, "hasNext": more},
        "deviceInfos": [_info(world, serial, firsts) for serial in serials],
        "resourceInfos": [row for row, _camera in shown],
    }
    for name in sorted(sections & BY_SERIAL.keys()):
        # real recorders have no switches
        shown_of = [camera for camera in firsts.values() if name != "SWITCH" or not _is_recorder(world, camera)]
        answer[name] = {camera.serial: BY_SERIAL[name](world, account, camera) for camera in shown_of}
    for name in sorted(sections & BY_RESOURCE.keys()):
        answer[name] = {resource_id(camera): BY_RESOURCE[name](camera) for camera in cameras}
    if "FEATURE_INFO" in sections:
        found = {serial: features([camera for camera in cameras if camera.serial == serial]) for serial in firsts}
        answer["FEATURE_INFO"] = {serial: rows for serial, rows in found.items() if rows is not None}
    if "VTM" in sections:
        answer["VTM"] = {resource_id(camera): dispatcher(world) for camera in cameras}
    answer |= {name: {} for name in _EMPTY if name in sections}
    return answer


def _resources(world: World, account: Account) -> list[tuple[dict[str, Any], Camera | None]]:
    """Returns a row for each channel, and for a recorder's empty places.

    A device with several channels has its row first.
    """
    rows: list[tuple[dict[str, Any], Camera | None]] = []
    cameras: dict[str, list[Camera]] = {}
    for camera in world.visible(account.user):
        cameras.setdefault(camera.serial, []).append(camera)
    for owned in world.devices.values():
        if owned.owner == account.user:
            cameras.setdefault(owned.serial, [])
    for serial, channels in cameras.items():
        device: Device | None = world.devices.get(serial)
        first = channels[0] if channels else None
        if device is not None:
            own = device.owner == account.user
            rows.append((_row(serial, 0, device.name, 0, own=own, product=first.product if first else None), first))
        rows += [(_resource(camera, account), camera) for camera in channels]
        taken = {camera.channel for camera in channels}
        for channel in range(1, (device.channels if device else 0) + 1):
            if channel not in taken and device is not None and device.owner == account.user:
                rows.append((_row(serial, channel, f"{device.name}-{serial}-{channel}", 50, own=True), first))
    return rows


def _info(world: World, serial: str, cameras: dict[str, Camera]) -> dict[str, Any]:
    device, camera = world.devices.get(serial), cameras.get(serial)
    if device is None:
        assert camera is not None  # every row is of a device or a camera
        return _device(camera)
    camera = camera or Camera(serial, device.name, device.owner, "", "garden", model=device.model)
    return _device(camera) | _body(device)


def _is_recorder(world: World, camera: Camera) -> bool:
    device = world.devices.get(camera.serial)
    return device is not None and device.category == "XVR"


def _body(device: Device) -> dict[str, Any]:
    return {"name": device.name, "deviceCategory": device.category, "channelNumber": max(1, device.channels)}


def dispatcher(world: World) -> dict[str, Any]:
    """Returns the server for a camera's live stream; only the app asks for it."""
    return {
        "domain": "127.0.0.1",
        "externalIp": "127.0.0.1",
        "internalIp": "None",  # the vendor writes None as a text
        "port": world.ports.at(VTM),
        "memo": "",
        "forceStreamType": 0,
        "isBackup": 0,
        "publicKey": {"key": PUBLIC_KEY, "version": 1},
    }


def resource_id(camera: Camera) -> str:
    return md5(f"{camera.serial}/{camera.channel}")


_FRIENDLY = ("9", "14", "46", "61", "62", "63", "206", "452")  # the features of each of the demo's models


def _device(camera: Camera) -> dict[str, Any]:
    doorbell = camera.kind == "doorbell"
    row = {
        "deviceSerial": camera.serial,
        "fullSerial": f"{camera.model}-{camera.serial}",
        "deviceType": f"CS-{camera.model}-A0-1F2WFL1",
        "deviceCategory": camera.category or ("BDoorBell" if doorbell else "IPC"),
        "deviceSubCategory": camera.model,
        "name": camera.name,
        "status": 1 if camera.online else 2,
        "channelNumber": 1,
        "version": "V5.3.0 build 230615",
        "mac": "02:" + ":".join(md5(camera.serial)[at : at + 2] for at in range(0, 10, 2)),
        "offlineNotify": int(camera.offline_notify),
        "offlineTime": "",
        # every value is a string; a missing key means that the setting is not supported
        "supportExt": json.dumps(dict.fromkeys(_FRIENDLY + ("154",) * camera.turns, "1")),
        "instructionBook": f"https://support.ezviz.com/manuals/{camera.model}",
        "hik": False,
        "riskLevel": 0,
        "userName": camera.owner,
    }
    return row | camera.product.device(camera.serial) if camera.product else row


def _resource(camera: Camera, account: Account) -> dict[str, Any]:
    own = camera.owner == account.user
    return _row(camera.serial, camera.channel, camera.name, 50, own=own, product=camera.product)


def _row(
    serial: str, channel: int, name: str, kind: int, *, own: bool, product: Product | None = None
) -> dict[str, Any]:
    row = {
        "resourceId": md5(f"{serial}/{channel}"),
        "deviceSerial": serial,
        "superDeviceSerial": serial,
        "resourceName": name,
        "resourceType": kind,
        "localIndex": str(channel),
        "shareType": 0 if own else 2,
        "permission": -1 if own else product.permission if product else 3,
        "videoLevel": 2,
        "streamBizUrl": "biz=1" if channel % 2 else "",
        "isShow": 1,
        "groupId": -1,
    }
    return row | product.resource(channel) if product else row


def _connection(world: World, account: Account, camera: Camera) -> dict[str, Any]:
    # real cameras all have port 554, and the list has 0; here each camera has its own port, listed while it is open
    port = world.ports.rtsp(camera.serial) if camera.owner == account.user else 0
    unknown = "0.0.0.0" if camera.product is None else ""  # noqa: S104 - listed, not bound
    known = port or (camera.product is not None and camera.battery is None)
    return {
        "localIp": "127.0.0.1" if known else unknown,
        "localRtspPort": port,
        "localCmdPort": 9010,  # every camera is listed with these two ports, whether or not it listens there
        "localStreamPort": 9020,
        "netIp": "203.0.113.7",
        "wanIp": "203.0.113.7",
        "netType": 3,
        "upnp": 0,
    }


def _wifi(_world: World, _account: Account, camera: Camera) -> dict[str, Any]:
    # real cameras always list an address, which may be an old one
    return {"address": "127.0.0.1" if camera.product else "", "ssid": "showcam", "signal": 82, "netType": "wireless"}


def _quiet(_world: World, _account: Account, camera: Camera) -> dict[str, Any]:
    return {"deviceSerial": camera.serial, "alarmEnable": int(camera.muted), "callingEnable": 0}


def _channel(camera: Camera) -> dict[str, Any]:
    row = {
        "channelNo": camera.channel,
        "deviceSerial": camera.serial,
        "channelDeviceSerial": camera.serial,
        "privacyStatus": int(camera.privacy),
        "powerStatus": 0,
        "globalStatus": 1,
        "signalStatus": 1,
    }
    if camera.product is not None:
        row |= {"channelDeviceSerial": None, "privacyStatus": 0 if camera.channel == 1 else -1, "globalStatus": 0}
    return row


def _cloud(camera: Camera) -> dict[str, Any]:
    return {"status": camera.cloud, "validDays": 7 if camera.cloud == 1 else 0, "deviceSerial": camera.serial}


def _upgrade(_world: World, _account: Account, camera: Camera) -> dict[str, Any]:
    newer = {"upgradePackageInfo": {"version": camera.newer_firmware}} if camera.newer_firmware else {}
    return {"isNeedUpgrade": 3 if newer else 0, **newer}


def _quality(camera: Camera) -> list[dict[str, Any]]:
    if camera.product is not None:
        return camera.product.levels(smaller=camera.sub_size is not None)
    return [{"streamType": 1, "videoLevel": 2}] + [{"streamType": 2, "videoLevel": 0}] * bool(camera.sub_size)


BY_SERIAL: dict[str, Callable[[World, Account, Camera], Any]] = {
    "STATUS": status,
    "SWITCH": switches,
    "CONNECTION": _connection,
    "WIFI": _wifi,
    "NODISTURB": _quiet,
    "UPGRADE": _upgrade,
}
BY_RESOURCE: dict[str, Callable[[Camera], Any]] = {"CHANNEL": _channel, "CLOUD": _cloud, "VIDEO_QUALITY": _quality}
