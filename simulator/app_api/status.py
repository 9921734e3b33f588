"""STATUS and SWITCH of the app's list: how a camera is just now."""

import json
from typing import Any

from simulator.camera import Camera
from simulator.state import Account, World, md5
from simulator.zones import VALUES

SOUND, SLEEP, PRIVACY, LIGHT, INFRARED = 22, 21, 7, 3, 10
SWITCHES = {LIGHT: "light", PRIVACY: "privacy", INFRARED: "infrared", SLEEP: "asleep", SOUND: "audio"}
_SPOTLIGHT = {"type": 303, "enable": False}  # the one switch that life lists for each channel
_ENCODINGS = {"h264": 0, "h265": 1}


def status(world: World, account: Account, camera: Camera) -> dict[str, Any]:
    own = camera.owner == account.user
    return {
        "isEncrypt": int(camera.encrypted(world.now())),
        "encryptPwd": _digest(camera) if own or camera.product else "",
        "globalStatus": int(camera.armed),
        "alarmSoundMode": 0,
        # the shutter of life shows among the switches alone
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
    """By type, whatever the camera sends; -1 where the type does not show it."""
    if camera.product is not None:
        return camera.product.video_para()
    streams = (("MainEncode", camera.picture(1)), ("SubEncode", camera.picture(2)))
    return {name: _ENCODINGS[picture[0]] for name, picture in streams if picture}


def _more(camera: Camera) -> dict[str, Any]:
    """The optionals that only some models have."""
    optionals: dict[str, Any] = {}
    if camera.flips:
        # where FEATURE_INFO says how the picture stands, this place does not follow
        stale = camera.product.inverse if camera.product else 1
        turned = stale if camera.flip_feature else int(camera.flipped)
        optionals["inverse_mode"] = json.dumps({"mode": 0, "enable": turned, "position": 0})
    if camera.battery is not None:
        optionals |= {"powerRemaining": str(camera.battery), "powerStatus": str(int(camera.charging))}
    return optionals


def switches(world: World, account: Account, camera: Camera) -> list[dict[str, Any]]:
    """The switches of the device's channels; the only channel of a plain camera has number 0 here."""
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
