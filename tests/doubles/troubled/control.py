"""The tests' door to the vendor, at the addresses of the practice page's: all that a test sets and reads."""

import math
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from aiohttp import web

from showcam.simulator.assistants.linking_page import body_of, guarded
from showcam.simulator.camera import Camera
from showcam.simulator.control import Change, Control
from showcam.simulator.lan.barn import Barn
from tests.doubles.troubled import fleet
from tests.doubles.troubled.trouble import OfCamera, TroubledWorld, Webhook

DISKS = {"ok": 0, "faulty": 1, "uninitialised": 2, "formatting": 3, "none": None}
SIZES = ("size", "sub_size")  # of pictures; null as the second: the camera has no smaller picture
SPECIAL = (*SIZES, "rtsp", "dozes", "storage", "pairing")
OF_CAMERA = tuple(each.name for each in fields(OfCamera))
# of a camera, and shown as they are
SHOWN = (
    *("serial", "channel", "name", "owner", "turning", "kind", "model", "codec", "layout", "selective", "transport"),
    *("audio", "online", "asleep", "privacy", "light", "armed", "muted", "sensitivity", "offline_notify"),
    *("night_vision", "flipped", "zone", "date_format", "rejects_label_code"),
)


class WholeControl(Control):
    """`counts`: what is open of a camera just now, by name. `expire` and `local` are called after these changes."""

    _world: TroubledWorld

    barn: Barn
    counts: dict[str, Callable[[Camera], int]]
    expire: Callable[[Camera], None]
    local: Callable[[Camera], None]

    def add_routes(self, app: web.Application) -> None:
        super().add_routes(app)
        app.router.add_post("/_control", guarded(self.configure))

    async def configure(self, request: web.Request) -> web.StreamResponse:
        given = await body_of(request)
        if (made := given.pop("fleet", None)) is not None:
            fleet.make(self._world, made["account"], made["cameras"], mixed=made.get("mixed", False))
        if (hook := given.pop("webhook", None)) is not None:
            self._world.webhook = Webhook(**hook)
        for name, value in given.items():
            assert hasattr(self._world.settings, name), name
            setattr(self._world.settings, name, value)
        return web.json_response(asdict(self._world.settings))

    async def change(self, request: web.Request) -> web.StreamResponse:
        own = self.barn.camera
        if request.match_info["serial"] != own.serial:
            return await super().change(request)
        for name, value in (await body_of(request)).items():
            if name in ("online", "audio"):
                setattr(own, name, value)
            elif value:
                self.barn.happen(name)
        return web.json_response(self._own())

    def state(self) -> dict[str, Any]:
        more = {"settings": asdict(self._world.settings), "webhook": asdict(self._world.webhook), "own": [self._own()]}
        return super().state() | more | {"calls": dict(self._world.calls)}

    def apply(self, camera: Camera, given: dict[str, Any]) -> None:
        known = {*OF_CAMERA, *SPECIAL, *(each.name for each in fields(Camera))} - {*Change.__struct_fields__}
        own = {name: value for name, value in given.items() if name in known}
        super().apply(camera, {name: value for name, value in given.items() if name not in own})
        trouble = self._world.trouble_of(camera)
        for name, value in own.items():
            if name in SIZES:
                setattr(camera, name, tuple(value) if value else None)
            elif name == "rtsp":
                self._world.open_door(camera, value)
            elif name == "dozes":  # the camera runs on battery, and sleeps now
                camera.battery, camera.awake_until = (60, 0.0) if value else (None, math.inf)
            elif name == "storage":
                camera.disk = DISKS[value]
            elif name == "pairing":
                trouble.pairing += 1
            else:
                setattr(trouble if name in OF_CAMERA else camera, name, value)
                camera.before.pop(name, None)
        if own.get("fault") == "expired":
            self.expire(camera)
        if "local" in own:
            self.local(camera)

    def row(self, camera: Camera) -> dict[str, Any]:
        trouble = self._world.trouble_of(camera)
        row: dict[str, Any] = {name: getattr(camera, name) for name in SHOWN}
        return row | {
            "turned": list(camera.turned),
            "shared_with": list(camera.shared_with),
            "label": camera.code,
            "size": list(camera.size),
            "sub_size": list(camera.sub_size) if camera.sub_size else None,
            "rtsp": camera.rtsp and camera.has_door,
            "encryption": camera.encrypted(self._world.now()),
            "ciphers_link": trouble.ciphers_link,
            "storage": next(name for name, disk in DISKS.items() if disk == camera.disk),
            "mailed": self._world.accounts[camera.owner].mailed_code,
            "fault": trouble.fault,
            "local": trouble.local,
            "events": [asdict(event) for event in camera.events],
            **{name: count(camera) for name, count in self.counts.items()},
        }

    def _own(self) -> dict[str, Any]:
        own, device = self.barn.camera, self.barn.device
        row = {"serial": own.serial, "name": own.name, "online": own.online, "audio": own.audio}
        return row | {
            "turning": device.turning,
            "turned": list(device.turned),
            "watched": self.counts["watched"](own),
        }
