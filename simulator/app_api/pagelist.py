"""The app's one big list: devices, their channels, and a map for each section that was asked for."""

import json
from collections.abc import Callable
from typing import Any

from simulator.state import Account, Camera, World, md5

MOST = 30
SOUND, SLEEP, PRIVACY, LIGHT, INFRARED = 22, 21, 7, 3, 10
SWITCHES = {LIGHT: "light", PRIVACY: "privacy", INFRARED: "infrared", SLEEP: "asleep", SOUND: "audio"}
_EMPTY = (
    *("CLOUD", "TIME_PLAN", "KMS", "P2P", "VTM", "DETECTOR", "FEATURE", "CUSTOM_TAG", "UPGRADE", "QOS"),
    *("PRODUCTS_INFO", "SIM_CARD", "MULTI_UPGRADE_EXT", "FEATURE_INFO"),
)


def page(world: World, account: Account, offset: int, limit: int, sections: set[str]) -> dict[str, Any]:
    """`offset` counts channels, and each camera has one."""
    everything = world.visible(account.user)
    cameras = everything[offset : offset + limit]
    more = offset + limit < len(everything)
    answer: dict[str, Any] = {
        "page": {"offset": offset, "limit": limit, "totalResults": len(everything), "hasNext": more},
        "deviceInfos": [_device(one) for one in cameras],
        "resourceInfos": [_resource(one, account) for one in cameras],
    }
    for name in sorted(sections & BY_SERIAL.keys()):
        answer[name] = {one.serial: BY_SERIAL[name](world, account, one) for one in cameras}
    for name in sorted(sections & BY_RESOURCE.keys()):
        answer[name] = {resource_id(one): BY_RESOURCE[name](one) for one in cameras}
    answer |= {name: {} for name in _EMPTY if name in sections}
    return answer


def resource_id(camera: Camera) -> str:
    return md5(f"{camera.serial}/1")


def _device(camera: Camera) -> dict[str, Any]:
    doorbell = camera.kind == "doorbell"
    return {
        "deviceSerial": camera.serial,
        "fullSerial": f"{camera.model}-{camera.serial}",
        "deviceType": f"CS-{camera.model}-A0-1F2WFL1",
        "deviceCategory": "BDoorBell" if doorbell else "IPC",
        "deviceSubCategory": camera.model,
        "name": camera.name,
        "status": 1 if camera.online else 2,
        "channelNumber": 1,
        "version": "V5.3.0 build 230615",
        "mac": "02:" + ":".join(md5(camera.serial)[at : at + 2] for at in range(0, 10, 2)),
        "offlineNotify": 0,
        "offlineTime": "",
        # every value is a string, and what is missing is not supported
        "supportExt": json.dumps({"9": "1", "14": "1", "46": "1", "62": "1", "63": "1", "206": "1", "452": "1"}),
        "hik": False,
        "riskLevel": 0,
        "userName": camera.owner,
    }


def _resource(camera: Camera, account: Account) -> dict[str, Any]:
    own = camera.owner == account.user
    return {
        "resourceId": resource_id(camera),
        "deviceSerial": camera.serial,
        "superDeviceSerial": camera.serial,
        "resourceName": camera.name,
        "resourceType": 50,
        "localIndex": "1",
        "shareType": 0 if own else 2,
        "permission": -1 if own else 3,
        "videoLevel": 2,
        "streamBizUrl": "",
        "isShow": 1,
        "groupId": -1,
    }


def _status(world: World, account: Account, camera: Camera) -> dict[str, Any]:
    own = camera.owner == account.user
    encoding = 2 if camera.codec == "h265" else 1
    return {
        "isEncrypt": int(camera.encrypted(world.now())),
        "encryptPwd": md5(md5(camera.code)) if own else "",
        "globalStatus": 1,
        "alarmSoundMode": 0,
        "privacyStatus": int(camera.privacy),
        "pirStatus": -1,
        "diskNum": 1,
        "diskState": "0---------------",
        "cloudType": 0,
        "upgradeAvailable": 0,
        "optionals": {
            "NightVision_Model": json.dumps({"graphicType": 2, "luminance": 100, "duration": 90}),
            "timeZone": "UTC+01:00",
            "tzCode": "46",
            "timeFormat": "0",
            "daylightSavingTime": "1",
            "language": "ENGLISH",
            "video_para": json.dumps({"MainEncode": encoding, "SubEncode": encoding}),
            "OnlineStatus": "1" if camera.online else "2",
            "wanIp": "203.0.113.7",
        },
    }


def _switches(_world: World, _account: Account, camera: Camera) -> list[dict[str, Any]]:
    return [
        {"deviceSerial": camera.serial, "channelNo": 0, "type": kind, "enable": bool(getattr(camera, name))}
        for kind, name in SWITCHES.items()
    ]


def _connection(_world: World, _account: Account, _camera: Camera) -> dict[str, Any]:
    # "0.0.0.0" and 0: the vendor does not know; the local ports are what every device says
    return {
        "localIp": "0.0.0.0",  # noqa: S104 - told, not bound
        "localRtspPort": 0,
        "localCmdPort": 9010,
        "localStreamPort": 9020,
        "netIp": "203.0.113.7",
        "wanIp": "203.0.113.7",
        "netType": 3,
        "upnp": 0,
    }


def _wifi(_world: World, _account: Account, _camera: Camera) -> dict[str, Any]:
    return {"address": "", "ssid": "showcam", "signal": 82, "netType": "wireless"}


def _quiet(_world: World, _account: Account, camera: Camera) -> dict[str, Any]:
    return {"deviceSerial": camera.serial, "alarmEnable": 0, "callingEnable": 0}


def _channel(camera: Camera) -> dict[str, Any]:
    return {
        "channelNo": 1,
        "deviceSerial": camera.serial,
        "channelDeviceSerial": camera.serial,
        "privacyStatus": int(camera.privacy),
        "powerStatus": 0,
        "globalStatus": 1,
        "signalStatus": 1,
    }


def _quality(_camera: Camera) -> list[dict[str, Any]]:
    return [{"streamType": 1, "videoLevel": 2}, {"streamType": 2, "videoLevel": 0}]


BY_SERIAL: dict[str, Callable[[World, Account, Camera], Any]] = {
    "STATUS": _status,
    "SWITCH": _switches,
    "CONNECTION": _connection,
    "WIFI": _wifi,
    "NODISTURB": _quiet,
}
BY_RESOURCE: dict[str, Callable[[Camera], Any]] = {"CHANNEL": _channel, "VIDEO_QUALITY": _quality}
