"""The one state behind every API, so that a change through one shows in the others.

One thread changes it; the cameras' encoders only read it.
"""

import hashlib
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator.ports import Ports
from simulator.products import Product

type Fault = Literal["timeout", "http500", "rate", "expired", "delay", "garbage", "half", "html", "clock_skew", "quota"]
type EventKind = Literal["motion", "person", "press", "online", "offline"]
KEPT_EVENTS = 50
# The vendor's number and title of the events that are alarms.
ALARMS: dict[EventKind, tuple[int, str]] = {
    "motion": (10002, "Motion Detection Alarm"),
    "person": (2403, "Person Detected"),
    "press": (10016, "Doorbell Call"),
}


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    kind: EventKind
    at: float  # epoch s


@dataclass(slots=True)
class SubAccount:
    """An account under a developer's key; it sees only the cameras it was given."""

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
    key_asked_at: float = 0.0  # when a camera's encryption password was last requested, epoch s
    subs: dict[str, SubAccount] = field(default_factory=dict)  # of its developer key


@dataclass(slots=True)
class Camera:
    """One channel of a device; most devices have only channel 1."""

    serial: str
    name: str
    owner: str
    code: str  # the verification code on its label; also the encryption password until that is changed
    scene: str
    model: str = "C3TN"
    kind: Literal["camera", "doorbell"] = "camera"
    codec: Literal["h264", "h265"] = "h264"
    size: tuple[int, int] = (640, 360)
    sub_codec: Literal["h264", "h265", ""] = ""  # of its smaller picture; "": the same
    sub_size: tuple[int, int] | None = (320, 180)  # None: it sends no smaller picture
    shared_with: tuple[str, ...] = ()
    pitch_hz: int = 220
    online: bool = True
    asleep: bool = False
    privacy: bool = False
    audio: bool = True
    light: bool = True
    infrared: bool = True
    prompt: bool = True  # the spoken prompt of Wi-Fi set-up: not the microphone
    password: str = ""  # for encrypted pictures, where it differs from the label's code
    transport: Literal["ps", "rtp"] = "ps"  # of its cloud stream
    layout: Literal["body", "copied", "whole"] = "body"  # what Image Encryption leaves clear of a NAL unit
    selective: bool = False  # it encrypts only what keyframes consist of
    rejects_label_code: bool = False  # newer firmware: switching encryption off takes a mailed code
    armed: bool = True
    muted: bool = False  # on the phone
    sensitivity: int = 3  # of its detection, 1 to 6; 1 to 100 with a battery
    offline_notify: bool = False
    night_vision: int = 2  # 0 black and white, 1 colour, 2 smart
    flips: bool = True  # reports which way up its picture is
    only_mirrors: bool = False  # it knows the call that turns the picture over, and none that sets it
    flipped: bool = False
    zone: str = "138"  # tzCode
    date_format: int = 0  # 0 year first, 1 month first, 2 day first
    summer_time: bool = True
    disk: int | None = 0  # 0 ok, 1 faulty, 2 uninitialised, 3 formatting; None: no disk
    cloud: int = 0  # -2 unsupported, -1 unavailable, 0 inactive, 1 active, 2 expired
    newer_firmware: str = ""
    battery: int | None = None  # percent; None: it has none
    charging: bool = False
    rtsp: bool = True  # whether its door at home is open; `World.open_door` changes it
    product: Product | None = None  # what the vendor lists of its type; None: a friendly list, with all that it can do
    channel: int = 1
    category: str = ""  # the vendor's, where it does not follow from the kind
    awake_until: float = math.inf  # a battery camera dozes after this
    waking_until: float = 0.0
    fault: Fault | None = None
    fault_since: float = 0.0
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    encryption: bool = False  # the value from `encryption_from` on
    encryption_from: float = 0.0
    before: dict[str, tuple[Any, float]] = field(default_factory=dict)  # what is listed of a switch, and until when

    def encrypted(self, now: float) -> bool:
        return self.encryption if now >= self.encryption_from else not self.encryption

    def encrypt(self, on: bool, now: float, delay_s: float = 0.0) -> None:
        """Switches after `delay_s`, as the vendor's cameras do; until then the old state holds."""
        if self.encryption != on:
            self.encryption, self.encryption_from = on, now + delay_s
        elif delay_s == 0.0:
            self.encryption_from = now

    def switch(self, name: str, value: bool, now: float, lag_s: float) -> None:
        """Sets it at once. Of a camera that is as in life, the list shows it after `lag_s`."""
        if self.product is not None:
            self.before[name] = self.listed(name, now), now + lag_s
        setattr(self, name, value)

    def listed(self, name: str, now: float) -> Any:
        old, until = self.before.get(name, (None, 0.0))
        return old if now < until else getattr(self, name)

    @property
    def flip_feature(self) -> bool:
        """Whether FEATURE_INFO says which way up its picture is."""
        return self.flips and (self.product is None or self.product.flip_feature)

    @property
    def has_door(self) -> bool:
        """Whether it has a door at home, open or not: no doorbell and no camera on battery has one."""
        return self.kind == "camera" and self.battery is None and (self.product is None or self.product.rtsp)

    @property
    def secret(self) -> str:
        """The password that decrypts its pictures."""
        return self.password or self.code

    @property
    def key(self) -> str:
        """Its key in `World.cameras`."""
        return self.serial if self.channel == 1 else f"{self.serial}-{self.channel}"

    def picture(self, quality: int) -> tuple[Literal["h264", "h265"], tuple[int, int]] | None:
        """Codec and size by the vendor's quality number: 1 the full picture, 2 the smaller one, or None."""
        if quality == 1:
            return self.codec, self.size
        return (self.sub_codec or self.codec, self.sub_size) if self.sub_size else None

    @property
    def streaming(self) -> bool:
        """Whether it sends pictures to the cloud."""
        return self.online and not self.asleep


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
    """Where the Open Platform's messages go, and the counts of what became of them."""

    url: str = ""
    key: str = ""
    duplicates: int = 0  # how many more times each message is sent
    skew_s: float = 0.0  # the sender's clock runs ahead by this
    sent: int = 0
    answered: int = 0
    dropped: int = 0


