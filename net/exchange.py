"""One deadline over everything a thread says to others, held by shutting down the connection in use."""

import contextlib
import os
import socket
import threading
import time
from types import TracebackType

_current = threading.local()


class Exchange:
    """A deadline over everything this thread says to vendors until the block ends.

    When it is over, the connection in use is shut down under whoever reads from it, so that a peer that drips a byte
    now and then gains nothing by it. One that went back to be shared is out of its reach.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._timer = threading.Timer(max(0.0, seconds), self._cut)
        self._timer.daemon = True
        self._watched: socket.socket | None = None
        self._lock = threading.Lock()
        self.over = False
        self.enough = 0  # bytes of an answer after which the rest is not read; 0: all of it is
        self.reused = False  # whether the request under way went out by a connection that served before

    @staticmethod
    def current() -> "Exchange | None":
        return getattr(_current, "exchange", None)

    @property
    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())

    def watch(self, connected: socket.socket) -> None:
        """The connection of the one request under way, until `unwatch`."""
        self.unwatch()
        # a descriptor of our own: a closed one's number may be another's by then, and TLS keeps its own state
        own = socket.socket(fileno=os.dup(connected.fileno()))
        with self._lock:
            self._watched = own
        if self.over:
            self._cut()

    def unwatch(self) -> None:
        """Must come before anybody else can use the connection; what is cut after it is nobody's."""
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
