"""Free ports on loopback, outside the range from which outgoing connections get theirs."""

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")  # Linux picks the ports of outgoing connections from it
_LOWEST = 16_000
_random = random.SystemRandom()


def free_ports(count: int = 1) -> int:
    """The first of `count` neighbouring free ports. Raises OSError where none is free."""
    end = _outgoing_from()
    for _ in range(1000):
        first = _random.randrange(_LOWEST, end - count)
        if all(_free(port) for port in range(first, first + count)):
            return first
    raise OSError(f"no {count} neighbouring ports are free below {end}")


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
