"""The excerpt of what EZVIZ answers about one camera, for a trace: every value passes an allow list by its type."""

import hmac
import ipaddress
import re
import secrets as random
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.camera import Camera
from showcam.drivers.ezviz.answers import channel as channel_row
from showcam.drivers.ezviz.answers import device as device_row
from showcam.drivers.ezviz.answers import epoch_s, fields, rows, section, within
from showcam.drivers.ezviz.cameras import is_right
from showcam.drivers.ezviz.sessions import Secrets
from showcam.drivers.ezviz.trace_lines import (
    MODELS,
    Alarm,
    Alias,
    Call,
    CallKind,
    Category,
    Dispatcher,
    Home,
    HostKind,
    KeyState,
    Line,
    Model,
    Row,
)
from showcam.engine.ezviz.address import KNOWN
from showcam.net.addresses import is_in_house, is_public, is_spelled
from showcam.net.text import JsonObject

if TYPE_CHECKING:
    import requests

SECTIONS = "STATUS,SWITCH,FEATURE_INFO,VIDEO_QUALITY,VTM,CONNECTION,WIFI"
MESSAGES = 20
MOST_CALLS = 50
MOST_ROWS = 500  # of a list in an answer
MOST = 99_999  # of a number that is taken from an answer
_MODELS: dict[str, Model] = {name.casefold(): name for name in MODELS.split("|")}
_CATEGORIES = frozenset(get_args(Category.__value__))
_VERSION = re.compile(r"V(\d{1,2})\.(\d{1,2})\.(\d{1,2}) build (\d{6})", re.ASCII)
_REGION = re.compile(r"api(ieu|ius|isa|isgp|iindia)\.ezvizlife\.com|api(rus)\.ezvizru\.com")
_PORTS = ("localRtspPort", "localCmdPort", "localStreamPort", "localHttpPort")
_HOSTS = ("domain", "externalIp", "internalIp")
_CALLS: tuple[tuple[str, CallKind], ...] = (
    ("/v3/users/login/", "sign_in"),
    ("/v3/sms/nologin/", "code"),
    ("/v3/apigateway/login", "renew"),
    ("/v3/userdevices/v1/resources/pagelist", "list"),
    ("/v3/configurations/system/info", "system"),
    ("/api/server/info/get", "system"),
    ("/vtdutoken2", "token"),
    ("/v3/streaming/vtm/", "dispatcher"),
    ("/v3/unifiedmsg/list", "messages"),
    ("/v3/specialBizs/", "wake"),
    ("/v3/p2pbusiness/", "register"),
)


class Aliases:
    """Names devices by an HMAC under a key that lives as long as this object and is kept nowhere."""

    def __init__(self) -> None:
        self._key = random.token_bytes(32)

    def of(self, serial: str) -> Alias:
        return hmac.new(self._key, serial.encode(), "sha256").hexdigest()[:12]


