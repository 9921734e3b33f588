"""Asks the router for its outer address by UPnP (UPnP Device Architecture 1.0; WANIPConnection:1, 2.4.18).

Whoever is in the house can answer a search. Only what the router's own address answers is read, and only that address
is asked further. Nothing is changed there.
"""

import contextlib
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from net.errors import NotAllowed, Unreached
from net.house import HouseHttp
from registry.drivers.lan.elements import Element, NotXml, read

PORT = 1900
GROUP = "239.255.255.250"
_WANTED = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
_SERVICES = ("urn:schemas-upnp-org:service:WANIPConnection:", "urn:schemas-upnp-org:service:WANPPPConnection:")
_AGAIN_S = 0.4  # a datagram may be lost
_LONGEST = 4 * 1024  # of an answer to the search
_MOST = 6  # connections of a router that are asked


class Igd:
    """`group`: where a search is sent beside the router; "" for nowhere. `loopback`: this machine may be the router."""

    def __init__(self, router: str, *, port: int = PORT, group: str = GROUP, loopback: bool = False) -> None:
        self._router, self._port, self._group = router, port, group
        self._http = HouseHttp(loopback=loopback)

    def outer_address(self, within_s: float) -> str | None:
        """The outer address as the router reports it; None where none answers in time."""
        until = time.monotonic() + within_s
        with contextlib.suppress(Unreached, NotAllowed, NotXml, OSError):
            place = self._found(until)
            if place is None:
                return None
            described = self._http.ask("GET", self._router, place[0], place[1], until - time.monotonic())
            for kind, control in _connections(read(described.body)):
                at = _place(control, self._router) if "://" in control else (place[0], f"/{control.lstrip('/')}")
                if at and (outer := self._asked(kind, at, until - time.monotonic())):
                    return outer
        return None

    def _found(self, until: float) -> tuple[int, str] | None:
        """Port and path of the router's description."""
        targets = [(self._router, self._port), *([(self._group, self._port)] if self._group else [])]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 2)
            while (left := until - time.monotonic()) > 0:
                for target in targets:
                    with contextlib.suppress(OSError):
                        asking.sendto(_search(), target)
                again = time.monotonic() + min(_AGAIN_S, left)
                while (wait_s := again - time.monotonic()) > 0:
                    asking.settimeout(wait_s)
                    try:
                        answer, (host, _) = asking.recvfrom(_LONGEST)
                    except TimeoutError:
                        break
                    if host == self._router and (place := _place(_location(answer), self._router)):
                        return place
        return None

    def _asked(self, kind: str, at: tuple[int, str], within_s: float) -> str | None:
        body = (
            '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
            's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
            f'<u:GetExternalIPAddress xmlns:u="{kind}"/></s:Body></s:Envelope>'
        )
        headers = {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": f'"{kind}#GetExternalIPAddress"'}
        answer = self._http.ask("POST", self._router, *at, within_s, headers=headers, body=body.encode())
        if answer.status != 200:  # a connection that is down, of several
            return None
        return next((element.text.strip() for element in read(answer.body).descendants("NewExternalIPAddress")), None)


def _search() -> bytes:
    lines = ("M-SEARCH * HTTP/1.1", f"HOST: {GROUP}:{PORT}", 'MAN: "ssdp:discover"', "MX: 1", f"ST: {_WANTED}", "", "")
    return "\r\n".join(lines).encode()


def _location(answer: bytes) -> str:
    first, *headers = answer.decode("latin-1").split("\r\n")
    if not first.startswith("HTTP/1.") or " 200" not in first:
        return ""
    named = (header.partition(":") for header in headers)
    return next((value.strip() for name, _, value in named if name.strip().lower() == "location"), "")


def _place(url: str, router: str) -> tuple[int, str] | None:
    """Port and path, where it is plain http at the router itself."""
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        return None
    if parts.scheme != "http" or parts.hostname != router:
        return None
    return port, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def _connections(described: Element) -> Iterator[tuple[str, str]]:
    """Kind and control address of each connection to the internet."""
    found = 0
    for service in described.descendants("service"):
        kind, control = service.get("serviceType"), service.get("controlURL")
        if kind.startswith(_SERVICES) and kind.rpartition(":")[2].isdigit() and control and found < _MOST:
            found += 1
            yield kind, control
