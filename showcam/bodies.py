"""Reading request bodies: at most so many bytes, and never with every thread, since a sender may be slow or silent.

The server hands a request over before its body is there, so a thread waits for it. A part of the threads does that and
no more; of that part each client has a small share, and half is kept for those whose signature or bearer held before.
Who takes longer than BODY_S is cut off by showcam.connections.
"""

import threading
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Literal
from wsgiref.types import WSGIEnvironment

from media.visitors import counted_as
from showcam.exchange import PEER, RECEIVED, Refuse, Response, problem

BODY_S = 5.0
KNOWN_S = 3600.0  # so long a client is known by a proof that held
MOST_KNOWN = 1024

# known: claims a proof, and one of that client held before; claims: carries what may be a proof; any: carries none
type Kind = Literal["known", "claims", "any"]


@dataclass(frozen=True, slots=True)
class _Reading:
    kind: Kind
    client: str
    peer: str
    since: float


class Bodies:
    """`places` is how many bodies are waited for at once."""

    def __init__(self, limit: int, places: int) -> None:
        self._limit = limit
        half, quarter, eighth = (max(1, places // part) for part in (2, 4, 8))
        self._most: dict[Kind, tuple[int, int]] = {  # in all, and of one client
            "known": (half, half),
            "claims": (quarter, eighth),
            "any": (quarter, eighth),
        }
        self._readings: dict[int, _Reading] = {}  # by thread
        self._of_kind: Counter[Kind] = Counter()
        self._of_one: Counter[tuple[Kind, str]] = Counter()
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
        if not size:
            return b""
        reading = self._begin(environ, claims=claims)
        try:
            read = environ["wsgi.input"].read
            body: bytes = read(size)
            while len(body) < size and (part := read(size - len(body))):
                body += part
        finally:
            self._end(reading)
        if len(body) > self._limit:
            raise self._too_much()
        # a body of unknown length ends like this too where its sender was cut off
        if len(body) < size and (known or time.monotonic() - reading.since > BODY_S):
            raise Refuse(problem(408, "The request did not come whole", f"Send all of it within {BODY_S:.0f} seconds."))
        return body

    def proved(self, environ: WSGIEnvironment) -> None:
        """What the request carried has held: from now on its client's places are not those of strangers."""
        client, now = counted_as(environ.get("REMOTE_ADDR", "")), time.monotonic()
        with self._lock:
            self._known[client] = now + KNOWN_S
            self._known.move_to_end(client)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)

    def overdue(self) -> set[str]:
        """The peers a body of which has been waited for longer than it may take."""
        before = time.monotonic() - BODY_S
        with self._lock:
            return {each.peer for each in self._readings.values() if each.since < before}

    def _begin(self, environ: WSGIEnvironment, *, claims: bool) -> _Reading:
        address = environ.get("REMOTE_ADDR", "")
        client, now = counted_as(address), time.monotonic()
        with self._lock:
            kind: Kind = "any" if not claims else "known" if self._known.get(client, 0.0) > now else "claims"
            most, most_of_one = self._most[kind]
            if self._of_kind[kind] < most and self._of_one[kind, client] < most_of_one:
                reading = _Reading(kind, client, environ.get(PEER) or address, environ.get(RECEIVED) or now)
                self._readings[threading.get_ident()] = reading
                self._of_kind[kind] += 1
                self._of_one[kind, client] += 1
                return reading
        busy = problem(503, "Too many requests are being read", "Try again in a few seconds.")
        raise Refuse(Response(503, busy.body, [*busy.headers, ("Retry-After", "5")]))

    def _end(self, reading: _Reading) -> None:
        place = reading.kind, reading.client
        with self._lock:
            del self._readings[threading.get_ident()]
            self._of_kind[reading.kind] -= 1
            self._of_one[place] -= 1
            if not self._of_one[place]:
                del self._of_one[place]

    def _too_much(self) -> Refuse:
        return Refuse(problem(413, "That is too much", f"At most {self._limit} bytes are taken."))
