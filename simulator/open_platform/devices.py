"""Devices and channels as the Open Platform lists them."""

import time
from typing import Any

from aiohttp import web

from simulator.camera import Camera
from simulator.open_platform.wire import Call, answer
from simulator.zones import VALUES

VERSION = "V5.3.0 build 230615"


def device_list(call: Call) -> web.Response:
    cameras = call.owned()
    call.meet(cameras)
    firsts = {camera.serial: camera for camera in reversed(cameras)}
    return call.paged([_device(camera) for camera in cameras if firsts[camera.serial] is camera])


def camera_list(call: Call) -> web.Response:
    cameras = call.visible()
    call.meet(cameras)
    return call.paged([_channel(call, camera) for camera in cameras])


def device_info(call: Call) -> web.Response:
    camera = call.camera()
    info: dict[str, Any] = {
        "deviceSerial": camera.serial,
        "deviceName": camera.name,
        "model": _type(camera),
        "status": int(camera.online),
        "defence": int(camera.armed),
        "isEncrypt": int(camera.encrypted(call.now)),
        "alarmSoundMode": 0,
        "offlineNotify": int(camera.offline_notify),
    }
    if call.optional("version") == "utc":
        info |= {"wifiSsid": "showcam", "timeZone": VALUES[camera.zone]}
    return answer(info)


def device_channels(call: Call) -> web.Response:
    camera = call.camera()
    channels = [channel for channel in call.owned() if channel.serial == camera.serial]
    more = {"ipcSerial": "", "deviceName": camera.name, "relatedIpc": False}
    return answer([_channel(call, channel) | more for channel in channels])


def status(call: Call) -> web.Response:
    camera = call.camera()
    return answer(
        {
            "privacyStatus": int(camera.privacy),
            "pirStatus": 2,
            "alarmSoundMode": 0,
            "battryStatus": -1 if camera.battery is None else camera.battery,
            "lockSignal": -1,
            "diskNum": int(camera.disk is not None),
            "diskState": f"{'-' if camera.disk is None else camera.disk}---------------",
            "cloudType": 1,
            "cloudStatus": camera.cloud,
            "nvrDiskNum": 0,
            "nvrDiskState": "----------------",
        }
    )


def capacity(call: Call) -> web.Response:
    camera = call.camera()
    # a key that is missing is not supported
    return answer(
        {
            "supprot_encrypt": "1",
            "support_encrypt": "1",
            "support_audio_onoff": "1",
            "support_sleep": "1",
            "support_privacy": "1",
            "support_capture": "0",
            "support_talk": "1" if camera.kind == "doorbell" else "0",
            "support_timezone": "1",
            "support_device_offline_notify": "1",
            "support_restart_time": "120",
        }
    )


def _device(camera: Camera) -> dict[str, Any]:
    return {
        "deviceSerial": camera.serial,
        "deviceName": camera.name,
        "deviceType": _type(camera),
        "status": int(camera.online),
        "defence": int(camera.armed),
        "deviceVersion": VERSION,
        "updateTime": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
    }


def _channel(call: Call, camera: Camera) -> dict[str, Any]:
    shared = "2" if camera.owner != call.account.user else "1" if camera.shared_with else "0"
    return {
        "deviceSerial": camera.serial,
        "channelNo": camera.channel,
        "channelName": camera.name,
        "status": int(camera.online),
        "isShared": shared,
        "picUrl": "",
        "isEncrypt": int(camera.encrypted(call.now)),
        "videoLevel": 2,
    }


def _type(camera: Camera) -> str:
    return f"CS-{camera.model}-A0-1F2WFL1"
