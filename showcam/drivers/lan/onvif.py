"""ONVIF's calls to one device: SOAP by HTTP to the pinned address of a camera in the house.

ONVIF Core and Media specifications (onvif.org). Of an address in a device's answer only the path is used, at the host
and port that the owner gave.

Requests carry WS-Security's digest by the device's own clock; a device that answers 401 with a challenge gets HTTP's
Digest in its place. A nonce of HTTP's Digest expires: a request that is refused with another nonce is sent once more.
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

from showcam.drivers.lan.devices import Device
from showcam.engine.rtsp.login import Challenge, Login, challenge
from showcam.net.elements import Element, NotXml, read
from showcam.net.exchange import NotAllowed, Unreached
from showcam.net.house import Answer, HouseHttp
from showcam.net.text import line

ANSWER_S = 3.0  # for one call; our own choice: a camera at home answers most within a tenth of a second
# A device's clock that moved by less than this is not why it refuses a login; devices tell their time in whole seconds.
_CLOCK_MOVED = timedelta(seconds=5)
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"


class OnvifFailed(Exception):
    """`why`: "down" is no answer in time or none by ONVIF; "login" is user or password; "refused" a fault."""

    def __init__(self, why: Literal["down", "login", "refused"]) -> None:
        super().__init__(why)
        self.why = why


def _ahead(content: Element) -> timedelta:
    """How far the device's clock, as it answered, is ahead of ours."""
    try:
        year, month, day = (int(content.get("Date", name)) for name in ("Year", "Month", "Day"))
        hour, minute, second = (int(content.get("Time", name)) for name in ("Hour", "Minute", "Second"))
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return timedelta()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


_VIDEO_CODECS = {"H264": "h264", "H265": "h265", "HEVC": "h265", "JPEG": "mjpeg"}


class Profile(Struct, frozen=True):
    """A picture that the device can send."""

    token: str
    codec: str  # "h264", "h265", "mjpeg" or "" for another
    width: int
    height: int
    rate: int
    keyframes: int  # frames from one keyframe to the next; 0: not reported
    sound: str
    source: str  # the token of the lens it comes from
    turns: bool = False  # the lens pans and tilts
    encoder: Element | None = None  # its video encoder's configuration


def profile_of(element: Element) -> Profile | None:
    """The profile in an element of either media service. None for one without video."""
    configurations = element.find("Configurations")
    encoder = element.find("VideoEncoderConfiguration") or element.find("Configurations", "VideoEncoder")
    if encoder is None or not element.attributes.get("token"):
        return None
    sound = element.find("AudioEncoderConfiguration") or (configurations and configurations.find("AudioEncoder"))
    source = element.find("VideoSourceConfiguration") or (configurations and configurations.find("VideoSource"))
    between = encoder.attributes.get("GovLength") or encoder.get("H264", "GovLength")
    return Profile(
        short(element.attributes["token"]),
        _VIDEO_CODECS.get(encoder.get("Encoding").upper(), ""),
        _number(encoder.get("Resolution", "Width")),
        _number(encoder.get("Resolution", "Height")),
        _number(encoder.get("RateControl", "FrameRateLimit")),
        _number(between),
        short(sound.get("Encoding")) if sound else "",
        short(source.get("SourceToken")) if source else "",
        bool(element.find("PTZConfiguration") or (configurations and configurations.find("PTZ"))),
        encoder,
    )


def _number(text: str) -> int:
    """A picture's size, rate or GOP as a number: 0 for what is none."""
    try:
        return max(0, min(int(float(text)), 100_000))
    except (ValueError, OverflowError):
        return 0


def short(text: str) -> str:
    return line(text)[:100]


def profile_token(token: str) -> str:
    return f"<ProfileToken>{html.escape(token)}</ProfileToken>"


DEVICE_PATH = "/onvif/device_service"
MOST_PROFILES = 32
_LONGEST = 1024  # of an address or a name
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
IMAGING = "http://www.onvif.org/ver20/imaging/wsdl"
PTZ = "http://www.onvif.org/ver20/ptz/wsdl"


class Described(Struct, frozen=True):
    """A device's description of itself; "" if a part is missing."""

    maker: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""


