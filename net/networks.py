"""The house's own networks, as this machine's interfaces are in them. Linux; standard library only."""

import contextlib
import fcntl
import ipaddress
import socket
import struct
from pathlib import Path

from net.addresses import is_in_house

_ADDRESS, _MASK = 0x8915, 0x891B  # SIOCGIFADDR, SIOCGIFNETMASK
LOCAL = Path("/proc/net/fib_trie")
LARGEST = 1024  # addresses of a network that is looked through


def house_networks() -> list[ipaddress.IPv4Interface]:
    """Our private IPv4 addresses, each with its network."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                address, mask = (_asked(asking, name, request) for request in (_ADDRESS, _MASK))
                if is_in_house(address):
                    found.append(ipaddress.IPv4Interface(f"{address}/{mask}"))
    return found


def neighbours(networks: list[ipaddress.IPv4Interface]) -> list[str]:
    """Every other address of networks that are not too large to be looked through."""
    own = {str(interface.ip) for interface in networks}
    small = {interface.network for interface in networks if interface.network.num_addresses <= LARGEST}
    return [str(host) for network in sorted(small) for host in network.hosts() if str(host) not in own]


def own_addresses(table: Path = LOCAL) -> frozenset[str]:
    """Every IPv4 address of this machine, second ones too; empty where the system does not say."""
    found, address = set(), ""
    try:
        lines = table.read_text().splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        if line.lstrip().startswith("|-- "):
            address = line.split()[-1]
        elif line.split() == ["/32", "host", "LOCAL"]:
            found.add(address)
    return frozenset(found)


def _asked(asking: socket.socket, name: str, what: int) -> str:
    answer = fcntl.ioctl(asking.fileno(), what, struct.pack("256s", name.encode()[:15]))
    return socket.inet_ntoa(answer[20:24])
