"""What this machine itself knows of its way to the internet: its router, and its own addresses. Linux."""

import ipaddress
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from net.addresses import is_public

TABLES = Path("/proc/net")
SOMEWHERE = ("9.9.9.9", 53)
_UP_BY_A_GATEWAY = 0x3  # RTF_UP, RTF_GATEWAY
_REJECTS = 0x200  # RTF_REJECT
_TRANSIENT = 0x01 | 0x08 | 0x20 | 0x40  # IFA_F_TEMPORARY, DADFAILED, DEPRECATED, TENTATIVE: no name may point there
_GLOBAL = 0x00
_EVERYWHERE = "0" * 32


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`router` and `local`, the address this machine sends from, are IPv4; "" where there is none.

    `ipv6`: public addresses that stay.
    """

    router: str = ""
    local: str = ""
    ipv6: tuple[str, ...] = ()


def surroundings(tables: Path = TABLES, somewhere: tuple[str, int] = SOMEWHERE) -> Surroundings:
    """No datagram is sent to `somewhere`: the system only chooses the way there."""
    ways = _read(tables / "ipv6_route")
    return Surroundings(
        gateway(_read(tables / "route")), _local(somewhere), lasting(_read(tables / "if_inet6")) if leaves(ways) else ()
    )


def gateway(table: str) -> str:
    """The first router of a route to everywhere; "" without one."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        try:
            target, router, flags = int(fields[1], 16), int(fields[2], 16), int(fields[3], 16)
        except (IndexError, ValueError):
            continue
        if not target and router and flags & _UP_BY_A_GATEWAY == _UP_BY_A_GATEWAY:
            return socket.inet_ntoa(struct.pack("=I", router))
    return ""


def leaves(table: str) -> bool:
    """Whether IPv6 has a way to everywhere."""
    rows = (line.split() for line in table.splitlines())
    return any(
        len(row) == 10 and row[:2] == [_EVERYWHERE, "00"] and row[9] != "lo" and not int(row[8], 16) & _REJECTS
        for row in rows
    )


def lasting(table: str) -> tuple[str, ...]:
    """The public addresses of interfaces, without those that change by themselves."""
    found = []
    for line in table.splitlines():
        fields = line.split()
        if len(fields) != 6 or int(fields[3], 16) != _GLOBAL or int(fields[4], 16) & _TRANSIENT:
            continue
        address = str(ipaddress.IPv6Address(bytes.fromhex(fields[0])))
        if is_public(address):
            found.append(address)
    return tuple(found)


def _local(somewhere: tuple[str, int]) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as choosing:
        try:
            choosing.connect(somewhere)
        except OSError:
            return ""
        return str(choosing.getsockname()[0])


def _read(table: Path) -> str:
    try:
        return table.read_text()
    except OSError:
        return ""
