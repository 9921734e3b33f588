"""Finds the way to a display across the internet: local addresses, STUN and TURN, gathered within a time limit.

The time-limited TURN credentials follow draft-uberti-behave-turn-rest, as coturn's `use-auth-secret` accepts them.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import ipaddress
import socket
import threading
from collections.abc import Iterable
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass

import aioice.ice
from aioice import Candidate, stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.turn import UDP_SOCKET_BUFFER_SIZE
from aiortc import RTCIceServer, RTCIceTransport

from showcam.engine.grants import SESSION_S
from showcam.engine.settings import ANY_PORT, PlaneSettings
from showcam.net.addresses import is_public

ANSWER_S = 0.3  # an answer's wait for a STUN server, and even in a hurry for TURN: some displays need TURN
REPEAT_S = 0.1  # each server is asked again after this: a lost datagram would cost a display two seconds of retries
LOOK_UP_S = 60.0  # between two look-ups: a router may start later than showcam, and a server may move
SERVERS_S = 0.6  # the limit for TURN; a server that has not answered by then is left out
# RFC 7675 asks each 5 s and gives up after 30 s. A display that is switched off would block its camera for 30 s.
ASK_S = 1.0
DEAD_S = 4.0
_USER = "showcam"

type Address = tuple[str, int]


class StunServers:
    """The addresses of the STUN servers. `named` has a "host:port" for each.

    A separate thread looks the names up, and no answer waits for it. In a thread of the loop, a resolver that never
    answers would delay the end of the loop.
    """

    def __init__(self, named: tuple[str, ...]) -> None:
        self._named = [(host, int(port)) for host, _, port in [server.rpartition(":") for server in named]]
        self.addresses: tuple[Address, ...] = tuple(server for server in self._named if _is_literal(server[0]))
        self._end = threading.Event()
        if len(self.addresses) < len(self._named):
            threading.Thread(target=self._look_up, name="stun names", daemon=True).start()

    def stop(self) -> None:
        self._end.set()

    def _look_up(self) -> None:
        while not self._end.is_set():
            found = [_resolved(server) for server in self._named]
            self.addresses = tuple(server for server in found if server)
            self._end.wait(LOOK_UP_S)


def _resolved(server: Address) -> Address | None:
    """The server's IPv4 address: aioice asks STUN servers over nothing else. None if the name is unknown."""
    try:
        return str(socket.getaddrinfo(*server, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0]), server[1]
    except OSError:
        return None


def _is_literal(host: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(host))
    except ValueError:
        return False


