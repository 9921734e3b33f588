"""HTTP to a device in the house: one pinned private address, one deadline, no redirect, no proxy, a limit on size.

By https a device has a certificate that the device made itself, which nobody vouches for. The caller names the
certificate that the device had when its owner added it, or accepts any.
"""

import hashlib
import http.client
import socket
import ssl
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from showcam.net.addresses import is_in_house
from showcam.net.exchange import Exchange, NotAllowed, Unreached, exchange_within

LONGEST_ANSWER = 1024 * 1024
_READ = 64 * 1024


class Answer(Struct, frozen=True):
    """The answer of a device. Header names are in lower case, with the values of all headers of that name.

    Values are read as UTF-8; other bytes are surrogates ("surrogateescape"), and `ask` sends them as they came.
    A redirect (3xx) is not followed. `pin`: the SHA-256 of the certificate, "" without TLS.
    """

    status: int
    headers: Mapping[str, tuple[str, ...]]
    body: bytes
    pin: str = ""


class OtherCertificate(NotAllowed):
    """The device has another certificate than before; it was sent nothing."""


class HouseHttp:
    """HTTP as devices at home speak it. `loopback`: this machine counts as a house, for practice."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback

    def ask(
        self,
        method: str,
        host: str,
        port: int,
        path: str,
        timeout_s: float,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        pin: str | None = None,
    ) -> Answer:
        """Sends one request and returns the answer, within `timeout_s` or the rest of the thread's exchange.

        `pin`: by https, to a device whose certificate has this SHA-256, "" for any certificate; None: without TLS.
        Raises NotAllowed, OtherCertificate, Unreached.
        """
        if not is_in_house(host, loopback=self._loopback):
            raise NotAllowed("no address of a house")
        if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path:
            raise NotAllowed("no path of a URL")
        with exchange_within(timeout_s) as exchange:
            connection = _connection(host, port, max(0.01, exchange.left), tls=pin is not None)
            try:
                connection.connect()
                exchange.watch(connection.sock)
                its = _pin(connection.sock)
                if pin and its != pin:
                    raise OtherCertificate("another certificate than before")
                sent = {"User-Agent": "showcam", "Connection": "close"} | dict(headers or {})
                encoded = {name: value.encode("utf-8", "surrogateescape") for name, value in sent.items()}
                connection.request(method, path, body, encoded)
                with connection.getresponse() as response:
                    return replace(_answer(response, exchange), pin=its)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise Unreached(type(error).__name__) from None
            finally:
                exchange.unwatch()
                connection.close()


def _connection(host: str, port: int, timeout_s: float, *, tls: bool) -> http.client.HTTPConnection:
    if not tls:
        return http.client.HTTPConnection(host, port, timeout=timeout_s)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nobody vouches for the certificate: see `pin`
    return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)


def _pin(connected: socket.socket) -> str:
    certificate = connected.getpeercert(binary_form=True) if isinstance(connected, ssl.SSLSocket) else None
    return hashlib.sha256(certificate).hexdigest() if certificate else ""


def _answer(response: http.client.HTTPResponse, exchange: Exchange) -> Answer:
    """Reads the whole answer. Raises Unreached if it is too long or the time is up."""
    chunks, length = [], 0
    while chunk := response.read(_READ):
        chunks.append(chunk)
        length += len(chunk)
        if length > LONGEST_ANSWER:
            raise Unreached("the answer is too long")
    if exchange.over:  # a cut connection may look like the end of the answer
        raise Unreached("no answer in time")
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in response.getheaders():  # http.client reads all bytes as Latin-1
        decoded = value.encode("latin-1").decode("utf-8", "surrogateescape")
        headers[name.lower()] = (*headers.get(name.lower(), ()), decoded)
    return Answer(response.status, headers, b"".join(chunks))
