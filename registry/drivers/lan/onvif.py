"""ONVIF's calls to one device: SOAP by HTTP to the pinned address of a camera in the house.

ONVIF Core and Media specifications (onvif.org). Of an address that the device answers only the path is taken: it is
put to the host and port that the owner gave.
"""

import base64
import hashlib
import html
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from media.rtsp.login import Login, challenge
from net.errors import NotAllowed, Unreached
from net.house import Answer, HouseHttp
from net.text import line
from registry.drivers.lan.elements import Element, NotXml, read

DEVICE_PATH = "/onvif/device_service"
MOST_PROFILES = 32
_LONGEST = 1024  # of an address or a name
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
_SCHEMA = "http://www.onvif.org/ver10/schema"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
IMAGING = "http://www.onvif.org/ver20/imaging/wsdl"
_CODECS = {"H264": "h264", "H265": "h265", "HEVC": "h265"}


class OnvifFailed(Exception):
    """`why`: "down" is no answer in time or none by ONVIF; "login" is user or password; "refused" a fault."""

    def __init__(self, why: Literal["down", "login", "refused"]) -> None:
        super().__init__(why)
        self.why = why


class Described(Struct, frozen=True):
    """What a device says of itself; "" where it says nothing."""

    maker: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""


class Profile(Struct, frozen=True):
    """A picture that the device can send."""

    token: str
    codec: str  # "h264", "h265" or "" for another
    width: int
    height: int
    rate: int
    keyframes: int  # frames from one keyframe to the next; 0: not told
    sound: str
    source: str  # the token of the lens it comes from
    encoder: Element | None = None  # its video encoder's configuration


class Onvif:
    """`at` is "port/path" of the device service. Each call raises OnvifFailed.

    Requests are signed by WS-Security's digest and the device's own clock; a device that answers 401 with a challenge
    gets HTTP's Digest in its place, once.
    """

    def __init__(self, http: HouseHttp, host: str, at: str, user: str, password: str) -> None:
        port, slash, path = at.partition("/")
        self._http, self._host, self._port, self._path = http, host, int(port or 80), slash + path
        self._user, self._password = user, password
        self._ahead: timedelta | None = None  # of the device's clock
        self._digest: Login | None = None
        self._services: dict[str, str] | None = None  # paths by namespace

    def clock(self, timeout_s: float) -> None:
        """Reads the device's clock, which by the specification needs no login: also how one finds a device."""
        try:
            answer = self._ask(self._path, f'<GetSystemDateAndTime xmlns="{_DEVICE}"/>', timeout_s, signed=False)
        except OnvifFailed as failed:
            if failed.why == "down":
                raise
            self._ahead = timedelta()  # a device that keeps its clock to itself
            return
        told = next(answer.descendants("UTCDateTime"), None)
        self._ahead = _ahead(told) if told is not None else timedelta()

    def describe(self, timeout_s: float) -> Described:
        answer = self._call(_DEVICE, "GetDeviceInformation", timeout_s)
        names = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber")
        return Described(*(_short(answer.get(name)) for name in names))

    def profiles(self, timeout_s: float) -> tuple[Profile, ...]:
        """Those with video, of the newer media service where the device has it, which alone knows H.265."""
        if self._has(_MEDIA2, timeout_s):
            answer = self._call(_MEDIA2, "GetProfiles", timeout_s, "<Type>All</Type>")
        else:
            answer = self._call(_MEDIA, "GetProfiles", timeout_s)
        found = [_profile(each) for each in list(answer.all("Profiles"))[:MOST_PROFILES]]
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
        self._call(_DEVICE, "SystemReboot", timeout_s)

    def call(
        self, space: str, name: str, timeout_s: float, inner: str = "", *, path: str = "", header: str = ""
    ) -> Element:
        """Another call, of a service of the device or at a path that the device named."""
        return self._call(space, name, timeout_s, inner, path=path, header=header)

    def path_of(self, address: str) -> str:
        """The path of an address that the device named, to be asked at its own host and port."""
        return _place(address, "http")[1]

    def has(self, space: str, timeout_s: float) -> bool:
        return self._has(space, timeout_s)

    # beneath the calls

    def _has(self, space: str, timeout_s: float) -> bool:
        return space in self._known_services(timeout_s)

    def _known_services(self, timeout_s: float) -> dict[str, str]:
        if self._services is None:
            self._services = {_DEVICE: self._path}
            try:
                inner = "<IncludeCapability>false</IncludeCapability>"
                told = self._call(_DEVICE, "GetServices", timeout_s, inner)
                named = [(each.get("Namespace"), each.get("XAddr")) for each in told.all("Service")]
            except OnvifFailed as failed:
                if failed.why != "refused":
                    self._services = None
                    raise
                named = self._capabilities(timeout_s)  # of a device older than GetServices
            for space, address in named[:64]:
                try:
                    self._services.setdefault(space, _place(address, "http")[1])
                except OnvifFailed:
                    continue  # https alone, or no address
        return self._services

    def _capabilities(self, timeout_s: float) -> list[tuple[str, str]]:
        answer = self._call(_DEVICE, "GetCapabilities", timeout_s, "<Category>All</Category>")
        spaces = {"Media": _MEDIA, "Events": EVENTS, "Imaging": IMAGING}
        return [
            (space, address) for name, space in spaces.items() if (address := answer.get("Capabilities", name, "XAddr"))
        ]

    def _call(
        self, space: str, name: str, timeout_s: float, inner: str = "", *, path: str = "", header: str = ""
    ) -> Element:
        path = path or self._known_services(timeout_s).get(space, "") if space != _DEVICE else self._path
        if not path:
            raise OnvifFailed("refused")
        if self._ahead is None:
            self.clock(timeout_s)
        return self._ask(path, f'<{name} xmlns="{space}">{inner}</{name}>', timeout_s, header=header)

    def _ask(self, path: str, body: str, timeout_s: float, *, signed: bool = True, header: str = "") -> Element:
        head = (self._token() if signed and self._user and self._digest is None else "") + header
        envelope = (
            f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{_SOAP}"><s:Header>{head}</s:Header>'
            f"<s:Body>{body}</s:Body></s:Envelope>"
        ).encode()
        answer = self._fetch("POST", self._port, path, timeout_s, self._digest if signed else None, envelope)
        if signed and answer.status == 401 and self._digest is None and (login := self._login(answer)) is not None:
            self._digest = login
            answer = self._fetch("POST", self._port, path, timeout_s, login, envelope)
        if answer.status == 401:
            raise OnvifFailed("login")
        try:
            told = read(answer.body).find("Body")
        except NotXml:
            raise OnvifFailed("down") from None
        if told is None:
            raise OnvifFailed("down")
        if fault := told.find("Fault"):
            codes = " ".join(each.text for each in fault.descendants("Value"))
            raise OnvifFailed("login" if "NotAuthorized" in codes or "FailedAuthentication" in codes else "refused")
        if answer.status != 200 or not told.children:
            raise OnvifFailed("down")
        return told.children[0]

    def _fetch(
        self,
        method: str,
        port: int,
        path: str,
        timeout_s: float,
        login: Login | None = None,
        body: bytes | None = None,
    ) -> Answer:
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"} if body is not None else {}
        signature = login.sign(method, path) if login else None
        if signature is not None:
            headers["Authorization"] = signature
        try:
            return self._http.ask(method, self._host, port, path, timeout_s, headers=headers, body=body)
        except (Unreached, NotAllowed):
            raise OnvifFailed("down") from None

    def _login(self, answer: Answer) -> Login | None:
        """By HTTP's Digest, where the device wants that; never by Basic, which anybody on the way can read."""
        wanted = challenge(list(answer.headers.get("www-authenticate", ())))
        if wanted is None or wanted.scheme != "digest" or not self._user:
            return None
        login = Login(self._user, self._password)
        login.take(wanted)
        return login

    def _token(self) -> str:
        """WS-Security UsernameToken Profile 1.0, PasswordDigest."""
        nonce = secrets.token_bytes(16)
        now = datetime.fromtimestamp(time.time(), UTC) + (self._ahead or timedelta())
        created = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        digest = hashlib.sha1(nonce + created.encode() + self._password.encode(), usedforsecurity=False).digest()
        return (
            f'<Security s:mustUnderstand="1" xmlns="{_SECURITY}-wssecurity-secext-1.0.xsd"><UsernameToken>'
            f"<Username>{html.escape(self._user)}</Username>"
            f'<Password Type="{_SECURITY}-username-token-profile-1.0#PasswordDigest">{_base64(digest)}</Password>'
            f'<Nonce EncodingType="{_SECURITY}-soap-message-security-1.0#Base64Binary">{_base64(nonce)}</Nonce>'
            f'<Created xmlns="{_SECURITY}-wssecurity-utility-1.0.xsd">{created}</Created>'
            "</UsernameToken></Security>"
        )


