"""What is sealed for a LAN source: the owner's cameras, where each is, and what opens it.

This module alone reads and writes the sealed text; all processes share it through the store.
"""

from collections.abc import Callable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from registry.driver import EventKind
from registry.errors import SignedOut, VendorDown
from store.ports import Store
from store.records import Source, SourceKind

TRIES = 5
WRONG = 3  # a password that the camera refused so often is not sent again: some cameras lock


class Pictured(Struct, frozen=True, omit_defaults=True):
    """One of a camera's pictures. What is 0 or "" was not found out."""

    path: str  # of its RTSP address, with its query
    codec: str = ""  # "h264", "h265", "mjpeg"
    width: int = 0
    height: int = 0
    sound: str = ""  # its codec; "": it has none
    profile: str = ""  # ONVIF's token


class Device(Struct, frozen=True, omit_defaults=True):
    """One camera. `id` and `channel` stay the same wherever it is: they make the camera's id for assistants."""

    id: str  # its serial, else its MAC address, else one of ours
    channel: int
    name: str
    host: str
    port: int  # of RTSP
    main: Pictured
    sub: Pictured | None = None
    user: str = ""
    password: str = ""
    wrong: int = 0  # how often the camera refused them, one refusal after another
    silent: bool = False  # its owner wants no sound from it
    model: str = ""  # with its maker's name
    firmware: str = ""
    mac: str = ""
    endpoint: str = ""  # WS-Discovery's endpoint reference, which stays when the address changes
    onvif: str = ""  # "port/path" of its ONVIF device service; "": none
    pin: str = ""  # the SHA-256 of its certificate, where its ONVIF is by https
    doorbell: bool = False
    events: tuple[EventKind, ...] = ()  # what it reports by ONVIF
    basic: bool = False  # it took user and password by Basic, as they are, from its owner; else it never gets them so
    moved: str = ""  # where its endpoint answers now, if its owner has to say that it is there
    still: str = ""  # "port/path" of a JPEG of now, by HTTP; "": none that it gives this user by Digest
    lens: str = ""  # ONVIF's token of the video source that its pictures come from

    def __repr__(self) -> str:
        return f"<Device {self.channel}>"

    @property
    def place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def still_url(self) -> str:
        """The address of the camera's own stills; "" where it makes none."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.still}" if self.still else ""


class _Kept(Struct, frozen=True):
    devices: tuple[Device, ...] = ()


class Devices:
    """Raises SignedOut where nothing can be read of the source, VendorDown where a change can't be kept."""

    kind: SourceKind = "lan"

    def __init__(self, store: Store) -> None:
        self._store = store

    @staticmethod
    def none() -> bytes:
        """To be sealed for a source without cameras."""
        return msgspec.json.encode(_Kept())

    def read(self, source: Source) -> tuple[Device, ...]:
        return self._held(source)[0].devices

    def find(self, source: Source, device_id: str, channel: int) -> Device | None:
        return next(
            (device for device in self.read(source) if (device.id, device.channel) == (device_id, channel)), None
        )

    def put(self, source: Source, device: Device) -> None:
        """Adds it, or takes the place of the one with its id and channel."""

        def changed(devices: tuple[Device, ...]) -> tuple[Device, ...]:
            known = [_key(kept) for kept in devices]
            if _key(device) not in known:
                return (*devices, device)
            at = known.index(_key(device))
            return (*devices[:at], device, *devices[at + 1 :])

        self._change(source, changed)

    def alter(self, source: Source, device: Device, change: Callable[[Device], Device]) -> None:
        """Changes it as it is stored now; one that was removed meanwhile stays removed."""
        self._change(
            source,
            lambda devices: tuple(change(kept) if _key(kept) == _key(device) else kept for kept in devices),
        )

    def remove(self, source: Source, device_id: str, channel: int) -> None:
        self._change(source, lambda devices: tuple(kept for kept in devices if _key(kept) != (device_id, channel)))

    def refused(self, source: Source, device: Device) -> None:
        """Counts that the camera refused this user and password."""

        def counted(stored: Device) -> Device:
            same = (stored.user, stored.password) == (device.user, device.password)
            return replace(stored, wrong=stored.wrong + 1) if same else stored

        self.alter(source, device, counted)

    def _held(self, source: Source) -> tuple[_Kept, int]:
        row = self._store.read_session(source.account, source.id)
        if row is None:
            raise SignedOut
        try:
            return msgspec.json.decode(row.secrets, type=_Kept), row.version
        except msgspec.MsgspecError:
            raise SignedOut from None

    def _change(self, source: Source, change: Callable[[tuple[Device, ...]], tuple[Device, ...]]) -> None:
        """Change the stored devices, whatever other processes write meanwhile."""
        for _ in range(TRIES):
            kept, version = self._held(source)
            devices = change(kept.devices)
            if devices == kept.devices:
                return
            secrets = msgspec.json.encode(_Kept(devices))
            if self._store.swap_session(source.account, source.id, version=version, secrets=secrets, state="ok"):
                return
        raise VendorDown("the cameras could not be kept")


def _key(device: Device) -> tuple[str, int]:
    return device.id, device.channel
