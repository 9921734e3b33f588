"""How a display is found across the internet: our own addresses, STUN and TURN, gathered within a bound.

Time-limited TURN credentials: draft-uberti-behave-turn-rest, the way coturn's `use-auth-secret` takes them.
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
from typing import Any

import aioice.ice
from aioice import Candidate, stun
from aioice.candidate import candidate_foundation, candidate_priority
from aiortc import RTCIceServer, RTCIceTransport

from showcam.engine.grants import SESSION_S
from showcam.engine.settings import PlaneSettings
from showcam.net.addresses import is_public

ANSWER_S = 0.3  # an answer waits so long for a STUN server, and in any hurry for TURN: without it a display may be lost
REPEAT_S = 0.1  # each is asked again after this: a lost datagram would cost a display two seconds of its own retries
LOOK_UP_S = 60.0  # between two: a router may start later than showcam, and a server may move
SERVERS_S = 0.6  # TURN has this; what has not answered by then is left out
# RFC 7675 asks each 5 s and gives up after 30. A display that is switched off would hold its camera for so long.
ASK_S = 1.0
DEAD_S = 4.0
_USER = "showcam"

type Address = tuple[str, int]


class StunServers:
    """`named`: "host:port" each. Names are looked up by a thread beside the loop, which no answer waits for.

    A resolver that says nothing would hold up the end of a loop whose own threads asked it.
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
    """IPv4, as aioice asks over nothing else."""
    try:
        return str(socket.getaddrinfo(*server, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0]), server[1]
    except OSError:
        return None


def _is_literal(host: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(host))
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Gathering:
    """What a search for candidates knows beyond what aiortc hands on."""

    servers: tuple[Address, ...] = ()
    relay_s: float = SERVERS_S
    far: bool = False  # the display names public addresses alone


async def gather(
    transports: Iterable[RTCIceTransport], within_s: float, servers: tuple[Address, ...], *, far: bool
) -> None:
    """All candidates of all of them, as far as they are known within the time."""
    _gathering.set(Gathering(servers, min(SERVERS_S, max(ANSWER_S, within_s)), far))
    await asyncio.gather(*[transport.iceGatherer.gather() for transport in transports])


async def reflexive(
    protocol: aioice.ice.StunProtocol, stun_server: Address
) -> tuple[Candidate, aioice.ice.StunProtocol | None]:
    """Replaces aioice's function, which takes one server only and resolves its name while a display waits."""
    host, port = await public_address(protocol, _gathering.get(Gathering()).servers or (stun_server,))
    local = protocol.local_candidate
    return Candidate(
        foundation=candidate_foundation("srflx", "udp", local.host),
        component=local.component,
        transport=local.transport,
        priority=candidate_priority(local.component, "srflx"),
        host=host,
        port=port,
        type="srflx",
        related_address=local.host,
        related_port=local.port,
    ), None


async def public_address(protocol: Any, servers: tuple[Address, ...]) -> Address:
    """Where the socket of aioice's `protocol` is seen from, as the first of the servers says that answers.

    Raises TimeoutError, ConnectionError.
    """
    requests = [asyncio.create_task(_asked(protocol, server, at_s)) for at_s in (0, REPEAT_S) for server in servers]
    try:
        async with asyncio.timeout(ANSWER_S):
            for answer in asyncio.as_completed(requests):
                with contextlib.suppress(stun.TransactionError, KeyError):
                    response = await answer
                    host, port = response.attributes["XOR-MAPPED-ADDRESS"]
                    return str(host), int(port)
        raise ConnectionError
    finally:
        for task in requests:
            task.cancel()
        await asyncio.gather(*requests, return_exceptions=True)


async def _asked(protocol: Any, server: Address, at_s: float) -> stun.Message:
    await asyncio.sleep(at_s)
    response: stun.Message
    response, _ = await protocol.request(
        stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST), server
    )
    return response


class Connection(aioice.ice.Connection):
    """A display that died is known by its silence; aioice itself goes on for half a minute (RFC 7675)."""

    _heard = 0.0  # when anything came from it, by the loop's time

    def data_received(self, data: bytes, component: int) -> None:
        self._heard = asyncio.get_running_loop().time()
        super().data_received(data, component)

    def request_received(self, message: stun.Message, addr: tuple[str, int], protocol: aioice.ice.StunProtocol) -> None:
        self._heard = asyncio.get_running_loop().time()
        super().request_received(message, addr, protocol)

    async def query_consent(self) -> None:
        """In a task, from the time on that a pair was chosen."""
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
        """Until the next question. Time in which this process itself got none is no silence of the display."""
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
        wanted = _gathering.get(Gathering())
        self.stun_server = next(iter(wanted.servers), None)  # that any are asked; reflexive() knows which
        bound = wanted.relay_s if timeout is None else timeout
        found = await super().get_component_candidates(component, addresses, bound)  # type: ignore[arg-type]
        return far_candidates(found) if wanted.far else found


def far_candidates(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates that a display far away can use.

    It would try a private address first, and only two seconds later take one that works: so none is offered where
    there is another from STUN or TURN, and all of them where nothing else might do.
    """
    if all([candidate.type == "host" for candidate in candidates]):
        return candidates
    return [_unrelated(candidate) for candidate in candidates if candidate.type != "host" or is_public(candidate.host)]


def _unrelated(candidate: Candidate) -> Candidate:
    """The candidate without the address behind it, in the form of RFC 8839 section 5.1; aioice keeps its own."""
    bare = copy(candidate)
    if bare.related_address is not None:
        bare.related_address, bare.related_port = ("::" if ":" in bare.host else "0.0.0.0"), 9  # noqa: S104
    return bare


def relays(settings: PlaneSettings, now: float) -> list[RTCIceServer]:
    """None are asked that were not named: without a list aiortc would ask a STUN server of its own choice."""
    if not settings.turn:
        return []
    # The relay is kept alive with the same credentials as long as the connection lives. A later offer in the session is
    # answered with new ones.
    user, password = credentials(settings.turn_secret, now, SESSION_S)
    return [RTCIceServer(settings.turn, user, password)]


def credentials(secret: str, now: float, life_s: int) -> tuple[str, str]:
    """User name and password, good until then, made from what the TURN server knows too."""
    user = f"{int(now) + life_s}:{_USER}"
    tag = hmac.digest(secret.encode(), user.encode(), hashlib.sha1)
    return user, base64.b64encode(tag).decode()


_gathering: ContextVar[Gathering] = ContextVar("_gathering")
