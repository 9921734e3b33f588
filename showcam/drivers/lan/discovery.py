"""The process that searches the house for possible cameras: devices that answer WS-Discovery or mDNS (RFC 6762) and, if
asked for, devices with open video ports.

WS-Discovery is ONVIF Core, 7, and OASIS WS-Discovery 1.1, in the form of April 2005. Anybody in the house can answer,
with any text. So the host of a device is the sender's address. Of the address in the text only the port and the path of
the device service are used.
"""

import contextlib
import ipaddress
import secrets
import select
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec.structs import replace

from showcam.drivers.driver import AGAIN_S
from showcam.drivers.lan.onvif import DEVICE_PATH
from showcam.drivers.lan.search import LISTENS_S, Candidate, Heard, Order, Said
from showcam.drivers.probes.rtsp import KNOCK_S, knock
from showcam.net import child
from showcam.net.addresses import is_in_house, neighbours
from showcam.net.elements import Element, NotXml, read
from showcam.net.text import line

if TYPE_CHECKING:
    import zeroconf

GROUP = ("239.255.255.250", 3702)
MORE = 4  # more probes if one device sends too much: it may leave no room for the answers of others
MOST = 256  # devices that are listed
_LONGEST = 8 * 1024  # of an answer
_MOST_ANSWERS = 1024  # that are read: a device answers each of four probes
_MOST_OF_ONE = 8
_MOST_ELEMENTS = 256  # of an answer; a camera's has some twenty
_BUFFER = 1024 * 1024
_MOST_HELD = 256  # answers that are read before anything else is done
_TYPES = ("dn:NetworkVideoTransmitter", "")
_PORTS = {"http": 80, "https": 443}
_SCOPES = {"name": "name", "hardware": "model"}


def probe(addresses: Iterable[str], *, listens_s: float = LISTENS_S, loopback: bool = False) -> list[Candidate]:
    """Asks the networks of these IPv4 addresses of this machine, and listens for `listens_s`."""
    answers: list[tuple[bytes, str]] = []  # read after listening: a hundred devices answer at once
    count: Counter[str] = Counter()
    ours = f"urn:uuid:{uuid.UUID(bytes=secrets.token_bytes(16), version=4)}"
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(opened) for opened in map(_opened, addresses) if opened is not None]
        # a probe is sent twice, since a datagram may get lost
        end, due = time.monotonic() + listens_s, [time.monotonic(), time.monotonic() + AGAIN_S]
        more = MORE
        while sockets and (now := time.monotonic()) < end:
            if due and now >= due[0]:
                due.pop(0)
                for opened in sockets:
                    _send(opened, ours)
            for ready in select.select(sockets, [], [], max(0.0, min([end, *due]) - now))[0]:
                for data, host in _received(ready):
                    if ours.encode() in data and is_in_house(host, loopback=loopback):
                        count[host] += 1
                        if len(answers) < _MOST_ANSWERS and count[host] <= _MOST_OF_ONE:
                            answers.append((data, host))
            if more and not due and max(count.values(), default=0) > _MOST_OF_ONE:
                more, due = more - 1, [now + AGAIN_S]
                end = max(end, due[0] + listens_s / 2)
    found: dict[str, Candidate] = {}
    for data, host in dict.fromkeys(answers):
        for answered in _matches(data, host, ours) if len(found) < MOST else ():
            found.setdefault(answered.endpoint or host, answered)
    return sorted(found.values(), key=lambda answered: ipaddress.ip_address(answered.host))


def _received(opened: socket.socket) -> Iterator[tuple[bytes, str]]:
    """The datagrams that have come, with their senders. Reading them all makes room for more."""
    for _ in range(_MOST_HELD):
        try:
            data, (host, _port) = opened.recvfrom(_LONGEST + 1)
        except OSError:
            return
        yield data, host


def _opened(address: str) -> socket.socket | None:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        opened.bind((address, 0))
        opened.setblocking(False)
    except OSError:
        opened.close()
        return None
    return opened


def _send(opened: socket.socket, ours: str) -> None:
    for types in _TYPES:
        wanted = f"<d:Types>{types}</d:Types>" if types else ""
        text = (
            '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
            'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
            'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
            'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>'
            "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>"
            f"<a:MessageID>{ours}</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>"
            f"<s:Body><d:Probe>{wanted}</d:Probe></s:Body></s:Envelope>"
        )
        with contextlib.suppress(OSError):
            opened.sendto(text.encode(), GROUP)


def _matches(data: bytes, host: str, ours: str) -> list[Candidate]:
    """The devices in an answer to our probe; [] if the data is no such answer."""
    if len(data) > _LONGEST:
        return []
    try:
        message = read(data, most=_MOST_ELEMENTS)
    except NotXml:
        return []
    if message.get("Header", "RelatesTo") != ours:
        return []
    matches = message.find("Body", "ProbeMatches") or message.find("Body")  # some leave the list around a match out
    found = [_discovered(match, host) for match in matches.all("ProbeMatch")] if matches else []
    return [answered for answered in found if answered is not None]


