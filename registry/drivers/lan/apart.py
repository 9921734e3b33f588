"""Starts the process that searches the house, under limits on memory and CPU.

Anything in the house may answer a search, with as much as it likes. What that costs ends with the process, so that a
hostile device can spoil the search and nothing else.
"""

import ipaddress
import logging
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from registry.drivers.lan.discovery import Discovered

log = logging.getLogger(__name__)

CPU_S = 10  # a house with a hundred devices takes less than one
MEMORY = 512 * 1024 * 1024  # bytes of address space; the process takes a fifth of it
WITHIN_S = 300.0
# what of our environment the process gets: neither settings nor keys
_ENVIRON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")


class SearchBroke(Exception):
    """The process ended without a result, by its limits or by a fault."""


class Limits(Struct, frozen=True):
    cpu_s: int = CPU_S
    memory: int = MEMORY

    def keep(self) -> None:
        """Hold this process to the limits from here on."""
        resource.setrlimit(resource.RLIMIT_CPU, (self.cpu_s, self.cpu_s))
        resource.setrlimit(resource.RLIMIT_AS, (self.memory, self.memory))


class Order(Struct, frozen=True):
    """`discovers`: by WS-Discovery only. `look`: as `find` takes it."""

    networks: list[str]
    limits: Limits = Limits()
    discovers: bool = False
    look: bool = False

    @property
    def interfaces(self) -> list[ipaddress.IPv4Interface]:
        return [ipaddress.IPv4Interface(network) for network in self.networks]


def order(
    networks: Sequence[ipaddress.IPv4Interface], *, discovers: bool = False, look: bool = False, limits: Limits | None
) -> Order:
    return Order([str(network) for network in networks], limits or Limits(), discovers, look)


def discover(networks: Sequence[ipaddress.IPv4Interface]) -> list[Discovered]:
    """The devices that answer WS-Discovery now; [] where the process broke."""
    try:
        [line] = lines(order(networks, discovers=True, limits=None))
        return msgspec.json.decode(line, type=list[Discovered])
    except (SearchBroke, ValueError) as broke:
        log.warning("the house could not be searched: %s", type(broke).__name__)
        return []


def lines(given: Order) -> Iterator[bytes]:
    """What the process writes, line by line, until it ends well. Raises SearchBroke."""
    environ = {name: os.environ[name] for name in _ENVIRON if name in os.environ}
    command = [sys.executable, "-P", "-m", "registry.drivers.lan.finding"]
    with subprocess.Popen(  # noqa: S603 - this Python, a module of ours
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(WITHIN_S, process.kill)
        late.start()
        try:
            with process.stdin as taken:
                taken.write(msgspec.json.encode(given))
            yield from process.stdout
        except OSError:
            process.kill()
        finally:
            late.cancel()
    if process.returncode != 0:
        raise SearchBroke(f"its process ended with {process.returncode}")
