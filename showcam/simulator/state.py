"""The simulator's only state, which its faces share, and the table of its ports, all on loopback.

The command that starts the simulator gives the first six ports. The system chooses all others, and `/_control` lists
each port by name.

A single thread changes the state; the cameras' encoders only read it.
"""

import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler

from showcam.simulator.assistants.cloud_faults import CloudFault
from showcam.simulator.camera import ALARMS, Camera, Event, EventKind, Fault

type Given = Literal["control", "app_api", "open_platform", "push", "barn_rtsp", "barn_onvif"]

# by name: the option of the command, and what listens at the port; each default is the next port after the earlier one
GIVEN: dict[Given, tuple[str, str]] = {
    "control": ("--port", "practice page and control door, http"),
    "app_api": ("--app-port", "EZVIZ app API, https"),
    "open_platform": ("--open-port", "Open Platform and live video, https"),
    "push": ("--push-port", "the app's messages, MQTT"),
    "barn_rtsp": ("--barn-port", "the owner's own camera Barn, RTSP"),
    "barn_onvif": ("--barn-onvif-port", "Barn's ONVIF, http"),
}
OPTIONS = ", ".join(option for option, _ in GIVEN.values())

HOUR_S = 3600.0  # life of an access token of Amazon's or Google's, and the longest life of an assertion at Google
ACTS_S = 2.0  # a camera takes about this long to act, and a slow vendor to answer
VTM = "vtm"  # dispatcher of the app's cloud stream
VTDU = "vtdu"  # node of the app's cloud stream
CAST = "cast"  # the television
CAS = "cas"  # server of cameras' keys
LOCAL_CONTROL, LOCAL_MEDIA = "9010/", "9020/"  # plus a serial: a camera's own protocol in the house
_RTSP = "rtsp/"  # plus a serial: a camera's own server in the house


@dataclass(slots=True)
class Ports:
    """`given` is empty if no command started the simulator; `chosen` is filled as servers begin to listen."""

    given: dict[Given, int] = field(default_factory=dict)
    chosen: dict[str, int] = field(default_factory=dict)

    def table(self) -> dict[str, int]:
        return {str(name): port for name, port in self.given.items()} | self.chosen

    def at(self, name: str) -> int:
        """Returns the port of that name; 0 while nothing listens there."""
        return self.chosen.get(name, 0)

    def rtsp(self, serial: str) -> int:
        return self.at(_RTSP + serial)

    def open_rtsp(self, serial: str, port: int) -> None:
        self.chosen[_RTSP + serial] = port

    def close_rtsp(self, serial: str) -> None:
        self.chosen.pop(_RTSP + serial, None)


@dataclass(slots=True)
class SubAccount:
    """An account under a developer's key, which sees only the given cameras."""

    id: str
    name: str
    serials: tuple[str, ...] = ()


@dataclass(slots=True)
class Account:
    user: str
    password_md5: str
    app_key: str
    app_secret: str
    sign_in_code: str = ""  # "": no second factor
    mailed_code: str = ""  # valid once, until `mailed_until`
    mailed_until: float = 0.0
    wrong_codes: int = 0  # wrong codes since the last code was mailed
    key_asked_at: float = 0.0  # when a camera's encryption password was last requested, epoch s
    subs: dict[str, SubAccount] = field(default_factory=dict)  # under the account's developer key


@dataclass(frozen=True, slots=True)
class Device:
    """A device with several channels or none: a recorder, a camera with two lenses, a hub."""

    serial: str
    name: str
    owner: str
    category: str
    model: str
    channels: int = 0  # places for cameras, taken or not


@dataclass(slots=True)
class Webhook:
    """The address for the Open Platform's messages, and counts of their outcomes."""

    url: str = ""
    key: str = ""
    duplicates: int = 0  # how many more times each message is sent
    skew_s: float = 0.0  # the sender's clock runs ahead by this
    sent: int = 0
    answered: int = 0
    dropped: int = 0


