"""A web server on a free port of loopback, which serves from a thread of its own."""

import http.server
import ssl
import threading
from typing import Any, Self


class LoopbackServer(http.server.ThreadingHTTPServer):
    """Serves while it is entered, or from `start` to `end`. `context`: its TLS; None: plain http."""

    daemon_threads = True

    def __init__(
        self, handler: type[http.server.BaseHTTPRequestHandler], context: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._scheme = "https" if context else "http"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"{self._scheme}://localhost:{self.server_port}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def end(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.end()

    def handle_error(self, *_: Any) -> None:
        """A handshake that fails, or a client that leaves, is what a test is about."""


class SilentHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Silent."""