def _ahead(told: Element) -> timedelta:
    """How far the device's clock, as it told, is before ours."""
    try:
        year, month, day = (int(told.get("Date", name)) for name in ("Year", "Month", "Day"))
        hour, minute, second = (int(told.get("Time", name)) for name in ("Hour", "Minute", "Second"))
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return timedelta()


def _profile(told: Element) -> Profile | None:
    """Of either media service. None for one without video."""
    configurations = told.find("Configurations")
    encoder = told.find("VideoEncoderConfiguration") or told.find("Configurations", "VideoEncoder")
    if encoder is None or not told.attributes.get("token"):
        return None
    sound = told.find("AudioEncoderConfiguration") or (configurations and configurations.find("AudioEncoder"))
    source = told.find("VideoSourceConfiguration") or (configurations and configurations.find("VideoSource"))
    between = encoder.attributes.get("GovLength") or encoder.get("H264", "GovLength")
    return Profile(
        _short(told.attributes["token"]),
        _CODECS.get(encoder.get("Encoding").upper(), ""),
        _number(encoder.get("Resolution", "Width")),
        _number(encoder.get("Resolution", "Height")),
        _number(encoder.get("RateControl", "FrameRateLimit")),
        _number(between),
        _short(sound.get("Encoding")) if sound else "",
        _short(source.get("SourceToken")) if source else "",
        encoder,
    )


def _uri(answer: Element) -> str:
    """Of GetStreamUri, in either media service."""
    return answer.get("MediaUri", "Uri") or answer.get("Uri")


def _place(address: str, scheme: str) -> tuple[int, str]:
    """Port (0: the usual one) and path. Raises OnvifFailed for an address that is not followed."""
    try:
        parts = urlsplit(address)
        port = parts.port or 0
    except ValueError:
        raise OnvifFailed("refused") from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme != scheme or len(path) > _LONGEST or not path.isascii() or not path.isprintable() or " " in path:
        raise OnvifFailed("refused")
    return port, path


def _number(text: str) -> int:
    """Of a picture's size, rate or GOP: 0 for what is none."""
    try:
        return max(0, min(int(float(text)), 100_000))
    except (ValueError, OverflowError):
        return 0


def _short(text: str) -> str:
    return line(text)[:100]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