@dataclass(slots=True)
class Settings:
    """The vendor's behaviour; `/_control` changes it."""

    cut_s: float = 60.0  # life of a live address from its first fetch
    latency_ms: float = 0.0
    region: str = ""  # host:port of the app API that accepts sign-ins; "circle": each always names another
    session_s: float = 86400.0  # of the app's session [assumed]
    token_s: float = 7 * 86400.0  # of the Open Platform's access token
    viewers: int = 20  # at once, per account
    terminals: int = 10  # per account
    encryption_delay_s: float = ACTS_S
    fault: Fault | Literal[""] = ""  # every call meets this fault
    key_code: int = 0  # the answer to every request for a camera's key; 0: the true answer
    push_fault: Literal["", "garbage", "refuse", "drop", "resumed", "denied"] = ""  # a fault of the app's messages
    pushes_rings: bool = False  # a press is pushed too, as an older DP1C does it (RenierM26/ha-ezviz issue 112)
    hls_fault: Literal["", "no_cors", "ended", "key", "sound"] = ""  # a fault of live streams, as players meet it
    delay_s: float = ACTS_S  # the delay of the fault "delay"
    # every `gateway_each`-th GET of the app's API is answered 504, and every `empty_each`-th list has an empty STATUS
    # of a camera; 0: none. The real servers do this now and then (github.com/Bobsilvio/ezviz_hp7 36 and 37,
    # adirgan/ha-ezviz-cloud-plus).
    gateway_each: int = 40
    empty_each: int = 15
    # a battery camera wakes within `wake_s` and up to `wake_spread_s` longer. It sleeps after `awake_s` unless asked to
    # stay awake, which helps for a while (github.com/Dead96/ezviz-stream-ha-integration, 0.3.1 and 0.3.2, on a
    # CS-DP2C).
    wake_s: float = 8.0
    wake_spread_s: float = 62.0
    awake_s: float = 58.0
    awake_most_s: float = 100.0
    awake_spread_s: float = 80.0
    capture_s: float = ACTS_S  # a still of a sleeping camera takes this long
    restart_s: float = 5.0  # a camera is offline this long after a restart
    lag_s: float = 18.0  # the list shows a switch this long after it was set, if the camera is as in life
    # the app's cloud stream, with the timing of life
    node_s: float = 0.6  # a stream node answers after this, a dispatcher after a quarter of it
    clump_s: float = 2.0  # pictures come in clumps, at this distance
    stream_key_s: float = 0.0  # between key frames; 0: as in life, the smaller picture's 4 and the whole one's 60
    session_cut_s: float = 0.0  # a session lasts this long; 0: for as long as it is kept alive
    cut_with: Literal["", "5500", "5999", "7005"] = ""  # the result that announces the end of a session
    # a session that has lasted this long sends nothing more and stays open; 0: no session does
    mute_after_s: float = 0.0
    unkept_s: float = 27.0  # a session without keep-alives lasts this long
    streams: int = 8  # sessions at once, per account
    # a camera's second session: with "" it ends the first, as two clients of real cameras report
    # (rhanekom/hass-ezviz-stream, camera.py; Dead96/ezviz-stream-ha-integration, CHANGELOG 0.2.3). With "joins" it is
    # sent the same. With a number, the node refuses the session with that result.
    stream_crowd: Literal["", "joins", "5405", "5416", "5452", "5491"] = ""
    # each keyframe comes with parameter sets; "first": only those of a camera's first session do
    stream_sets: Literal["", "first"] = ""
    stream_code: int = 0  # the answer of every node; 0: the true answer
    stream_map: Literal["", "lies", "none"] = ""  # the stream's table of codecs
    stream_fault: Literal[
        "",
        "silent",
        "silent_sub",  # only the smaller picture
        "noise",
        "junk",
        "tokens",
        "ciphered",
        "hangs",
        "drips",
        "nameless",  # an answer that names no session
        "private",
        "foreign",
        "link_local",
    ] = ""
    # the server of cameras' keys, and their own protocol in the house
    cas_certificate: Literal["", "good", "replaced"] = (
        ""  # out of date, as real ones were found (github.com/RenierM26/pyEzvizApi #271)
    )
    cas_fault: Literal[
        "",
        "forgets",  # once, the fact that a terminal was registered
        "refused",
        "limit",
        "silent",
        "garbage",
        "half",
        "drips",
    ] = ""
    cas_zero: bool = False  # whether a client of type 0 is answered; real servers often do not
    local_answers: Literal["", "sealed"] = "sealed"  # "": in the clear
    local_cut_s: float = 0.0  # a session lasts this long; 0: until its client ends it
    local_crowd: Literal["", "refuses"] = ""  # the second session's effect; "": the first session ends
    local_stranger: Literal["", "refuses"] = ""  # the answer to a client without the camera's key; "": nothing comes
    local_fault: Literal["", "refuses", "mute", "drops", "noise", "junk", "keyless", "drips", "floods"] = ""
    local_bent: str = ""  # the answer to cut or change, and the changed place
    china: bool = False  # whether the Open Platform is the Chinese one, which has a few more calls
    # Amazon's and Google's clouds: showcam sends its reports there
    lwa_fault: CloudFault | Literal[""] = ""  # of Login with Amazon
    gateway_fault: CloudFault | Literal[""] = ""  # of the event gateway
    google_login_fault: CloudFault | Literal[""] = ""  # of the token endpoint for service accounts
    homegraph_fault: CloudFault | Literal[""] = ""
    cloud_fault_share: float = 1.0  # the share of calls to these clouds that meet the fault
    lwa_access_s: float = HOUR_S
    google_access_s: float = HOUR_S
    google_skew_s: float = 0.0  # Google's clock runs ahead by this
    homegraph_quota: int = 6000  # requests in a minute


