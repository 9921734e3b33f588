"""The other end of a connection: whether its IP address is public or in the house, and how long it has been silent.

Also this machine's addresses, and the key that counts a visitor.

Standard library only. Every room judges addresses here, before it connects. A room connects only to the address that
was judged.
"""

import contextlib
import fcntl
import functools
import hashlib
import ipaddress
import re
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

_HOUSE = tuple(
    ipaddress.ip_network(network) for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
# Tailscale's part of fc00::/7. Machines of a tailnet are anywhere: https://tailscale.com/kb/1033/ip-and-dns-addresses
_TAILNET = ipaddress.ip_network("fd7a:115c:a1e0::/48")
# The IPv6 space that IANA allocates to hosts. The rest carries an IPv4 address, is site-local, or is reserved.
_GIVEN_OUT = ipaddress.ip_network("2000::/3")
# For protocols (RFC 6890, 7526): a nearby router answers, though IANA lists some of it as globally reachable.
_OF_PROTOCOLS = tuple(ipaddress.ip_network(network) for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23"))
# The prefix of a translator (RFC 6052). Through it a network without IPv4 reaches hosts that have only IPv4.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: the IPv4 address of a tunnel's end follows
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.IGNORECASE)
type Address = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_ADDRESS, _MASK = 0x8915, 0x891B  # SIOCGIFADDR, SIOCGIFNETMASK
LOCAL = Path("/proc/net/fib_trie")
LARGEST = 1024  # addresses; a larger network is not searched
_INFO = getattr(socket, "TCP_INFO", None)  # Linux
_SENT_MS, _ACKED, _RECEIVED = 44, 120, 128  # the offsets of these fields in struct tcp_info, linux/tcp.h
_INFO_LENGTH = 136
# A key of the environ: the other end of the connection, if REMOTE_ADDR comes from a trusted proxy's header.
PEER = "showcam.peer"
# A key of the environ: the path below which the owner's proxy shows the console, "" for none; absent without the proxy.
BASE = "showcam.base"


def is_public(address: str, *, loopback: bool = False) -> bool:
    """Whether the address is public. `loopback`: this machine counts too, for practice; the LAN never.

    False for an address in another than its canonical spelling, or with a zone. A network's own NAT64 prefix can't be
    distinguished from its other addresses; the local-use prefix (RFC 8215) is refused.
    """
    ip = _plain(address)
    if ip is None:
        return False
    if ip.is_loopback:
        return loopback
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in _GIVEN_OUT or (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP:
            return False
    return ip.is_global and not ip.is_multicast and not _within(ip, _OF_PROTOCOLS)


def are_public(addresses: Iterable[str], *, loopback: bool = False) -> bool:
    """Whether a name with these addresses may be connected to: there is one at least, and all are public."""
    judged = [is_public(address, loopback=loopback) for address in addresses]
    return bool(judged) and all(judged)


@dataclass(frozen=True, slots=True)
class OnLoopback:
    """Which sources may live on this machine: all, or those at a "host:port" of `vendors` and nowhere else."""

    every: bool = False
    vendors: frozenset[str] = frozenset()

    def has(self, hosts: Iterable[str]) -> bool:
        return self.every or self.vendors.issuperset(hosts)


def is_in_house(address: str, *, loopback: bool = False) -> bool:
    """Whether this is a private address of a LAN, the only place where LAN cameras are connected to.

    `loopback`: this machine counts too, for practice. False for a name, which may resolve to any address.
    """
    ip = _plain(address)
    if ip is None:
        return False
    return loopback if ip.is_loopback else _within(ip, _HOUSE) and ip not in _TAILNET


def is_loopback(address: str) -> bool:
    """Whether this is an address that only this machine reaches. False for a name, also for localhost."""
    ip = _plain(address)
    return ip is not None and ip.is_loopback


def is_confidential(url: str) -> bool:
    """Whether a text sent to this URL stays unreadable on a network: it is https, or an address only inside this
    machine.

    False for this machine's address in a network, though such a packet does not leave the machine.
    """
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    return parts.hostname == "localhost" or is_loopback(parts.hostname or "")


def is_spelled(host: str) -> bool:
    """Whether a URL's host is an address in any spelling (2130706433, 0x7f.1, 0177.0.0.1) and not a name.

    Some libraries hand such a host to the system, which reads it as an address without resolving a name. True also for
    a host with a character outside ASCII: UTS 46 maps some to dots and digits, as in "127。0。0。1".
    """
    return ":" in host or not host.isascii() or _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]) is not None


