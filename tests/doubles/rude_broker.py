"""A broker of MQTT 3.1.1 that accepts everybody, and then sends what no broker should."""

import socket
import struct
import threading
from collections.abc import Callable

CONNACK, SUBACK = b"\x20\x02\x00\x00", b"\x90\x03"
QUALITY_0, QUALITY_2 = 0x30, 0x34
TOPIC = b"\x00\x01t"
CHUNK = bytes(1024 * 1024)


class Met:
    """One connection. `sent`: bytes that its other end, or the system for it, took of what it was flooded with."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.sent = 0

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def publish(self, payload: bytes, number: int = 0) -> None:
        """With a number it is of quality 2, and never released."""
        body = TOPIC + (struct.pack("!H", number) if number else b"") + payload
        self.send(bytes([QUALITY_2 if number else QUALITY_0]) + length(len(body)) + body)

    def flood(self, size: int) -> None:
        """One message of so many bytes, as much of it as is taken."""
        self.send(bytes([QUALITY_0]) + length(size))
        while self.sent < size:
            self.sent += self._sock.send(CHUNK[: size - self.sent])

    def until_closed(self) -> None:
        while self._sock.recv(4096):
            pass


class RudeBroker:
    """`then` does what is done to each connection that has subscribed; when it returns the connection is closed."""

    def __init__(self, then: Callable[[Met], None]) -> None:
        self._then = then
        self.met: list[Met] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            with sock:
                try:
                    self._meet(sock)
                except OSError:
                    continue  # the other end has had enough

    def _meet(self, sock: socket.socket) -> None:
        sock.settimeout(10)
        sock.recv(4096)  # CONNECT
        sock.sendall(CONNACK)
        number = sock.recv(4096)[2:4]  # SUBSCRIBE
        sock.sendall(SUBACK + number + b"\x02")
        self.met.append(Met(sock))
        self._then(self.met[-1])


def length(size: int) -> bytes:
    """As a packet tells it (2.2.3): seven bits in each byte, the last without the eighth."""
    parts = b""
    while True:
        size, part = divmod(size, 128)
        parts += bytes([part | (128 if size else 0)])
        if not size:
            return parts
