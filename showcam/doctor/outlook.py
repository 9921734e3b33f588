"""How this house is reached from the internet, and so by which way an assistant may come. Nothing is changed for it."""

import ipaddress
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from typing import Literal

from net.addresses import is_in_house, is_public
from showcam.doctor import nat_pmp
from showcam.doctor.igd import Igd
from showcam.doctor.stun import leads_back, seen_from
from showcam.doctor.surroundings import Surroundings
from words.worded import Worded, worded

ROUTER_S, SERVERS_S, BACK_S = 3.0, 3.0, 1.5
_GRACE_S = 0.5  # for what can't be stopped, such as a name that nobody resolves
_SHARED = ipaddress.ip_network("100.64.0.0/10")  # RFC 6598

# own: ports can be forwarded. direct: nothing stands before this machine. shared: an address that others have too.
# behind: a router behind another. other: the internet sees another address than the router has.
type Address = Literal["own", "direct", "shared", "behind", "other", "unknown"]


@dataclass(frozen=True, slots=True)
class Outlook:
    """`routers`: what the router says its outer address is, by each way it was asked. `seen`: as servers see us."""

    around: Surroundings
    routers: frozenset[str] = frozenset()
    seen: str = ""
    leads_back: bool = False

    @property
    def address(self) -> Address:
        if self.seen and self.around.local == self.seen:
            return "direct"
        if _is_shared(self.around.local) or any(map(_is_shared, self.routers)):
            return "shared"
        if len(self.routers) != 1:
            return "unknown"
        [router] = self.routers
        if not is_public(router):
            return "behind"
        if not self.seen:
            return "unknown"
        return "own" if router == self.seen else "other"

    @property
    def forwards(self) -> bool:
        """Whether a port of a public IPv4 address can be led to this machine; False also where nobody knows."""
        return self.address in ("own", "direct")

    def sentences(self) -> tuple[Worded, ...]:
        """What was found, and what could not be."""
        return (self._router(), self._seen(), _ADDRESS[self.address], self._ipv6(), self._back())

    def _router(self) -> Worded:
        if not self.around.router:
            return worded("This machine has no router that could be asked.")
        if not self.routers:
            return worded("The router does not say its outer address: it answers neither NAT-PMP nor UPnP.")
        if len(self.routers) > 1:
            named = ", ".join(sorted(self.routers))
            return worded("The router contradicts itself about its outer address: {addresses}.", addresses=named)
        return worded("The router says that its outer address is {address}.", address=next(iter(self.routers)))

    def _seen(self) -> Worded:
        if not self.seen:
            return worded("No STUN server said by which IPv4 address the internet sees this house.")
        return worded("The internet sees this house at {address}.", address=self.seen)

    def _ipv6(self) -> Worded:
        if not self.around.ipv6:
            return worded("This machine has no public IPv6 address.")
        return worded(
            "This machine has a public IPv6 address, {address}: a name may point at it too, but who has IPv4 alone "
            "does not reach it.",
            address=self.around.ipv6[0],
        )

    def _back(self) -> Worded:
        if self.address == "direct":
            return worded(
                "No router stands before this machine, so displays at home reach its public name as others do."
            )
        if self.leads_back:
            return worded(
                "The router leads back in what is sent to its outer address from within, so displays at home "
                "reach the public name."
            )
        return worded(
            "Whether the router leads back in what is sent to its outer address from within could not be found out; "
            "the doctor tries it once there is a public address."
        )


_ADDRESS: dict[Address, Worded] = {
    "own": worded("The house has a public IPv4 address of its own, and the router can forward ports."),
    "direct": worded("This machine itself has the public IPv4 address."),
    "shared": worded(
        "The internet provider shares one IPv4 address among many houses (CGNAT), so no port can be forwarded."
    ),
    "behind": worded("The router stands behind another router, which would have to forward ports too."),
    "other": worded(
        "The internet sees another IPv4 address than the router has, so a port that it forwards is not reached. The "
        "provider shares addresses (CGNAT), or the way out is a VPN."
    ),
    "unknown": worded("Whether the house has a public IPv4 address of its own could not be found out."),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom to ask; all but the servers differ for practice alone."""

    servers: Sequence[str]  # STUN, as host:port
    nat_pmp_port: int = nat_pmp.PORT
    igd: Callable[[str], Igd] = Igd
    leads_back: Callable[[str, float], bool] = leads_back
    router_s: float = ROUTER_S
    servers_s: float = SERVERS_S
    back_s: float = BACK_S


def look(around: Surroundings, questions: Asked) -> Outlook:
    """Asks the router and the servers at the same time; whoever is silent or slow is left behind."""
    router = around.router
    works: list[Callable[[], str | None]] = [
        partial(seen_from, server, questions.servers_s) for server in questions.servers
    ]
    if router:
        works.append(partial(nat_pmp.outer_address, router, questions.router_s, questions.nat_pmp_port))
        works.append(partial(questions.igd(router).outer_address, questions.router_s))
    answers = _together(works, max(questions.router_s, questions.servers_s) + _GRACE_S)
    served, named = answers[: len(questions.servers)], answers[len(questions.servers) :]
    seen = _most(address for address in served if address and is_public(address))
    back: bool | None = False
    if seen and seen != around.local:
        server = next(name for name, address in zip(questions.servers, served, strict=True) if address == seen)
        [back] = _together([partial(questions.leads_back, server, questions.back_s)], questions.back_s + _GRACE_S)
    return Outlook(around, frozenset(address for address in named if address and _is_outer(address)), seen, bool(back))


def _together[T](works: Sequence[Callable[[], T]], within_s: float) -> list[T | None]:
    """What each returns; None for one that is not done in time, whose thread is left behind."""
    futures: list[Future[T]] = [Future() for _ in works]

    def run(work: Callable[[], T], future: Future[T]) -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    for work, future in zip(works, futures, strict=True):
        threading.Thread(target=run, args=(work, future), name="outlook", daemon=True).start()
    done = wait(futures, within_s).done
    return [future.result() if future in done else None for future in futures]


def _most(addresses: Iterable[str]) -> str:
    """The address that more servers name than any other; "" where they contradict one another."""
    counted = Counter(addresses).most_common(2)
    if not counted or (len(counted) == 2 and counted[0][1] == counted[1][1]):
        return ""
    return counted[0][0]


def _is_outer(address: str) -> bool:
    """Whether a router can have it on its outer side: 0.0.0.0 stands for none."""
    try:
        ip = ipaddress.IPv4Address(address)
    except ValueError:
        return False
    return is_public(address) or is_in_house(address) or ip in _SHARED


def _is_shared(address: str) -> bool:
    return bool(address) and ipaddress.ip_address(address) in _SHARED
