"""A STUN and TURN server on loopback, as far as gathering needs one (RFC 8489, RFC 8656 over UDP).

It accepts time-limited credentials made from `secret`, allocates addresses and records their users; it relays nothing.
"""

import asyncio
import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, cast

from aioice import stun

from tests.doubles.waiting import LONG_S

REALM, NONCE = "showcam.test", b"nonce-of-the-test"


class Relay:
    """`with Relay(secret) as relay: relay.port`. A `deaf` one answers nothing, a `lossy` one no first datagram."""

    def __init__(self, secret: str, *, deaf: bool = False, lossy: bool = False) -> None:
        self.secret, self.deaf, self.lossy = secret, deaf, lossy
        self.users: list[str] = []
        self.datagrams = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._transports: list[asyncio.DatagramTransport] = []

    def __enter__(self) -> "Relay":
        self._thread.start()
        transport = self._run(self._listen(lambda: _Front(self)))
        self.port = transport.get_extra_info("sockname")[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LONG_S)
        self._loop.close()

    def key(self, user: str) -> bytes | None:
        """The key of a user name; None where the name has expired or holds no time."""
        if not user.partition(":")[0].isdigit() or int(user.partition(":")[0]) <= time.time():
            return None
        password = base64.b64encode(hmac.digest(self.secret.encode(), user.encode(), hashlib.sha1)).decode()
        return hashlib.md5(f"{user}:{REALM}:{password}".encode()).digest()  # noqa: S324

    async def _listen(self, make: Callable[[], asyncio.DatagramProtocol]) -> asyncio.DatagramTransport:
        transport, _ = await self._loop.create_datagram_endpoint(make, local_addr=("127.0.0.1", 0))
        self._transports.append(transport)
        return transport

    async def _close(self) -> None:
        for transport in self._transports:
            transport.close()
        await asyncio.sleep(0)

    def _run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LONG_S)


class _Front(asyncio.DatagramProtocol):
    """The protocol of the relay's socket."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard: set[tuple[str, int]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self._relay.datagrams += 1
        is_first = address not in self._heard
        self._heard.add(address)
        if self._relay.deaf or (self._relay.lossy and is_first):
            return
        task = asyncio.get_running_loop().create_task(self._answer(data, address))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, data: bytes, address: tuple[str, int]) -> None:
        request = stun.parse_message(data)
        reply = stun.Message(request.message_method, stun.Class.RESPONSE, transaction_id=request.transaction_id)
        if request.message_method == stun.Method.BINDING:
            reply.attributes["XOR-MAPPED-ADDRESS"] = ("192.0.2.33", address[1])
            self.transport.sendto(bytes(reply), address)
            return
        user = request.attributes.get("USERNAME", "")
        key = self._relay.key(user)
        if key is None or not request.check_message_integrity(key):  # refused alike (RFC 8489, 9.2.4)
            reply.message_class = stun.Class.ERROR
            reply.attributes |= {"ERROR-CODE": (401, "Unauthorized"), "REALM": REALM, "NONCE": NONCE}
            self.transport.sendto(bytes(reply), address)
            return
        if request.message_method == stun.Method.ALLOCATE:
            self._relay.users.append(user)
            reply.attributes["XOR-RELAYED-ADDRESS"] = ("192.0.2.44", address[1])
            reply.attributes["XOR-MAPPED-ADDRESS"] = address
            reply.attributes["LIFETIME"] = 600
        reply.add_message_integrity(key)
        self.transport.sendto(bytes(reply), address)
