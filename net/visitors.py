"""The key of an address, wherever events are counted by address. Standard library only."""

import functools
import ipaddress

# a key of the environ: the other end of the connection, where REMOTE_ADDR was taken from a trusted proxy's header
PEER = "showcam.peer"

type Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@functools.lru_cache(4096)
def counted_as(address: str) -> str:
    """An IPv6 address counts as its /64, which is one household's; one that maps an IPv4 address as that address."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip), 64), strict=False))


@functools.lru_cache(4096)
def within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if ip.version == 6 and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip in network for network in networks)
