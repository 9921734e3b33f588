"""Finds devices in the house by WS-Discovery (ONVIF Core, 7; OASIS WS-Discovery 1.1, in the form of April 2005).

Anybody in the house can answer, with any text. So the host of a device is the sender's address. Of the address in the
text only the port and the path of the device service are used.
"""

import contextlib
import ipaddress
import logging
import secrets
import select
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct

from showcam.drivers.driver import AGAIN_S
from showcam.drivers.lan.onvif import DEVICE_PATH
from showcam.net import child
from showcam.net.addresses import house_networks, is_in_house
from showcam.net.child import Broke, Child, Limits
from showcam.net.elements import Element, NotXml, read
from showcam.net.text import line

log = logging.getLogger(__name__)

GROUP = ("239.255.255.250", 3702)
LISTENS_S = 1.5  # devices spread their answers over 0.5 s (WS-Discovery 1.1, APP_MAX_DELAY)
MORE = 4  # more probes if one device sends too much: it may leave no room for the answers of others
MOST = 256  # devices that are listed
WITHIN_S = 300.0  # a search takes no longer, on a busy machine too
_LONGEST = 8 * 1024  # of an answer
_MOST_ANSWERS = 1024  # that are read: a device answers each of four probes
_MOST_OF_ONE = 8
_MOST_ELEMENTS = 256  # of an answer; a camera's has some twenty
_BUFFER = 1024 * 1024
_MOST_HELD = 256  # answers that are read before anything else is done
_TYPES = ("dn:NetworkVideoTransmitter", "")
_PORTS = {"http": 80, "https": 443}
_SCOPES = {"name": "name", "hardware": "model"}


class Discovered(Struct, frozen=True):
    """A device that answered; `onvif` is "port/path" of its device service, `endpoint` the same at any address.

    `tls`: the service is only by https.
    """

    host: str
    onvif: str
    endpoint: str = ""
    name: str = ""
    model: str = ""
    tls: bool = False


def discover(networks: Sequence[ipaddress.IPv4Interface]) -> list[Discovered]:
    """The devices that answer now, asked by a process with limits on memory and CPU; [] if the process broke."""
    try:
        process = Child("showcam.drivers.lan.discovery", [str(network.ip) for network in networks], Limits())
        late = threading.Timer(WITHIN_S, process.kill)
        late.start()
        try:
            [answer] = process.lines()
            return msgspec.json.decode(answer, type=list[Discovered])
        finally:
            late.cancel()
            process.end()
    except (Broke, ValueError) as broke:
        log.warning("the house could not be searched: %s", type(broke).__name__)
        return []


def of_house() -> list[Discovered]:
    """The devices of the house that answer now."""
    return discover(house_networks())


def main() -> None:
    """The process that `discover` starts."""
    child.say(probe(msgspec.json.decode(next(child.orders()), type=list[str])))


def probe(addresses: Iterable[str], *, listens_s: float = LISTENS_S, loopback: bool = False) -> list[Discovered]:
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
    found: dict[str, Discovered] = {}
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


def _matches(data: bytes, host: str, ours: str) -> list[Discovered]:
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


def _discovered(match: Element, host: str) -> Discovered | None:
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
    return Discovered(host, at, endpoint, named["name"], named["model"], tls=not plain and bool(secure))


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


if __name__ == "__main__":
    main()
