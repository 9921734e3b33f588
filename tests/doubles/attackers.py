"""Clients that mean harm: hundreds of connections, from any loopback address, that are silent or slow."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Crowd:
    """Connections to one port, each of which has said `first` and says a byte more every second, if `drips`."""

    def __init__(self, port: int, addresses: list[str], first: bytes = b"", *, drips: bytes = b"") -> None:
        self._drips = drips
        self._selector = selectors.DefaultSelector()
        self._ended = threading.Event()
        self.heard: list[bytes] = []  # the first bytes that each was answered with
        self.open: set[socket.socket] = set()
        for address in addresses:
            self._join(port, address, first)
        self._thread = threading.Thread(target=self._go_on, name="crowd", daemon=True)
        self._thread.start()

    def _join(self, port: int, address: str, first: bytes) -> None:
        with contextlib.suppress(OSError):  # it was thrown out at the door
            each = socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(address, 0))
            self.open.add(each)
            each.sendall(first)
            each.setblocking(False)
            self._selector.register(each, selectors.EVENT_READ)

    def _go_on(self) -> None:
        due = time.monotonic() + 1
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.1):
                self._hear(key.fileobj)
            if self._drips and time.monotonic() > due:
                due += 1
                for each in list(self.open):
                    self._say(each)

    def _hear(self, each: socket.socket) -> None:
        try:
            heard = each.recv(4096)
        except OSError:
            heard = b""
        if heard:
            self.heard.append(heard[:64])
        else:
            self._leave(each)

    def _say(self, each: socket.socket) -> None:
        try:
            each.send(self._drips)
        except BlockingIOError:
            pass
        except OSError:
            self._leave(each)

    def _leave(self, each: socket.socket) -> None:
        self.open.discard(each)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(each)
        each.close()

    def close(self) -> None:
        self._ended.set()
        self._thread.join(5)
        for each in list(self.open):
            self._leave(each)
        self._selector.close()


@contextmanager
def crowd(port: int, addresses: list[str], first: bytes = b"", *, drips: bytes = b"") -> Iterator[Crowd]:
    come = Crowd(port, addresses, first, drips=drips)
    try:
        yield come
    finally:
        come.close()


def head(path: str, length: int = 20_000, **headers: str) -> bytes:
    """Of a POST whose body is still to come."""
    given = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(length)}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in (given | headers).items()]
    return "\r\n".join([f"POST {path} HTTP/1.1", *lines, "", ""]).encode()
