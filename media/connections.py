"""Connections to one media process, kept alive for the requests to come. Standard library only."""

import contextlib
import http.client
import ssl
from collections import deque
from collections.abc import Callable
from urllib.parse import urlsplit

CONNECT_S = 0.8
MOST_IDLE = 32  # connections kept; above that each request makes one of its own


class Connections:
    """One thread at a time on each; as many as threads were at work together, whichever threads those were."""

    def __init__(self, url: str, authorities: Callable[[], ssl.SSLContext]) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or (443 if self._secure else 80)
        self._authorities = authorities
        self._context: ssl.SSLContext | None = None
        self._idle: deque[http.client.HTTPConnection] = deque()
        self._closed = False

    def kept(self) -> http.client.HTTPConnection | None:
        """One that has served before, and may have died since."""
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def new(self, left_s: float) -> http.client.HTTPConnection:
        """Raises OSError."""
        connection = self._made(min(CONNECT_S, left_s))
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection

    def keep(self, connection: http.client.HTTPConnection) -> None:
        """Keep the connection for the next request, unless the other side has said that there is none."""
        if connection.sock is None:
            return
        self._idle.append(connection)
        if self._closed:
            self.drop()
        elif len(self._idle) > MOST_IDLE:
            self._end(self._idle.popleft)

    def drop(self) -> None:
        """Close those that nobody is using."""
        while self._end(self._idle.pop):
            pass

    def close(self) -> None:
        """Close those that nobody is using, and the others when they come back."""
        self._closed = True
        self.drop()

    @staticmethod
    def _end(take: Callable[[], http.client.HTTPConnection]) -> bool:
        with contextlib.suppress(IndexError):
            take().close()
            return True
        return False

    def _made(self, timeout_s: float) -> http.client.HTTPConnection:
        if not self._secure:
            return http.client.HTTPConnection(self._host, self._port, timeout_s)
        if self._context is None:
            self._context = self._authorities()
        return http.client.HTTPSConnection(self._host, self._port, timeout=timeout_s, context=self._context)
