"""A camera as its vendor knows it: one channel of a device, what it is set to, and what it saw."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from showcam.simulator.products import Product

type EventKind = Literal["motion", "person", "press", "online", "offline"]
KEPT_EVENTS = 50
TICK_S = 0.5  # between two checks of the state of a camera, a session or a file
# The vendor's number and title of the events that are alarms. A press is an alarm only at the Open Platform: the app's
# list has it as a call, and no push brings it (AidenShaw2020/ha-ezviz-doorbell, README: captured from an EP8x).
ALARMS: dict[EventKind, tuple[int, str]] = {
    "motion": (10002, "Motion Detection Alarm"),
    "person": (10120, "AI Human Detection"),
    "press": (10016, "Door Bell Ring Alarm"),
}


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    kind: EventKind
    at: float  # epoch s
    secret: str = ""  # the password of its encrypted picture; "": it is not
    has_picture: bool = True

    @property
    def encrypted(self) -> bool:
        return bool(self.secret)


TURNING = ("C6N",)  # the demo's models that pan and tilt


@dataclass(slots=True)
class Camera:
    """One channel of a device; most devices have only channel 1."""

    serial: str
    name: str
    owner: str
    code: str  # the verification code on the label, and the encryption password until changed
    scene: str
    model: str = "C3TN"
    kind: Literal["camera", "doorbell"] = "camera"
    codec: Literal["h264", "h265"] = "h264"
    size: tuple[int, int] = (640, 360)
    sub_codec: Literal["h264", "h265", ""] = ""  # of the smaller picture; "": the same codec
    sub_size: tuple[int, int] | None = (320, 180)  # None: the camera sends no smaller picture
    shared_with: tuple[str, ...] = ()
    pitch_hz: int = 220
    online: bool = True
    asleep: bool = False
    privacy: bool = False
    audio: bool = True
    light: bool = True
    infrared: bool = True
    password: str = ""  # for encrypted pictures; "": the label's code
    transport: Literal["ps", "rtp"] = "ps"  # of the cloud stream
    layout: Literal["body", "copied", "whole"] = "body"  # the part of a NAL unit that Image Encryption leaves clear
    selective: bool = False  # encrypts only the units of keyframes
    lists_other_digest: bool = False  # the digest in the list is not of the key of the video
    rejects_label_code: bool = False  # newer firmware: switching encryption off takes a mailed code
    armed: bool = True
    muted: bool = False  # notifications on the phone are muted
    sensitivity: int = 3  # of the detection, 1 to 6; 1 to 100 with a battery
    offline_notify: bool = False
    night_vision: int = 2  # 0 black and white, 1 colour, 2 smart
    flips: bool = True  # the list says which way up the picture is
    only_mirrors: bool = False  # has only the call to turn the picture over, and no call to set its direction
    flipped: bool = False
    turning: str = ""  # the direction of now: left, right, up or down; "": it stands still
    # the directions so far, and each "stop"
    turned: deque[str] = field(default_factory=lambda: deque(maxlen=1000))
    zone: str = "138"  # tzCode
    date_format: int = 0  # 0 year first, 1 month first, 2 day first
    summer_time: bool = True
    disk: int | None = 0  # 0 ok, 1 faulty, 2 uninitialised, 3 formatting; None: no disk
    cloud: int = 0  # -2 unsupported, -1 unavailable, 0 inactive, 1 active, 2 expired
    newer_firmware: str = ""
    battery: int | None = None  # percent; None: no battery
    charging: bool = False
    rtsp: bool = True  # whether the camera's door at home is open; `World.open_door` changes it
    # the vendor's list for this type; None: a friendly list, with everything that the camera can do
    product: Product | None = None
    channel: int = 1
    category: str = ""  # the vendor's category, if it does not follow from the kind
    awake_until: float = math.inf  # a battery camera dozes after this
    awake_at_most: float = math.inf  # the camera dozes then, however often it is asked to stay awake
    waking_until: float = 0.0
    wakes_slowly: bool = False  # the second session brings no picture yet, only parameter sets
    is_half_awake: bool = False
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    encryption: bool = False  # the value from `encryption_from` on
    encryption_from: float = 0.0
    # by switch: the value that is still listed, and until when
    before: dict[str, tuple[Any, float]] = field(default_factory=dict)

    def encrypted(self, now: float) -> bool:
        return self.encryption if now >= self.encryption_from else not self.encryption

    def encrypt(self, on: bool, now: float, delay_s: float = 0.0) -> None:
        """Switches after `delay_s`, as the vendor's cameras do; until then the old state holds."""
        if self.encryption != on:
            self.encryption, self.encryption_from = on, now + delay_s
        elif delay_s == 0.0:
            self.encryption_from = now

    def switch(self, name: str, value: bool, now: float, lag_s: float) -> None:
        """Sets the switch at once. If the camera has a product, the list shows the change only after `lag_s`."""
        if self.product is not None:
            self.before[name] = self.listed(name, now), now + lag_s
        setattr(self, name, value)

    def listed(self, name: str, now: float) -> Any:
        old, until = self.before.get(name, (None, 0.0))
        return old if now < until else getattr(self, name)

    @property
    def turns(self) -> bool:
        """Tells whether the camera pans and tilts."""
        if self.product is None:
            return self.model in TURNING
        return dict(self.product.support).get("154") == "1"

    def turn(self, direction: str) -> None:
        """Begins to turn; "" stops."""
        self.turning = direction
        self.turned.append(direction or "stop")

    @property
    def flip_feature(self) -> bool:
        """Tells whether FEATURE_INFO says which way up the picture is."""
        return self.flips and (self.product is None or self.product.flip_feature)

    @property
    def has_door(self) -> bool:
        """Tells whether the camera has a door at home, open or not. Doorbells and cameras on battery have none."""
        return self.kind == "camera" and self.battery is None and (self.product is None or self.product.rtsp)

    @property
    def secret(self) -> str:
        """The password of the camera's encrypted pictures."""
        return self.password or self.code

    @property
    def key(self) -> str:
        """The camera's key in `World.cameras`."""
        return self.serial if self.channel == 1 else f"{self.serial}-{self.channel}"

    def picture(self, quality: int) -> tuple[Literal["h264", "h265"], tuple[int, int]] | None:
        """Returns codec and size by the vendor's quality number: 1 the full picture, 2 the smaller picture, or None."""
        if quality == 1:
            return self.codec, self.size
        return (self.sub_codec or self.codec, self.sub_size) if self.sub_size else None

    @property
    def streaming(self) -> bool:
        """Tells whether the camera sends pictures to the cloud."""
        return self.online and not self.asleep


# An excerpt of the vendor's list: tzCode, tzValue, name.
ZONES = (
    ("22", "UTC+10:00", "(UTC+10:00) Brisbane"),
    ("42", "UTC+08:00", "(UTC+08:00) Hong Kong"),
    ("68", "UTC+05:30", "(UTC+05:30) Mumbai"),
    ("102", "UTC+03:00", "(UTC+03:00) Moscow"),
    ("108", "UTC+02:00", "(UTC+02:00) Helsinki"),
    ("138", "UTC+01:00", "(UTC+01:00) Oslo"),
    ("140", "UTC", "(UTC) London"),
    ("180", "UTC-05:00", "(UTC-05:00) New York"),
    ("200", "UTC-08:00", "(UTC-08:00) Los Angeles"),
)
VALUES = {code: value for code, value, _ in ZONES}
