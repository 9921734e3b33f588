"""The rules of showcam.net.http inside requests, so that a vendor's library keeps them too."""

import errno
import functools
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from showcam.net.exchange import Exchange, Hosts, NoInternet, NotAllowed
from showcam.net.text import mended

STALE = 3  # tries with kept connections, which may turn out dead, before a new one is made
KEPT = 16  # connections to one host that are kept, as many as there are senders of reports

LONGEST_ANSWER = 1024 * 1024

# The errors of connect(2) if no route leads out, no address here could be the sender, or the router is silent.
NO_WAY_OUT = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL})


class Cut(requests.RequestException):
    """The exchange's deadline has passed, or the answer is too long, redirected or unreadable."""


class Forbidden(requests.RequestException):
    """The rules forbid the address; nothing was sent."""


@functools.lru_cache(4)
def _context(ca_file: Path | None, _written: int) -> ssl.SSLContext:
    """The TLS context that all adapters of the process share: reading the authorities takes a megabyte and 20 ms.

    `_written`: when the file was written, since an authority may be replaced under the same name.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


class RuledAdapter(HTTPAdapter):
    """An adapter for https:// and nothing else. Reads the whole answer itself, within the exchange."""

    def __init__(self, hosts: Hosts, ca_file: Path | None, idle_s: float) -> None:
        self._hosts = hosts
        self._context = _context(ca_file, ca_file.stat().st_mtime_ns if ca_file else 0)
        self._idle_s = idle_s
        super().__init__(max_retries=0, pool_maxsize=KEPT)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _pool(self._hosts, self._idle_s)}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"  # by this adapter's own context, whatever the caller asked for

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        exchange = Exchange.current()
        if exchange is None:
            raise RuntimeError("a request to a vendor needs an exchange around it")
        exchange.no_internet = False
        try:
            self._hosts.check(request.url or "")
        except NotAllowed as error:
            raise Forbidden(str(error)) from None
        if exchange.left <= 0:
            raise Cut("no time left")
        try:
            response = self._sent(request, exchange)
            if 300 <= response.status_code < 400:
                response.close()
                raise Cut("redirected")
            response._content = mended(_body(response, exchange))
        finally:
            exchange.unwatch()  # also of a connection that was closed and never went back to the pool
        response._content_consumed = True  # type: ignore[attr-defined]
        return response

    def _sent(self, request: requests.PreparedRequest, exchange: Exchange) -> requests.Response:
        """Sends the request.

        Retries a request that may be sent twice if its kept connection is dead (RFC 9110 section 9.2.2).
        """
        repeatable = request.method == "GET" or exchange.repeatable
        for _ in range(STALE):
            exchange.reused = False
            try:
                return super().send(request, stream=True, timeout=exchange.left, verify=True)
            except requests.ConnectionError:
                if not repeatable or not exchange.reused or exchange.over or exchange.left <= 0:
                    raise
        return super().send(request, stream=True, timeout=exchange.left, verify=True)


def _body(response: requests.Response, exchange: Exchange) -> bytes:
    chunks, length = [], 0
    try:
        for chunk in response.raw.stream(64 * 1024, decode_content=True):
            chunks.append(chunk)
            length += len(chunk)
            if 0 < exchange.enough <= length:
                response.close()
                break
            if length > LONGEST_ANSWER:
                response.close()
                raise Cut("the answer is too long")
    except (HTTPError, OSError) as error:
        response.close()
        raise Cut(type(error).__name__) from None
    if exchange.over:  # a cut connection may look like the end of the answer
        response.close()
        raise Cut("no answer in time")
    return b"".join(chunks)


def _pool(hosts: Hosts, idle_s: float) -> type[HTTPSConnectionPool]:
    class Connection(HTTPSConnection):
        served = False  # a request went out by this connection before
        idle_since = 0.0  # by the monotonic clock

        def _new_conn(self) -> socket.socket:
            exchange = Exchange.current()
            if exchange is None:
                raise NewConnectionError(self, "outside an exchange")
            self.served = False
            return _connect(self, hosts, exchange)

        def request(self, *args: Any, **kwargs: Any) -> None:
            # the socket's timeout covers connecting and the handshake; from here on it restarts with each byte
            exchange = Exchange.current()
            if self.sock is not None and exchange is not None:
                exchange.watch(self.sock)
                exchange.reused, self.served = self.served, True
                self.sock.settimeout(max(0.001, exchange.left))
            super().request(*args, **kwargs)

    class Pool(HTTPSConnectionPool):
        ConnectionCls = Connection

        def _get_conn(self, timeout: float | None = None) -> Any:
            conn: Any = super()._get_conn(timeout)  # a connection that the peer has closed is closed here too
            if time.monotonic() - conn.idle_since > idle_s:
                conn.close()  # urllib3 connects it again automatically
            return conn

        def _put_conn(self, conn: Any) -> None:
            # from here on another household may use it
            exchange = Exchange.current()
            if exchange is not None:
                exchange.unwatch()
                if exchange.over and conn is not None:
                    conn.close()
            if conn is not None:
                conn.idle_since = time.monotonic()
            super()._put_conn(conn)

    return Pool


def _connect(connection: HTTPSConnection, hosts: Hosts, exchange: Exchange) -> socket.socket:
    port = connection.port or 443
    try:
        addresses = hosts.addresses(connection.host.lower(), port, exchange.left)[:4]
    except NotAllowed as error:
        raise NewConnectionError(connection, str(error)) from None
    except NoInternet as error:
        exchange.no_internet = True
        raise NewConnectionError(connection, str(error)) from None
    failures: list[int | None] = []
    for rest in range(len(addresses), 0, -1):
        address = addresses[-rest]
        try:
            # each of several addresses has its share of the time
            connected = socket.create_connection((address, port), timeout=max(0.001, exchange.left / rest))
        except OSError as error:
            failures.append(error.errno)
            continue
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.settimeout(max(0.001, exchange.left))
        return connected
    exchange.no_internet = bool(failures) and NO_WAY_OUT.issuperset(failures)
    raise NewConnectionError(connection, "no address of the host takes a connection")
