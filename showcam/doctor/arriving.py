"""Examines the way to an https origin: its name in DNS, the port behind it, and its certificate."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from showcam.doctor import certificate
from showcam.doctor.finding import Finding, ok, unsure, wrong
from showcam.doctor.reach import Visitor
from showcam.doctor.world import World, addresses_here
from words.catalogue import both, worded

KNOCK_S = 4.0
_NEW = worded("Let it point at your public address; a new one takes a while.")
_FORWARD = worded(
    "See that the proxy runs, that the router forwards the port to it, and that no firewall closes it.",
)
_HAIRPIN = worded(
    "A router that can't reach its own public address from within needs the name in the "
    "house's own DNS, with the address of the proxy in the house.",
)


def arrive(origin: str, visitor: Visitor, world: World) -> Iterator[Finding]:
    """The findings up to the first that is wrong: where the name is wrong, the name alone."""
    split = urlsplit(origin)
    host, port = split.hostname or "", split.port or 443
    inside, outside = addresses_here(host, port), world.addresses(host, visitor)
    name = _name(host, inside, outside, world)
    yield name
    if name.state == "wrong":
        return
    reached = _port(host, port, inside, outside, visitor, world)
    if reached is not None:
        yield reached
        return
    yield certificate.examine(host, port, visitor)


def _name(host: str, inside: frozenset[str], outside: frozenset[str] | None, world: World) -> Finding:
    what = worded("name {host}", host=host)
    if not inside and outside is None and world.resolver:
        text = worded("it is not found in DNS, and nobody outside could be asked")
        return wrong(what, text, worded("See first that this machine reaches the internet."))
    if not inside and not outside:
        return wrong(what, worded("it is not found in DNS"), _NEW, "dns_wrong")
    if outside is None:
        if any(map(world.public, inside)):
            return ok(what, worded("it leads to {addresses}", addresses=_listed(inside)))
        return unsure(
            what,
            worded("here it leads to {addresses}, which nobody outside can reach", addresses=_listed(inside)),
            worded(
                "That is right where the house has a DNS of its own; outside it must lead to the public address.",
            ),
        )
    if not outside:
        return wrong(what, worded("the house's own DNS alone knows it, and nobody outside finds it"), _NEW, "dns_wrong")
    if not any(map(world.public, outside)):
        text = worded(
            "it leads everybody to {addresses}, an address of a house, which nobody outside can reach",
            addresses=_listed(outside),
        )
        return wrong(
            what, text, worded("Let it point at your public address, which whatismyip shows you."), "dns_private"
        )
    if not inside:
        return unsure(
            what,
            worded("it leads to {addresses}, but this machine's DNS does not find it", addresses=_listed(outside)),
            _NEW,
        )
    return ok(what, worded("it leads to {addresses}", addresses=_listed(outside)))


def _port(
    host: str, port: int, inside: frozenset[str], outside: frozenset[str] | None, visitor: Visitor, world: World
) -> Finding | None:
    """None where the port can be reached where the world goes; a finding where it can't."""
    what = worded("address {host}:{port}", host=host, port=port)
    public = sorted(address for address in (outside or inside) if world.public(address)) or sorted(inside)
    if any(_is_open(address, port, visitor) for address in public):
        return None
    own = world.own_address()
    if own is not None and outside and own not in outside:
        text = worded(
            "it leads to {addresses}, where nothing answers, and this house is at {own}",
            addresses=_listed(outside),
            own=own,
        )
        mend = worded(
            "Let it point at the house's own address, and let the router keep it up to date (DynDNS).",
        )
        return wrong(what, text, mend, "dns_wrong")
    split = sorted(inside - set(public))
    if any(_is_open(address, port, visitor) for address in split):
        return None  # the house's DNS leads to the proxy itself, and the way around can't be tried from within
    if world.visited:
        text = worded(
            "from within the house nothing answers, though assistants came to it lately from outside",
        )
        return unsure(what, text, _HAIRPIN, "no_hairpin")
    return wrong(
        what,
        worded("nothing answers at {addresses} port {port}", addresses=", ".join(public), port=port),
        both(_FORWARD, _HAIRPIN),
        "port_closed",
    )


def _is_open(address: str, port: int, visitor: Visitor) -> bool:
    try:
        socket.create_connection((address, port), timeout=min(KNOCK_S, visitor.within_s)).close()
    except OSError:
        return False
    return True


def _listed(addresses: frozenset[str]) -> str:
    return ", ".join(sorted(addresses))
