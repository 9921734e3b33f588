"""A driver with ready answers, for tests and measurements that are not about a vendor."""

import threading
from collections import Counter
from collections.abc import Callable

from msgspec.structs import replace

from showcam.drivers.camera import Camera, Listed, Ref, Video, sound
from showcam.drivers.driver import Direction, EventKind, Preset, Probed
from showcam.drivers.errors import DriverError, Refused, SetRefused
from showcam.drivers.settings import CHOICES, FIELDS, Setting, SettingView
from showcam.engine.grants import Picture
from showcam.engine.source import CameraSpec, Ending, Hls, Lease, Rtsp
from showcam.store.records import Source


def camera(name: str, serial: str = "", **changes: object) -> Camera:
    """A camera that every surface may show. `changes` are fields of Camera; `video` and `sub` are as listed."""
    given: dict[str, object] = {
        "id": "",
        "ref": Ref("", serial or name.upper().replace(" ", ""), 1),
        "name": name,
        "manufacturer": "EZVIZ",
        "model": "C3TN",
        "firmware": "V5.3.0",
        "online": "on",
        "asleep": "off",
        "encryption": "off",
        "audio": "on",
        "listed_video": Video("h264", 1920, 1080),
        "ways": ("open",),
    }
    return Camera(**(given | as_listed(changes)))  # type: ignore[arg-type]


def as_listed(changes: dict[str, object]) -> dict[str, object]:
    """The changes with pictures as the vendor lists them."""
    return {{"video": "listed_video", "sub": "listed_sub"}.get(name, name): value for name, value in changes.items()}


def listed(camera: Camera) -> Listed:
    """What a driver reads of the camera."""
    return Listed(**{name: getattr(camera, name) for name in Listed.__struct_fields__})


