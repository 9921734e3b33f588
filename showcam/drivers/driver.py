"""The interface of every camera source. Calls are synchronous, and end within the seconds that they are given."""

from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from showcam.drivers.camera import Camera, Listed
from showcam.drivers.errors import Refused, SetRefused
from showcam.drivers.settings import CHOICES, FIELDS, Setting, SettingView, field_of
from showcam.engine.grants import Picture
from showcam.engine.source import CameraSpec, Ending
from showcam.store.records import Source

LEAST_S = 0.4  # a call to a vendor or a camera needs this at least; none is begun if a request has less left
RETRY_S = 2.0  # a listener's pause after a failure, twice as long after each further one
LONGEST_PAUSE_S = 300.0  # the longest pause of a listener
REREAD_S = 30.0  # between two reads of the households, sessions and cameras to listen to

AGAIN_S = 0.5  # between two questions about something that takes a camera or a vendor a moment


class Probed(Struct, frozen=True):
    """The content of a vendor's stream; a size of 0 is unknown."""

    sound: bool
    width: int = 0
    height: int = 0


type Direction = Literal["left", "right", "up", "down"]
DIRECTIONS: tuple[Direction, ...] = ("left", "right", "up", "down")
type EventKind = Literal["motion", "person", "doorbell", "tamper"]


class Hint(Struct, frozen=True):
    """Something may have happened at this device. `serial` "": at any; `channel` 0: on any of its channels.

    `message` is the vendor's id of the message, or "". With `only_bells` a camera without a bell did not ring.
    """

    serial: str = ""
    channel: int = 0
    kind: Literal["read"] | EventKind = "read"
    at: float = 0.0
    message: str = ""
    only_bells: bool = False


class Driver(Protocol):
    """The methods of every driver. The protocols below hold optional methods, which only some drivers have.

    Raises showcam.drivers.errors.DriverError. Safe to call from many threads.
    """

    @property
    def vendor(self) -> str:
        """The vendor's name, as people say it; sentences about failed reads use this name."""

    def read(self, source: Source, deadline_s: float) -> tuple[Listed, ...]:
        """The source's cameras as they are now. Each channel is a camera.

        A flag that the vendor did not report is "unknown". `ways` lists the ways to a picture, best first.
        """

    def mint(
        self, source: Source, camera: Camera, way: str, deadline_s: float, *, picture: Picture = "main", life_s: int = 0
    ) -> CameraSpec:
        """Returns a new address of the camera's picture by this way. Raises Refused with the vendor's reason.

        Raises Refused("too_large") if this way has no smaller picture.
        """


@runtime_checkable
class LoadsAhead(Protocol):
    def load(self) -> None:
        """Import the slow libraries ahead of the first call."""


@runtime_checkable
class TakesBack(Protocol):
    """A driver whose vendor wants an address back, or a report of how the opening ended."""

    def release(self, source: Source, lent: str, ending: Ending, deadline_s: float) -> None:
        """Give back an address of `mint`, by its `lease.lent`. A second call does no harm.

        `ending`: how the opening ended.
        """


@runtime_checkable
class HandsOn(Protocol):
    """A driver whose vendor's addresses a display may be given."""

    def probe(self, source: Source, spec: CameraSpec, deadline_s: float) -> Probed:
        """Examine the stream at a vendor's address. Raises Refused if a display can't play it from there."""


@runtime_checkable
class Sets(Protocol):
    """A driver whose cameras have settings that can be read and set. Raises SetRefused when something is not set.

    The methods as they stand here are for a vendor whose cameras are only read: the settings are what the list shows.
    """

    def serves(self, source: Source) -> tuple[str, ...]:
        """The ways to a camera's state and settings: "account", "open", "lan". The first serves both."""
        return ("account",)

    def settings(self, source: Source, camera: Camera, deadline_s: float) -> dict[Setting, SettingView]:
        """Every setting as it is now. Its view says if the setting can't be read or set this way."""
        listed = {name: field_of(camera, name) for name in FIELDS}
        known = {name: value for name, value in listed.items() if value not in ("none", "unknown")}
        return {name: SettingView(known.get(name), False, "account", "not_this_way") for name in CHOICES}

    def apply(
        self, source: Source, camera: Camera, setting: Setting, value: str, deadline_s: float, *, code: str = ""
    ) -> None:
        """Ask the vendor once to set the value. The caller reads back whether the camera took the change.

        `code` goes with "encryption": the code on the label, the password set since, or a code that was mailed.
        """
        raise SetRefused("unsupported")

    def restart(self, source: Source, camera: Camera, deadline_s: float) -> None:
        raise SetRefused("unsupported")

    def deletes(self, source: Source, camera: Camera) -> bool:
        """Whether `delete` can take the camera off the account."""
        return False

    def delete(self, source: Source, camera: Camera, deadline_s: float) -> None:
        """Take the camera off the vendor account, with all channels of its device."""
        raise SetRefused("unsupported")


