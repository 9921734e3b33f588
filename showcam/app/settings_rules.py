"""The rules for settings beyond their types, so that a wrong setting is named at the start."""

import ipaddress
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from showcam.net.addresses import is_in_house

if TYPE_CHECKING:
    from showcam.app.settings import Settings

COUNTS = ("sign_ins_per_user", "opens_per_minute", "idle_s", "live_per_account", "poll_s", "unlinked_days")
SIMULATED_PORTS = 5  # from simulator_port on, in the demo
MOST_STUN = 4  # every server is queried at once, from each of the machine's addresses
MOST_MEDIA = 32  # to end a session, a request calls every media process
SECONDS = {"request_s": 0.5}  # the least that makes sense
MOST_EZVIZ = 3  # hosts of EZVIZ
_STUN = re.compile(r"[\w.-]+:[1-9]\d{0,4}", re.ASCII).fullmatch
_TURN = re.compile(r"turn:[\w.-]+:\d{1,5}(\?transport=(udp|tcp))?|turns:[\w.-]+:\d{1,5}(\?transport=tcp)?").fullmatch
_RANGE = re.compile(r"([1-9][0-9]{3,4})-([1-9][0-9]{3,4})").fullmatch
_CAST = re.compile(r"[^=]*[^=\s][^=]*=\s*(?:\[([0-9A-Fa-f:]+)\]|([0-9.]+))(?::([1-9]\d{0,4}))?\s*").fullmatch
_APP = re.compile(r"[0-9A-F]{8}").fullmatch
CONSOLE = ("lan", "public", "off")
# X-Forwarded-… and what names an address tell that a request was forwarded: none of them may be taken out of it
_BASE_HEADER = re.compile(r"X-(?!Forwarded)[A-Za-z0-9-]{1,60}(?<!-IP)", re.IGNORECASE).fullmatch
_FRAME = re.compile(r"self|https?://[A-Za-z0-9.-]{1,253}(:[1-9][0-9]{0,4})?").fullmatch
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?").fullmatch
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{32,}=*").fullmatch  # a bearer's characters: RFC 6750, section 2.1
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[1-9][0-9]{0,4})?").fullmatch


def faults(settings: "Settings") -> Iterator[tuple[str, str]]:
    """Yields for each fault the setting's name and the reason that makes the value wrong."""
    yield from _numbers(settings)
    yield from _addresses(settings)
    if settings.ca_file and not settings.ca_file.is_file():
        yield "ca_file", "there is no such file"
    if settings.product:
        from showcam.i18n.product import BadProduct, product_of

        try:
            product_of(settings.product)
        except BadProduct as error:
            yield "product", str(error)
    if bool(settings.ezviz_key) != bool(settings.ezviz_secret):
        yield "ezviz_key", "ezviz_key and ezviz_secret go together"
    if settings.mqtt:
        yield from (("mqtt", why) for why in _mqtt_faults(settings))
    if settings.metrics_token and not _TOKEN(settings.metrics_token):
        yield "metrics_token", "32 or more letters, digits and -._~+/ are wanted"
    if settings.demo:
        if not _is_loopback(settings.bind):
            yield "bind", "the demo serves this machine alone; start showcam without --demo to serve others"
        for name in ("public_url", "media_urls", "web_internal_url"):
            if getattr(settings, name):
                yield name, "the demo has no public address"
        if settings.pictures == "vendor":
            yield "pictures", "the demo's displays trust its media process alone"
        if settings.store != "sqlite":
            yield "store", "the demo, with accounts everybody knows, keeps its data in a folder of its own"
        if settings.console == "public" or settings.console_proxy:
            yield "console", "the demo serves this machine alone"
        for name in ("keys_secret", "settings_secret"):
            if getattr(settings, name):
                yield name, "the demo has keys and secrets of its own"


def _mqtt_faults(settings: "Settings") -> Iterator[str]:
    from showcam.mqtt.broker import BadAddress, parsed

    try:
        parsed(settings.mqtt)
    except BadAddress as error:
        yield str(error)
    if settings.sign_up == "anyone" or settings.store == "dynamodb":
        yield "a broker is for the cameras of one house: not with sign_up = anyone, nor with store = dynamodb"


def _numbers(settings: "Settings") -> Iterator[tuple[str, str]]:
    for name, last in (("port", 65535), ("media_port", 65535), ("simulator_port", 65536 - SIMULATED_PORTS)):
        if not 1 <= getattr(settings, name) <= last:
            yield name, f"a port is between 1 and {last}"
    if settings.transcodes != "auto" and settings.transcodes < 0:
        yield "transcodes", "it is “auto”, or how many pictures may be transcoded at once"
    if not 0 <= settings.rtsp_port <= 65535:
        yield "rtsp_port", "a port is between 1 and 65535; 0 opens none"
    if settings.port == settings.media_port:
        yield "media_port", "port and media_port must differ"
    if settings.rtsp_port in (settings.port, settings.media_port):
        yield "rtsp_port", "it must differ from port and media_port"
    simulated = range(settings.simulator_port, settings.simulator_port + SIMULATED_PORTS) if settings.demo else ()
    for name in ("port", "media_port", "rtsp_port"):
        if getattr(settings, name) in simulated:
            yield name, "simulator_port and the four ports after it are the simulator's"
    for name in COUNTS:
        if getattr(settings, name) < 1:
            yield name, "at least 1 is wanted"
    for name, least in SECONDS.items():
        if not least <= getattr(settings, name) <= 60:
            yield name, f"between {least} and 60 seconds is wanted"