@dataclass(slots=True)
class Settings:
    """How the vendor behaves; `/_control` changes it."""

    cut_s: float = 60.0  # life of a live address from its first fetch
    latency_ms: float = 0.0
    region: str = ""  # host:port where the app API accepts sign-ins; "circle": it always names another
    session_s: float = 86400.0
    token_s: float = 7 * 86400.0
    viewers: int = 20  # at once, per account
    terminals: int = 10  # per account
    encryption_delay_s: float = 2.0
    fault: Fault | Literal[""] = ""  # of every call
    push_fault: Literal["", "garbage", "refuse", "drop"] = ""  # of the app's messages
    hls_fault: Literal["", "no_cors", "ended", "key", "sound"] = ""  # of live streams, as players meet it
    delay_s: float = 2.0  # of the fault "delay"
    wake_s: float = 1.5  # a battery camera takes this long to wake
    awake_s: float = 30.0  # and stays awake this long
    restart_s: float = 5.0  # a camera is offline this long after a restart
    lag_s: float = 1.2  # the list shows a switch of a camera that is as in life this long after it was set
    # the app's cloud stream, at life's timing
    node_s: float = 0.6  # a stream node answers after this, a dispatcher in a quarter of it
    clump_s: float = 2.0  # pictures come in clumps, as far apart as this
    stream_key_s: float = 0.0  # between key frames; 0: as in life, the smaller picture's 4 and the whole one's 60
    session_cut_s: float = 0.0  # a session lasts so long; 0: for as long as it is kept alive
    cut_with: Literal["", "7005"] = ""  # whether the end is told before the node hangs up
    unkept_s: float = 27.0  # a session without keep-alives lasts so long
    streams: int = 8  # sessions at once, per account
    stream_code: int = 0  # what every node answers; 0: what is true
    stream_map: Literal["", "lies", "none"] = ""  # the table in the stream that names its codecs
    stream_fault: Literal[
        "", "silent", "noise", "junk", "tokens", "ciphered", "hangs", "drips", "private", "foreign", "link_local"
    ] = ""
    china: bool = False  # whether the Open Platform is the Chinese one, which has a few calls more


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
    doors: list[Callable[[Camera], None]] = field(default_factory=list)  # called when a camera's door was turned
    calls: Counter[str] = field(default_factory=Counter)  # of both APIs, by path

    def add(self, camera: Camera) -> None:
        self.cameras[camera.key] = camera

    def find(self, serial: str, channel: int) -> Camera | None:
        return self.cameras.get(serial if channel == 1 else f"{serial}-{channel}")

    def first(self, serial: str) -> Camera | None:
        """The device's first channel that has a camera."""
        return next((camera for camera in self.cameras.values() if camera.serial == serial), None)

    def owned(self, user: str) -> list[Camera]:
        return [camera for camera in self.cameras.values() if camera.owner == user]

    def visible(self, user: str) -> list[Camera]:
        """Own cameras first, then the ones shared with the user."""
        shared = [camera for camera in self.cameras.values() if user in camera.shared_with]
        return self.owned(user) + shared

    def happen(self, camera: Camera, kind: EventKind) -> None:
        at = self.now()
        name = md5(f"{camera.serial} {kind} {at} {len(camera.events)}")
        event = Event(name, kind, at)
        if kind in ALARMS:
            camera.events.appendleft(event)
        for listener in self.listeners:
            listener(camera, event)

    def set_online(self, camera: Camera, online: bool) -> None:
        """A change is an event that the vendor reports."""
        if camera.online != online:
            camera.online = online
            self.happen(camera, "online" if online else "offline")

    def open_door(self, camera: Camera, is_open: bool) -> None:
        """As its owner does in the app's LAN Live View. A camera without a door stays without."""
        if camera.rtsp != is_open and camera.has_door:
            camera.rtsp = is_open
            for listener in self.doors:
                listener(camera)

    def restarted(self, camera: Camera) -> None:
        """A camera of life forgets that its door was opened."""
        if camera.product is not None:
            self.open_door(camera, False)

    def wake(self, camera: Camera) -> None:
        """Starts waking a sleeping battery camera, which takes `wake_s`."""
        if not self.awake(camera) and camera.waking_until <= self.now():
            camera.waking_until = self.now() + self.settings.wake_s
            camera.awake_until = camera.waking_until + self.settings.awake_s

    def awake(self, camera: Camera) -> bool:
        return camera.waking_until <= self.now() < camera.awake_until


def fault_of(cameras: Iterable[Camera]) -> Camera | None:
    """The first of these cameras that has a fault."""
    return next((camera for camera in cameras if camera.fault is not None), None)


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
