"""Searches the house in a process of its own, under limits on memory and CPU.

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
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from registry.drivers.lan.devices import Device
from registry.drivers.lan.discovery import Discovered, probe
from registry.drivers.lan.finding import Candidate, Heard, find, named

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


class _Order(Struct, frozen=True):
    """`discovers`: by WS-Discovery only. `look`: as `find` takes it."""

    networks: list[str]
    limits: Limits
    discovers: bool = False
    look: bool = False


class _Said(Struct, frozen=True):
    """A line of the process: how far it is, or what it found."""

    heard: tuple[int, int] | None = None
    found: list[Candidate] | None = None
    discovered: list[Discovered] | None = None


_said = msgspec.json.Decoder(_Said)


def search(
    networks: Sequence[ipaddress.IPv4Interface],
    known: Sequence[Device],
    *,
    look: bool = False,
    heard: Heard = lambda _done, _all: None,
    limits: Limits = Limits(),  # noqa: B008 - it can't be changed
) -> list[Candidate]:
    """As `find`. Raises SearchBroke."""
    order = _Order([str(network) for network in networks], limits, look=look)
    return named(_done(order, heard).found or [], known)


def discover(networks: Sequence[ipaddress.IPv4Interface], limits: Limits = Limits()) -> list[Discovered]:  # noqa: B008
    """The devices that answer WS-Discovery now; [] where the process broke."""
    try:
        order = _Order([str(network) for network in networks], limits, discovers=True)
        return _done(order, lambda _done, _all: None).discovered or []
    except SearchBroke as broke:
        log.warning("the house could not be searched: %s", broke)
        return []


def _done(order: _Order, heard: Heard) -> _Said:
    environ = {name: os.environ[name] for name in _ENVIRON if name in os.environ}
    command = [sys.executable, "-P", "-m", "registry.drivers.lan.apart"]
    said = _Said()
    with subprocess.Popen(  # noqa: S603 - this Python, this module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(WITHIN_S, process.kill)
        late.start()
        try:
            with process.stdin as given:
                given.write(msgspec.json.encode(order))
            for line in process.stdout:
                said = _said.decode(line)
                if said.heard is not None:
                    heard(*said.heard)
        except (OSError, msgspec.DecodeError):
            process.kill()
        finally:
            late.cancel()
    if process.returncode != 0:
        raise SearchBroke(f"its process ended with {process.returncode}")
    return said


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=_Order)
    resource.setrlimit(resource.RLIMIT_CPU, (order.limits.cpu_s, order.limits.cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (order.limits.memory, order.limits.memory))
    networks = [ipaddress.IPv4Interface(network) for network in order.networks]

    def say(said: _Said) -> None:
        sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
        sys.stdout.buffer.flush()

    if order.discovers:
        say(_Said(discovered=probe([str(network.ip) for network in networks])))
    else:
        say(_Said(found=find(networks, look=order.look, heard=lambda done, of: say(_Said(heard=(done, of))))))


if __name__ == "__main__":
    main()
