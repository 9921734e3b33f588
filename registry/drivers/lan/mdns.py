"""Finds devices in the house by mDNS (RFC 6762), by the services under which cameras announce themselves."""

import contextlib
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from net.addresses import is_in_house
from net.text import line

if TYPE_CHECKING:
    import zeroconf

# RTSP by any maker (RFC 2326 is registered so); Axis's own; PSIA's, of Hikvision's older ones
KINDS = ("_rtsp._tcp.local.", "_axis-video._tcp.local.", "_psia._tcp.local.")
MOST = 256


class Announced(Struct, frozen=True):
    host: str
    name: str


def browse(addresses: Sequence[str], *, listens_s: float) -> list[Announced]:
    """Asks the networks of these IPv4 addresses of ours, and listens for so long."""
    if not addresses:
        return []
    import zeroconf  # 40 ms, for this command alone

    names: set[tuple[str, str]] = set()
    lock = threading.Lock()

    def changed(*, service_type: str, name: str, **_: object) -> None:
        with lock:
            if len(names) < MOST:
                names.add((service_type, name))

    try:
        network = zeroconf.Zeroconf(interfaces=list(addresses), ip_version=zeroconf.IPVersion.V4Only)
    except OSError:
        return []
    with contextlib.closing(network):
        browser = zeroconf.ServiceBrowser(network, list(KINDS), handlers=[changed])
        time.sleep(listens_s)
        browser.cancel()
        with lock:
            known = sorted(names)
        return [each for kind, name in known if (each := _announced(network, kind, name)) is not None]


def _announced(network: "zeroconf.Zeroconf", kind: str, name: str) -> Announced | None:
    """None where it has no address in the house."""
    import zeroconf

    try:
        info = zeroconf.ServiceInfo(kind, name)
    except zeroconf.Error:
        return None  # a name that may not be one
    if not info.load_from_cache(network):
        return None  # the answers that came with its name did not say where it is
    hosts = [host for host in info.parsed_addresses() if is_in_house(host)]
    return Announced(hosts[0], line(name.removesuffix(f".{kind}"))[:64]) if hosts else None
