"""What could be a camera in the house: devices that answer WS-Discovery or mDNS and, if asked for, open video ports."""

import ipaddress
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from net.networks import neighbours
from registry.drivers.lan import apart, discovery, mdns
from registry.drivers.lan.apart import Limits
from registry.drivers.lan.devices import Device
from registry.drivers.lan.knocking import knock

PORTS = (554, 8554, 80)
TOGETHER = 64  # addresses that are knocked at at once
KNOCK_S = 0.5

type Heard = Callable[[int, int], None]  # how many addresses of how many were knocked at


class Candidate(Struct, frozen=True):
    """`added` is the name of the camera that it is already, "" for none.

    `at`: "port/path" of its ONVIF device service; `endpoint`: what it answers WS-Discovery by, at any address.
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
    """`look`: also knock at the video ports of every address, some at a time; a web page alone is no camera."""
    addresses = [str(interface.ip) for interface in networks]
    with ThreadPoolExecutor(1) as beside:
        announcing = beside.submit(mdns.browse, addresses, listens_s=listens_s)
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
    """The candidates with the names of those that are cameras of the household already."""
    names = {device.host: device.name for device in known}
    return [replace(possible, added=names.get(possible.host, "")) for possible in found]


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
    """As `find`, in a process with limits on memory and CPU. Raises SearchBroke."""
    found: list[Candidate] = []
    for line in apart.lines(apart.order(networks, look=look, limits=limits)):
        said = msgspec.json.decode(line, type=_Said)
        if said.heard is not None:
            heard(*said.heard)
        found = said.found or found
    return named(found, known)


def main() -> None:
    """The process that searches: its order comes by standard input."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=apart.Order)
    order.limits.keep()
    if order.discovers:
        _say(discovery.probe([str(network.ip) for network in order.interfaces]))
    else:
        _say(_Said(found=find(order.interfaces, look=order.look, heard=lambda done, of: _say(_Said(heard=(done, of))))))


def _say(what: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


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
