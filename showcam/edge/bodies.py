"""Reading request bodies: at most so many bytes, and never with every thread, since a sender may be slow or silent.

The server hands a request over before its body is there, so a thread waits for it. So many may wait, beside those that
answer. Of these places each client has a small share, and half are kept for clients whose signature or bearer held
before.
Who takes longer than BODY_S is cut off by showcam.connections.
"""

import threading
import time
from collections import OrderedDict
from wsgiref.types import WSGIEnvironment

from net.visitors import counted_as
from showcam.http_types import PEER, RECEIVED, Refuse, Response, problem

BODY_S = 5.0
KNOWN_S = 3600.0
MOST_KNOWN = 1024


class _Share:
    """Places of one kind: `most` in all, and `most_of_one` client."""

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

    def __init__(self, limit: int, places: int, *, known_s: float = KNOWN_S, most_known: int = MOST_KNOWN) -> None:
        self._limit, self._known_s, self._most_known = limit, known_s, most_known
        self._of_known = _Share(places // 2, places // 2)  # carry what may prove a sender whose proof held before
        self._of_claims = _Share(places // 4, places // 16)  # carry what may prove their sender
        self._of_others = _Share(places // 4, places // 16)
        self._waiting: dict[int, tuple[float, str]] = {}  # by thread: since when, and the peer
        self._known: OrderedDict[str, float] = OrderedDict()  # until when
        self._lock = threading.Lock()

    def read(self, environ: WSGIEnvironment, *, claims: bool = False) -> bytes:
        """The whole body, whatever length it claims. Raises Refuse with 413, 503 where too many wait, or 408.

        `claims`: the request carries what would prove who sent it.
        """
        claimed = environ.get("CONTENT_LENGTH") or ""
        known = claimed.isdecimal()
        size = int(claimed) if known else self._limit + 1
        if claimed and size > self._limit:
            raise self._too_much()
        body: bytes = b""
        if size:
            address = environ.get("REMOTE_ADDR", "")
            since = environ.get(RECEIVED) or time.monotonic()
            client = counted_as(address)
            share = self._begin(client, claims, since, environ.get(PEER) or address)
            try:
                read = environ["wsgi.input"].read
                body = read(size)
                while len(body) < size and (part := read(size - len(body))):
                    body += part
            finally:
                self._end(share, client)
            if len(body) > self._limit:
                raise self._too_much()
            # a body of unknown length ends like this too where its sender was cut off
            if len(body) < size and (known or time.monotonic() - since > BODY_S):
                late = f"Send all of it within {BODY_S:.0f} seconds."
                raise Refuse(problem(408, "The request did not come whole", late))
        return body

    def proved(self, environ: WSGIEnvironment) -> None:
        """What the request carried has held: from now on its client's places are not those of strangers."""
        client, now = counted_as(environ.get("REMOTE_ADDR", "")), time.monotonic()
        if self._known.get(client, 0.0) - now > KNOWN_S / 2:
            return
        with self._lock:
            self._known[client] = now + self._known_s
            self._known.move_to_end(client)
            if len(self._known) > self._most_known:
                self._known.popitem(last=False)

    def overdue(self) -> set[str]:
        """The peers a body of which has been waited for longer than it may take."""
        before = time.monotonic() - BODY_S
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
