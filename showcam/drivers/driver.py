"""What every camera source can do. Synchronous; a call keeps to the seconds it is given, whatever the vendor does."""

from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from showcam.drivers.camera import Camera, Listed
from showcam.drivers.errors import Refused, SetRefused
from showcam.drivers.settings import CHOICES, FIELDS, Setting, SettingView, field_of
from showcam.engine.grants import Picture
from showcam.engine.lease import Ending
from showcam.engine.source import CameraSpec
from showcam.store.records import Source

LEAST_S = 0.4  # a call to a vendor or a camera needs this at least; with less left of a request none is begun
RETRY_S = 2.0  # a listener's pause after a failure, twice as long after each further one
LONGEST_PAUSE_S = 300.0  # after which the pause grows no more
REREAD_S = 30.0  # between two reads of whom to listen to: of households, sessions and cameras

AGAIN_S = 0.5  # between two questions for what takes a camera or a vendor a moment


class Probed(Struct, frozen=True):
    """What a vendor's stream turned out to hold; a size of 0 is unknown."""

    sound: bool
    width: int = 0
    height: int = 0


type EventKind = Literal["motion", "person", "doorbell", "tamper"]


class Hint(Struct, frozen=True):
    """Something may have happened at this device. `serial` "": at any; `channel` 0: on any of its channels.

    `message` is the vendor's id of the message, if it has one. With `only_bells` a camera without a bell did not ring.
    """

    serial: str = ""
    channel: int = 0
    kind: Literal["read"] | EventKind = "read"
    at: float = 0.0
    message: str = ""
    only_bells: bool = False


class Driver(Protocol):
    """What every vendor has. What only some have is in the protocols below, which a driver implements by its methods.

    Raises showcam.drivers.errors.DriverError. Safe to call from many threads.
    """

    @property
    def vendor(self) -> str:
        """Whose cameras they are, as people say it; sentences about failed reads use this name."""
        ...

    def read(self, source: Source, deadline_s: float) -> tuple[Listed, ...]:
        """Every camera of the source as it is now, each channel one.

        A flag that the vendor did not report is "unknown". `ways` holds what could bring a picture, best first.
        """
        ...

    def mint(
        self, source: Source, camera: Camera, way: str, deadline_s: float, *, picture: Picture = "main", life_s: int = 0
    ) -> CameraSpec:
        """A new address of the camera's picture by that way. Raises Refused when the vendor says why not.

        Refused("too_large") if the way brings no smaller one.
        """
        ...


@runtime_checkable
class LoadsAhead(Protocol):
    def load(self) -> None:
        """Import the slow libraries ahead of the first call."""
        ...


@runtime_checkable
class TakesBack(Protocol):
    """A driver whose vendor wants an address back, or to hear how it went."""

    def release(self, source: Source, lent: str, ending: Ending, deadline_s: float) -> None:
        """Give back what `mint` took, its `lease.lent`. Doing it twice is fine. `ending`: how the opening ended."""
        ...


@runtime_checkable
class HandsOn(Protocol):
    """A driver whose vendor's addresses a display may be given."""

    def probe(self, source: Source, spec: CameraSpec, deadline_s: float) -> Probed:
        """Whether a display can take that address straight from the vendor. Raises Refused when it can't."""
        ...


@runtime_checkable
class Sets(Protocol):
    """A driver whose cameras have settings that can be read and set. Raises SetRefused when something is not set."""

    def serves(self, source: Source) -> tuple[str, ...]:
        """By which ways state and settings come, the first for both: "account", "open", "lan"."""
        ...

    def settings(self, source: Source, camera: Camera, deadline_s: float) -> dict[Setting, SettingView]:
        """Every setting as it is now; those that can't be read or set this way say so."""
        ...

    def apply(
        self, source: Source, camera: Camera, setting: Setting, value: str, deadline_s: float, *, code: str = ""
    ) -> None:
        """Ask the vendor to set it, once; whether the camera took it is read back by the caller.

        `code` goes with "encryption": the one on the label, the password set since, or the one that was mailed.
        """
        ...

    def restart(self, source: Source, camera: Camera, deadline_s: float) -> None: ...

    def deletes(self, source: Source, camera: Camera) -> bool:
        """Whether there is a way to `delete` it."""
        ...

    def delete(self, source: Source, camera: Camera, deadline_s: float) -> None:
        """Take the camera off the vendor account, with all channels of its device."""
        ...