@dataclass(slots=True)
class World:
    accounts: dict[str, Account]
    cameras: dict[str, Camera]
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], float] = time.time
    ports: Ports = field(default_factory=Ports)
    devices: dict[str, Device] = field(default_factory=dict)
    webhook: Webhook = field(default_factory=Webhook)
    listeners: list[Callable[[Camera, Event], None]] = field(default_factory=list)
    # called if a camera's own protocol was turned on or off
    local_doors: list[Callable[[Camera], None]] = field(default_factory=list)
    doors: list[Callable[[Camera], None]] = field(default_factory=list)  # called if a camera's door was opened or shut
    calls: Counter[str] = field(default_factory=Counter)  # of both APIs, by path

    def add(self, camera: Camera) -> None:
        self.cameras[camera.key] = camera

    def find(self, serial: str, channel: int) -> Camera | None:
        return self.cameras.get(serial if channel == 1 else f"{serial}-{channel}")

    def first(self, serial: str) -> Camera | None:
        """Returns the device's first channel that has a camera."""
        return next((camera for camera in self.cameras.values() if camera.serial == serial), None)

    def owned(self, user: str) -> list[Camera]:
        return [camera for camera in self.cameras.values() if camera.owner == user]

    def visible(self, user: str) -> list[Camera]:
        """Returns own cameras first, then the cameras that are shared with the user."""
        shared = [camera for camera in self.cameras.values() if user in camera.shared_with]
        return self.owned(user) + shared

    def happen(self, camera: Camera, kind: EventKind) -> None:
        at = self.now()
        name = md5(f"{camera.serial} {kind} {at} {len(camera.events)}")
        sees = camera.streaming and not camera.privacy  # a covered or sleeping camera sends no picture with it
        event = Event(name, kind, at, camera.secret if camera.encrypted(at) else "", sees)
        if kind in ALARMS:
            camera.events.appendleft(event)
        for listener in self.listeners:
            listener(camera, event)

    def set_online(self, camera: Camera, online: bool) -> None:
        """Sets the state; a change is an event that the vendor reports."""
        if camera.online != online:
            camera.online = online
            self.happen(camera, "online" if online else "offline")

    def open_door(self, camera: Camera, is_open: bool) -> None:
        """Opens or shuts the port for RTSP, as the owner does in the app's LAN Live View.

        Some cameras have no such port.
        """
        if camera.rtsp != is_open and camera.has_door:
            camera.rtsp = is_open
            for listener in self.doors:
                listener(camera)

    def turn_local(self, camera: Camera, how: Literal["", "plain", "wrapped"]) -> None:
        """Sets whether and how the camera speaks its own protocol in the house."""
        camera.local = how
        for listener in self.local_doors:
            listener(camera)

    def restarted(self, camera: Camera) -> None:
        """A restarted camera closes its RTSP port, as real ones do."""
        if camera.product is not None:
            self.open_door(camera, False)

    def wake(self, camera: Camera) -> None:
        """Starts waking a sleeping battery camera.

        An awake camera stays awake for `awake_s`, up to the camera's limit.
        """
        now, pace = self.now(), self.settings
        if self.awake(camera):
            camera.awake_until = min(camera.awake_at_most, max(camera.awake_until, now + pace.awake_s))
        elif camera.waking_until <= now:
            camera.waking_until = now + pace.wake_s + random.uniform(0, pace.wake_spread_s)
            camera.awake_until = camera.waking_until + pace.awake_s
            most_s = pace.awake_most_s + random.uniform(0, pace.awake_spread_s)
            camera.awake_at_most = max(camera.awake_until, camera.waking_until + most_s)

    def awake(self, camera: Camera) -> bool:
        return camera.waking_until <= self.now() < camera.awake_until


def fault_of(cameras: Iterable[Camera]) -> Camera | None:
    """Returns the first of these cameras that has a fault."""
    return next((camera for camera in cameras if camera.fault is not None), None)


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def counting(world: World) -> web.Application:
    """Makes an application whose calls are counted by path, in `world.calls`."""

    @web.middleware
    async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        known = resource.canonical if resource is not None else ""
        world.calls[request.path if known.endswith("{operation}") else known] += 1
        return await handler(request)

    return web.Application(client_max_size=256 * 1024, middlewares=[counted])
