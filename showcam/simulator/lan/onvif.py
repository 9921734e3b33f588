"""A camera's ONVIF services (Device, Media, Media2, Events, Imaging), as strict about logins as real cameras are.

An HTTP server calls `answer` with each request. Wrong passwords count, and after five the device is locked.
"""

import base64
import hashlib
import html
import re
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SCHEMA = "http://www.onvif.org/ver10/schema"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
IMAGING = "http://www.onvif.org/ver20/imaging/wsdl"
PTZ = "http://www.onvif.org/ver20/ptz/wsdl"
_NOTIFY = "http://docs.oasis-open.org/wsn/b-2"
_TOPICS1 = "http://www.onvif.org/ver10/topics"
PATHS = {DEVICE: "/onvif/device_service", MEDIA: "/onvif/media", MEDIA2: "/onvif/media2"} | {
    EVENTS: "/onvif/events",
    IMAGING: "/onvif/imaging",
    PTZ: "/onvif/ptz",
}
TOPICS = {
    "RuleEngine/CellMotionDetector/Motion": "IsMotion",
    "RuleEngine/MyRuleDetector/PeopleDetect": "State",
    "RuleEngine/MyRuleDetector/Visitor": "State",
    "RuleEngine/TamperDetector/Tamper": "IsTamper",
}


def topic_set(topics: Iterable[str]) -> str:
    tree: dict[str, Any] = {}
    for topic in topics:
        at = tree
        for name in topic.split("/"):
            at = at.setdefault(name, {})
    return f'<TopicSet xmlns="{_NOTIFY}">{_nested(tree)}</TopicSet>'


def _nested(tree: dict[str, Any]) -> str:
    inner = {name: _nested(below) for name, below in tree.items()}
    return "".join(f'<t:{name} xmlns:t="{_TOPICS1}">{below}</t:{name}>' for name, below in inner.items())


def notification(topic: str, name: str, value: str, operation: str) -> str:
    """Returns a notification that the topic's value `name` is now `value`."""
    return (
        f'<NotificationMessage xmlns="{_NOTIFY}"><Topic xmlns:tns1="{_TOPICS1}">tns1:{topic}</Topic><Message>'
        f'<Message xmlns="{SCHEMA}" UtcTime="2001-01-01T00:00:00Z" PropertyOperation="{operation}">'
        f'<Data><SimpleItem Name="{name}" Value="{value}"/></Data></Message></Message></NotificationMessage>'
    )


def fault(code: str) -> str:
    return (
        f'<s:Fault xmlns:ter="http://www.onvif.org/ver10/error"><s:Code><s:Value>s:Sender</s:Value><s:Subcode>'
        f"<s:Value>{code}</s:Value></s:Subcode></s:Code></s:Fault>"
    )


def uri(space: str, address: str) -> str:
    address = html.escape(address)
    if space == MEDIA2:
        return f"<Uri>{address}</Uri>"
    return f'<MediaUri><Uri xmlns="{SCHEMA}">{address}</Uri></MediaUri>'


def within(space: str, element: str) -> str:
    return element.replace(">", f' xmlns="{space}">', 1)


def enveloped(body: str) -> bytes:
    return f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'.encode()


@dataclass
class Picture:
    """`gop`: the number of frames from one keyframe to the next."""

    token: str
    path: str
    codec: str
    width: int
    height: int
    rate: int = 15
    gop: int = 30
    turns: bool = False

    def profile(self, space: str, sound: str) -> str:
        """Returns the picture's profile for Media or Media2; `sound` is the codec of the device's microphone."""
        size = f"<Resolution><Width>{self.width}</Width><Height>{self.height}</Height></Resolution>"
        rate = f"<RateControl><FrameRateLimit>{self.rate}</FrameRateLimit></RateControl>"
        named = f'<VideoSource token="vs"><SourceToken xmlns="{SCHEMA}">lens</SourceToken></VideoSource>'
        if space == MEDIA2:
            video = (
                f'<VideoEncoder token="{self.token}" GovLength="{self.gop}" Profile="Main" xmlns:s="{SCHEMA}">'
                f'<Encoding xmlns="{SCHEMA}">{self.codec.upper()}</Encoding>'
                f"{within(SCHEMA, size)}{within(SCHEMA, rate)}</VideoEncoder>"
            )
            microphone = f'<AudioEncoder token="ae"><Encoding xmlns="{SCHEMA}">{sound}</Encoding></AudioEncoder>'
            turning = '<PTZ token="ptz"/>' * self.turns
            return (
                f'<Profiles token="{self.token}"><Name>{self.token}</Name>'
                f"<Configurations>{named}{video}{microphone}{turning}</Configurations></Profiles>"
            )
        video = (
            f'<VideoEncoderConfiguration xmlns="{SCHEMA}" token="{self.token}"><Encoding>H264</Encoding>{size}{rate}'
            f"<H264><GovLength>{self.gop}</GovLength><H264Profile>Main</H264Profile></H264>"
            "</VideoEncoderConfiguration>"
        )
        turning = f'<PTZConfiguration xmlns="{SCHEMA}" token="ptz"/>' * self.turns
        return (
            f'<Profiles token="{self.token}"><Name xmlns="{SCHEMA}">{self.token}</Name>'
            f'<VideoSourceConfiguration xmlns="{SCHEMA}" token="vs"><SourceToken>lens</SourceToken>'
            f"</VideoSourceConfiguration>{video}{turning}</Profiles>"
        )


_SECURITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
_UTILITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"
_OPEN = frozenset({"GetSystemDateAndTime", "GetServices", "GetCapabilities"})  # Core, 5.9.4.3: allowed before a login
SKEW_S = 30  # [assumed: cameras refuse a time far from their own]
LOCKS_AFTER = 5


class Reply(NamedTuple):
    status: int
    body: bytes
    kind: str = "application/soap+xml; charset=utf-8"


@dataclass
class OnvifDevice:
    """`address`: "host:port" of all addresses in answers; `rtsp`: the same for RTSP addresses.

    `clock_s`: how far its clock is ahead. `still`: makes a picture of now.
    """

    serial: str
    pictures: list[Picture]
    address: str
    rtsp: str
    user: str = "admin"
    password: str = ""
    maker: str = "Bramble"
    model: str = "B-20"
    sound: str = "G711"
    clock_s: float = 0.0
    has_media2: bool = True
    still: Callable[[], bytes] = lambda: b"\xff\xd8\xff\xd9"
    wrong: int = 0
    asked: list[str] = field(default_factory=list)  # the names of the requests
    night: str = "AUTO"  # the infrared cut filter
    # the reported topics, each with the name of its value
    topics: dict[str, str] = field(default_factory=lambda: dict(TOPICS))
    happened: deque[str] = field(default_factory=lambda: deque(maxlen=50))  # messages that are not pulled yet
    # the names of the positions that it keeps, by token; as cameras list free places, one has no name
    presets: dict[str, str] = field(default_factory=lambda: {"1": "Gate", "2": "Paddock & pond", "3": ""})
    turning: str = ""  # the direction of now: left, right, up or down; "": it stands still
    # the directions so far, and each "stop"
    turned: deque[str] = field(default_factory=lambda: deque(maxlen=1000))
    takes_settings: bool = True  # False: the device answers yes and changes nothing, as some do
    subscriptions: int = 0
    on_keyframe: Callable[[str], None] = lambda _token: None  # called if a client asks for a keyframe of this picture
    digest: bool = False  # calls are signed by HTTP's Digest, and not by WS-Security
    realm: bytes = b"still"  # of HTTP's Digest
    nonce: str = "d1f0"
    # Whether a 401 says that the nonce has expired (RFC 7616, 3.3). If not, each 401 has another nonce, as those of a
    # Hikvision DS-2CD1148-I/B (stale="FALSE"; AlexxIT/go2rtc issue 2232).
    says_stale: bool = True
    one_time: bool = False  # each nonce is good for one request, as RFC 7616 allows
    _nonces: set[str] = field(default_factory=set)
    _expired: set[str] = field(default_factory=set)  # earlier nonces of HTTP's Digest

    def answer(self, body: bytes, authorization: str = "") -> Reply:
        try:
            envelope = ElementTree.fromstring(body)  # noqa: S314  (what showcam sends)
            content = envelope.find(f"{{{SOAP}}}Body")
            assert content is not None
            request = content[0]
        except (ElementTree.ParseError, AssertionError, IndexError):
            return self._fault("ter:WellFormed")
        space, _, name = request.tag[1:].partition("}")
        self.asked.append(name)
        if name not in _OPEN and self.digest and self.password:
            if refused := self._refusal("POST", authorization):
                return refused
        elif name not in _OPEN and not self._is_let_in(envelope):
            return self._fault("ter:NotAuthorized")
        answers = getattr(self, f"_{name}", None)
        if answers is None or (space == MEDIA2 and not self.has_media2):
            return self._fault("ter:ActionNotSupported")
        answered = answers(space, request)
        if answered is None:
            return self._fault("ter:InvalidArgVal")
        return Reply(200, enveloped(f'<{name}Response xmlns="{space}">{answered}</{name}Response>'))

    def pictured(self, method: str, authorization: str) -> Reply:
        """Returns the device's still, by HTTP's Digest. A refusal has the challenge in `kind`.

        `authorization` and the challenge have one character for each byte, as Python's http has them.
        """
        refused = self._refusal(method, authorization) if self.password else None
        return refused or Reply(200, self.still(), "image/jpeg")

    def expire(self) -> None:
        """Ends the nonce of HTTP's Digest, as a Hikvision recorder does after 30 s (rburgst/okhttp-digest pull 23)."""
        self._expired.add(self.nonce)
        self.nonce = secrets.token_hex(8)

    def _refusal(self, method: str, authorization: str) -> Reply | None:
        """Checks HTTP's Digest (RFC 2617, without qop). Returns a 401 with the challenge in `kind`, None if right."""
        given = dict(re.findall(r'(\w+)="([^"]*)"', authorization))
        nonce, realm = given.get("nonce", ""), self.realm.decode("latin-1")
        secret = _md5(b":".join((self.user.encode(), self.realm, self.password.encode())))
        action = _md5(f"{method}:{given.get('uri', '')}".encode())
        wanted = self.user.encode().decode("latin-1"), realm, _md5(f"{secret}:{nonce}:{action}".encode())
        is_right = (given.get("username"), given.get("realm"), given.get("response")) == wanted
        if is_right and nonce == self.nonce and self.wrong < LOCKS_AFTER:
            if self.one_time:
                self.expire()
            return None
        is_stale = is_right and nonce in self._expired
        self.wrong += bool(authorization) and not is_stale
        if not self.says_stale:
            self.expire()
        stale = "TRUE" if is_stale and self.says_stale else "FALSE"
        return Reply(401, b"", f'Digest realm="{realm}", nonce="{self.nonce}", stale="{stale}"')

    def _is_let_in(self, envelope: Element) -> bool:
        """Checks WS-Security UsernameToken Profile 1.0: each nonce once, and the time by the device's own clock."""
        if not self.password:
            return True
        token = envelope.find(f".//{_SECURITY}UsernameToken")
        if token is None or self.wrong >= LOCKS_AFTER:
            return False
        user, given, nonce = (token.findtext(f"{_SECURITY}{name}", "") for name in ("Username", "Password", "Nonce"))
        created = token.findtext(f"{_UTILITY}Created", "")
        digest = hashlib.sha1(base64.b64decode(nonce) + created.encode() + self.password.encode()).digest()
        at = datetime.fromisoformat(created).timestamp()
        fresh = abs(at - time.time() - self.clock_s) < SKEW_S and nonce not in self._nonces
        self._nonces.add(nonce)
        if user == self.user and given == base64.b64encode(digest).decode() and fresh:
            self.wrong = 0
            return True
        self.wrong += 1
        return False

    # the answers, by the name of the request; None: an argument is wrong

    def _GetSystemDateAndTime(self, _space: str, _request: Element) -> str:
        now = datetime.fromtimestamp(time.time() + self.clock_s, UTC)
        of_day = f"<Hour>{now.hour}</Hour><Minute>{now.minute}</Minute><Second>{now.second}</Second>"
        date = f"<Year>{now.year}</Year><Month>{now.month}</Month><Day>{now.day}</Day>"
        return (
            f'<SystemDateAndTime><UTCDateTime xmlns="{SCHEMA}"><Time>{of_day}</Time><Date>{date}</Date></UTCDateTime>'
            "</SystemDateAndTime>"
        )

    def _GetServices(self, _space: str, _request: Element) -> str:
        spaces = [space for space in PATHS if space != MEDIA2 or self.has_media2]
        return "".join(
            f"<Service><Namespace>{space}</Namespace><XAddr>http://{self.address}{PATHS[space]}</XAddr></Service>"
            for space in spaces
        )

    def _GetDeviceInformation(self, _space: str, _request: Element) -> str:
        return (
            f"<Manufacturer>{self.maker}</Manufacturer><Model>{self.model}</Model><FirmwareVersion>1.2</FirmwareVersion>"
            f"<SerialNumber>{self.serial}</SerialNumber><HardwareId>1</HardwareId>"
        )

    def _GetProfiles(self, space: str, _request: Element) -> str:
        # the older service has no word for H.265
        pictures = [picture for picture in self.pictures if space == MEDIA2 or picture.codec == "h264"]
        return "".join(picture.profile(space, self.sound) for picture in pictures)

    def _GetStreamUri(self, space: str, request: Element) -> str | None:
        picture = self._named(request)
        return uri(space, f"rtsp://{self.rtsp}{picture.path}") if picture else None

    def _GetSnapshotUri(self, space: str, request: Element) -> str | None:
        picture = self._named(request)
        return uri(space, f"http://{self.address}/onvif/still.jpg?of={picture.token}") if picture else None

    def _SetSynchronizationPoint(self, _space: str, request: Element) -> str | None:
        picture = self._named(request)
        if picture is None:
            return None
        self.on_keyframe(picture.token)
        return ""

    def _SetVideoEncoderConfiguration(self, space: str, request: Element) -> str | None:
        given = request.find(f"{{{space}}}Configuration")
        picture = next((own for own in self.pictures if given is not None and own.token == given.get("token")), None)
        if given is None or picture is None:
            return None
        if not self.takes_settings:
            return ""
        length = given.get("GovLength") or given.findtext(f"{{{SCHEMA}}}H264/{{{SCHEMA}}}GovLength")
        picture.codec = given.findtext(f"{{{SCHEMA}}}Encoding", picture.codec).lower()
        picture.gop = int(length or picture.gop)
        return ""

    def _SystemReboot(self, _space: str, _request: Element) -> str:
        return "<Message>Restarting</Message>"

    def _GetImagingSettings(self, _space: str, request: Element) -> str | None:
        if request.findtext(f"{{{IMAGING}}}VideoSourceToken") != "lens":
            return None
        return f'<ImagingSettings><IrCutFilter xmlns="{SCHEMA}">{self.night}</IrCutFilter></ImagingSettings>'

    def _SetImagingSettings(self, _space: str, request: Element) -> str | None:
        wanted = request.findtext(f"{{{IMAGING}}}ImagingSettings/{{{SCHEMA}}}IrCutFilter")
        if wanted not in ("ON", "OFF", "AUTO") or request.findtext(f"{{{IMAGING}}}VideoSourceToken") != "lens":
            return None
        self.night = wanted
        return ""

    def _ContinuousMove(self, _space: str, request: Element) -> str | None:
        velocity = request.find(f"{{{PTZ}}}Velocity/{{{SCHEMA}}}PanTilt")
        picture = self._named(request)
        if velocity is None or picture is None or not picture.turns:
            return None
        x, y = float(velocity.get("x", "0")), float(velocity.get("y", "0"))
        self.turning = ("right" if x > 0 else "left") if x else "up" if y > 0 else "down"
        self.turned.append(self.turning)
        return ""

    def _GetPresets(self, _space: str, request: Element) -> str | None:
        picture = self._named(request)
        if picture is None or not picture.turns:
            return None
        return "".join(
            f'<Preset token="{token}"><Name xmlns="{SCHEMA}">{html.escape(name)}</Name></Preset>'
            for token, name in self.presets.items()
        )

    def _GotoPreset(self, _space: str, request: Element) -> str | None:
        picture, token = self._named(request), request.findtext(f"{{{PTZ}}}PresetToken", "")
        if picture is None or not picture.turns or token not in self.presets:
            return None
        self.turned.append(f"preset {token}")
        return ""

    def _Stop(self, _space: str, request: Element) -> str | None:
        picture = self._named(request)
        if picture is None or not picture.turns:
            return None
        self.turning = ""
        self.turned.append("stop")
        return ""

    def _GetEventProperties(self, _space: str, _request: Element) -> str:
        return topic_set(self.topics)

    def _CreatePullPointSubscription(self, _space: str, _request: Element) -> str:
        self.happened.clear()
        for topic in self.topics:
            self.happen(topic, on=False, operation="Initialized")
        self.subscriptions += 1  # last: whoever waits for a subscription may then report an event
        address = f'<Address xmlns="http://www.w3.org/2005/08/addressing">http://{self.address}/onvif/pull</Address>'
        return f"<SubscriptionReference>{address}</SubscriptionReference>"

    def _PullMessages(self, _space: str, _request: Element) -> str | None:
        if not self.subscriptions:
            return None
        messages = "".join(self.happened)
        self.happened.clear()
        return messages

    def happen(self, topic: str, *, on: bool = True, operation: str = "Changed") -> None:
        """Queues an event for the next pull."""
        self.happened.append(notification(topic, self.topics[topic], str(on).lower(), operation))

    def _named(self, request: Element) -> Picture | None:
        token = next((element.text for element in request.iter() if element.tag.endswith("}ProfileToken")), None)
        return next((picture for picture in self.pictures if picture.token == token), None)

    def _fault(self, code: str) -> Reply:
        return Reply(400, enveloped(fault(code)))


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
