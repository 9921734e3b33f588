"""The rules of every request to a vendor: one deadline over all requests of a thread, and only known, public hosts."""

import contextlib
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from urllib.parse import urlsplit

from showcam.net.addresses import are_public, is_spelled

_current = threading.local()
# A resolver that is silent for this time is taken as missing. Resolvers of homes answer in tens of milliseconds, and
# glibc waits 5 s for an answer before it asks again (resolv.conf(5), `timeout`).
SILENT_S = 1.0
PATIENT_S = 10.0  # for the answer of another party that a person waits for, however slowly the answer arrives
EARLY_S = 300  # another party's access token, which lives an hour or longer, is renewed this long before it expires


class Unreached(Exception):
    """The request got no answer in time, a broken connection, or an answer that the rules forbid."""


class NoInternet(Unreached):
    """This machine has no way out to the internet. The host of the request is not to blame."""


class NotAllowed(Unreached):
    """The rules forbid the address; nothing was sent."""


class Exchange:
    """A deadline over all requests of this thread to vendors until the block ends.

    After it the connection in use is shut down while it is read from, so that a peer that sends a byte now and then
    gains no time. A connection that went back to the pool is not touched.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._timer = threading.Timer(max(0.0, seconds), self._cut)
        self._timer.daemon = True
        self._watched: socket.socket | None = None
        self._lock = threading.Lock()
        self.over = False
        self.enough = 0  # bytes of an answer; the rest is not read; 0: the whole answer is read
        self.reused = False  # whether the request under way uses a connection that has carried a request before
        self.no_internet = False  # whether the request under way found no way out of this machine
        self.repeatable = False  # whether the request may be sent twice, since the peer recognizes the second

    @staticmethod
    def current() -> "Exchange | None":
        return getattr(_current, "exchange", None)

    @property
    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())

    def watch(self, connected: socket.socket) -> None:
        """Cuts this connection at the deadline, until `unwatch`. It carries the only request under way."""
        self.unwatch()
        # our own descriptor: the number of a closed one may belong to another file, and TLS keeps its own state
        own = socket.socket(fileno=os.dup(connected.fileno()))
        with self._lock:
            self._watched = own
        if self.over:
            self._cut()

    def unwatch(self) -> None:
        """Ends the watch of the connection.

        Must come before another thread can use the connection, which would be cut instead.
        """
        with self._lock:
            own, self._watched = self._watched, None
            if own is not None:
                own.close()

    def _cut(self) -> None:
        with self._lock:
            self.over = True
            if self._watched is not None:
                with contextlib.suppress(OSError):
                    self._watched.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "Exchange":
        if Exchange.current() is not None:
            raise RuntimeError("one exchange at a time in a thread")
        _current.exchange = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        _current.exchange = None
        self.unwatch()


@contextlib.contextmanager
def exchange_within(timeout_s: float) -> Iterator[Exchange]:
    """The exchange that runs in this thread, or a new exchange of `timeout_s` seconds."""
    if running := Exchange.current():
        yield running
        return
    with Exchange(timeout_s) as exchange:
        yield exchange


class Hosts:
    """The hosts that may be connected to, only by https.

    `extra`: given exactly as "host:port"; they may be on loopback. `known`: a pattern of further names, whose port is
    443; None: no further ones, since practice must not reach a real service.
    """

    def __init__(self, extra: tuple[str, ...] = (), known: re.Pattern[str] | None = None) -> None:
        self._extra, self._known = frozenset(extra), known

    def check(self, url: str) -> tuple[str, int]:
        """Checks a URL, and returns host and port. Raises NotAllowed."""
        try:
            address = urlsplit(url)
            host, port = (address.hostname or "").lower(), address.port or 443
        except ValueError:
            raise NotAllowed("not an address") from None
        if address.scheme != "https" or address.username is not None or address.password is not None:
            raise NotAllowed("not an https address")
        known = self._known is not None and port == 443 and self._known.fullmatch(host) is not None
        if not known and f"{host}:{port}" not in self._extra:
            raise NotAllowed("not a known host")
        return host, port

    def addresses(self, host: str, port: int, timeout_s: float) -> list[str]:
        """The host's addresses, all public; the caller connects to these and resolves no name.

        Raises NotAllowed, NoInternet.
        """
        found = _resolve(host, port, timeout_s)
        if not are_public(found, loopback=f"{host}:{port}" in self._extra):
            raise NotAllowed("the host is not at a public address")
        return found


def _resolve(host: str, port: int, timeout_s: float) -> list[str]:
    if is_spelled(host):
        return [host]
    found: list[str] = []
    failures: list[OSError] = []

    def resolve() -> None:
        try:
            found.extend(str(answer[4][0]) for answer in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failures.append(error)

    # the system's resolver has no timeout, so it runs in a thread, which is given only `timeout_s`
    thread = threading.Thread(target=resolve, name="resolve", daemon=True)
    thread.start()
    thread.join(max(0.0, timeout_s))
    # EAI_AGAIN: no resolver answered. The answer "no such name" tells about the host.
    unanswered = thread.is_alive() and timeout_s >= SILENT_S
    if unanswered or any(failure.errno == socket.EAI_AGAIN for failure in failures):
        raise NoInternet("no name can be looked up")
    return list(dict.fromkeys(found))
