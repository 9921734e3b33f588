"""The lists of alarms, newest first."""

from aiohttp import web

from simulator.camera import ALARMS, Camera
from simulator.open_platform.wire import Call, OpenError

LONGEST_WINDOW_S = 7 * 86400


def alarm_list(call: Call) -> web.Response:
    cameras = call.world.owned(call.account.user)
    call.meet(cameras)
    return _listed(call, cameras)


def device_alarms(call: Call) -> web.Response:
    return _listed(call, [call.camera()])


def _listed(call: Call, cameras: list[Camera]) -> web.Response:
    end = _time(call, "endTime", call.now)
    start = _time(call, "startTime", end - LONGEST_WINDOW_S)
    if not 0 <= end - start <= LONGEST_WINDOW_S:
        raise OpenError("10001")
    rows = [(event, camera) for camera in cameras for event in camera.events if start <= event.at <= end]
    rows.sort(key=lambda row: -row[0].at)
    return call.paged(
        [
            {
                "alarmId": event.id,
                "alarmName": camera.name,
                "alarmType": ALARMS[event.kind][0],
                "alarmTime": int(event.at * 1000),
                "channelNo": camera.channel,
                "isEncrypt": int(camera.encrypted(call.now)),
                "isChecked": 0,
                "preTime": 5,
                "delayTime": 5,
                "deviceSerial": camera.serial,
                "alarmPicUrl": "",
                "relationAlarms": [],
                "customerType": None,
                "customerInfo": None,
            }
            for event, camera in rows
        ]
    )


def _time(call: Call, name: str, default: float) -> float:
    """Epoch seconds of a parameter in milliseconds."""
    given = call.optional(name)
    if given is None:
        return default
    if not given.isascii() or not given.isdigit() or len(given) > 14:
        raise OpenError("10001")
    return int(given) / 1000
