"""Amazon's event gateway and Google's HomeGraph in this process, which take every report."""

import http.server
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TOKEN = "/google/token"


@contextmanager
def assistants(context: ssl.SSLContext, spent: Callable[[float], None]) -> Iterator[str]:
    """Their "host:port". `spent` is called with the CPU seconds of each answer, which are not showcam's."""

    class Taking(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            began = time.thread_time()
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            given = {"access_token": "ya29.bench", "expires_in": 3600} if self.path == TOKEN else {}
            is_event = self.path == "/v3/events"
            body = b"" if is_event else json.dumps(given).encode()
            self.send_response(202 if is_event else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            spent(time.thread_time() - began)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
