"""Stands for a media process of which only its connections matter: it takes every request, and counts who is there."""

import contextlib
import http.server
import socket
import threading


class MediaDoor:
    """`with MediaDoor() as door: door.url`. `opened` were connections ever, `open` are now; answers wait for `go`."""

    def __init__(self) -> None:
        self.opened = 0
        self.go = threading.Event()
        self.go.set()
        self._there: set[socket.socket] = set()
        door = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                door.opened += 1
                door._there.add(self.connection)

            def finish(self) -> None:
                door._there.discard(self.connection)
                super().finish()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                door.go.wait(10)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "11")
                self.end_headers()
                self.wfile.write(b'{"live": 0}')

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def open(self) -> int:
        return len(self._there)

    def hang_up(self) -> None:
        """On everybody, as a process does that ends."""
        for each in list(self._there):
            with contextlib.suppress(OSError):  # gone just now
                each.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "MediaDoor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
