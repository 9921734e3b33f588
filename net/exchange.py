"""One deadline over all requests of a thread, kept by shutting down the connection in use."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from types import TracebackType

_current = threading.local()


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
        self.enough = 0  # bytes of an answer after which the rest is not read; 0: read all
        self.reused = False  # whether the request under way uses a connection that carried one before
        self.no_internet = False  # whether the request under way found no way out of this machine
        self.repeatable = False  # whether the peer knows the request again, so that it may be sent twice

    @staticmethod
    def current() -> "Exchange | None":
        return getattr(_current, "exchange", None)

    @property
    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())

    def watch(self, connected: socket.socket) -> None:
        """The connection of the one request under way, until `unwatch`."""
        self.unwatch()
        # a descriptor of our own: the number of a closed one may belong to another file, and TLS keeps its own state
        own = socket.socket(fileno=os.dup(connected.fileno()))
        with self._lock:
            self._watched = own
        if self.over:
            self._cut()

    def unwatch(self) -> None:
        """Must come before another thread can use the connection, which would be cut instead."""
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
    """The exchange that runs in this thread, or a new one of so many seconds."""
    if running := Exchange.current():
        yield running
        return
    with Exchange(timeout_s) as exchange:
        yield exchange
