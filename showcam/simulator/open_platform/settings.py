"""Changes by a developer's key: settings and switches of cameras, and sub-accounts (RAM) with their own cameras."""

import hmac
import json
import re
import secrets
from collections.abc import Callable
from typing import Any

from aiohttp import web

from showcam.simulator.app_api.settings import LONGEST_PASSWORD, restart
from showcam.simulator.camera import VALUES, ZONES, Camera
from showcam.simulator.open_platform.wire import Call, OpenError, Tokens, answer
from showcam.simulator.state import SubAccount

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


def offline_notice(call: Call) -> web.Response:
    _in_china(call)
    camera, on = call.camera(), call.flag("enable")
    camera.offline_notify = on
    return answer()


def mirror(call: Call) -> web.Response:
    camera = call.reached()
    if call.whole("command", None, 0, 2) != 2:
        raise OpenError("60020")
    camera.flipped = not camera.flipped
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


def cloud_storage(call: Call) -> web.Response:
    camera = call.camera()
    return answer({"userName": camera.owner, "status": camera.cloud, "totalDays": 0, "validDays": 0})


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


def system_operate(call: Call) -> web.Response:
    _in_china(call)
    camera = call.reached()
    if call.text("systemOperation") != "reboot":
        raise OpenError("60020")
    restart(camera, call.world)
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


def _in_china(call: Call) -> None:
    if not call.world.settings.china:
        raise OpenError("60020")


def rights(statement: str) -> list[str]:
    """Returns the serials that a sub-account's statement names; raises OpenError."""
    try:
        policy = json.loads(statement)
        resources = [str(resource) for row in policy["Statement"] for resource in row["Resource"]]
        return [resource.split(":")[1] for resource in resources if resource.startswith(("dev:", "cam:"))]
    except (ValueError, KeyError, TypeError, IndexError):
        raise OpenError("10001") from None


_NAME = re.compile(r"[A-Za-z0-9_-]{4,40}")
_MD5 = re.compile(r"[0-9a-f]{32}")


class SubAccounts:
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def create(self, call: Call) -> web.Response:
        name, password = call.text("accountName"), call.text("password")
        if not _NAME.fullmatch(name) or not _MD5.fullmatch(password):
            raise OpenError("10001")
        subs = call.developer().subs
        if any(sub.name == name for sub in subs.values()):
            raise OpenError("10034")
        sub = SubAccount(secrets.token_hex(16), name)
        subs[sub.id] = sub
        return answer({"accountId": sub.id})

    def get(self, call: Call) -> web.Response:
        sub = self._named(call)
        return answer({"accountId": sub.id, "accountName": sub.name, "accountStatus": 1})

    def listed(self, call: Call) -> web.Response:
        return call.paged([{"accountId": sub.id, "accountName": sub.name} for sub in call.developer().subs.values()])

    def delete(self, call: Call) -> web.Response:
        sub = self._named(call)
        del call.developer().subs[sub.id]
        self._tokens.end(sub.id)
        return answer()

    def set_policy(self, call: Call) -> web.Response:
        self._named(call).serials = tuple(rights(call.text("policy")))
        return answer()

    def add_statement(self, call: Call) -> web.Response:
        sub = self._named(call)
        sub.serials += tuple(rights(f'{{"Statement":[{call.text("statement")}]}}'))
        return answer()

    def delete_statement(self, call: Call) -> web.Response:
        sub, serial = self._named(call), call.text("deviceSerial")
        sub.serials = tuple(known for known in sub.serials if known != serial)
        return answer()

    def token(self, call: Call) -> web.Response:
        text, token = self._tokens.issue_to(call.developer(), self._named(call))
        area = f"https://{call.host}"
        return answer({"accessToken": text, "expireTime": int(token.expires * 1000), "areaDomain": area})

    @staticmethod
    def _named(call: Call) -> SubAccount:
        sub = call.developer().subs.get(call.text("accountId"))
        if sub is None:
            raise OpenError("10032")
        return sub


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
