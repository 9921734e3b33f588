"""ONVIF's calls to one device: SOAP by HTTP to the pinned address of a camera in the house.

ONVIF Core and Media specifications (onvif.org). Of an address that the device answers only the path is taken: it is
put to the host and port that the owner gave.
"""

import html
from collections.abc import Callable
from urllib.parse import urlsplit

from msgspec import Struct

from net.house import HouseHttp
from registry.drivers.lan.elements import Element
from registry.drivers.lan.profile import Profile, profile_of, short
from registry.drivers.lan.soap import DEVICE, OnvifFailed, Soap

DEVICE_PATH = "/onvif/device_service"
MOST_PROFILES = 32
_LONGEST = 1024  # of an address or a name
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
_SCHEMA = "http://www.onvif.org/ver10/schema"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
IMAGING = "http://www.onvif.org/ver20/imaging/wsdl"


class Described(Struct, frozen=True):
    """What a device says of itself; "" where it says nothing."""

    maker: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""


class Onvif:
    """`at` is "port/path" of the device service; `pin`: of its certificate, by https. Each call raises OnvifFailed."""

    def __init__(
        self, http: HouseHttp, host: str, at: str, user: str, password: str, *, pin: str | None = None
    ) -> None:
        port, slash, path = at.partition("/")
        self._path = slash + path
        self._soap = Soap(http, host, int(port or 80), self._path, user, password, pin)
        self._schemes = ("http",) if pin is None else ("https", "http")
        self._services: dict[str, str] | None = None  # paths by namespace

    @property
    def pin(self) -> str:
        """The SHA-256 of the device's certificate, "" without TLS."""
        return self._soap.pin or ""

    def clock(self, timeout_s: float) -> None:
        """Reads the device's clock, which by the specification needs no login: also how one finds a device."""
        self._soap.clock(timeout_s)

    def describe(self, timeout_s: float) -> Described:
        answer = self._call(DEVICE, "GetDeviceInformation", timeout_s)
        names = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber")
        return Described(*(short(answer.get(name)) for name in names))

    def profiles(self, timeout_s: float) -> tuple[Profile, ...]:
        """The profiles with video, of the newer media service where the device has it, which alone knows H.265."""
        if self._has(_MEDIA2, timeout_s):
            answer = self._call(_MEDIA2, "GetProfiles", timeout_s, "<Type>All</Type>")
        else:
            answer = self._call(_MEDIA, "GetProfiles", timeout_s)
        found = [profile_of(element) for element in list(answer.all("Profiles"))[:MOST_PROFILES]]
        return tuple(profile for profile in found if profile is not None)

    def stream_path(self, profile: str, timeout_s: float) -> tuple[int, str]:
        """Port and path of the RTSP address; the host is the device's own."""
        token = html.escape(profile)
        if self._has(_MEDIA2, timeout_s):
            inner = f"<Protocol>RTSP</Protocol><ProfileToken>{token}</ProfileToken>"
            answer = self._call(_MEDIA2, "GetStreamUri", timeout_s, inner)
        else:
            setup = (
                f'<StreamSetup><Stream xmlns="{_SCHEMA}">RTP-Unicast</Stream>'
                f'<Transport xmlns="{_SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>'
            )
            answer = self._call(_MEDIA, "GetStreamUri", timeout_s, f"{setup}<ProfileToken>{token}</ProfileToken>")
        port, path = _place(_uri(answer), "rtsp")
        return port or 554, path

    def still_path(self, profile: str, timeout_s: float) -> tuple[int, str]:
        """Port (0: the usual one) and path of the address of a JPEG of now; the host is the device's own."""
        space = _MEDIA2 if self._has(_MEDIA2, timeout_s) else _MEDIA
        inner = f"<ProfileToken>{html.escape(profile)}</ProfileToken>"
        return _place(_uri(self._call(space, "GetSnapshotUri", timeout_s, inner)), "http")

    def want_keyframe(self, profile: str, timeout_s: float) -> None:
        """Asks for a keyframe now, for those who have just begun to watch."""
        space = _MEDIA2 if self._has(_MEDIA2, timeout_s) else _MEDIA
        inner = f"<ProfileToken>{html.escape(profile)}</ProfileToken>"
        self._call(space, "SetSynchronizationPoint", timeout_s, inner)

    def set_encoder(self, profile: Profile, change: Callable[[Element], None], timeout_s: float) -> None:
        """Gives the device the profile's video encoder as `change` leaves it."""
        if profile.encoder is None:
            raise OnvifFailed("refused")
        space = _MEDIA2 if self._has(_MEDIA2, timeout_s) else _MEDIA
        change(profile.encoder)
        profile.encoder.name, profile.encoder.space = "Configuration", space
        persist = f'<ForcePersistence xmlns="{_MEDIA}">true</ForcePersistence>' if space == _MEDIA else ""
        self._call(space, "SetVideoEncoderConfiguration", timeout_s, profile.encoder.encode() + persist)

    def restart(self, timeout_s: float) -> None:
        self._call(DEVICE, "SystemReboot", timeout_s)

    def call(
        self, space: str, name: str, timeout_s: float, inner: str = "", *, path: str = "", header: str = ""
    ) -> Element:
        """Another call, of a service of the device or at a path that the device named."""
        return self._call(space, name, timeout_s, inner, path=path, header=header)

    def path_of(self, address: str) -> str:
        """The path of an address that the device named, to be asked at its own host and port."""
        return _place(address, *self._schemes)[1]

    def has(self, space: str, timeout_s: float) -> bool:
        return self._has(space, timeout_s)

    # beneath the calls

    def _has(self, space: str, timeout_s: float) -> bool:
        return space in self._known_services(timeout_s)

    def _known_services(self, timeout_s: float) -> dict[str, str]:
        if self._services is None:
            self._services = {DEVICE: self._path}
            try:
                inner = "<IncludeCapability>false</IncludeCapability>"
                services = self._call(DEVICE, "GetServices", timeout_s, inner)
                named = [(service.get("Namespace"), service.get("XAddr")) for service in services.all("Service")]
            except OnvifFailed as failed:
                if failed.why != "refused":
                    self._services = None
                    raise
                named = self._capabilities(timeout_s)  # of a device older than GetServices
            for space, address in named[:64]:
                try:
                    self._services.setdefault(space, _place(address, *self._schemes)[1])
                except OnvifFailed:
                    continue  # https alone, where the device was given by http, or no address
        return self._services

    def _capabilities(self, timeout_s: float) -> list[tuple[str, str]]:
        answer = self._call(DEVICE, "GetCapabilities", timeout_s, "<Category>All</Category>")
        spaces = {"Media": _MEDIA, "Events": EVENTS, "Imaging": IMAGING}
        return [
            (space, address) for name, space in spaces.items() if (address := answer.get("Capabilities", name, "XAddr"))
        ]

    def _call(
        self, space: str, name: str, timeout_s: float, inner: str = "", *, path: str = "", header: str = ""
    ) -> Element:
        path = path or self._known_services(timeout_s).get(space, "") if space != DEVICE else self._path
        if not path:
            raise OnvifFailed("refused")
        return self._soap.ask(path, f'<{name} xmlns="{space}">{inner}</{name}>', timeout_s, header=header)


def _uri(answer: Element) -> str:
    """The address that GetStreamUri or GetSnapshotUri answers, in either media service."""
    return answer.get("MediaUri", "Uri") or answer.get("Uri")


def _place(address: str, *schemes: str) -> tuple[int, str]:
    """Port (0: the usual one) and path. Raises OnvifFailed for an address that is not followed."""
    try:
        parts = urlsplit(address)
        port = parts.port or 0
    except ValueError:
        raise OnvifFailed("refused") from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if (
        parts.scheme not in schemes
        or len(path) > _LONGEST
        or not path.isascii()
        or not path.isprintable()
        or " " in path
    ):
        raise OnvifFailed("refused")
    return port, path
