"""Asks for the devices of the house that may be cameras: a process with limits on memory and CPU searches for them.

The process runs showcam.drivers.lan.discovery, which no other module imports: it brings mDNS.
"""

import ipaddress
import logging
import threading
from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.lan.devices import Device
from showcam.net.addresses import house_networks
from showcam.net.child import Broke, Child, Limits

log = logging.getLogger(__name__)

WITHIN_S = 300.0  # a search takes no longer, on a busy machine too
LISTENS_S = 1.5  # devices spread their answers over 0.5 s (WS-Discovery 1.1, APP_MAX_DELAY)

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


def named(found: Sequence[Candidate], known: Sequence[Device]) -> list[Candidate]:
    """The candidates, with `added` for those at the address of a camera of the household."""
    names = {device.host: device.name for device in known}
    return [replace(possible, added=names.get(possible.host, "")) for possible in found]


class Order(Struct, frozen=True):
    """The order to the process that searches; `look` is as in `find`."""

    networks: list[str]
    look: bool = False
    listens_s: float = LISTENS_S


class Said(Struct, frozen=True):
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
    listens_s: float = LISTENS_S,
) -> list[Candidate]:
    """Runs `find` in a process with limits on memory and CPU. Raises Broke."""
    found: list[Candidate] = []
    for said in _messages(Order([str(network) for network in networks], look, listens_s), limits or Limits()):
        if said.heard is not None:
            heard(*said.heard)
        found = said.found or found
    return named(found, known)


def of_house() -> list[Candidate]:
    """The devices of the house that answer now; [] if the search broke."""
    try:
        return search(house_networks(), ())
    except Broke as broke:
        log.warning("the house could not be searched: %s", type(broke).__name__)
        return []


def _messages(order: Order, limits: Limits) -> Iterator[Said]:
    """The lines of the process as they come. Raises Broke."""
    process = Child("showcam.drivers.lan.discovery", order, limits)
    late = threading.Timer(WITHIN_S, process.kill)
    late.start()
    try:
        for line in process.lines():
            yield msgspec.json.decode(line, type=Said)
    except msgspec.MsgspecError:
        raise Broke("its answer is not read") from None
    finally:
        late.cancel()
        process.end()