class ReadyDriver:
    """Settable: `set`, `change`, `error` (raised by every call), `mint_error`, `hold` (calls wait until it is set),
    `after_read` (called after each read, for a change at that moment), `set_error` (raised by calls that set
    something), `read_error` (raised by reads), `apply_error` (raised by `apply`), `ignores_settings` (accepts a setting
    without effect), `lags` (shows what is set only when `show` is called), `others` (settings beside a camera's
    fields).

    `calls` counts the calls by name, `deadlines` holds the seconds each last had, `released` the released addresses,
    `applied` the settings.
    """

    vendor = "EZVIZ"

    def __init__(self, cameras: list[Camera]) -> None:
        self.set(cameras)
        self.error: DriverError | None = None
        self.mint_error: DriverError | None = None
        self.speaker_error: DriverError | None = None
        self.way_errors: dict[str, DriverError] = {}  # raised by `mint` by that way
        self.minted: list[tuple[str, str]] = []  # camera, way
        self.lives: list[int] = []  # `life_s` of each `mint`
        self.seen: Probed | DriverError = Probed(sound=True)  # the result of `look`, or its error
        self.pictures: list[tuple[str, str]] = []  # camera, picture
        self.sub_error: DriverError | None = None  # raised by `mint` of the smaller picture
        self.code_error: DriverError | None = None
        self.codes: dict[str, str] = {}
        self.takes_codes = True
        self.alarm: bytes | None = None  # the vendor's picture of what happened at any camera
        self.alarm_is_encrypted = False
        self.alarms: list[tuple[str, str, float]] = []  # camera, kind and time of each that was asked for
        self.local_error: DriverError | None = None  # raised by `set_local`
        self.picture_code = "ABCDEF"  # of every camera
        self.key = b""  # in each source of `mint`
        self.alone = False  # in each source of `mint`
        self.picture_codes: dict[str, str] = {}
        self.is_elevated = False  # keys are handed out without a code
        self.mailed = "1234"
        self.key_error: Exception | None = None  # raised by `ask_key`
        self.key_requests: list[tuple[str, str]] = []  # camera, code
        self.passwords: dict[str, str] = {}  # set since, by camera, in place of `picture_code`
        self.can_delete = True
        self.password_error: Exception | None = None  # raised by `change_password`
        self.delete_error: Exception | None = None  # raised by `delete`
        self.set_error: SetRefused | None = None
        self.ignores_settings = False
        self.read_error: DriverError | None = None
        self.apply_error: DriverError | None = None
        self.turned: list[str] = []  # directions, and each "stop"
        self.positions: tuple[Preset, ...] = ()
        self.turn_error: Exception | None = None  # raised by `turn` and `presets`
        self.halt_errors: list[Exception] = []  # raised by `halt`, one after the other
        self.lags = False
        self._unseen: list[tuple[str, dict[str, object]]] = []
        self.read_only: frozenset[str] = frozenset()  # settings that no way sets
        self.others: dict[str, str] = {"version": "V5.3.0", "time_zone": "+01:00"}
        self.applied: list[tuple[str, str, str, str]] = []
        self.hold: threading.Event | None = None
        self.after_read: Callable[[], None] | None = None
        self.calls: Counter[str] = Counter()
        self.deadlines: dict[str, float] = {}
        self.released: list[str] = []
        self.endings: list[Ending] = []  # of those, in the same order
        self._lock = threading.Lock()

    def set(self, cameras: list[Camera]) -> None:
        self._cameras = tuple(cameras)
        self._by_source: dict[str, tuple[Listed, ...]] = {}

    def change(self, name: str, /, **changes: object) -> None:
        """Changes the camera of that name, as a person does in the vendor's app."""
        changes = as_listed(changes)
        self.set([replace(camera, **changes) if camera.name == name else camera for camera in self._cameras])

    def show(self) -> None:
        """The cameras show what was set."""
        unseen, self._unseen = self._unseen, []
        for name, changes in unseen:
            self.change(name, **changes)

    def read(self, source: Source, deadline_s: float) -> tuple[Listed, ...]:
        self._called("read", deadline_s)
        if self.read_error is not None:
            raise self.read_error
        ready = self._by_source.get(source.id)
        if ready is None:
            ready = tuple(
                replace(listed(camera), ref=Ref(source.id, camera.ref.serial, camera.ref.channel))
                for camera in self._cameras
            )
            self._by_source[source.id] = ready
        if self.after_read is not None:
            self.after_read()
        return ready

    def speaker(self, source: Source, camera: Camera) -> CameraSpec:
        if self.speaker_error is not None:
            raise self.speaker_error
        return Rtsp(url="rtsp://192.168.1.9:554/live", hosts=("192.168.1.9:554",), sound="on")

    def mint(
        self, source: Source, camera: Camera, way: str, deadline_s: float, *, picture: Picture = "main", life_s: int = 0
    ) -> CameraSpec:
        self._called("mint", deadline_s)
        self.lives.append(life_s)
        self.minted.append((camera.name, way))
        self.pictures.append((camera.name, picture))
        if picture == "sub" and (camera.sub is None or self.sub_error):
            raise self.sub_error or Refused("too_large")
        if self.mint_error is not None:
            raise self.mint_error
        if way in self.way_errors:
            raise self.way_errors[way]
        suffix = "" if picture == "main" else "_sub"
        url = f"https://vendor.test/{camera.ref.serial}_{camera.ref.channel}{suffix}.m3u8"
        lease, hosts = Lease(source.id, f"{way}:{camera.ref.serial}"), ("vendor.test",)
        return Hls(url=url, hosts=hosts, sound=sound(camera), lease=lease, key=self.key, alone=self.alone)

    def probe(self, source: Source, spec: CameraSpec, deadline_s: float) -> Probed:
        self._called("look", deadline_s)
        if isinstance(self.seen, DriverError):
            raise self.seen
        return self.seen

    def alarm_picture(
        self, source: Source, camera: Camera, kind: EventKind, at: float, deadline_s: float, *, deciphers: bool
    ) -> bytes | None:
        self._called("alarm_picture", deadline_s)
        self.alarms.append((camera.name, kind, at))
        if self.alarm_is_encrypted and not deciphers:
            raise Refused("encryption_on", "the picture is encrypted")
        return self.alarm

    def set_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> None:
        self._called("set_code", deadline_s)
        if self.code_error is not None:
            raise self.code_error
        self.codes[camera.name] = code

    def set_local(self, source: Source, camera: Camera, deadline_s: float, *, wanted: bool) -> None:
        self._called("set_local", deadline_s)
        if wanted and self.local_error is not None:
            raise self.local_error
        ways = tuple(way for way in camera.ways if way != "local")
        self.change(camera.name, ways=("local", *ways) if wanted else ways)

    def trust_key_server(self, source: Source, camera: Camera, deadline_s: float) -> None:
        """The camera's own protocol then brings a picture again."""
        self._called("trust_key_server", deadline_s)
        if self.local_error is not None:
            raise self.local_error
        self.way_errors.pop("local", None)

    def set_picture_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> None:
        """The list then says that `picture_code` fits, that there is none, and nothing of any other."""
        self._called("set_picture_code", deadline_s)
        if self.code_error is not None:
            raise self.code_error
        self._keep(camera, code)

    def _keep(self, camera: Camera, code: str) -> None:
        self.picture_codes[camera.name] = code
        fits = "fits" if code == self.picture_code else "unknown" if code else "none"
        self.change(camera.name, picture_code=fits)

    def asks_silently(self, source: Source) -> bool:
        return self.is_elevated

    def ask_key(self, source: Source, camera: Camera, deadline_s: float, *, code: str = "") -> None:
        """Hands out `picture_code`, to a session that is elevated or brings `mailed`."""
        self.key_requests.append((camera.name, code))
        self._called("ask_key", deadline_s)
        if self.key_error is not None:
            raise self.key_error
        if code != self.mailed if code else not self.is_elevated:
            raise SetRefused("wrong_mailed_code" if code else "code_mailed")
        self.is_elevated = True
        self._keep(camera, self.picture_code)

    def judge_key(self, source: Source, camera: Camera, mark: str, *, fits: bool) -> None:
        self._called("judge_key", 0.0)
        self.change(camera.name, picture_code="fits" if fits else "wrong")

    def release(self, source: Source, lent: str, ending: Ending, deadline_s: float) -> None:
        self._called("release", deadline_s)
        self.released.append(lent)
        self.endings.append(ending)

    def serves(self, source: Source) -> tuple[str, ...]:
        return ("account",)

    def settings(self, source: Source, camera: Camera, deadline_s: float) -> dict[Setting, SettingView]:
        self._called("settings", deadline_s)
        own = self._own(camera)
        read = {name: str(getattr(own, field)) for name, field in FIELDS.items()} | self.others
        return {
            name: SettingView(
                read.get(name), choices is not None and name not in self.read_only, "account", choices=choices or ()
            )
            for name, choices in CHOICES.items()
        }

    def apply(
        self, source: Source, camera: Camera, setting: Setting, value: str, deadline_s: float, *, code: str = ""
    ) -> None:
        self._called("apply", deadline_s)
        if self.apply_error is not None:
            raise self.apply_error
        if self.set_error is not None:
            raise self.set_error
        if self._own(camera).online == "off":
            raise Refused("offline")  # as EZVIZ answers
        self.applied.append((camera.name, setting, value, code))
        if self.ignores_settings:
            return
        if setting in FIELDS:
            self._unseen.append((self._own(camera).name, {FIELDS[setting]: value}))
            if not self.lags:
                self.show()
        else:
            self.others[setting] = value

    def restart(self, source: Source, camera: Camera, deadline_s: float) -> None:
        self._called("restart", deadline_s)
        if self.set_error is not None:
            raise self.set_error
        self.applied.append((camera.name, "restart", "", ""))

    def turn(self, source: Source, camera: Camera, direction: Direction, deadline_s: float) -> None:
        self._called("turn", deadline_s)
        self.turned.append(direction)
        if self.turn_error is not None:
            raise self.turn_error

    def presets(self, source: Source, camera: Camera, deadline_s: float) -> tuple[Preset, ...]:
        self._called("presets", deadline_s)
        if self.turn_error is not None:
            raise self.turn_error
        return self.positions

    def go(self, source: Source, camera: Camera, preset: Preset, deadline_s: float) -> None:
        self._called("go", deadline_s)
        self.turned.append(f"to {preset.token}")

    def halt(self, source: Source, camera: Camera, direction: Direction, deadline_s: float) -> None:
        self._called("halt", deadline_s)
        self.turned.append("stop")
        if self.halt_errors:
            raise self.halt_errors.pop()

    def change_password(self, source: Source, camera: Camera, old: str, new: str, deadline_s: float) -> None:
        self._called("change_password", deadline_s)
        if self.set_error is not None:
            raise self.set_error
        if self.password_error is not None:
            raise self.password_error
        if self.passwords.get(camera.name, self.picture_code) != old:
            raise SetRefused("wrong_code")
        self.applied.append((camera.name, "password", new, old))
        if not self.lags:
            self.passwords[camera.name] = new

    def is_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> bool | None:
        self._called("is_code", deadline_s)
        return self.passwords.get(camera.name, self.picture_code) == code

    def deletes(self, source: Source, camera: Camera) -> bool:
        return self.can_delete

    def delete(self, source: Source, camera: Camera, deadline_s: float) -> None:
        self._called("delete", deadline_s)
        if self.set_error is not None:
            raise self.set_error
        if self.delete_error is not None:
            raise self.delete_error
        self.applied.append((camera.name, "delete", "", ""))
        if not self.lags:
            self.set([known for known in self._cameras if known.ref.serial != camera.ref.serial])

    def _own(self, camera: Camera) -> Camera:
        same = (camera.ref.serial, camera.ref.channel)
        for known in self._cameras:
            if (known.ref.serial, known.ref.channel) == same:
                return known
        raise Refused("not_found")

    def _called(self, name: str, deadline_s: float) -> None:
        with self._lock:
            self.calls[name] += 1
            self.deadlines[name] = deadline_s
        if self.hold is not None:
            self.hold.wait(deadline_s)
        if self.error is not None:
            raise self.error