@runtime_checkable
class Turns(Protocol):
    """A driver whose cameras may pan and tilt. Raises SetRefused when a camera does not."""

    def turn(self, source: Source, camera: Camera, direction: Direction, deadline_s: float) -> None:
        """Have the camera begin to turn. The caller stops the camera, also after an error."""

    def halt(self, source: Source, camera: Camera, direction: Direction, deadline_s: float) -> None:
        """Have the camera stop turning. A second call does no harm."""


class Preset(Struct, frozen=True):
    """A position that the camera keeps, under a name."""

    token: str
    name: str


@runtime_checkable
class KeepsPositions(Protocol):
    """A driver whose cameras may keep positions, and turn to them."""

    def presets(self, source: Source, camera: Camera, deadline_s: float) -> tuple[Preset, ...]:
        """The positions that the camera keeps now; () for a camera without any."""

    def go(self, source: Source, camera: Camera, preset: Preset, deadline_s: float) -> None:
        """Have the camera turn to the position and stop there. Raises SetRefused."""


@runtime_checkable
class HasSpeakers(Protocol):
    """A driver whose cameras may have a speaker."""

    def speaker(self, source: Source, camera: Camera) -> CameraSpec:
        """The way to the camera's speaker. Asks nothing of the camera. Raises Refused."""


@runtime_checkable
class Enciphers(Protocol):
    """A driver whose cameras may encrypt their pictures by a code; as the methods stand here, they do not."""

    def change_password(self, source: Source, camera: Camera, old: str, new: str, deadline_s: float) -> None:
        """Change the password of encrypted pictures; `old` may be the label's code. Raises SetRefused."""
        raise SetRefused("unsupported")

    def is_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> bool | None:
        """Whether the camera's pictures are encrypted with this code; None if the vendor does not say."""
        return None

    def set_picture_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> None:
        """Keep the code of the camera's video; "" forgets it. The next video shows whether it fits. Raises Refused."""
        raise Refused("not_this_way", "its pictures are not encrypted by a code")


@runtime_checkable
class GivesKeys(Protocol):
    """A driver whose vendor hands an account the keys of its encrypted cameras."""

    def asks_silently(self, source: Source) -> bool:
        """Whether the vendor hands out keys in this session without mailing the owner a code first."""

    def ask_key(self, source: Source, camera: Camera, deadline_s: float, *, code: str = "") -> None:
        """Ask the vendor for the camera's key, once, and keep it. `code`: the code that the vendor mailed.

        Without a code the vendor may mail one to the owner. Raises SetRefused.
        """

    def judge_key(self, source: Source, camera: Camera, mark: str, *, fits: bool) -> None:
        """Keep whether the key with this mark (showcam.engine.source.mark_of) deciphered the camera's video."""


@runtime_checkable
class KeepsAwake(Protocol):
    """A driver of cameras on battery, which doze, also while somebody watches them."""

    def watched(self, source: Source, camera: Camera) -> None:
        """Called every few seconds while somebody watches the camera. Returns at once, and raises nothing."""

    def still(self, source: Source, camera: Camera, deadline_s: float, *, deciphers: bool) -> bytes | None:
        """A JPEG that the camera makes now, without opening its video; None if there is none.

        `deciphers`: whether the owner lets showcam decipher the camera. Raises Refused if the still needs this.
        """


@runtime_checkable
class KeepsAlarms(Protocol):
    """A driver whose vendor keeps a picture of what happened at a camera."""

    def alarm_picture(
        self, source: Source, camera: Camera, kind: EventKind, at: float, deadline_s: float, *, deciphers: bool
    ) -> bytes | None:
        """The vendor's JPEG of what happened at `at`, in epoch seconds; None if it has none. Wakes no camera.

        `deciphers`: whether the owner lets showcam decipher the camera. Raises Refused if the picture needs this.
        """


@runtime_checkable
class AsksCameras(Protocol):
    """A driver of cameras of a cloud that may be asked in the house too, by a code or by their own protocol."""

    @property
    def takes_codes(self) -> bool:
        """Whether cameras are reached in the house at all."""

    def set_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> None:
        """Try the code once at the camera on the LAN, then keep it; "" forgets it. Raises Refused."""

    def set_local(self, source: Source, camera: Camera, deadline_s: float, *, wanted: bool) -> None:
        """Keep whether the owner wants the camera's own protocol. If so, the camera is tried once. Raises Refused."""

    def trust_key_server(self, source: Source, camera: Camera, deadline_s: float) -> None:
        """Take the certificate that the server of keys shows now; the camera is asked again at once."""


class Fixed(Sets, Enciphers):
    """Stands in for a driver whose cameras are only read."""


FIXED = Fixed()


def setter(driver: Driver) -> Sets:
    """The driver as Sets; FIXED if its cameras have no settings."""
    return driver if isinstance(driver, Sets) else FIXED


def cipher(driver: Driver) -> Enciphers:
    """The driver as Enciphers; FIXED if its cameras encrypt nothing by a code."""
    return driver if isinstance(driver, Enciphers) else FIXED