def _discovered(match: Element, host: str) -> Candidate | None:
    """The device in a match; None if it is no camera."""
    scopes = match.get("Scopes").split()
    if "NetworkVideoTransmitter" not in match.get("Types") and not any(
        scope.startswith("onvif://www.onvif.org/type/") for scope in scopes
    ):
        return None
    named = {"name": "", "model": ""}
    for scope in scopes[:64]:
        kind, _, value = scope.removeprefix("onvif://www.onvif.org/").partition("/")
        if kind in _SCOPES and scope.startswith("onvif://www.onvif.org/"):
            named[_SCOPES[kind]] = line(unquote(value))[:64]
    endpoint = line(match.get("EndpointReference", "Address"))[:128]
    addresses = match.get("XAddrs").split()
    plain, secure = _service(addresses, "http"), _service(addresses, "https")
    at = plain or secure or f"80{DEVICE_PATH}"
    name = " ".join(dict.fromkeys(filter(None, named.values())))
    return Candidate(host, name, onvif=True, at=at, tls=not plain and bool(secure), endpoint=endpoint)


def _service(addresses: list[str], scheme: str) -> str:
    """Port and path of the first address with this scheme; "" if there is none."""
    for address in addresses[:8]:
        try:
            parts = urlsplit(address)
            port = parts.port or _PORTS[scheme]
        except ValueError:
            continue
        if parts.scheme == scheme and parts.path.isascii() and parts.path.isprintable() and len(parts.path) < 256:
            return f"{port}{parts.path or DEVICE_PATH}"
    return ""


# RTSP by any maker (RFC 2326 is registered so); Axis's own; PSIA's, of Hikvision's older ones
KINDS = ("_rtsp._tcp.local.", "_axis-video._tcp.local.", "_psia._tcp.local.")
MOST_NAMES = 256


def browse(addresses: Sequence[str], *, listens_s: float) -> list[Candidate]:
    """Asks the networks of these IPv4 addresses of this machine, and listens for `listens_s`."""
    if not addresses:
        return []
    import zeroconf  # takes 40 ms, and only a search needs it

    names: set[tuple[str, str]] = set()
    lock = threading.Lock()

    def changed(*, service_type: str, name: str, **_: object) -> None:
        with lock:
            if len(names) < MOST_NAMES:
                names.add((service_type, name))

    try:
        network = zeroconf.Zeroconf(interfaces=list(addresses), ip_version=zeroconf.IPVersion.V4Only)
    except OSError:
        return []
    with contextlib.closing(network):
        browser = zeroconf.ServiceBrowser(network, list(KINDS), handlers=[changed])
        time.sleep(listens_s)
        browser.cancel()
        with lock:
            known = sorted(names)
        return [each for kind, name in known if (each := _announced(network, kind, name)) is not None]


def _announced(network: "zeroconf.Zeroconf", kind: str, name: str) -> Candidate | None:
    """The device with the name; None if it has no address in the house."""
    import zeroconf

    try:
        info = zeroconf.ServiceInfo(kind, name)
    except zeroconf.Error:
        return None  # not a valid name
    if not info.load_from_cache(network):
        return None  # no answer had an address for the name
    hosts = [host for host in info.parsed_addresses() if is_in_house(host)]
    shown = line(name.removesuffix(f".{kind}"))[:64]
    return Candidate(hosts[0], shown, onvif=False, announced=True) if hosts else None


PORTS = (554, 8554, 80)
TOGETHER = 64  # addresses that are knocked at at once


def find(
    networks: Sequence[ipaddress.IPv4Interface],
    *,
    look: bool = False,
    heard: Heard = lambda _done, _all: None,
    listens_s: float = LISTENS_S,
) -> list[Candidate]:
    """Searches the networks. `look`: also knock at the video ports of every address, some at a time.

    An address with only a web page is no camera.
    """
    addresses = [str(interface.ip) for interface in networks]
    with ThreadPoolExecutor(1) as beside:
        announcing = beside.submit(browse, addresses, listens_s=listens_s)
        discovered = probe(addresses, listens_s=listens_s)
        announced = announcing.result()
    found = {service.host: service for service in announced}
    found |= {answerer.host: answerer for answerer in discovered}
    if look:
        for host, ports in _open(neighbours(list(networks)), heard):
            before = found.get(host)
            if before is not None or any(port != 80 for port in ports):
                found[host] = replace(before or Candidate(host, "", onvif=False), ports=ports)
    return sorted(found.values(), key=lambda candidate: ipaddress.ip_address(candidate.host))


def main() -> None:
    """The process that searches."""
    order = msgspec.json.decode(next(child.orders()), type=Order)

    def report_progress(done: int, of: int) -> None:
        child.say(Said(heard=(done, of)))

    networks = [ipaddress.IPv4Interface(network) for network in order.networks]
    child.say(Said(found=find(networks, look=order.look, heard=report_progress, listens_s=order.listens_s)))


def _open(hosts: Sequence[str], heard: Heard) -> Iterator[tuple[str, tuple[int, ...]]]:
    done = 0
    for batch in batched(hosts, TOGETHER, strict=False):
        answers = knock([(host, port) for host in batch for port in PORTS], KNOCK_S)
        for host in batch:
            ports = tuple(port for port in PORTS if answers[host, port] is None)
            if ports:
                yield host, ports
        done += len(batch)
        heard(done, len(hosts))


if __name__ == "__main__":
    main()
