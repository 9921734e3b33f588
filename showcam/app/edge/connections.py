"""Reads request bodies by a limited number of threads, and ends connections whose peers are silent.

granian hands a request over before its body has arrived, so a thread waits for it. A client may occupy a small share of
the places for such threads, and half of them are kept for clients whose signature or bearer was valid before.

granian waits SENDER_S for a request's head, also on a connection that is kept alive, but without end for a body. Nor
does granian end the wait for a peer that does not read an answer. The kernel's count of bytes (TCP_INFO) shows which
peers are silent.
"""

import contextlib
import os
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from wsgiref.types import WSGIEnvironment

import structlog

from showcam.app.http_types import RECEIVED, Refuse, Response, problem
from showcam.app.process.limits import POLL_S
from showcam.engine.silence import silence
from showcam.net.addresses import PEER, counted_as, unmapped
from showcam.store.records import HOUR_S

log = structlog.get_logger()

SENDER_S = 5.0  # a sender has this for the head of a request, for its body, and for whatever follows
KNOWN_S = HOUR_S  # a client whose proof was valid stays known for this many seconds
MOST_KNOWN = 1024
MOST = 2048  # at once; who is silent gives up its place after SENDER_S
_DESCRIPTORS = "/proc/self/fd"


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
    """`places`: the number of bodies that are waited for at once.

    `known_s`: how long a client stays known after a valid proof. `most_known`: the number of known clients.
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
        self._of_known = _Share(places // 2, places // 2)  # bodies of clients whose proof was valid before
        # bodies with a signature or bearer that is not verified yet
        self._of_claims = _Share(places // 4, places // 16)
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
            if len(body) < size and (known or self._clock() - since > SENDER_S):
                late = f"Send all of it within {SENDER_S:.0f} seconds."
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
        """The peers whose bodies have been waited for longer than SENDER_S."""
        before = self._clock() - SENDER_S
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


class Connections:
    """`overdue`: the peers whose body has been waited for long enough. `answer_s`: the longest an answer takes.

    `head_s`, `body_s`: what a head and a body may take; `and_more_s`: beyond what all three may take together.
    """

    def __init__(
        self,
        port: int,
        overdue: Callable[[], set[str]],
        answer_s: float,
        *,
        head_s: float = SENDER_S,
        body_s: float = SENDER_S,
        and_more_s: float = SENDER_S,
    ) -> None:
        self._port, self._overdue = port, overdue
        self._quiet_s = head_s + body_s + answer_s + and_more_s
        self._body_s, self._head_s = max(body_s, answer_s), head_s

    def watch(self) -> None:
        """Start a thread that watches as long as the process lives. Does nothing on systems without TCP_INFO."""
        if os.path.isdir(_DESCRIPTORS) and hasattr(socket, "TCP_INFO"):  # noqa: PTH112 - a plain string will do
            threading.Thread(target=self._repeat, name="connections", daemon=True).start()

    def turn(self) -> None:
        overdue = self._overdue()
        for connection in accepted(self._port):
            with connection, contextlib.suppress(OSError):
                self._judge(connection, overdue)

    def _judge(self, connection: socket.socket, overdue: set[str]) -> None:
        quiet = silence(connection)
        if quiet is None:
            return
        if quiet.sent_s > self._quiet_s:
            connection.shutdown(socket.SHUT_RDWR)
        # a connection that is kept alive was idle for at most SENDER_S before the request whose body is late
        elif (
            overdue
            and quiet.sent_s > self._body_s + (self._head_s if quiet.ever_sent else 0)
            and unmapped(connection.getpeername()[0].partition("%")[0]) in overdue
        ):
            connection.shutdown(socket.SHUT_RD)  # the waiting thread wakes up and can still answer

    def _repeat(self) -> None:
        wait = threading.Event().wait
        while not wait(POLL_S):
            try:
                self.turn()
            except Exception:
                log.exception("connections could not be checked")


def accepted(port: int) -> Iterator[socket.socket]:
    """Every connection to this process's own port, as a duplicate that is to be closed before the next is taken.

    A duplicate, since granian may close its descriptor at any time, and another connection may get the number.
    """
    for name in os.listdir(_DESCRIPTORS):  # noqa: PTH208 - a thousand names are read twice a second
        with contextlib.suppress(OSError):
            if not os.readlink(f"{_DESCRIPTORS}/{name}").startswith("socket:"):  # noqa: PTH115
                continue
            found = socket.socket(fileno=os.dup(int(name)))
            if _is_ours(found, port):
                yield found
            else:
                found.close()


def _is_ours(found: socket.socket, port: int) -> bool:
    try:
        return found.family in (socket.AF_INET, socket.AF_INET6) and (
            found.getsockname()[1] == port and bool(found.getpeername())
        )
    except OSError:  # a listening socket, or a connection that has just ended
        return False
