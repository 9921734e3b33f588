"""The sealed text of a LAN source: the owner's cameras, with their addresses and logins.

Only this module reads and writes the sealed text; all processes share it through the store. This module also decides
which address an owner may give, and whether a found camera is a known one.
"""

import ipaddress
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.driver import EventKind
from showcam.drivers.errors import SignedOut, VendorDown
from showcam.net.addresses import in_url, is_in_house, with_port
from showcam.net.text import line
from showcam.store.ports import Store
from showcam.store.records import Source, SourceKind, new_id

TRIES = 5
WRONG = 3  # a password is not sent again after so many refusals: some cameras lock


class Pictured(Struct, frozen=True, omit_defaults=True):
    """A picture that a camera sends. A value of 0 or "" is unknown."""

    path: str  # of its RTSP address, with its query
    codec: str = ""  # "h264", "h265", "mjpeg"
    width: int = 0
    height: int = 0
    sound: str = ""  # the codec; "": no sound
    profile: str = ""  # ONVIF's token


class Device(Struct, frozen=True, omit_defaults=True):
    """A camera of the owner. `id` and `channel` survive a new address: they make the camera's id for assistants."""

    id: str  # its serial, else its MAC address, else an id that showcam made
    channel: int
    name: str
    host: str
    port: int  # of RTSP
    main: Pictured
    sub: Pictured | None = None
    user: str = ""
    password: str = ""
    wrong: int = 0  # how often in a row the camera refused user and password
    silent: bool = False  # the owner wants no sound from this camera
    model: str = ""  # with its maker's name
    firmware: str = ""
    mac: str = ""
    endpoint: str = ""  # WS-Discovery's endpoint reference, which stays when the address changes
    onvif: str = ""  # "port/path" of its ONVIF device service; "": none
    pin: str = ""  # the SHA-256 of its certificate, if its ONVIF is by https
    doorbell: bool = False
    events: tuple[EventKind, ...] = ()  # the events that the camera reports by ONVIF
    basic: bool = False  # the camera took the owner's login by Basic, as it is; else no login is sent by Basic
    moved: str = ""  # the address of its endpoint now, if the owner has to confirm the move
    still: str = ""  # "port/path" of a JPEG of now, by HTTP; "": this user gets none by Digest
    turns: bool = False  # the lens pans and tilts
    speaker: bool = False  # a back channel for sound was offered when the camera was added
    lens: str = ""  # ONVIF's token of the video source that its pictures come from

    def __repr__(self) -> str:
        return f"<Device {self.channel}>"

    @property
    def place(self) -> str:
        return with_port(self.host, self.port)

    @property
    def still_url(self) -> str:
        """The address of the camera's own stills; "" if it makes none."""
        return f"http://{in_url(self.host)}:{self.still}" if self.still else ""


class _Kept(Struct, frozen=True):
    devices: tuple[Device, ...] = ()


class Devices:
    """The stored cameras. Raises SignedOut if a source can't be read, VendorDown if a change can't be kept."""

    kind: SourceKind = "lan"

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, source: Source) -> tuple[Device, ...]:
        return self._held(source)[0].devices

    def find(self, source: Source, device_id: str, channel: int) -> Device | None:
        return next(
            (device for device in self.read(source) if (device.id, device.channel) == (device_id, channel)), None
        )

    def put(self, source: Source, device: Device) -> None:
        """Adds the device, or replaces the stored device with the same id and channel."""

        def changed(devices: tuple[Device, ...]) -> tuple[Device, ...]:
            known = [_key(kept) for kept in devices]
            if _key(device) not in known:
                return (*devices, device)
            at = known.index(_key(device))
            return (*devices[:at], device, *devices[at + 1 :])

        self._change(source, changed)

    def alter(self, source: Source, device: Device, change: Callable[[Device], Device]) -> None:
        """Changes the device as it is stored now. A device that was removed meanwhile stays removed."""
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


LONGEST_NAME = 64  # characters


