"""The app's list of the cameras' alarms, newest first."""

import time
from collections.abc import Sequence
from typing import Any

from simulator.camera import ALARMS, Camera, Event

MOST = 50


def listed(cameras: Sequence[Camera], day: str, limit: int, after: str) -> dict[str, Any]:
    """Messages of one `day`, YYYYMMDD in local time ("": of all days), after the message with the id `after`."""
    rows = [(event, camera) for camera in cameras for event in camera.events if day in ("", _day(event))]
    rows.sort(key=lambda row: -row[0].at)
    ids = [event.id for event, _camera in rows]
    start = ids.index(after) + 1 if after in ids else 0
    shown = rows[start : start + limit]
    return {"message": [_message(*row) for row in shown], "hasNext": start + limit < len(rows)}


def _day(event: Event) -> str:
    return time.strftime("%Y%m%d", time.localtime(event.at))


def _message(event: Event, camera: Camera) -> dict[str, Any]:
    message = {
        "msgId": event.id,
        "deviceSerial": camera.serial,
        "channel": camera.channel,
        "time": int(event.at * 1000),
        "timeStr": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(event.at)),
        "pic": "",
        "picCrypt": 0,
    }
    return message | (_call() if event.kind == "press" else _alarm(event, camera))


def _call() -> dict[str, Any]:
    """A press as an EP8x lists it (AidenShaw2020/ha-ezviz-doorbell, README)."""
    ext = {"callingStatus": 1, "text": "somebody there ring the door", "preTime": 5, "delayTime": 25}
    return {"subType": 2701, "title": "Your doorbell is ringing", "ext": ext}


def _alarm(event: Event, camera: Camera) -> dict[str, Any]:
    kind, title = ALARMS[event.kind]
    ext = {"alarmType": str(kind), "pics": "", "picCrypt": 0, "picChecksum": ""}
    return {"subType": str(kind), "title": f"{title} ({camera.name})", "ext": ext}
