"""The simulator's ONVIF device behind an HTTP server of its own, with the faults and attacks of devices at home."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from showcam.simulator.lan.onvif import OnvifDevice, Picture, Reply
from tests.doubles.waiting import LONG_S

SERIAL = "B20-00417"
PASSWORD = "p@ss<&>:w ö"


class Served:
    """`says`: a reply in the device's place; `headers` go with it. `drip_s`: between its bytes."""

    def __init__(self, device: OnvifDevice) -> None:
        self.device = device
        self.says: Reply | None = None
        self.headers: dict[str, str] = {}
        self.drip_s = 0.0
        self.pull_s = 0.2  # an empty pull is answered after this
        self.paths: list[str] = []
        self.port = 0
        self.stills = 0  # requests for one
        self.authorizations: list[str] = []  # of these, as they came
        self.stills_say: Reply | None = None  # in the place of a still


@contextmanager
def served(
    *, serial: str = SERIAL, rtsp: str = "127.0.0.1:554", tls: ssl.SSLContext | None = None, **changes: Any
) -> Iterator[Served]:
    """A device with a whole picture in H.265 and a smaller one in H.264, served by https with `tls`."""
    pictures = [Picture("main", "/live/main", "h265", 1920, 1080), Picture("sub", "/live/sub", "h264", 640, 360)]
    given: dict[str, Any] = {"password": PASSWORD, "pictures": pictures, "address": "", "rtsp": rtsp} | changes
    at = Served(OnvifDevice(serial, **given))

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            at.paths.append(self.path)
            end = time.monotonic() + at.pull_s
            while b"PullMessages" in body and not at.device.happened and time.monotonic() < end:
                time.sleep(0.01)
            reply = at.device.answer(body, self.headers.get("Authorization", "")) if at.says is None else at.says
            self._send(reply, reply.kind if at.says is None and reply.status == 401 else "")

        def do_GET(self) -> None:
            at.paths.append(self.path)
            at.stills += 1
            given = self.headers.get("Authorization", "")
            at.authorizations += [given] if given else []
            reply = at.stills_say or at.device.pictured("GET", given)
            self._send(reply, reply.kind if reply.status == 401 else "")

        def _send(self, reply: Reply, challenge: str = "") -> None:
            self.send_response(reply.status)
            if challenge:
                self.send_header("WWW-Authenticate", challenge)
            self.send_header("Content-Type", reply.kind)
            for name, value in at.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            pieces = [reply.body] if not at.drip_s else [bytes([byte]) for byte in reply.body]
            for piece in pieces:
                time.sleep(at.drip_s)
                try:
                    self.wfile.write(piece)
                except OSError:
                    return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    at.port = server.server_address[1]
    at.device.address = at.device.address or f"127.0.0.1:{at.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield at
    finally:
        server.shutdown()
        server.server_close()
        thread.join(LONG_S)
