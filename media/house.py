"""Which addresses lie in a house: the only ones a camera on the LAN is looked for at. Standard library only."""

import ipaddress

_NETWORKS = tuple(ipaddress.ip_network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))


def is_in_house(address: str, *, loopback: bool = False) -> bool:
    """Whether this IP address is a private one of a LAN. `loopback`: this machine too, for practice."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False  # a name, which might be looked up to anything
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if ip.is_loopback:
        return loopback
    return any(ip in network for network in _NETWORKS if network.version == ip.version)
