"""`/_control`: lists the cameras, and changes them and the vendor behind them."""

import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from typing import Any

from aiohttp import web

from showcam.simulator import households
from showcam.simulator.camera import Camera
from showcam.simulator.control_values import CHOICES, DISKS, SIZES, Problem, check_change, check_setting
from showcam.simulator.lan.barn import Barn
from showcam.simulator.state import Settings, Webhook, World

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OWN = ("online", "audio", "motion", "person", "tamper")
# fields that take the given value unchanged
PLAIN = (
    *(
        "audio",
        "asleep",
        "privacy",
        "name",
        "rejects_label_code",
        "lists_other_digest",
        "only_mirrors",
        "wakes_slowly",
        "selective",
    ),
    "ciphers_link",
    *CHOICES,
)
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Control:
    def __init__(
        self,
        world: World,
        serving: Callable[[], bool],
        watched: Callable[[Camera], bool],
        streams: Callable[[Camera], int],
        local: Callable[[Camera], int],
        own: Barn,
    ) -> None:
        """`own` is the owner's own camera, which no vendor knows."""
        self._world, self._barn, self._own = world, own, own.camera
        self._watched, self._streams, self._local = watched, streams, local
        self._serving = serving

    def add_routes(self, app: web.Application) -> None:
        add = app.router.add_route
        add("GET", "/_control", _guarded(self.overview))
        add("POST", "/_control", _guarded(self.configure))
        add("POST", "/_control/{serial}", _guarded(self.change))
        add("GET", "/healthz", _guarded(self.health))

    async def health(self, _request: web.Request) -> web.StreamResponse:
        serving = self._serving()
        return web.json_response({"status": "ok" if serving else "stopping"}, status=200 if serving else 503)

    async def overview(self, _request: web.Request) -> web.StreamResponse:
        cameras = [self._row(camera) for camera in self._world.cameras.values()]
        overview = {"cameras": cameras, "settings": asdict(self._world.settings)}
        overview |= {"ports": self._world.ports.table(), "webhook": asdict(self._world.webhook)}
        overview["own"] = [self._own_row()]
        return web.json_response(overview | {"calls": dict(self._world.calls)})

    async def configure(self, request: web.Request) -> web.StreamResponse:
        change = await _body(request)
        made, hook = change.pop("fleet", None), change.pop("webhook", None)
        kinds = {field.name: field.type for field in fields(Settings)}
        for name, value in change.items():
            if name not in kinds:
                known = ", ".join([*kinds, "fleet", "webhook"])
                raise Problem(400, "Unknown field", f"“{name}” is none of {known}.")
            check_setting(name, value)
        if made is not None:
            self._fleet(made)
        if hook is not None:
            self._webhook(hook)
        for name, value in change.items():
            setattr(self._world.settings, name, value)
        return web.json_response(asdict(self._world.settings))

    def _fleet(self, wanted: object) -> None:
        """Makes or replaces a household, by {"account", "cameras", "mixed"}."""
        given = wanted if isinstance(wanted, dict) else {}
        user, count, mixed = given.get("account"), given.get("cameras"), given.get("mixed", False)
        if not isinstance(user, str) or not households.ADDRESS.fullmatch(user) or user in households.KEPT:
            raise Problem(400, "Wrong value", "“account” is an address, and none of the demo's own.")
        if type(count) is not int or not 0 <= count <= households.MOST or not isinstance(mixed, bool):
            raise Problem(
                400, "Wrong value", f"“cameras” is a whole number up to {households.MOST}, “mixed” true or false."
            )
        households.make(self._world, user, count, mixed=mixed)

    def _webhook(self, wanted: object) -> None:
        """Sets the webhook by {"url", "key", "duplicates", "skew_s"}; an empty url ends it."""
        given: dict[str, Any] = dict(wanted) if isinstance(wanted, dict) else {"": ""}
        url, key = given.pop("url", ""), given.pop("key", "")
        twice, skew = given.pop("duplicates", 0), given.pop("skew_s", 0.0)
        loopback = url == "" or (isinstance(url, str) and url.startswith(("http://127.0.0.1:", "http://localhost:")))
        if given or not loopback or not isinstance(key, str):
            raise Problem(400, "Wrong value", "“webhook” has a url on this machine and a key.")
        if type(twice) is not int or not 0 <= twice <= 10 or type(skew) not in (int, float):
            raise Problem(400, "Wrong value", "“duplicates” is a number up to 10, “skew_s” one of seconds.")
        self._world.webhook = Webhook(url, key, twice, float(skew))

    async def change(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["serial"] == self._own.serial:
            return await self._change_own(request)
        camera = self._world.cameras.get(request.match_info["serial"])
        if camera is None:
            known = ", ".join(self._world.cameras)
            raise Problem(404, "No such camera", f"No camera has this serial. There are {known}.")
        change = await _body(request)
        for name, value in change.items():
            check_change(camera, name, value)
        self._apply(camera, change)
        return web.json_response(self._row(camera))

    async def _change_own(self, request: web.Request) -> web.StreamResponse:
        for name, value in (await _body(request)).items():
            if name not in OWN or not isinstance(value, bool):
                raise Problem(400, "Wrong value", f"The owner's own camera has {', '.join(OWN)}, true or false.")
            if name in ("online", "audio"):
                setattr(self._own, name, value)
            elif value:
                self._barn.happen(name)
        return web.json_response(self._own_row())

    def _own_row(self) -> dict[str, Any]:
        own = self._own
        row = {"serial": own.serial, "name": own.name, "online": own.online, "audio": own.audio}
        row |= {"turning": self._barn.device.turning, "turned": list(self._barn.device.turned)}
        return row | {"watched": self._watched(own)}

    def _apply(self, camera: Camera, change: dict[str, Any]) -> None:
        for name in PLAIN:
            if name in change:
                setattr(camera, name, change[name])
                camera.before.pop(name, None)  # a value that is set here is listed at once
        for name in SIZES:
            if name in change:
                setattr(camera, name, tuple(change[name]) if change[name] else None)
        if "rtsp" in change:
            self._world.open_door(camera, change["rtsp"])
        if "local" in change:
            self._world.turn_local(camera, change["local"])
        if "dozes" in change:  # the camera runs on battery, and sleeps now
            camera.battery, camera.awake_until = (60, 0.0) if change["dozes"] else (None, math.inf)
        if "pairing" in change:
            camera.pairing += 1
        if "online" in change:
            self._world.set_online(camera, change["online"])
        if "encryption" in change:
            camera.encrypt(change["encryption"], self._world.now())
        if "storage" in change:
            camera.disk = DISKS[change["storage"]]
        if "fault" in change:
            camera.fault, camera.fault_since = change["fault"], self._world.now()
        for kind in ("motion", "person", "press"):
            if change.get(kind):
                self._world.happen(camera, kind)

    def _row(self, camera: Camera) -> dict[str, Any]:
        return {
            "serial": camera.serial,
            "channel": camera.channel,
            "name": camera.name,
            "owner": camera.owner,
            "turning": camera.turning,
            "turned": list(camera.turned),
            "shared_with": list(camera.shared_with),
            "kind": camera.kind,
            "model": camera.model,
            "label": camera.code,
            "codec": camera.codec,
            "size": list(camera.size),
            "sub_size": list(camera.sub_size) if camera.sub_size else None,
            "rtsp": camera.rtsp and camera.has_door,
            "encryption": camera.encrypted(self._world.now()),
            "layout": camera.layout,
            "selective": camera.selective,
            "ciphers_link": camera.ciphers_link,
            "transport": camera.transport,
            "audio": camera.audio,
            "online": camera.online,
            "asleep": camera.asleep,
            "privacy": camera.privacy,
            "light": camera.light,
            "armed": camera.armed,
            "muted": camera.muted,
            "sensitivity": camera.sensitivity,
            "offline_notify": camera.offline_notify,
            "night_vision": camera.night_vision,
            "flipped": camera.flipped,
            "zone": camera.zone,
            "date_format": camera.date_format,
            "storage": next(name for name, disk in DISKS.items() if disk == camera.disk),
            "rejects_label_code": camera.rejects_label_code,
            "mailed": self._world.accounts[camera.owner].mailed_code,
            "fault": camera.fault,
            "watched": self._watched(camera),
            "local": camera.local,
            "local_streams": self._local(camera),
            "cloud_streams": self._streams(camera),
            "events": [asdict(event) for event in camera.events],
        }


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise Problem(415, "Wrong content type", "Send JSON as application/json.")
    try:
        body = await request.json()
    except (ValueError, LookupError, RecursionError):
        raise Problem(400, "Bad request", "The body is no JSON.") from None
    except web.HTTPRequestEntityTooLarge:
        raise Problem(413, "Too large", "A change is a few words.") from None
    if not isinstance(body, dict):
        raise Problem(400, "Bad request", "The body is a JSON object.")
    return body


def _guarded(handler: Handler) -> Handler:
    """Serves only this machine: refuses other names in Host and other sites' pages. Answers problems as documents."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            _check_caller(request)
            return await handler(request)
        except Problem as problem:
            text = json.dumps(problem.body, ensure_ascii=False)
            return web.Response(status=problem.status, text=text, content_type="application/problem+json")

    return guarded


def _check_caller(request: web.Request) -> None:
    host, _, port = request.host.rpartition(":")
    if (host if port.isdigit() else request.host) not in _LOOPBACK:
        raise Problem(421, "Misdirected request", "The simulator answers on this machine's loopback address only.")
    if request.headers.get("Origin") not in (None, f"http://{request.host}"):
        raise Problem(403, "Forbidden", "Another site's page may not work these switches.")
