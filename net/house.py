"""HTTP to a device in the house: one pinned private address, one deadline, no redirect, no proxy, a limit on size."""

import http.client
from collections.abc import Mapping

from msgspec import Struct

from net.addresses import is_in_house
from net.errors import NotAllowed, Unreached
from net.exchange import Exchange, exchange_within

LONGEST_ANSWER = 1024 * 1024
_READ = 64 * 1024


class Answer(Struct, frozen=True):
    """Header names in lower case, with the values of all headers of that name; of a 3xx nothing is followed."""

    status: int
    headers: Mapping[str, tuple[str, ...]]
    body: bytes


class HouseHttp:
    """Plain HTTP, as devices at home speak it. `loopback`: this machine counts as a house, for practice."""

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
    ) -> Answer:
        """Within `timeout_s`, or what is left of the thread's exchange. Raises NotAllowed, Unreached."""
        if not is_in_house(host, loopback=self._loopback):
            raise NotAllowed("no address of a house")
        if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path:
            raise NotAllowed("no path of a URL")
        with exchange_within(timeout_s) as exchange:
            connection = http.client.HTTPConnection(host, port, timeout=max(0.01, exchange.left))
            try:
                connection.connect()
                exchange.watch(connection.sock)
                sent = {"User-Agent": "showcam", "Connection": "close"} | dict(headers or {})
                connection.request(method, path, body, sent)
                with connection.getresponse() as response:
                    return _answer(response, exchange)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise Unreached(type(error).__name__) from None
            finally:
                exchange.unwatch()
                connection.close()


def _answer(response: http.client.HTTPResponse, exchange: Exchange) -> Answer:
    """Raises Unreached."""
    chunks, length = [], 0
    while chunk := response.read(_READ):
        chunks.append(chunk)
        length += len(chunk)
        if length > LONGEST_ANSWER:
            raise Unreached("the answer is too long")
    if exchange.over:  # a cut connection may look like the end of the answer
        raise Unreached("no answer in time")
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in response.getheaders():
        headers[name.lower()] = (*headers.get(name.lower(), ()), value)
    return Answer(response.status, headers, b"".join(chunks))
