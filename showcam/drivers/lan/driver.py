"""The owner's own cameras as one driver: at their addresses in the house, by RTSP, and by ONVIF if they have it.

A camera that got another address is found again by its endpoint reference of WS-Discovery. Anybody in the house can
answer by a camera's endpoint, and no call of ONVIF proves that a device knows the password. So only the owner can move
a camera that takes its password as it is (Basic). By Digest, a device that answers learns only a hash of the password.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from showcam.drivers.camera import Camera, Flag, Listed, Ref, Video, VideoCodec, sound
from showcam.drivers.driver import LEAST_S, Direction, Hint, Preset
from showcam.drivers.errors import DriverError, Reason, Refused, SetRefused
from showcam.drivers.lan import LAN
from showcam.drivers.lan.adding import describe
from showcam.drivers.lan.devices import WRONG, Device, Devices, Pictured
from showcam.drivers.lan.events import Listener, Waits
from showcam.drivers.lan.lens import go, halt, night_vision, presets, set_night_vision, turn
from showcam.drivers.lan.onvif import ANSWER_S, Onvif, OnvifFailed
from showcam.drivers.lan.search import Candidate
from showcam.drivers.probes.rtsp import KNOCK_S, OnlyBasic, Place, knock
from showcam.drivers.settings import CHOICES, ON_OFF, Setting, SettingView
from showcam.engine.grants import Picture
from showcam.engine.rtsp.login import Login
from showcam.engine.source import CameraSpec, Rtsp
from showcam.net.addresses import is_in_house
from showcam.net.cache import Recent
from showcam.net.house import HouseHttp
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import Source

SEARCHED_S = 60.0  # between two searches of the house
MOST_SEARCHED = 1024

type Asks = Callable[[], Sequence[Candidate]]


class Moves:
    """Finds cameras that got another address. `asks` returns the devices that answer WS-Discovery now."""

    def __init__(self, devices: Devices, asks: Asks, *, again_s: float = SEARCHED_S) -> None:
        self._devices, self._asks, self._again_s = devices, asks, again_s
        self._searched: Recent[str, float] = Recent(MOST_SEARCHED)  # by source
        self._lock = threading.Lock()

    def search(self, source: Source, away: Sequence[Device]) -> threading.Thread | None:
        """Looks for these cameras in a new thread; None if it is too soon, or no camera has an endpoint."""
        wanted = {device.endpoint: device for device in away if device.endpoint}
        with self._lock:
            now = time.monotonic()
            searched = self._searched.get(source.id)
            if not wanted or (searched is not None and now - searched < self._again_s):
                return None
            self._searched.put(source.id, now)
        thread = threading.Thread(target=self._search, args=(source, wanted), name="moved cameras", daemon=True)
        thread.start()
        return thread

    def _search(self, source: Source, wanted: dict[str, Device]) -> None:
        for answerer in self._asks():
            device = wanted.get(answerer.endpoint)
            if device is not None and answerer.host != device.host:
                self._keep(source, device, answerer.host)

    def _keep(self, source: Source, device: Device, host: str) -> None:
        def moved(stored: Device) -> Device:
            if stored.host != device.host:
                return stored
            return replace(stored, moved=host) if stored.basic else replace(stored, host=host)

        try:
            self._devices.alter(source, device, moved)
        except (DriverError, StoreUnavailable):
            return  # the next search finds it again


# Seconds after an opening: as soon as the picture may flow, and again for a slow media process.
AFTER_S = (0.15, 0.6)
MOST_ASKED = 1024


class Keyframes:
    """Asks devices for keyframes. `asks` makes a client of a device's ONVIF."""

    def __init__(self, asks: Callable[[Device], Onvif], *, after_s: tuple[float, ...] = AFTER_S) -> None:
        self._asks, self._after_s = asks, after_s
        # by camera: a client knows the device's clock and services; None: the device does not take the call
        self._known: Recent[Device, tuple[Onvif | None]] = Recent(MOST_ASKED)

    def soon(self, device: Device, profile: str) -> threading.Thread | None:
        """Asks for a keyframe in a new thread. Failures are ignored: a keyframe comes anyway."""
        known = self._known.get(device)
        if not device.onvif or not profile or known == (None,):
            return None
        thread = threading.Thread(target=self._ask, args=(device, profile), name="keyframe", daemon=True)
        thread.start()
        return thread

    def _ask(self, device: Device, profile: str) -> None:
        began = time.monotonic()
        known = self._known.get(device)
        onvif = (known[0] if known else None) or self._asks(device)
        self._known.put(device, (onvif,))
        for after_s in self._after_s:
            time.sleep(max(0.0, began + after_s - time.monotonic()))
            try:
                onvif.want_keyframe(profile, ANSWER_S)
            except OnvifFailed as failed:
                if failed.why != "down":
                    self._known.put(device, (None,))
                return


KNOWN_S = 10.0  # between two knocks at a camera: a stream asks the camera anyway
REFUSED_S = 600.0  # before a refused password is sent again: some cameras lock
OPEN_S = 2.0  # an opening waits at most this long for the camera's description
MANY = 4096
_CODECS: dict[str, VideoCodec] = {"h264": "h264", "h265": "h265", "mjpeg": "mjpeg"}
_AWAY: frozenset[Reason] = frozenset({"lan_unreachable", "lan_closed"})


