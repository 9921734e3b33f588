"""The lists of devices, and live addresses that give a camera's picture for a while."""

import hmac
import time
from typing import Any

from aiohttp import web

from showcam.simulator.camera import VALUES, Camera
from tests.doubles.troubled.open_platform.door import Addresses
from tests.doubles.troubled.open_platform.wire import Call, OpenError, answer

VERSION = "V5.3.0 build 230615"


def device_list(call: Call) -> web.Response:
    cameras = call.owned()
    firsts = {camera.serial: camera for camera in reversed(cameras)}
    return call.paged([_device(camera) for camera in cameras if firsts[camera.serial] is camera])


def camera_list(call: Call) -> web.Response:
    return call.paged([_channel(call, camera) for camera in call.visible()])


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


EZOPEN, HLS = 1, 2
DEFAULT_LIFE_S = 1800  # a client measured about half an hour
LONGEST_LIFE_S = 720 * 86400  # the platform's own limit of expireTime


class Live:
    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    def get(self, call: Call, *, takes_h265: bool = False) -> web.Response:
        protocol, quality = call.whole("protocol", EZOPEN, 1, 5), call.whole("quality", 1, 1, 2)
        life_s = call.whole("expireTime", DEFAULT_LIFE_S, 30, LONGEST_LIFE_S)
        kind = call.whole("type", 1, 1, 3)
        camera = call.reached()
        if protocol not in (EZOPEN, HLS) or kind != 1:
            raise OpenError("60020")
        if protocol == EZOPEN:
            return self._ezopen(call, camera, quality)
        if camera.encrypted(call.now):
            raise OpenError("60019")
        if camera.picture(quality) is None:
            raise OpenError("60020")  # a guess: the vendor's code for this is not published
        self._check_showable(call, camera)
        address = self._addresses.mint(camera, call.account.user, quality, life_s, None if takes_h265 else "h264")
        url = f"https://{call.host}/v3/openlive/{address.stem}.m3u8?{self._addresses.query(address)}"
        expires = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(address.expires))
        return answer({"id": address.id, "url": url, "expireTime": expires})

    def get_v2(self, call: Call) -> web.Response:
        return self.get(call, takes_h265=call.whole("supportH265", 0, 0, 1) == 1)

    def disable(self, call: Call) -> web.Response:
        self._addresses.disable(call.camera(), call.account.user, call.optional("urlId"))
        return answer()

    def _ezopen(self, call: Call, camera: Camera, quality: int) -> web.Response:
        """Returns an address of the vendor's own scheme, only for the vendor's player; the code opens an encrypted
        camera.
        """
        code = call.optional("code")
        if camera.encrypted(call.now):
            if code is None:
                raise OpenError("60019")
            if not hmac.compare_digest(camera.secret.encode(), code.encode()):
                raise OpenError("20010")
        self._check_showable(call, camera)
        key, hd = f"{code}@" if code else "", ".hd" if quality == 1 else ""
        url = f"ezopen://{key}open.ys7.com/{camera.serial}/{camera.channel}{hd}.live"
        return answer({"id": None, "url": url, "expireTime": None})

    def _check_showable(self, call: Call, camera: Camera) -> None:
        if camera.privacy:
            raise OpenError("60026")
        if self._addresses.viewers(call.account.user) >= call.world.settings.viewers:
            raise OpenError("9048")
