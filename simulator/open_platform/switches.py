"""Switches of the Open Platform: encryption, the microphone, the lens mask, the voice prompt, the light."""

import hmac
from collections.abc import Callable
from typing import Any

from aiohttp import web

from simulator.camera import Camera
from simulator.open_platform.wire import Call, OpenError, answer

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
    """The calls that read and set a switch. Its state is a number, and setting it to the same is refused."""

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
