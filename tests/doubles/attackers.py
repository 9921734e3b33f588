"""Attackers: hundreds of connections, from any loopback address, that are silent or slow."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from tests.doubles.waiting import LONG_S


class Crowd:
    """Connections to one port; connection sends `first`, and then `drips` every second."""

    def __init__(self, port: int, addresses: list[str], first: bytes = b"", *, drips: bytes = b"") -> None:
        self._drips = drips
        self._selector = selectors.DefaultSelector()
        self._ended = threading.Event()
        self.answers: list[bytes] = []  # the first bytes of connection
        self.open: set[socket.socket] = set()
        self.joined = 0  # how many were taken, of which a slow machine has seen some end before the last one joined
        for address in addresses:
            self._join(port, address, first)
        self._thread = threading.Thread(target=self._run, name="crowd", daemon=True)
        self._thread.start()

    def _join(self, port: int, address: str, first: bytes) -> None:
        with contextlib.suppress(OSError):  # the server refused it
            connection = socket.create_connection(("127.0.0.1", port), timeout=LONG_S, source_address=(address, 0))
            self.open.add(connection)
            self.joined += 1
            connection.sendall(first)
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ)

    def _run(self) -> None:
        due = time.monotonic() + 1
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.1):
                self._receive(cast(socket.socket, key.fileobj))
            if self._drips and time.monotonic() > due:
                due += 1
                for connection in list(self.open):
                    self._send(connection)

    def _receive(self, connection: socket.socket) -> None:
        try:
            answer = connection.recv(4096)
        except OSError:
            answer = b""
        if answer:
            self.answers.append(answer[:64])
        else:
            self._leave(connection)

    def _send(self, connection: socket.socket) -> None:
        try:
            connection.send(self._drips)
        except BlockingIOError:
            pass
        except OSError:
            self._leave(connection)

    def _leave(self, connection: socket.socket) -> None:
        self.open.discard(connection)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection)
        connection.close()

    def close(self) -> None:
        self._ended.set()
        self._thread.join(LONG_S)
        for connection in list(self.open):
            self._leave(connection)
        self._selector.close()


@contextmanager
def crowd(port: int, addresses: list[str], first: bytes = b"", *, drips: bytes = b"") -> Iterator[Crowd]:
    attackers = Crowd(port, addresses, first, drips=drips)
    try:
        yield attackers
    finally:
        attackers.close()


def head(path: str, length: int = 20_000, **headers: str) -> bytes:
    """The head of a POST whose body follows."""
    given = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(length)}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in (given | headers).items()]
    return "\r\n".join([f"POST {path} HTTP/1.1", *lines, "", ""]).encode()
