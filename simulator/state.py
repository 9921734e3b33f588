"""The one state behind every face: what a change through one shows in the others. Touched by one thread alone;
the cameras' encoders only read it."""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

type Fault = Literal["timeout", "http500", "rate", "expired"]
type EventKind = Literal["motion", "press"]
KEPT_EVENTS = 50


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    kind: EventKind
    at: float  # epoch s


@dataclass(slots=True)
class Account:
    user: str
    password_md5: str
    app_key: str
    app_secret: str
    sign_in_code: str = ""  # "": no second factor


@dataclass(slots=True)
class Camera:
    """One camera, one channel (number 1)."""

    serial: str
    name: str
    owner: str
    code: str  # the verification code on its label; also the encryption password until that is changed
    scene: str
    model: str = "C3TN"
    kind: Literal["camera", "doorbell"] = "camera"
    codec: Literal["h264", "h265"] = "h264"
    shared_with: tuple[str, ...] = ()
    pitch_hz: int = 220
    online: bool = True
    asleep: bool = False
    privacy: bool = False
    audio: bool = True
    light: bool = True
    infrared: bool = True
    prompt: bool = True  # the spoken prompt of Wi-Fi set-up: not the microphone
    fault: Fault | None = None
    fault_since: float = 0.0
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    encryption: bool = False  # what holds once `encryption_from` is reached
    encryption_from: float = 0.0

    def encrypted(self, now: float) -> bool:
        return self.encryption if now >= self.encryption_from else not self.encryption

    def encrypt(self, on: bool, now: float, delay_s: float = 0.0) -> None:
        """The vendor's cameras take a while; until then all see the old state."""
        if self.encryption != on:
            self.encryption, self.encryption_from = on, now + delay_s
        elif delay_s == 0.0:
            self.encryption_from = now

    @property
    def streaming(self) -> bool:
        """Whether it sends pictures to the cloud at all."""
        return self.online and not self.asleep


@dataclass(slots=True)
class Settings:
    """How the vendor behaves; changed at the control door."""

    cut_s: float = 60.0  # a live address lasts so long from its first fetch
    latency_ms: float = 0.0
    region: str = ""  # where the app API wants sign-ins, as host:port; "circle": never where one is
    session_s: float = 86400.0
    token_s: float = 7 * 86400.0
    viewers: int = 20  # at once, per account
    terminals: int = 10  # per account
    encryption_delay_s: float = 2.0


@dataclass(slots=True)
class World:
    accounts: dict[str, Account]
    cameras: dict[str, Camera]
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], float] = time.time

    def owned(self, user: str) -> list[Camera]:
        return [camera for camera in self.cameras.values() if camera.owner == user]

    def visible(self, user: str) -> list[Camera]:
        """Own cameras first, then the ones shared with the user."""
        shared = [camera for camera in self.cameras.values() if user in camera.shared_with]
        return self.owned(user) + shared

    def happen(self, camera: Camera, kind: EventKind) -> None:
        at = self.now()
        name = md5(f"{camera.serial} {kind} {at} {len(camera.events)}")
        camera.events.appendleft(Event(name, kind, at))


def fault_of(cameras: Iterable[Camera]) -> Camera | None:
    """The camera whose trouble a call about these runs into."""
    return next((camera for camera in cameras if camera.fault is not None), None)


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
