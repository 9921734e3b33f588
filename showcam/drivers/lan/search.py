"""Searches the house for possible cameras: devices that answer WS-Discovery or mDNS (RFC 6762) and, if asked for,
devices with open video ports.
"""

import contextlib
import ipaddress
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.lan import discovery
from showcam.drivers.lan.devices import Device
from showcam.drivers.probes.rtsp import KNOCK_S, knock
from showcam.net import child
from showcam.net.addresses import is_in_house, neighbours
from showcam.net.child import Broke, Child, Limits
from showcam.net.text import line

if TYPE_CHECKING:
    import zeroconf


# RTSP by any maker (RFC 2326 is registered so); Axis's own; PSIA's, of Hikvision's older ones
KINDS = ("_rtsp._tcp.local.", "_axis-video._tcp.local.", "_psia._tcp.local.")
MOST = 256


class Announced(Struct, frozen=True):
    host: str
    name: str


def browse(addresses: Sequence[str], *, listens_s: float) -> list[Announced]:
    """Asks the networks of these IPv4 addresses of this machine, and listens for `listens_s`."""
    if not addresses:
        return []
    import zeroconf  # takes 40 ms, and only a search needs it

    names: set[tuple[str, str]] = set()
    lock = threading.Lock()

    def changed(*, service_type: str, name: str, **_: object) -> None:
        with lock:
            if len(names) < MOST:
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


def _announced(network: "zeroconf.Zeroconf", kind: str, name: str) -> Announced | None:
    """The device with the name; None if it has no address in the house."""
    import zeroconf

    try:
        info = zeroconf.ServiceInfo(kind, name)
    except zeroconf.Error:
        return None  # not a valid name
    if not info.load_from_cache(network):
        return None  # no answer had an address for the name
    hosts = [host for host in info.parsed_addresses() if is_in_house(host)]
    return Announced(hosts[0], line(name.removesuffix(f".{kind}"))[:64]) if hosts else None


PORTS = (554, 8554, 80)
TOGETHER = 64  # addresses that are knocked at at once

type Heard = Callable[[int, int], None]  # how many addresses of how many were knocked at


class Candidate(Struct, frozen=True):
    """A device that may be a camera. `added` is the camera's name if the owner has added it already, else "".

    `at`: "port/path" of its ONVIF device service; `endpoint`: its reference in WS-Discovery, the same at any address.
    """

    host: str
    name: str
    onvif: bool
    at: str = ""
    tls: bool = False  # `at` is by https
    endpoint: str = ""
    announced: bool = False  # by mDNS
    ports: tuple[int, ...] = ()
    added: str = ""


def find(
    networks: Sequence[ipaddress.IPv4Interface],
    *,
    look: bool = False,
    heard: Heard = lambda _done, _all: None,
    listens_s: float = discovery.LISTENS_S,
) -> list[Candidate]:
    """Searches the networks. `look`: also knock at the video ports of every address, some at a time.

    An address with only a web page is no camera.
    """
    addresses = [str(interface.ip) for interface in networks]
    with ThreadPoolExecutor(1) as beside:
        announcing = beside.submit(browse, addresses, listens_s=listens_s)
        discovered = discovery.probe(addresses, listens_s=listens_s)
        announced = announcing.result()
    found = {service.host: Candidate(service.host, service.name, onvif=False, announced=True) for service in announced}
    for answerer in discovered:
        name = " ".join(dict.fromkeys(filter(None, (answerer.name, answerer.model))))
        found[answerer.host] = Candidate(
            answerer.host, name, onvif=True, at=answerer.onvif, tls=answerer.tls, endpoint=answerer.endpoint
        )
    if look:
        for host, ports in _open(neighbours(list(networks)), heard):
            before = found.get(host)
            if before is not None or any(port != 80 for port in ports):
                found[host] = replace(before or Candidate(host, "", onvif=False), ports=ports)
    return sorted(found.values(), key=lambda candidate: ipaddress.ip_address(candidate.host))


def named(found: Sequence[Candidate], known: Sequence[Device]) -> list[Candidate]:
    """The candidates, with `added` for those at the address of a camera of the household."""
    names = {device.host: device.name for device in known}
    return [replace(possible, added=names.get(possible.host, "")) for possible in found]


class _Order(Struct, frozen=True):
    """The order to the process that searches; `look` is as in `find`."""

    networks: list[str]
    look: bool = False

    @property
    def interfaces(self) -> list[ipaddress.IPv4Interface]:
        return [ipaddress.IPv4Interface(network) for network in self.networks]


class _Said(Struct, frozen=True):
    """A line of the process that searches: how far it is, or what it found."""

    heard: tuple[int, int] | None = None
    found: list[Candidate] | None = None


def search(
    networks: Sequence[ipaddress.IPv4Interface],
    known: Sequence[Device],
    *,
    look: bool = False,
    heard: Heard = lambda _done, _all: None,
    limits: Limits | None = None,
) -> list[Candidate]:
    """Runs `find` in a process with limits on memory and CPU. Raises Broke."""
    found: list[Candidate] = []
    for said in _messages(_Order([str(network) for network in networks], look), limits or Limits()):
        if said.heard is not None:
            heard(*said.heard)
        found = said.found or found
    return named(found, known)


def _messages(order: _Order, limits: Limits) -> Iterator[_Said]:
    """The lines of the process as they come. Raises Broke."""
    process = Child("showcam.drivers.lan.search", order, limits)
    late = threading.Timer(discovery.WITHIN_S, process.kill)
    late.start()
    try:
        for line in process.lines():
            yield msgspec.json.decode(line, type=_Said)
    except msgspec.MsgspecError:
        raise Broke("its answer is not read") from None
    finally:
        late.cancel()
        process.end()


def main() -> None:
    """The process that searches."""
    order = msgspec.json.decode(next(child.orders()), type=_Order)

    def report_progress(done: int, of: int) -> None:
        child.say(_Said(heard=(done, of)))

    child.say(_Said(found=find(order.interfaces, look=order.look, heard=report_progress)))


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
