"""The only way from this process to a vendor: https, named hosts, no redirect, addresses looked up once."""

import asyncio
import socket
import ssl
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from showcam.net.addresses import are_public, in_url, is_public, is_spelled, with_port

LIST_CAP = 512 * 1024
SEGMENT_CAP = 16 * 1024 * 1024
LIST_S = 4.0  # a list is small: it is requested again while an Echo waits 6 s for its first video
SEGMENT_S = 10.0  # viewers wait anyway if a segment takes longer to fetch than to play


class Forbidden(Exception):
    """An address, host or answer that must not be followed. Carries no URL."""


class Cut(Exception):
    """The vendor says that this address no longer works: 403, 404 or 410."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Fault(Exception):
    """The vendor gave no usable answer in time."""


class _Pinned(AbstractResolver):
    """Looks each host up once. Refuses a host if any address of the host is not allowed."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._known: dict[tuple[str, int], list[ResolveResult]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if (host, port) not in self._known:
            self._known[host, port] = await self._look_up(host, port)
        return self._known[host, port]

    async def _look_up(self, host: str, port: int) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if not are_public((str(entry[4][0]) for entry in found), loopback=self._loopback):
            raise OSError("the host is not at a public address")
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=family,
                proto=proto,
                flags=socket.AI_NUMERICHOST,
            )
            for family, _, proto, _, address in found
        ]

    async def close(self) -> None:
        pass


class Fetcher:
    """Kept-alive connections to the hosts of one source."""

    def __init__(self, hosts: tuple[str, ...], context: ssl.SSLContext, *, loopback: bool) -> None:
        self._hosts = frozenset(hosts)
        self._loopback = loopback
        connector = aiohttp.TCPConnector(
            ssl=context, resolver=_Pinned(loopback=loopback), limit_per_host=2, ttl_dns_cache=None
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity", "User-Agent": "showcam"},
            trust_env=False,
            auto_decompress=False,
        )

    async def get(self, url: str, *, cap: int, deadline_s: float, part: tuple[int, int] | None = None) -> bytes:
        """`part` is a byte range, its end excluded. Raises Forbidden, Cut or Fault; none of them contains the URL."""
        self._judge(url)
        headers = {"Range": f"bytes={part[0]}-{part[1] - 1}"} if part else {}
        try:
            async with asyncio.timeout(deadline_s):
                async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                    return await self._read(response, cap, part)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            raise Fault from None

    async def close(self) -> None:
        await self._session.close()

    def _judge(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port or 443
        except ValueError:
            raise Forbidden from None
        host = parts.hostname or ""
        if parts.scheme != "https" or parts.username is not None or parts.password is not None:
            raise Forbidden
        if with_port(host, port) not in self._hosts and not (port == 443 and in_url(host) in self._hosts):
            raise Forbidden
        # aiohttp sends a host that looks like an address straight to the system, past the resolver above
        if is_spelled(host) and not is_public(host, loopback=self._loopback):
            raise Forbidden

    @staticmethod
    async def _read(response: aiohttp.ClientResponse, cap: int, part: tuple[int, int] | None) -> bytes:
        if response.status in (403, 404, 410):
            raise Cut(response.status)
        if response.status not in (200, 206):
            raise (Forbidden if 300 <= response.status < 400 else Fault)
        chunks, size = [], 0
        async for chunk in response.content.iter_chunked(65536):
            chunks.append(chunk)
            size += len(chunk)
            if size > cap:
                raise Forbidden
        data = b"".join(chunks)
        return data[part[0] : part[1]] if part and response.status == 200 else data
