"""Changes by a developer's key: settings and switches of cameras."""

import hmac
from collections.abc import Callable
from typing import Any

from aiohttp import web

from showcam.simulator.app_api.settings import LONGEST_PASSWORD
from showcam.simulator.camera import VALUES, ZONES, Camera
from tests.doubles.troubled.open_platform.wire import Call, OpenError, answer

# HTTP status of the codes in version 3; all other codes come with 200
_STATUS = {
    "10001": 400,
    "20014": 400,
    "10031": 403,
    "20018": 403,
    "20002": 404,
    "20006": 408,
    "20008": 408,
    "20007": 412,
    "60058": 412,
    "60020": 422,
    "20016": 422,
}


def answer_v3(data: object = None) -> web.Response:
    return web.json_response({"meta": {"code": 200, "message": "Operation succeeded", "moreInfo": None}, "data": data})


def refusal_v3(code: str) -> web.Response:
    """Makes a refusal of version 3, whose codes are numbers."""
    meta = {"code": int(code), "message": "refused", "moreInfo": None}
    return web.json_response({"meta": meta}, status=_STATUS.get(code, 200))


def defence(call: Call) -> web.Response:
    camera, armed = call.reached(), call.flag("isDefence")
    camera.armed = armed
    return answer()


def zones() -> web.Response:
    return answer([{"tzCode": code, "tzValue": value, "disPlayName": name} for code, value, name in ZONES])


def set_zone(call: Call) -> web.Response:
    camera, zone = call.reached(), call.text("timezone")
    if zone not in VALUES:
        raise OpenError("10001")
    date_format, summer_time = call.whole("timeFormat", None, 0, 2), call.flag("daylightSaving")
    camera.zone, camera.date_format, camera.summer_time = zone, date_format, summer_time
    return answer()


def password(call: Call) -> web.Response:
    camera, old, new = call.reached(), call.text("oldPassword"), call.text("newPassword")
    if not hmac.compare_digest(camera.secret.encode(), old.encode()):
        raise OpenError("20010")
    if len(new) > LONGEST_PASSWORD:
        raise OpenError("10001")
    camera.password = new
    return answer()


def version(call: Call) -> web.Response:
    camera = call.camera()
    current = "V5.3.0 build 230615"
    newest = camera.newer_firmware or current
    return answer(
        {"latestVersion": newest, "currentVersion": current, "isNeedUpgrade": int(newest != current), "isUpgrading": 0}
    )


def delete(call: Call) -> web.Response:
    camera = call.camera()
    del call.world.cameras[camera.serial]
    return answer()


def night_vision(call: Call) -> web.Response:
    camera = call.reached()
    return answer_v3(
        {"deviceSerial": camera.serial, "graphicType": camera.night_vision, "luminance": 100, "duration": 5}
    )


def set_night_vision(call: Call) -> web.Response:
    camera = call.reached()
    camera.night_vision = call.whole("mode", None, 0, 2)
    return answer_v3()


def format_status(call: Call) -> web.Response:
    camera = call.reached()
    disks = [] if camera.disk is None else [{"index": 0, "name": "SD", "status": str(camera.disk), "capacity": 64}]
    return answer_v3({"storageStatus": disks})


def format_disk(call: Call) -> web.Response:
    camera = call.reached()
    if camera.disk is None or call.whole("diskIndex", None, 0, 9) != 0:
        raise OpenError("60020")
    if camera.disk == 3:
        raise OpenError("20016")
    camera.disk = 0
    return answer_v3()


def of_china(_call: Call) -> web.Response:
    """Answers a call that only the Chinese platform has."""
    raise OpenError("60020")


type Operation = Callable[[Call], web.Response]


def encryption_on(call: Call) -> web.Response:
    camera = call.reached()
    if camera.encryption and camera.encrypted(call.now):
        raise OpenError("60019")
    camera.encrypt(True, call.now, call.world.settings.encryption_delay_s)
    return answer()


def encryption_off(call: Call) -> web.Response:
    camera, code = call.reached(), call.text("validateCode")
    if not hmac.compare_digest(camera.secret.encode(), code.encode()):
        raise OpenError("20010")
    if not camera.encryption and not camera.encrypted(call.now):
        raise OpenError("60016")
    camera.encrypt(False, call.now, call.world.settings.encryption_delay_s)
    return answer()


def sound_status(call: Call) -> web.Response:
    camera = call.reached()
    return answer([_of(camera) | {"enable": "1" if camera.audio else "0"}])


def set_sound(call: Call) -> web.Response:
    camera, enable = call.reached(), call.flag("enable")
    camera.audio = enable
    return answer()


def _of(camera: Camera) -> dict[str, Any]:
    return {"deviceSerial": camera.serial, "channelNo": camera.channel}


def pair(name: str) -> tuple[Operation, Operation]:
    """Makes the calls that read and set a switch. The state is a number, and setting the same number is refused."""

    def status(call: Call) -> web.Response:
        camera = call.reached()
        return answer(_of(camera) | {"enable": int(getattr(camera, name))})

    def change(call: Call) -> web.Response:
        camera, enable = call.reached(), call.flag("enable")
        if getattr(camera, name) == enable:
            raise OpenError("60022")
        setattr(camera, name, enable)
        return answer()

    return status, change
