"""`/_control`, the door of the practice page: lists the cameras and the ports, and changes a camera."""

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from showcam.simulator.assistants.linking_page import body_of, guarded, problem
from showcam.simulator.camera import Camera, EventKind
from showcam.simulator.state import World

LONGEST_NAME = 50  # bytes, the vendor's limit
EVENTS: tuple[EventKind, ...] = ("motion", "person", "press")


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """A change of a camera by a person; the last three fields happen in front of the camera."""

    encryption: bool | None = None
    audio: bool | None = None
    online: bool | None = None
    asleep: bool | None = None
    name: str | None = None
    motion: bool = False
    person: bool = False
    press: bool = False


class Control:
    def __init__(self, world: World, is_serving: Callable[[], bool]) -> None:
        self._world, self._is_serving = world, is_serving

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/_control", guarded(self.overview))
        app.router.add_post("/_control/{serial}", guarded(self.change))
        app.router.add_get("/healthz", guarded(self.health))

    async def health(self, _request: web.Request) -> web.StreamResponse:
        is_serving = self._is_serving()
        return web.json_response({"status": "ok" if is_serving else "stopping"}, status=200 if is_serving else 503)

    async def overview(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self.state())

    def state(self) -> dict[str, Any]:
        cameras = [self.row(camera) for camera in self._world.cameras.values()]
        return {"cameras": cameras, "ports": self._world.ports.table()}

    async def change(self, request: web.Request) -> web.StreamResponse:
        camera = self._world.cameras.get(request.match_info["serial"])
        if camera is None:
            known = ", ".join(self._world.cameras)
            raise problem(404, "No such camera", f"No camera has this serial. There are {known}.")
        if request.content_type != "application/json":
            raise problem(415, "Wrong content type", "Send JSON as application/json.")
        self.apply(camera, await body_of(request))
        return web.json_response(self.row(camera))

    def apply(self, camera: Camera, given: dict[str, Any]) -> None:
        """Changes everything that is given, or nothing. Raises the answer to a wrong value."""
        try:
            change = msgspec.convert(given, Change)
        except msgspec.ValidationError as error:
            raise problem(400, "Wrong value", f"{error}.") from None
        if change.name is not None and not 0 < len(change.name.strip().encode()) <= LONGEST_NAME:
            raise problem(400, "Wrong value", f"“name” is a text of 1 to {LONGEST_NAME} bytes.")
        if change.press and camera.kind != "doorbell":
            raise problem(400, "No button", f"{camera.name} is no doorbell: there is nothing to press.")
        for name in ("name", "audio", "asleep"):
            if getattr(change, name) is not None:
                setattr(camera, name, getattr(change, name))
                camera.before.pop(name, None)  # a value that is set here is listed at once
        if change.online is not None:
            self._world.set_online(camera, change.online)
        if change.encryption is not None:
            camera.encrypt(change.encryption, self._world.now())
        for kind in EVENTS:
            if getattr(change, kind):
                self._world.happen(camera, kind)

    def row(self, camera: Camera) -> dict[str, Any]:
        return {
            "serial": camera.serial,
            "name": camera.name,
            "owner": camera.owner,
            "kind": camera.kind,
            "encryption": camera.encrypted(self._world.now()),
            "audio": camera.audio,
            "online": camera.online,
            "asleep": camera.asleep,
        }