class CallNotes:
    """Notes the requests to the vendor: their kind, status and code."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def note(self, response: "requests.Response", code: int | None) -> None:
        path = urlsplit(response.url).path
        kind: CallKind = next((word for begin, word in _CALLS if path.startswith(begin)), "other")
        ms = min(14_400_000, round(response.elapsed.total_seconds() * 1000))
        host = host_kind(urlsplit(response.url).hostname or "")
        self.calls = self.calls[1 - MOST_CALLS :]
        self.calls.append(Call(kind, host, small(response.status_code) or 0, small(code, -1) or 0, ms))

    def note_empty(self) -> None:
        """The last list had no STATUS of the camera."""
        at = next((at for at, call in reversed([*enumerate(self.calls)]) if call.call == "list"), None)
        if at is not None:
            self.calls[at] = replace(self.calls[at], is_empty=True)


class Excerpt(Struct, frozen=True):
    lines: tuple[Line, ...]
    address: str  # of the camera at home, for asking its ports; never in a line


def excerpt(
    pages: list[JsonObject], messages: Any, camera: Camera, alias: Alias, secrets: Secrets, now: float
) -> Excerpt:
    serial = camera.ref.serial
    connection, network = section(pages, "CONNECTION", serial), section(pages, "WIFI", serial)
    lines: list[Line] = [row(pages, camera, alias)]
    resource = str(channel_row(pages, serial, camera.ref.channel).get("resourceId"))
    if dispatcher := section(pages, "VTM", resource):
        lines.append(_dispatcher(dispatcher))
    lines.append(_key(pages, serial, secrets))
    lines += _alarms(messages, serial, now)
    address = str(connection.get("localIp") or network.get("address") or "")
    listed = tuple(_port(connection.get(name)) for name in _PORTS)
    wired = {"wire": True, "wireless": False}.get(str(network.get("netType")))
    lines.append(Home(host_kind(address), listed, wired, {}))
    return Excerpt(tuple(lines), address)


def _key(pages: list[JsonObject], serial: str, secrets: Secrets) -> KeyState:
    code, session = secrets.picture_codes.get(serial, ""), secrets.session or {}
    return KeyState(
        bool(code),
        is_right(pages, serial, code) if code else None,
        secrets.by_video.get(serial),
        bool(secrets.elevated) and secrets.elevated == session.get("session_id"),
        serial in secrets.keys_refused,
    )


def row(pages: list[JsonObject], camera: Camera, alias: Alias) -> Row:
    serial, number = camera.ref.serial, camera.ref.channel
    device, listed = device_row(pages, serial), channel_row(pages, serial, number)
    status = section(pages, "STATUS", serial)
    optionals, resource = within(status, "optionals"), str(listed.get("resourceId"))
    video = fields(optionals.get("video_para"))
    features = section(pages, "FEATURE_INFO", serial)
    flip = within(features, str(number), "Video", "VideoAdjustment").get("ImageFlip")
    flipped = fields(flip).get("enabled")
    version = _VERSION.fullmatch(str(device.get("version")))
    category = device.get("deviceCategory")
    return Row(
        alias,
        small(number, 0) or 0,
        model(device),
        category if category in _CATEGORIES else "other",  # type: ignore[arg-type]
        tuple(map(int, version.groups())) if version else None,  # type: ignore[arg-type]
        small(device.get("channelNumber")),
        small(device.get("status")),
        small(device.get("offlineNotify")),
        _support(device.get("supportExt")),
        small(listed.get("shareType")),
        _mask(listed.get("permission")),
        small(listed.get("resourceType")),
        _biz(listed.get("streamBizUrl")),
        small(status.get("isEncrypt")),
        min(len(str(status.get("encryptPwd") or "")), MOST),
        small(status.get("globalStatus")),
        small(status.get("privacyStatus")),
        small(optionals.get("powerRemaining")),
        small(optionals.get("powerStatus")),
        small(optionals.get("OnlineStatus")),
        small(fields(optionals.get("NightVision_Model")).get("graphicType")),
        (small(video.get("MainEncode")), small(video.get("SubEncode"))),
        small(fields(optionals.get("inverse_mode")).get("enable")),
        flipped if isinstance(flipped, bool) else None,
        bool(features),
        _switches(pages, serial),
        _qualities(pages, resource),
    )


def small(value: Any, otherwise: int | None = None) -> int | None:
    """A number of an answer, as a number or as a text of digits; another thing is `otherwise`."""
    if isinstance(value, str) and len(value) <= 5 and value.isascii() and value.removeprefix("-").isdigit():
        value = int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and -9 <= value <= MOST else otherwise


def model(device: Mapping[str, Any]) -> Model:
    """The model of the device if public sources name it, else "other"."""
    for name in ("deviceSubCategory", "deviceType"):
        text = str(device.get(name) or "")
        for word in (text, *text.split("-")):
            if (known := _MODELS.get(word.casefold())) is not None:
                return known
    return "other"


def host_kind(host: str) -> HostKind:
    """The kind of a host, which does not tell the host's name or address."""
    if not host or host in ("None", "null", "0.0.0.0"):  # noqa: S104 - compared, not bound
        return "none"
    if found := _REGION.fullmatch(host):
        return found[1] or found[2]  # type: ignore[return-value]
    if is_spelled(host):
        if is_in_house(host):
            return "private"
        if is_public(host):
            return "public"
        return "loopback" if _is_loopback(host) else "foreign"
    if host.endswith(".ys7.com"):
        return "cn"
    return "vendor" if KNOWN.fullmatch(host) else "foreign"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _mask(value: Any) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and -1 <= value < 2**31 else None


