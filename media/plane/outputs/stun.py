"""STUN servers (RFC 8489): whoever asks one learns the address from which it is seen."""

import asyncio
import contextlib
import ipaddress
import socket
import threading
from typing import Any

from aioice import stun

type Address = tuple[str, int]

ANSWER_S = 0.3  # an answer waits so long for the first of them
REPEAT_S = 0.1  # each is asked again after this: a lost datagram would cost a display two seconds of its own retries
_FRESH_S = 600.0  # a name is looked up again after this
_AGAIN_S = 10.0  # and one that led nowhere after this


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
            self._end.wait(_FRESH_S if all(found) else _AGAIN_S)


async def seen_from(protocol: Any, servers: tuple[Address, ...]) -> Address:
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
    response, _ = await protocol.request(_binding(), server)
    return response


def _binding() -> stun.Message:
    return stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)


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