class LanDriver:
    """A showcam.drivers.driver.Driver. `loopback`: cameras may be on this machine, for the demo.

    `known_s`: for this long the last answer of a camera counts, and for `refused_s` the refusal of a password. `asks`
    returns the devices that answer WS-Discovery, to find a camera that moved; without `asks` no search is made.
    """

    vendor = LAN.vendor

    def __init__(
        self,
        store: Store,
        *,
        loopback: bool = False,
        known_s: float = KNOWN_S,
        refused_s: float = REFUSED_S,
        asks: Asks | None = None,
    ) -> None:
        self.devices = Devices(store)
        self._moves = Moves(self.devices, asks) if asks else None
        self._http = HouseHttp(loopback=loopback)
        self._keyframes = Keyframes(self._onvif)
        self._loopback, self._known_s, self._refused_s = loopback, known_s, refused_s
        # by address: the time and the outcome of the last knock
        self._knocked: Recent[Place, tuple[float, Reason | None]] = Recent(MANY)
        # by source, id and channel, when and why the camera showed no picture
        self._refused: Recent[tuple[str, str, int], tuple[float, Reason]] = Recent(MANY)

    def read(self, source: Source, deadline_s: float) -> tuple[Listed, ...]:
        devices = self.devices.read(source)
        now = time.monotonic()
        places = {(device.host, device.port) for device in devices if self._is_in_house(device)}
        due = [
            place for place in places if now - (self._knocked.get(place) or (-self._known_s, None))[0] >= self._known_s
        ]
        for place, reason in knock(due, max(LEAST_S, min(KNOCK_S, deadline_s / 2)), rtsp=True).items():
            self._knocked.put(place, (now, reason))
        if self._moves:
            # at the camera's old address nothing may answer, or another device
            self._moves.search(source, [device for device in devices if self._fault(source, device) in _AWAY])
        return tuple(self._camera(source, device) for device in devices)

    def mint(
        self, source: Source, camera: Camera, way: str, deadline_s: float, *, picture: Picture = "main", life_s: int = 0
    ) -> CameraSpec:
        device = self._device(source, camera)
        wanted = device.sub if picture == "sub" else device.main
        if way != "lan":
            raise Refused("no_way", f"no {way} way")
        if wanted is None:
            raise Refused("too_large", "no smaller picture")
        if device.wrong >= WRONG:
            raise Refused("code_wrong", "refused too often to try again")
        self._ask(source, device, wanted, min(OPEN_S, deadline_s))
        self._keyframes.soon(device, wanted.profile)
        return _source(device, wanted, camera)

    def speaker(self, source: Source, camera: Camera) -> CameraSpec:
        device = self._device(source, camera)
        if not device.speaker or device.wrong >= WRONG:
            raise Refused("code_wrong" if device.speaker else "no_way", "nothing is sent to its speaker")
        return _source(device, device.main, camera)

    def serves(self, source: Source) -> tuple[str, ...]:
        return ("lan",)

    def settings(self, source: Source, camera: Camera, deadline_s: float) -> dict[Setting, SettingView]:
        device = self._device(source, camera)
        views = {setting: SettingView(None, can_set=False, why_not="not_this_way") for setting in CHOICES}
        views["version"] = SettingView(device.firmware or None, can_set=False)
        if device.main.sound:
            views["audio"] = SettingView("off" if device.silent else "on", can_set=True, choices=ON_OFF)
        if device.onvif and device.lens and device.wrong < WRONG:
            views |= night_vision(self._onvif(device), device.lens, min(OPEN_S, deadline_s))
        return views

    def apply(
        self, source: Source, camera: Camera, setting: Setting, value: str, deadline_s: float, *, code: str = ""
    ) -> None:
        device = self._device(source, camera)
        if setting == "audio" and device.main.sound:
            self.devices.alter(source, device, lambda stored: replace(stored, silent=value == "off"))
        elif setting == "night_vision" and device.onvif and device.lens:
            with _as_set():
                set_night_vision(self._onvif(device), device.lens, value, deadline_s)
        else:
            raise SetRefused("unsupported")

    def restart(self, source: Source, camera: Camera, deadline_s: float) -> None:
        device = self._device(source, camera)
        if not device.onvif:
            raise SetRefused("unsupported")
        with _as_set():
            self._onvif(device).restart(deadline_s)

    def turn(self, source: Source, camera: Camera, direction: Direction, deadline_s: float) -> None:
        device = self._turned(source, camera)
        with _as_set():
            turn(self._onvif(device), device.main.profile, direction, deadline_s)

    def halt(self, source: Source, camera: Camera, direction: Direction, deadline_s: float) -> None:
        device = self._turned(source, camera)
        with _as_set():
            halt(self._onvif(device), device.main.profile, deadline_s)

    def presets(self, source: Source, camera: Camera, deadline_s: float) -> tuple[Preset, ...]:
        device = self._turned(source, camera)
        with _as_set():
            return presets(self._onvif(device), device.main.profile, min(OPEN_S, deadline_s))

    def go(self, source: Source, camera: Camera, preset: Preset, deadline_s: float) -> None:
        device = self._turned(source, camera)
        with _as_set():
            go(self._onvif(device), device.main.profile, preset, deadline_s)

    def _turned(self, source: Source, camera: Camera) -> Device:
        device = self._device(source, camera)
        if not _turns(device):
            raise SetRefused("unsupported")
        return device

    def deletes(self, source: Source, camera: Camera) -> bool:
        return True

    def delete(self, source: Source, camera: Camera, deadline_s: float) -> None:
        """Forgets the camera with its user and password. The camera itself is not changed."""
        self.devices.remove(source, camera.ref.serial, camera.ref.channel)

    def happened(self, source: Source, since: float, deadline_s: float) -> tuple[Hint, ...]:
        """Always empty: cameras report an event when it happens, and not afterwards."""
        return ()

    def listen(self, source: Source, hear: Callable[[Hint], None], waits: Waits | None = None) -> Listener:
        """Hear of motion, people and the bell as cameras report them, until the listener is stopped."""
        return Listener(source, self.devices, hear, waits or Waits(), loopback=self._loopback)

    def _onvif(self, device: Device) -> Onvif:
        return Onvif.of(device, self._http)

    def _ask(self, source: Source, device: Device, wanted: Pictured, deadline_s: float) -> None:
        """Asks the camera to describe its stream and notes the answer. Raises Refused."""
        place, who = (device.host, device.port), (source.id, device.id, device.channel)
        login = Login(device.user, device.password, basic=device.basic)
        try:
            describe(*place, (wanted.path,), login, deadline_s, loopback=self._loopback)
        except Refused as refused:
            if refused.reason == "code_wrong" and not isinstance(refused, OnlyBasic):
                self.devices.refused(source, device)
            self._refused.put(who, (time.monotonic(), refused.reason))
            raise
        self._refused.drop(who)
        self._knocked.put(place, (time.monotonic(), None))
        if device.wrong or device.moved:  # the camera is at its old address
            self.devices.alter(source, device, lambda stored: replace(stored, wrong=0, moved=""))

    def _camera(self, source: Source, device: Device) -> Listed:
        fault = self._fault(source, device)
        online: Flag = "off" if fault in _AWAY else "on"
        return Listed(
            ref=Ref(source.id, device.id, device.channel),
            name=device.name,
            kind="doorbell" if device.doorbell or "doorbell" in device.events else "camera",
            manufacturer=self.vendor,
            model=device.model,
            firmware=device.firmware,
            online=online,
            asleep="none",
            encryption="none",
            audio="none" if not device.main.sound else "off" if device.silent else "on",
            listed_video=_video(device.main),
            listed_sub=_video(device.sub) if device.sub else None,
            motion="off" if "motion" in device.events or "person" in device.events else "none",
            person="off" if "person" in device.events else "none",
            can_restart=bool(device.onvif),
            can_turn=_turns(device),
            has_speaker=device.speaker,
            ways=() if fault else ("lan",),
            fault=fault or "",
        )

    def _fault(self, source: Source, device: Device) -> Reason | None:
        """Why the camera can't be had, as far as is known."""
        if not self._is_in_house(device):
            return "lan_unreachable"
        if device.wrong >= WRONG:
            return "code_wrong"
        _, knocked = self._knocked.get((device.host, device.port)) or (0.0, None)
        since, refused = self._refused.get((source.id, device.id, device.channel)) or (-self._known_s, None)
        is_counted = refused == "code_wrong" and device.wrong > 0  # the owner gave no other password since
        known_s = self._refused_s if is_counted else self._known_s
        return knocked or (refused if time.monotonic() - since < known_s else None)

    def _device(self, source: Source, camera: Camera) -> Device:
        """The stored camera. Raises Refused if it was removed."""
        device = self.devices.find(source, camera.ref.serial, camera.ref.channel)
        if device is None:
            raise Refused("not_found", "removed meanwhile")
        return device

    def _is_in_house(self, device: Device) -> bool:
        return is_in_house(device.host, loopback=self._loopback)


def _source(device: Device, picture: Pictured, camera: Camera) -> Rtsp:
    return Rtsp(
        url=f"rtsp://{device.place}{picture.path}",
        hosts=(device.place,),
        sound=sound(camera),
        user=device.user,
        password=device.password,
        still=device.still_url,
        basic=device.basic,
    )


def _turns(device: Device) -> bool:
    return bool(device.turns and device.onvif and device.main.profile)


def _video(picture: Pictured) -> Video:
    return Video(_CODECS.get(picture.codec, "unknown"), picture.width, picture.height)


@contextlib.contextmanager
def _as_set() -> Iterator[None]:
    """Raises SetRefused or Refused in place of OnvifFailed."""
    try:
        yield
    except OnvifFailed as failed:
        if failed.why == "refused":
            raise SetRefused("not_taken") from None
        raise Refused("code_wrong" if failed.why == "login" else "lan_unreachable", "by ONVIF") from None
