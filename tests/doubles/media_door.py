"""A stand-in for a media process that answers every request and counts its connections."""

import contextlib
import http.server
import socket
import threading

from tests.doubles.waiting import LONG_S


class MediaDoor:
    """`with MediaDoor() as door`. `opened` counts all connections, `open` the live ones. Answers wait for `go`."""

    def __init__(self) -> None:
        self.opened = 0
        self.go = threading.Event()
        self.go.set()
        self._connections: set[socket.socket] = set()
        door = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                door.opened += 1
                door._connections.add(self.connection)

            def finish(self) -> None:
                door._connections.discard(self.connection)
                super().finish()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                door.go.wait(LONG_S)
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
        return len(self._connections)

    def hang_up(self) -> None:
        """Ends every connection, as a process does that ends."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):  # it has just ended
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "MediaDoor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(LONG_S)