def settled(found: Device, known: tuple[Device, ...], *, like: Device | None = None) -> Device:
    """The device with a new id, or with id and channel of the same camera in `known`.

    `like`: the owner says that the device is this camera.
    """
    same = like or next((device for device in known if _is_same(device, found)), None)
    if same is not None:
        kept = {"name": found.name or same.name, "silent": same.silent, "doorbell": found.doorbell or same.doorbell}
        return replace(found, id=same.id, channel=same.channel, **kept)
    ids = {device.id for device in known if not _is_same_device(device, found)}
    candidates = (found.id, found.mac, f"{found.id}/{found.mac}" if found.mac else "", new_id())
    its_id = next(candidate for candidate in candidates if candidate and candidate not in ids)
    channels = [device.channel for device in known if device.id == its_id]
    return replace(found, id=its_id, channel=max(channels, default=0) + 1)


def moved(known: Device, found: Device) -> Device:
    """The camera at the address and with the login of `found`, and what its owner decided about it before."""
    its = settled(found, (), like=known)
    same = known.main.path == found.main.path
    pictures = {"main": known.main, "sub": known.sub or found.sub} if same else {}
    kept = ("model", "firmware", "mac", "still", *(() if found.onvif else ("onvif", "pin")))
    inherited = {name: getattr(found, name) or getattr(known, name) for name in kept}
    return replace(its, **pictures, **inherited, endpoint=found.endpoint or known.endpoint)


def named(device: Device, name: str, *, doorbell: bool = False) -> Device | None:
    """The device with this name; None if nothing of the name can be shown."""
    plain = line(name)[:LONGEST_NAME]
    return replace(device, name=plain, doorbell=doorbell or device.doorbell) if plain else None


def _is_same_device(known: Device, found: Device) -> bool:
    if known.mac and found.mac:
        return known.mac == found.mac
    return (known.host, known.port) == (found.host, found.port) or bool(found.id and known.id == found.id)


def _is_same(known: Device, found: Device) -> bool:
    return _is_same_device(known, found) and known.main.path == found.main.path


RTSP = 554


_KINDS: dict[str, Literal["any", "rtsp", "onvif"]] = {
    "any": "any",
    "rtsp": "rtsp",
    "http": "onvif",
    "https": "onvif",
}

type Wrong = Literal["characters", "none", "login", "tls", "scheme", "name", "outside", "path"]


class BadAddress(ValueError):
    """The text tells a person the fault of an address, `why` is a word for it; neither holds any of the address."""

    def __init__(self, why: Wrong, text: str) -> None:
        super().__init__(text)
        self.why = why


class Address(Struct, frozen=True):
    """`path` with its query; "" and a `port` of 0: not given. `tls`: ONVIF by https."""

    kind: Literal["any", "rtsp", "onvif"]
    host: str
    port: int = 0
    path: str = ""
    tls: bool = False


def read_address(text: str, *, loopback: bool = False) -> Address:
    """Reads a bare IP address, rtsp://…, or http(s)://… of ONVIF. Raises BadAddress."""
    given = text.strip()
    if not given.isascii() or not given.isprintable() or " " in given:
        raise BadAddress("characters", "An address has no blanks and no letters beyond ASCII")
    if "://" not in given:
        given = f"any://[{given}]" if given.count(":") > 1 and "[" not in given else f"any://{given}"
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port or 0
        userless = parts.username is None and parts.password is None and "@" not in parts.netloc
    except ValueError:
        raise BadAddress("none", "That is not an address: rtsp://192.168.1.20/stream1, or 192.168.1.20") from None
    if not userless:
        raise BadAddress("login", "Leave user and password out of the address: both are asked for, and kept sealed")
    if parts.scheme == "rtsps":
        raise BadAddress("tls", "RTSP over TLS is not read: give the camera's plain rtsp:// address")
    if parts.scheme not in _KINDS:
        raise BadAddress(
            "scheme", "An address begins with rtsp://, with http:// or https:// for ONVIF, or is an IP address alone"
        )
    try:
        host = str(ipaddress.ip_address(host))
    except ValueError:
        raise BadAddress("name", "Give the camera's IP address, such as 192.168.1.20, in place of a name") from None
    if not is_in_house(host, loopback=loopback):
        raise BadAddress("outside", "That is no address of a home network: 10.…, 172.16.… to 172.31.…, 192.168.…, fd…")
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "any" and path not in ("", "/"):
        raise BadAddress("path", "An address with a path begins with rtsp:// or http://")
    path = "" if parts.scheme == "any" else path
    return Address(_KINDS[parts.scheme], host, port, path, tls=parts.scheme == "https")
