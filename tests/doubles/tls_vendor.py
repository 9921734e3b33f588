"""Vendors as real TLS servers on loopback, which send what a test wants."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

type Speak = Callable[[ssl.SSLSocket, threading.Event], None]
type Reply = Callable[[str, bytes, dict[str, str]], bytes]

SERVES = "a vendor's double"  # the name of its threads


@dataclass
class Vendor:
    """`opened` has an entry for each connection, `requests` each request as "METHOD /path" with its body."""

    host: str  # host:port
    ca_file: Path
    opened: list[int] = field(default_factory=list)
    requests: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{self.host}"

    def paths(self) -> list[str]:
        return [request.partition(" ")[2].partition("?")[0] for request, _ in self.requests]


class Vendors:
    """Starts servers, which all end together. `ca_file` signed the certificate of `context`."""

    def __init__(self, ca_file: Path, context: ssl.SSLContext) -> None:
        self._ca_file, self._context = ca_file, context
        self._over = threading.Event()
        self._listeners: list[tuple[socket.socket, threading.Thread]] = []
        self._serving: list[tuple[socket.socket, threading.Thread]] = []

    def speaking(self, speak: Speak) -> Vendor:
        """A server whose connections the function serves, over TLS."""
        context = self._context

        def secured(connection: socket.socket, over: threading.Event) -> None:
            with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as tls:
                self._note(tls)
                tls.do_handshake()
                speak(tls, over)

        return self.accepting(secured)

    def accepting(self, speak: Callable[[socket.socket, threading.Event], None]) -> Vendor:
        """A server whose connections the function serves without TLS, for faults before the handshake."""
        listener = socket.create_server(("127.0.0.1", 0))
        vendor = Vendor(f"127.0.0.1:{listener.getsockname()[1]}", self._ca_file)

        def serve(connection: socket.socket) -> None:
            vendor.opened.append(1)
            with contextlib.suppress(OSError), connection:
                self._note(connection)
                speak(connection, self._over)

        def accept() -> None:
            with contextlib.suppress(OSError):  # the listener's end
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection,), name=SERVES, daemon=True).start()

        accepting = threading.Thread(target=accept, name=SERVES, daemon=True)
        self._listeners.append((listener, accepting))
        accepting.start()
        return vendor

    def answering(self, reply: Reply) -> Vendor:
        """Answers each request by a function of ("METHOD /path?query", body, headers); keeps connections alive."""

        def speak(connection: ssl.SSLSocket, _over: threading.Event) -> None:
            while True:
                request, body, headers = request_of(connection)
                if not request:
                    return
                vendor.requests.append((request, body))
                connection.sendall(reply(request, body, headers))

        vendor = self.speaking(speak)
        return vendor

    def end(self) -> None:
        self._over.set()
        for listener, accepting in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            accepting.join()
            listener.close()
        # a client that its own double holds would hold its connection open, and so the thread that answers it
        for connection, _ in self._serving:
            with contextlib.suppress(OSError):  # it has ended
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # of TLS: without taking leave
        for _, serving in self._serving:
            serving.join(30)

    def _note(self, connection: socket.socket) -> None:
        self._serving.append((connection, threading.current_thread()))


def silent(_connection: ssl.SSLSocket, over: threading.Event) -> None:
    """Says nothing for half a minute."""
    over.wait(30)


def request_of(connection: ssl.SSLSocket) -> tuple[str, bytes, dict[str, str]]:
    """First "METHOD /path?query", then body and headers (names in lower case); "" at the connection's end."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return "", b"", {}
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        chunk = connection.recv(65536)
        if not chunk:
            return "", b"", {}
        body += chunk
    return first.rpartition(" ")[0], body, headers


def answer(body: bytes, status: str = "200 OK", *more: str) -> bytes:
    """A whole HTTP answer."""
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
