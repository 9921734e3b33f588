"""Free ports on loopback, outside the range from which outgoing connections get theirs.

Each process has a part of them to itself: whoever gets a port may listen at it later, or again after a pause.
"""

import functools
import random
import socket
import threading
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")  # Linux picks the ports of outgoing connections from it
_LOWEST = 16_000
_PARTS = 32
_random = random.SystemRandom()


def free_ports(count: int = 1) -> int:
    """The first of `count` neighbouring free ports. Raises OSError where none is free."""
    return _own().take(count)


class _Part:
    """Hands out its ports in turn, so that each comes again as late as can be."""

    def __init__(self, first: int, end: int) -> None:
        self._first, self._end = first, end
        self._next = first
        self._lock = threading.Lock()

    def take(self, count: int) -> int:
        with self._lock:
            for _ in range(self._end - self._first):
                first = self._next if self._next + count <= self._end else self._first
                self._next = first + count
                if all(_free(port) for port in range(first, first + count)):
                    return first
        raise OSError(f"no {count} neighbouring ports are free from {self._first} to {self._end - 1}")


@functools.cache
def _own() -> _Part:
    """A part that no other process has; where each has an owner, all of them, from anywhere on."""
    end = _outgoing_from()
    size = (end - _LOWEST) // _PARTS
    for number in _random.sample(range(_PARTS), _PARTS):
        if _taken(number):
            return _Part(_LOWEST + number * size, _LOWEST + (number + 1) * size)
    return _Part(_random.randrange(_LOWEST, end - size), end)


def _taken(number: int) -> bool:
    """Whether this process has the part now: it gets a name that one at a time has on this machine, until it ends."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0showcam's ports {number}")
    except OSError:
        mark.close()
        return False
    mark.detach()  # open as long as the process
    return True


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _outgoing_from() -> int:
    try:
        lowest = int(_RANGE.read_text().split()[0])
    except (OSError, ValueError):
        return 32_768
    return lowest if lowest > _LOWEST + 1000 else 32_768
