"""An MQTT broker that accepts every client, and then sends what no broker should."""

import socket
import struct
import threading
from collections.abc import Callable

from tests.doubles.waiting import LONG_S

CONNACK, SUBACK = b"\x20\x02\x00\x00", b"\x90\x03"
CONNACK_5 = b"\x20\x03\x00\x00\x00"  # of MQTT 5, with no properties
SUBACK_5 = b"\x90\x04"
OLD_PROTOCOL = b"\x20\x02\x00\x01"  # MQTT 3.1.1, 3.2.2.3: the version of the client is not taken
QUALITY_0, QUALITY_2 = 0x30, 0x34
TOPIC = b"\x00\x01t"
CHUNK = bytes(1024 * 1024)


class Connection:
    """One connection. `sent` counts the bytes of a flood that the client, or the system for it, took."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.sent = 0

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def publish(self, payload: bytes, number: int = 0) -> None:
        """A message; with a number it is of quality of service 2, and never released."""
        body = TOPIC + (struct.pack("!H", number) if number else b"") + payload
        self.send(bytes([QUALITY_2 if number else QUALITY_0]) + length(len(body)) + body)

    def flood(self, size: int) -> None:
        """Sends a message of `size` bytes, as far as the client takes it."""
        self.send(bytes([QUALITY_0]) + length(size))
        while self.sent < size:
            self.sent += self._sock.send(CHUNK[: size - self.sent])

    def until_closed(self) -> None:
        while self._sock.recv(4096):
            pass


class RudeBroker:
    """`then` is called with each connection that has subscribed; when it returns, the connection is closed.

    `connack` is what a client is accepted with.
    """

    def __init__(self, then: Callable[[Connection], None], connack: bytes = CONNACK) -> None:
        self._then, self._connack = then, connack
        self.connections: list[Connection] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(LONG_S)

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            with sock:
                try:
                    self._accept(sock)
                except OSError:
                    continue  # the client has ended it

    def _accept(self, sock: socket.socket) -> None:
        sock.settimeout(10)
        sock.recv(4096)  # CONNECT
        sock.sendall(self._connack)
        number = sock.recv(4096)[2:4]  # SUBSCRIBE
        is_newest = self._connack == CONNACK_5  # it has properties there too: none
        sock.sendall(SUBACK_5 + number + b"\x00\x01" if is_newest else SUBACK + number + b"\x02")
        self.connections.append(Connection(sock))
        self._then(self.connections[-1])


def length(size: int) -> bytes:
    """The remaining length of a packet (section 2.2.3): seven bits a byte, the eighth set on all but the last."""
    encoded = b""
    while True:
        size, digit = divmod(size, 128)
        encoded += bytes([digit | (128 if size else 0)])
        if not size:
            return encoded
