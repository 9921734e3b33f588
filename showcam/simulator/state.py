"""The simulator's only state, which its faces share, and the table of its ports, all on loopback.

The command that starts the simulator gives the first five ports. The system chooses all others, and `/_control` lists
each port by name.

A single thread changes the state; the cameras' encoders only read it.
"""

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from showcam.simulator.camera import ALARMS, Camera, Event, EventKind

type Given = Literal["control", "app_api", "push", "barn_rtsp", "barn_onvif"]

# by name: the option of the command, and what listens at the port; each default is the next port after the earlier one
GIVEN: dict[Given, tuple[str, str]] = {
    "control": ("--port", "practice page and control door, http"),
    "app_api": ("--app-port", "EZVIZ app API, https"),
    "push": ("--push-port", "the app's messages, MQTT"),
    "barn_rtsp": ("--barn-port", "the owner's own camera Barn, RTSP"),
    "barn_onvif": ("--barn-onvif-port", "Barn's ONVIF, http"),
}
OPTIONS = ", ".join(option for option, _ in GIVEN.values())

HOUR_S = 3600.0  # life of an access token of Amazon's or Google's, and the longest life of an assertion at Google
HANG_S = 600.0  # the pause of a server that never answers: longer than any client waits
ACTS_S = 2.0  # a camera takes about this long to act, and a slow vendor to answer
VTM = "vtm"  # dispatcher of the app's cloud stream
VTDU = "vtdu"  # node of the app's cloud stream
CAST = "cast"  # the television
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
class Account:
    user: str
    password_md5: str
    sign_in_code: str = ""  # "": no second factor
    mailed_code: str = ""  # valid once, until `mailed_until`
    mailed_until: float = 0.0
    wrong_codes: int = 0  # wrong codes since the last code was mailed
    key_asked_at: float = 0.0  # when a camera's encryption password was last requested, epoch s


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
class Settings:
    """The vendor's behaviour."""

    region: str = ""  # host:port of the app API that accepts sign-ins; "circle": each always names another
    session_s: float = 86400.0  # of the app's session [assumed]
    terminals: int = 10  # per account
    encryption_delay_s: float = ACTS_S
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
    unkept_s: float = 27.0  # a session without keep-alives lasts this long
    streams: int = 8  # sessions at once, per account


@dataclass(slots=True)
class World:
    accounts: dict[str, Account]
    cameras: dict[str, Camera]
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], float] = time.time
    ports: Ports = field(default_factory=Ports)
    devices: dict[str, Device] = field(default_factory=dict)
    listeners: list[Callable[[Camera, Event], None]] = field(default_factory=list)
    doors: list[Callable[[Camera], None]] = field(default_factory=list)  # called if a camera's door was opened or shut

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


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
