"""Reads request bodies: of limited size, and with a limited number of threads, since a sender may be slow or silent.

granian hands a request over before its body has arrived, so a thread waits for it. Only so many threads may wait. A
client may occupy a small share of these places, and half of them are kept for clients whose signature or bearer was
valid before. showcam.edge.connections cuts off a sender that takes longer than BODY_S.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from wsgiref.types import WSGIEnvironment

from net.addresses import PEER, counted_as
from showcam.http_types import RECEIVED, Refuse, Response, problem

BODY_S = 5.0
KNOWN_S = 3600.0
MOST_KNOWN = 1024


class _Share:
    """Places of one kind: `most` in all, `most_of_one` for a single client."""

    __slots__ = ("most", "most_of_one", "of_one", "taken")

    def __init__(self, most: int, most_of_one: int) -> None:
        self.most, self.most_of_one = max(1, most), max(1, most_of_one)
        self.taken = 0
        self.of_one: dict[str, int] = {}

    def take(self, client: str) -> bool:
        of_one = self.of_one.get(client, 0)
        if self.taken >= self.most or of_one >= self.most_of_one:
            return False
        self.taken += 1
        self.of_one[client] = of_one + 1
        return True

    def give_back(self, client: str) -> None:
        self.taken -= 1
        left = self.of_one.pop(client) - 1
        if left:
            self.of_one[client] = left


class Bodies:
    """`places` is how many bodies are waited for at once.

    `known_s`: so long a client is known by a proof that held; `most_known`: so many are.
    """

    def __init__(
        self,
        limit: int,
        places: int,
        *,
        known_s: float = KNOWN_S,
        most_known: int = MOST_KNOWN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._limit, self._known_s, self._most_known = limit, known_s, most_known
        self._of_known = _Share(places // 2, places // 2)  # carry what may prove a sender whose proof held before
        self._of_claims = _Share(places // 4, places // 16)  # carry what may prove their sender
        self._of_others = _Share(places // 4, places // 16)
        self._waiting: dict[int, tuple[float, str]] = {}  # by thread: since when, and the peer
        self._known: OrderedDict[str, float] = OrderedDict()  # by client: until when
        self._lock = threading.Lock()

    def read(self, environ: WSGIEnvironment, *, claims: bool = False) -> bytes:
        """The whole body. Raises Refuse: 413 too long, 503 too many requests wait, 408 too slow or incomplete.

        `claims`: the request carries a signature or bearer, not verified yet.
        """
        claimed = environ.get("CONTENT_LENGTH") or ""
        known = claimed.isdecimal()
        size = int(claimed) if known else self._limit + 1
        if claimed and size > self._limit:
            raise self._too_much()
        body: bytes = b""
        if size:
            address = environ.get("REMOTE_ADDR", "")
            since = environ.get(RECEIVED) or self._clock()
            client = counted_as(address)
            share = self._begin(client, claims, since, environ.get(PEER) or address)
            try:
                read = environ["wsgi.input"].read
                body = read(size)
                while len(body) < size and (chunk := read(size - len(body))):
                    body += chunk
            finally:
                self._end(share, client)
            if len(body) > self._limit:
                raise self._too_much()
            # a body of unknown length ends short, too, when its sender is cut off
            if len(body) < size and (known or self._clock() - since > BODY_S):
                late = f"Send all of it within {BODY_S:.0f} seconds."
                raise Refuse(problem(408, "The request did not come whole", late))
        return body

    def proved(self, environ: WSGIEnvironment) -> None:
        """Note that the request's signature or bearer was valid: its client gets the places of known clients."""
        client, now = counted_as(environ.get("REMOTE_ADDR", "")), self._clock()
        if self._known.get(client, 0.0) - now > KNOWN_S / 2:
            return
        with self._lock:
            self._known[client] = now + self._known_s
            self._known.move_to_end(client)
            if len(self._known) > self._most_known:
                self._known.popitem(last=False)

    def overdue(self) -> set[str]:
        """The peers whose bodies have been waited for longer than BODY_S."""
        before = self._clock() - BODY_S
        with self._lock:
            return {peer for since, peer in self._waiting.values() if since < before}

    def _begin(self, client: str, claims: bool, since: float, peer: str) -> _Share:
        with self._lock:
            share = self._of_others
            if claims:
                share = self._of_known if self._known.get(client, 0.0) > since else self._of_claims
            if share.take(client):
                self._waiting[threading.get_ident()] = since, peer
                return share
        busy = problem(503, "Too many requests are being read", "Try again in a few seconds.")
        raise Refuse(Response(503, busy.body, [*busy.headers, ("Retry-After", "5")]))

    def _end(self, share: _Share, client: str) -> None:
        with self._lock:
            del self._waiting[threading.get_ident()]
            share.give_back(client)

    def _too_much(self) -> Refuse:
        return Refuse(problem(413, "That is too much", f"At most {self._limit} bytes are taken."))
