"""Whose an IP address is, judged before anybody connects to it. Standard library only.

This is the house's one rule: a room that judges an address asks here. Only the address that was judged is connected to.
"""

import ipaddress
import re
from collections.abc import Iterable

_HOUSE = tuple(ipaddress.ip_network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
# All that IANA gave out of IPv6 for hosts. The rest carries an IPv4 address, is of one site, or is kept for later.
_GIVEN_OUT = ipaddress.ip_network("2000::/3")
# Answered by whichever router is near (RFC 6890, 7526), though IANA calls some of it globally reachable.
_OF_PROTOCOLS = tuple(ipaddress.ip_network(each) for each in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23"))
# A translator's prefix (RFC 6052), by which a network without IPv4 reaches hosts that have nothing else.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: what follows is the IPv4 address of a tunnel's end
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.IGNORECASE)

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: str, *, loopback: bool = False) -> bool:
    """Whether anybody's host may be there. `loopback`: on this machine too, for practice, but never on the LAN.

    False for what is no address in its canonical spelling, and for one with a zone. A NAT64 prefix of a network's own
    looks like any other address of that network; the local-use one (RFC 8215) is refused.
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
    """Whether a name that leads to these may be spoken to: each must be public, and there must be one."""
    judged = [is_public(each, loopback=loopback) for each in addresses]
    return bool(judged) and all(judged)


def is_in_house(address: str, *, loopback: bool = False) -> bool:
    """Whether this is a private address of a LAN, where alone a camera of the house is looked for.

    `loopback`: this machine too, for practice. False for a name, which might be looked up to anything.
    """
    ip = _plain(address)
    if ip is None:
        return False
    return loopback if ip.is_loopback else _within(ip, _HOUSE)


def is_spelled(host: str) -> bool:
    """Whether a URL's host is an address in any spelling (2130706433, 0x7f.1, 0177.0.0.1) and not a name.

    Some libraries hand such a host to the system, which reads it as an address, past the place where names are judged.
    True also where a sign is not ASCII: some are dots and digits to those who translate names (UTS 46), "127。0。0。1".
    """
    return ":" in host or not host.isascii() or _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]) is not None


def _plain(address: str) -> Address | None:
    """An IPv4 address for one that is only mapped into IPv6: the system connects by IPv4. None for no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address):
        return None if ip.scope_id is not None else ip.ipv4_mapped or ip
    return ip


def _within(ip: Address, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(ip in network for network in networks)