def in_url(host: str) -> str:
    """The host in the form of a URL: an IPv6 address is in brackets."""
    return f"[{host}]" if ":" in host else host


def with_port(host: str, port: int) -> str:
    """The text "host:port". An IPv6 address is in brackets."""
    return f"{in_url(host)}:{port}"


def unmapped(address: str) -> str:
    """The IPv4 address that an IPv6 address maps, as a socket for both names its peer; any other text as it is."""
    mapped = address.lower().removeprefix("::ffff:")
    return mapped if "." in mapped and ":" not in mapped else address


def _plain(address: str) -> Address | None:
    """The parsed address; a mapped one becomes IPv4, as the system connects by IPv4. None if the text is no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address):
        return None if ip.scope_id is not None else ip.ipv4_mapped or ip
    return ip


def _within(ip: Address, networks: Iterable[Network]) -> bool:
    return any(ip in network for network in networks)


def house_networks() -> list[ipaddress.IPv4Interface]:
    """Our private IPv4 addresses, each with its network."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                address, mask = (_interface_address(connection, name, request) for request in (_ADDRESS, _MASK))
                if is_in_house(address):
                    found.append(ipaddress.IPv4Interface(f"{address}/{mask}"))
    return found


def neighbours(networks: list[ipaddress.IPv4Interface]) -> list[str]:
    """Every other address of networks that are not too large to be looked through."""
    own = {str(interface.ip) for interface in networks}
    small = {interface.network for interface in networks if interface.network.num_addresses <= LARGEST}
    return [str(host) for network in sorted(small) for host in network.hosts() if str(host) not in own]


def own_addresses(table: Path = LOCAL) -> frozenset[str]:
    """Every IPv4 address of this machine, second ones too; empty if the system does not say."""
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


def _interface_address(connection: socket.socket, name: str, request: int) -> str:
    answer = fcntl.ioctl(connection.fileno(), request, struct.pack("256s", name.encode()[:15]))
    return socket.inet_ntoa(answer[20:24])


@functools.lru_cache(4096)
def counted_as(address: str) -> str:
    """The key that an address is counted by: an IPv6 address counts as its /64, which is one household's.

    An IPv6 address that maps an IPv4 address counts as that address.
    """
    ip = _plain(address.partition("%")[0])
    if ip is None:
        return address
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((int(ip), 64), strict=False))


@functools.lru_cache(4096)
def within(address: str, networks: tuple[Network, ...]) -> bool:
    ip = _plain(address.partition("%")[0])
    return ip is not None and _within(ip, networks)


class Connected(Protocol):
    def getsockopt(self, level: int, option: int, length: int, /) -> bytes: ...


class Silence(NamedTuple):
    sent_s: float  # seconds since data was last sent to the peer, or since the peer connected
    ever_sent: bool
    ever_received: bool


def silence(connection: Connected) -> Silence | None:
    """The silence of a connection. None if the system does not count it, or the connection is gone."""
    if _INFO is None:
        return None
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, _INFO, _INFO_LENGTH)
    except OSError:
        return None
    if len(info) < _INFO_LENGTH:
        return None
    (sent_ms,) = struct.unpack_from("I", info, _SENT_MS)
    acked, received = struct.unpack_from("QQ", info, _ACKED)
    return Silence(sent_ms / 1000, acked > 0, received > 0)


def weight(address: str, key: str) -> bytes:
    """Rendezvous hashing (Thaler and Ravishankar, 1998): of several addresses a key belongs to that of least weight."""
    return hashlib.blake2b(key.encode(), key=hashlib.sha256(address.encode()).digest(), digest_size=8).digest()