@runtime_checkable
class Enciphers(Protocol):
    """A driver whose cameras may encrypt their pictures by a code."""

    def change_password(self, source: Source, camera: Camera, old: str, new: str, deadline_s: float) -> None:
        """Change the password of encrypted pictures; `old` may be the label's code. Raises SetRefused."""
        ...

    def is_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> bool | None:
        """Whether it is what the camera's pictures are encrypted with; None if the vendor does not say."""
        ...

    def set_picture_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> None:
        """Keep what deciphers the camera's video, which the next video judges; "" forgets it. Raises Refused."""
        ...


@runtime_checkable
class GivesKeys(Protocol):
    """A driver whose vendor hands an account the keys of its encrypted cameras."""

    def asks_silently(self, source: Source) -> bool:
        """Whether the vendor hands out keys in this session without mailing the owner a code first."""
        ...

    def ask_key(self, source: Source, camera: Camera, deadline_s: float, *, code: str = "") -> None:
        """Ask the vendor for the camera's key, once, and keep it. `code`: the one that the vendor mailed.

        Without a code the vendor may mail one to the owner. Raises SetRefused.
        """
        ...

    def judge_key(self, source: Source, camera: Camera, mark: str, *, fits: bool) -> None:
        """Keep whether the key with this mark (showcam.engine.source.mark_of) deciphered the camera's video."""
        ...


@runtime_checkable
class KeepsAwake(Protocol):
    """A driver of cameras on battery, which doze, also while somebody watches them."""

    def watched(self, source: Source, camera: Camera) -> None:
        """Called every few seconds while somebody watches the camera. Returns at once, and raises nothing."""
        ...

    def still(self, source: Source, camera: Camera, deadline_s: float, *, deciphers: bool) -> bytes | None:
        """A JPEG of now for which no picture is opened; None where there is none.

        `deciphers`: whether its owner decided that showcam deciphers the camera. Raises Refused where that is needed.
        """
        ...


@runtime_checkable
class AsksCameras(Protocol):
    """A driver of cameras of a cloud that may be asked in the house too, by a code or by their own protocol."""

    @property
    def takes_codes(self) -> bool:
        """Whether cameras are reached in the house at all."""
        ...

    def set_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> None:
        """What opens the camera on the LAN: tried there once, then kept; "" forgets it. Raises Refused."""
        ...

    def set_local(self, source: Source, camera: Camera, deadline_s: float, *, wanted: bool) -> None:
        """Keep what the owner chose; a camera is tried once before. Raises Refused."""
        ...

    def trust_key_server(self, source: Source, camera: Camera, deadline_s: float) -> None:
        """Take the certificate that the server of keys shows now; the camera is asked again at once."""
        ...


class Fixed:
    """Sets and Enciphers for a vendor whose cameras are only read: their settings are what the list shows."""

    def serves(self, source: Source) -> tuple[str, ...]:
        return ("account",)

    def settings(self, source: Source, camera: Camera, deadline_s: float) -> dict[Setting, SettingView]:
        listed = {name: field_of(camera, name) for name in FIELDS}
        known = {name: value for name, value in listed.items() if value not in ("none", "unknown")}
        return {name: SettingView(known.get(name), False, "account", "not_this_way") for name in CHOICES}

    def apply(
        self, source: Source, camera: Camera, setting: Setting, value: str, deadline_s: float, *, code: str = ""
    ) -> None:
        raise SetRefused("unsupported")

    def restart(self, source: Source, camera: Camera, deadline_s: float) -> None:
        raise SetRefused("unsupported")

    def deletes(self, source: Source, camera: Camera) -> bool:
        return False

    def delete(self, source: Source, camera: Camera, deadline_s: float) -> None:
        raise SetRefused("unsupported")

    def change_password(self, source: Source, camera: Camera, old: str, new: str, deadline_s: float) -> None:
        raise SetRefused("unsupported")

    def is_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> bool | None:
        return None

    def set_picture_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> None:
        raise Refused("not_this_way", "its pictures are not encrypted by a code")


FIXED = Fixed()


def setter(driver: Driver) -> Sets:
    """How the cameras of this driver are set."""
    return driver if isinstance(driver, Sets) else FIXED


def cipher(driver: Driver) -> Enciphers:
    """How the cameras of this driver are encrypted."""
    return driver if isinstance(driver, Enciphers) else FIXED


def sound(camera: Camera) -> Literal["on", "off", "none"]:
    """How the media plane should take the camera's sound; what could not be verified is not played."""
    if camera.audio in ("on", "none"):
        return "on" if camera.audio == "on" else "none"
    return "off"