def _addresses(settings: "Settings") -> Iterator[tuple[str, str]]:
    if settings.bind != "localhost" and not _is_address(settings.bind):
        yield "bind", "an address of this machine is wanted, 0.0.0.0 for all of them, or localhost"
    for name in ("public_url", "web_internal_url"):
        if url := getattr(settings, name):
            yield from ((name, why) for why in _url_faults(url))
    if settings.fleet_url and len(settings.media_urls) > 1:
        yield "media_urls", "an address with /* is the only one: it stands before all media processes"
    for url in settings.media_urls:
        yield from (("media_urls", why) for why in _url_faults(url.removesuffix("/*")))
    if len(set(settings.media_urls)) < len(settings.media_urls) or len(settings.media_urls) > MOST_MEDIA:
        yield "media_urls", f"up to {MOST_MEDIA} are wanted, each once"
    if settings.grant_secret and settings.grant_roots:
        yield "grant_roots", "it is what grant_secret holds: set one of them"
    if settings.pictures == "vendor":
        if settings.media_urls:
            yield "media_urls", "with pictures = vendor there is no media process"
        if settings.explain == "picture":
            yield "explain", "a reason is drawn by a media process, and with pictures = vendor there is none"
    is_behind = settings.all_on_aws or bool(settings.trusted_proxies)
    if settings.console == "public" and not (settings.public_url.startswith("https:") and is_behind):
        yield "console", "to be reached from outside it needs a public_url by https, and trusted_proxies"
    yield from (("console", why) for why in _console_faults(settings))
    if not all(map(_NAME, settings.console_hosts)):
        yield "console_hosts", "names are wanted, without a port, such as nas.local"
    for name, hosts in (("assistants_at", (settings.assistants_at,)), ("ezviz_at", settings.ezviz_at)):
        if not all(map(_HOST, filter(None, hosts))):
            yield name, "a host name is wanted, or host:port"
    if len(settings.ezviz_at) > MOST_EZVIZ:
        yield "ezviz_at", f"up to {MOST_EZVIZ} hosts are wanted"
    if not all(map(_STUN, settings.stun)) or len(settings.stun) > MOST_STUN:
        yield "stun", f"host:port is wanted, up to {MOST_STUN} of them"
    if settings.webrtc_ports and not _is_range(settings.webrtc_ports):
        yield "webrtc_ports", "the first and the last port are wanted, each from 1024 to 65535, such as 50000-50050"
    if settings.turn and not _TURN(settings.turn):
        yield "turn", "turn:host:port?transport=udp, turn:host:port?transport=tcp or turns:host:port is wanted"
    if settings.turn and not settings.turn_secret:
        yield "turn", "turn_secret is wanted too"
    for network in settings.trusted_proxies:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            yield "trusted_proxies", f"{network!r} is neither an address nor a network"
    if settings.cast_receiver_app_id and not _APP(settings.cast_receiver_app_id):
        yield "cast_receiver_app_id", "eight letters A to F and digits are wanted, as Google's Cast console shows them"
    for text in settings.cast_devices:
        named = _CAST(text)
        is_there = named and is_in_house(named[1] or named[2], loopback=settings.demo) and int(named[3] or 1) < 65536
        if not is_there:
            yield "cast_devices", f"{text!r} is not NAME=ADDRESS or NAME=ADDRESS:PORT, with an IP address of the house"
    for address in settings.ice_addresses:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            yield "ice_addresses", f"{address!r} is no address"


def _console_faults(settings: "Settings") -> Iterator[str]:
    if settings.console in CONSOLE:
        return
    words = settings.console.split()
    address, header, *frame = words if 1 < len(words) < 4 else ("", "")
    if not (_is_address(address) and _BASE_HEADER(header) and all(map(_FRAME, frame))):
        yield "one of lan, public, off is wanted, or ADDRESS HEADER and self or an origin"
    elif any(_is_within(address, network) for network in settings.trusted_proxies):
        yield "this proxy is in trusted_proxies, and so leads the internet here"


def _is_within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _url_faults(url: str) -> Iterator[str]:
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        yield "that is no address; https://… is wanted"
        return
    local = split.scheme == "http" and split.hostname in ("127.0.0.1", "localhost")
    if not (split.scheme == "https" and split.hostname) and not local:
        yield "assistants only come to https://…"
    if split.path or split.query or split.fragment or split.username or port == 0:
        yield "only scheme and host are wanted, without a path or a trailing slash"


def _is_range(text: str) -> bool:
    found = _RANGE(text)
    return found is not None and 1024 <= int(found[1]) <= int(found[2]) <= 65535


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