class Onvif:
    """The calls to one device. Each call raises OnvifFailed.

    `at` is "port/path" of the device service; `pin`, of the device's certificate, as showcam.net.house takes it. With
    `pin` "" the certificate of the first answer holds for all others; no login is sent before it.
    """

    def __init__(
        self, http: HouseHttp, host: str, at: str, user: str, password: str, *, pin: str | None = None
    ) -> None:
        port, slash, path = at.partition("/")
        self._http, self._host, self._port, self._path = http, host, int(port or 80), slash + path
        self._user, self._password, self.pin = user, password, pin
        self._schemes = ("http",) if pin is None else ("https", "http")
        self._ahead: timedelta | None = None  # of the device's clock
        self._digest: Login | None = None  # the login that the device last accepted by HTTP's Digest
        self._services: dict[str, str] | None = None  # paths by namespace

    @classmethod
    def of(cls, device: Device, http: HouseHttp) -> "Onvif":
        """A client for a stored camera, with its owner's login and certificate."""
        return cls(http, device.host, device.onvif, device.user, device.password, pin=device.pin or None)

    def describe(self, timeout_s: float) -> Described:
        answer = self.call(DEVICE, "GetDeviceInformation", timeout_s)
        names = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber")
        return Described(*(short(answer.get(name)) for name in names))

    def profiles(self, timeout_s: float) -> tuple[Profile, ...]:
        """The profiles with video, from the newer media service if there is one: only the newer one knows H.265."""
        space = self._media(timeout_s)
        answer = self.call(space, "GetProfiles", timeout_s, "<Type>All</Type>" if space == _MEDIA2 else "")
        found = [profile_of(element) for element in list(answer.all("Profiles"))[:MOST_PROFILES]]
        return tuple(profile for profile in found if profile is not None)

    def stream_path(self, profile: str, timeout_s: float) -> tuple[int, str]:
        """Port and path of the RTSP address; the host is the device's own."""
        token = profile_token(profile)
        if self.has(_MEDIA2, timeout_s):
            answer = self.call(_MEDIA2, "GetStreamUri", timeout_s, f"<Protocol>RTSP</Protocol>{token}")
        else:
            setup = (
                f'<StreamSetup><Stream xmlns="{SCHEMA}">RTP-Unicast</Stream>'
                f'<Transport xmlns="{SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>'
            )
            answer = self.call(_MEDIA, "GetStreamUri", timeout_s, f"{setup}{token}")
        port, path = _place(_uri(answer), "rtsp")
        return port or 554, path

    def still_path(self, profile: str, timeout_s: float) -> tuple[int, str]:
        """Port (0: the usual one) and path of the address of a JPEG of now; the host is the device's own."""
        answer = self.call(self._media(timeout_s), "GetSnapshotUri", timeout_s, profile_token(profile))
        return _place(_uri(answer), "http")

    def want_keyframe(self, profile: str, timeout_s: float) -> None:
        """Asks for a keyframe now, for those who have just begun to watch."""
        self.call(self._media(timeout_s), "SetSynchronizationPoint", timeout_s, profile_token(profile))

    def set_encoder(self, profile: Profile, change: Callable[[Element], None], timeout_s: float) -> None:
        """Gives the device the profile's video encoder as `change` leaves it."""
        if profile.encoder is None:
            raise OnvifFailed("refused")
        space = self._media(timeout_s)
        change(profile.encoder)
        profile.encoder.name, profile.encoder.space = "Configuration", space
        persist = f'<ForcePersistence xmlns="{_MEDIA}">true</ForcePersistence>' if space == _MEDIA else ""
        self.call(space, "SetVideoEncoderConfiguration", timeout_s, profile.encoder.encode() + persist)

    def restart(self, timeout_s: float) -> None:
        self.call(DEVICE, "SystemReboot", timeout_s)

    def path_of(self, address: str) -> str:
        """The path of an address that the device named, to be asked at its own host and port."""
        return _place(address, *self._schemes)[1]

    def has(self, space: str, timeout_s: float) -> bool:
        return space in self._known_services(timeout_s)

    def _media(self, timeout_s: float) -> str:
        return _MEDIA2 if self.has(_MEDIA2, timeout_s) else _MEDIA

    def _known_services(self, timeout_s: float) -> dict[str, str]:
        if self._services is None:
            self._services = {DEVICE: self._path}
            try:
                inner = "<IncludeCapability>false</IncludeCapability>"
                services = self.call(DEVICE, "GetServices", timeout_s, inner)
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
                    continue  # only https, while the device was given by http, or no address
        return self._services

    def _capabilities(self, timeout_s: float) -> list[tuple[str, str]]:
        answer = self.call(DEVICE, "GetCapabilities", timeout_s, "<Category>All</Category>")
        spaces = {"Media": _MEDIA, "Events": EVENTS, "Imaging": IMAGING, "PTZ": PTZ}
        return [
            (space, address) for name, space in spaces.items() if (address := answer.get("Capabilities", name, "XAddr"))
        ]

    def call(
        self, space: str, name: str, timeout_s: float, inner: str = "", *, path: str = "", header: str = ""
    ) -> Element:
        """A call of a service of the device, or at a path that the device named."""
        path = path or self._known_services(timeout_s).get(space, "") if space != DEVICE else self._path
        if not path:
            raise OnvifFailed("refused")
        ahead, body = self._ahead, f'<{name} xmlns="{space}">{inner}</{name}>'
        if ahead is None:
            self.clock(timeout_s)
        try:
            return self._exchange(path, body, timeout_s, header=header)
        except OnvifFailed as failed:
            by_time = failed.why == "login" and self._digest is None
            if ahead is None or not by_time or not self._has_moved(ahead, timeout_s):
                raise
        return self._exchange(path, body, timeout_s, header=header)

    # SOAP

    def clock(self, timeout_s: float) -> None:
        """Reads the device's clock, which by the specification needs no login: also how one finds a device."""
        try:
            answer = self._exchange(self._path, f'<GetSystemDateAndTime xmlns="{DEVICE}"/>', timeout_s, signed=False)
        except OnvifFailed as failed:
            if failed.why == "down":
                raise
            self._ahead = timedelta()  # this device does not tell its time
            return
        content = next(answer.descendants("UTCDateTime"), None)
        self._ahead = _ahead(content) if content is not None else timedelta()

    def _has_moved(self, ahead: timedelta, timeout_s: float) -> bool:
        """Reads the device's clock again. True if that clock, or ours, was set since the device's was `ahead` of ours.

        A device refuses a request that is signed by another time than its own, as it refuses a wrong password.
        """
        self.clock(timeout_s)
        return abs((self._ahead or timedelta()) - ahead) >= _CLOCK_MOVED

    def _exchange(self, path: str, body: str, timeout_s: float, *, signed: bool = True, header: str = "") -> Element:
        login = self._digest if signed else None
        head = (self._token() if signed and self._user and login is None else "") + header
        envelope = (
            f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{_SOAP}"><s:Header>{head}</s:Header>'
            f"<s:Body>{body}</s:Body></s:Envelope>"
        ).encode()
        answer = self._post(path, timeout_s, login, envelope)
        if signed and answer.status == 401 and (wanted := self._wanted(answer, login)) is not None:
            login = Login(self._user, self._password, basic=False)
            login.take(wanted)
            answer = self._post(path, timeout_s, login, envelope)
        if answer.status == 401:
            raise OnvifFailed("login")
        self._digest = login or self._digest
        try:
            content = read(answer.body).find("Body")
        except NotXml:
            raise OnvifFailed("down") from None
        if content is None:
            raise OnvifFailed("down")
        if fault := content.find("Fault"):
            codes = " ".join(code.text for code in fault.descendants("Value"))
            raise OnvifFailed("login" if "NotAuthorized" in codes or "FailedAuthentication" in codes else "refused")
        if answer.status != 200 or not content.children:
            raise OnvifFailed("down")
        return content.children[0]

    def _post(self, path: str, timeout_s: float, login: Login | None, body: bytes) -> Answer:
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        signature = login.sign("POST", path) if login else None
        if signature is not None:
            headers["Authorization"] = signature
        try:
            answer = self._http.ask(
                "POST", self._host, self._port, path, timeout_s, headers=headers, body=body, pin=self.pin
            )
        except (Unreached, NotAllowed):
            raise OnvifFailed("down") from None
        if self.pin == "":
            self.pin = answer.pin
        return answer

    def _wanted(self, answer: Answer, refused: Login | None) -> Challenge | None:
        """The challenge to sign the refused request by; None if the device refuses user and password.

        It is never Basic, which anybody on the way can read. `refused`: how the request was signed by HTTP's Digest.
        """
        wanted = challenge(list(answer.headers.get("www-authenticate", ())))
        if wanted is None or wanted.scheme != "digest" or not self._user:
            return None
        return wanted if refused is None or refused.is_outdated_by(wanted) else None

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