class NoFreePort(Exception):
    """Each UDP port of the setting webrtc_ports is in use."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """Settings of a search for candidates that aiortc does not hand on to aioice."""

    servers: tuple[Address, ...] = ()
    relay_s: float = SERVERS_S
    far: bool = False  # the display names only public addresses
    ports: range = ANY_PORT


async def gather(
    transports: Iterable[RTCIceTransport],
    within_s: float,
    servers: tuple[Address, ...],
    *,
    far: bool,
    ports: range = ANY_PORT,
) -> None:
    """Gathers the candidates of all transports that can be found within the time. Raises NoFreePort."""
    _gathering.set(Gathering(servers, min(SERVERS_S, max(ANSWER_S, within_s)), far, ports))
    await asyncio.gather(*[transport.iceGatherer.gather() for transport in transports])


async def reflexive(protocol: aioice.ice.StunProtocol, servers: tuple[Address, ...]) -> Candidate:
    """The candidate of a socket's public address, by the first server that answers.

    aioice would ask a single server, once, and resolve the server's name while a display waits. Raises TimeoutError,
    ConnectionError.
    """
    requests = [asyncio.create_task(_candidate(protocol, server, at_s)) for at_s in (0, REPEAT_S) for server in servers]
    try:
        async with asyncio.timeout(ANSWER_S):
            for answer in asyncio.as_completed(requests):
                with contextlib.suppress(stun.TransactionError, KeyError):
                    return await answer
        raise ConnectionError
    finally:
        for task in requests:
            task.cancel()
        await asyncio.gather(*requests, return_exceptions=True)


async def _candidate(protocol: aioice.ice.StunProtocol, server: Address, at_s: float) -> Candidate:
    await asyncio.sleep(at_s)
    found, _ = await aioice.ice.server_reflexive_candidate(protocol, server)
    return found


class Connection(aioice.ice.Connection):
    """Closes after DEAD_S of silence, since a silent display has died. aioice would wait half a minute (RFC 7675).

    Its sockets are opened in a range of ports. aioice has no setting for that (aiortc/aioice issue 47).
    """

    _heard = 0.0  # when the display last sent anything, by the loop's time

    def data_received(self, data: bytes, component: int) -> None:
        self._heard = asyncio.get_running_loop().time()
        super().data_received(data, component)

    def request_received(self, message: stun.Message, addr: tuple[str, int], protocol: aioice.ice.StunProtocol) -> None:
        self._heard = asyncio.get_running_loop().time()
        super().request_received(message, addr, protocol)

    async def query_consent(self) -> None:
        """Asks the display each ASK_S whether it still listens. aioice runs this in a task once a pair was chosen."""
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        while loop.time() - self._heard < DEAD_S:
            async with asyncio.TaskGroup() as group:
                for pair in self._nominated.values():
                    group.create_task(self._ask(pair))
                group.create_task(self._pause())
        self._query_consent_task = None
        await self.close()

    async def _pause(self) -> None:
        """Waits until the next question. If this process was held up, that time does not count as silence."""
        loop = asyncio.get_running_loop()
        due = loop.time() + ASK_S
        await asyncio.sleep(ASK_S)
        self._heard += loop.time() - due

    async def _ask(self, pair: aioice.ice.CandidatePair) -> None:
        assert self.remote_password is not None
        request = self.build_request(pair, nominate=False)
        key = self.remote_password.encode()
        with contextlib.suppress(stun.TransactionError):
            await pair.protocol.request(request, pair.remote_addr, integrity_key=key, retransmissions=1)
            self._heard = asyncio.get_running_loop().time()

    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],
        timeout: float | None = None,
    ) -> list[Candidate]:
        """Replaces aioice's function, but for the TURN server. Raises NoFreePort."""
        wanted, loop = _gathering.get(Gathering()), asyncio.get_running_loop()
        opened = [one for address in addresses if (one := await self._opened(address, wanted.ports, component))]
        bound = wanted.relay_s if timeout is None else timeout
        due = loop.time() + bound
        ipv4 = [protocol for protocol in opened if wanted.servers and _is_literal(protocol.local_candidate.host)]
        asked = [asyncio.create_task(reflexive(protocol, wanted.servers)) for protocol in ipv4]
        try:
            relayed = await super().get_component_candidates(component, [], bound)  # type: ignore[arg-type]
            if asked:
                await asyncio.wait(asked, timeout=max(0.0, due - loop.time()))
            seen = [task.result() for task in asked if task.done() and task.exception() is None]
        finally:
            for task in asked:
                task.cancel()
        found = [*[protocol.local_candidate for protocol in opened], *seen, *relayed]
        if not found and wanted.ports != ANY_PORT:
            raise NoFreePort
        return far_candidates(found) if wanted.far else found

    async def _opened(self, address: str, ports: range, component: int) -> aioice.ice.StunProtocol | None:
        """Opens a socket at the first free port. Returns None if none is free or this machine has no such address.

        A port of a range is opened for an address outside a container too, since the container's engine leads the port
        to one of this machine's addresses.
        """
        everywhere = "::" if ":" in address else "0.0.0.0"  # noqa: S104
        for port in ports:
            for at in (address, everywhere) if port else (address,):
                with contextlib.suppress(OSError):
                    return await self._socket((at, port), address, component)
        return None

    async def _socket(self, at: Address, address: str, component: int) -> aioice.ice.StunProtocol:
        """Opens a socket whose candidate has `address`. Raises OSError."""
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: aioice.ice.StunProtocol(self), local_addr=at
        )
        opened = transport.get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_SOCKET_BUFFER_SIZE)
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", address),
            component=component,
            transport="udp",
            priority=candidate_priority(component, "host"),
            host=address,
            port=opened.getsockname()[1],
            type="host",
        )
        self._protocols.append(protocol)  # at once: the search may be cancelled, and these are closed at the end
        return protocol


def far_candidates(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates that a display far away can use.

    Such a display would try a private address first, and a working address only two seconds later. So private addresses
    are left out if STUN or TURN found another. If neither did, all are offered.
    """
    if all([candidate.type == "host" for candidate in candidates]):
        return candidates
    return [_unrelated(candidate) for candidate in candidates if candidate.type != "host" or is_public(candidate.host)]


def _unrelated(candidate: Candidate) -> Candidate:
    """A copy without the private address behind it, in the form of RFC 8839 section 5.1. aioice keeps the original."""
    bare = copy(candidate)
    if bare.related_address is not None:
        bare.related_address, bare.related_port = ("::" if ":" in bare.host else "0.0.0.0"), 9  # noqa: S104
    return bare


def relays(settings: PlaneSettings, now: float) -> list[RTCIceServer]:
    """The TURN servers in the settings. An empty list matters: without any list aiortc asks its own STUN server."""
    if not settings.turn:
        return []
    # The relay is kept alive with the same credentials as long as the connection lives. A later offer in the session is
    # answered with new ones.
    user, password = credentials(settings.turn_secret, now, SESSION_S)
    return [RTCIceServer(settings.turn, user, password)]


def credentials(secret: str, now: float, life_s: int) -> tuple[str, str]:
    """A user name and password that work for `life_s`, made from the secret that the TURN server shares."""
    user = f"{int(now) + life_s}:{_USER}"
    tag = hmac.digest(secret.encode(), user.encode(), hashlib.sha1)
    return user, base64.b64encode(tag).decode()


_gathering: ContextVar[Gathering] = ContextVar("_gathering")