def _port(value: Any) -> int:
    number = small(value)
    return number if number is not None and 0 <= number < 65536 else 0


def _support(text: Any) -> dict[int, tuple[int, ...]] | None:
    """The features whose values are numbers or lists of them, by number."""
    found: dict[int, tuple[int, ...]] = {}
    for name, value in fields(text).items():
        parts = [small(part.strip()) for part in re.split("[,-]", str(value))]
        if (small(name) or 0) > 0 and len(name) <= 4 and len(parts) <= 16 and None not in parts:
            found[int(name)] = tuple(part for part in parts if part is not None)
    return found or None


def _biz(value: Any) -> Any:
    text = str(value or "")
    return "empty" if not text else "url" if "://" in text else "biz" if re.fullmatch(r"biz=\d", text) else "pairs"


def _switches(pages: Iterable[JsonObject], serial: str) -> tuple[tuple[int, int, bool], ...] | None:
    listed = _listed(pages, "SWITCH", serial)
    if listed is None:
        return None
    found = ((small(one.get("channelNo")), small(one.get("type")), one.get("enable")) for one in listed)
    return tuple((at, kind, on) for at, kind, on in found if at is not None and kind is not None and on in (0, 1))


def _qualities(pages: Iterable[JsonObject], resource: str) -> tuple[tuple[int, int], ...] | None:
    listed = _listed(pages, "VIDEO_QUALITY", resource)
    if listed is None:
        return None
    found = ((small(one.get("streamType")), small(one.get("videoLevel"))) for one in listed)
    return tuple((stream, level) for stream, level in found if stream is not None and level is not None)


def _listed(pages: Iterable[JsonObject], name: str, key: str) -> list[JsonObject] | None:
    """The rows of a section that has lists; None if no page has one for this key."""
    found = (fields(page.get(name)).get(key) for page in pages)
    listed = next((rows_ for rows_ in found if isinstance(rows_, list)), None)
    return None if listed is None else [one for one in listed[:MOST_ROWS] if isinstance(one, dict)]


def _dispatcher(listed: JsonObject) -> Dispatcher:
    key = fields(listed.get("publicKey")).get("key")
    domain, external, internal = (host_kind(str(listed.get(name) or "")) for name in _HOSTS)
    return Dispatcher(
        _port(listed.get("port")),
        domain,
        external,
        internal,
        small(listed.get("forceStreamType")),
        small(listed.get("isBackup")),
        min(len(key), MOST) if isinstance(key, str) else 0,
    )


def _alarms(messages: Any, serial: str, now: float) -> Iterator[Alarm]:
    found = [one for one in rows({"message": messages}, "message") if one.get("deviceSerial") == serial]
    for message in found[:MESSAGES]:
        more, at = fields(message.get("ext")), epoch_s(message.get("time"))
        ago_s = round(now - at) if at is not None else 0
        pictured = any(str(place or "") for place in (message.get("pic"), more.get("pics")))
        yield Alarm(
            small(more.get("alarmType")),
            small(message.get("subType")),
            small(more.get("callingStatus")),
            small(message.get("channel")),
            pictured,
            max(0, min(99_999_999, ago_s)),
        )
