"""Between a function and its AWS: hands on what is asked, and keeps DynamoDB's part of it."""

import http.client
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

type Asked = list[tuple[str, dict[str, Any]]]  # operation and parameters, as boto3 names them


@contextmanager
def recording(port: int) -> Iterator[tuple[str, Asked]]:
    """Its address, and what is asked of the one at `port` by it."""
    asked: Asked = []

    class Call(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            target = self.headers["X-Amz-Target"]
            if target.startswith("DynamoDB"):
                asked.append((_snake(target.partition(".")[2]), json.loads(body)))
            on = http.client.HTTPConnection("127.0.0.1", port)
            on.request("POST", self.path, body, dict(self.headers))
            reply = on.getresponse()
            text = reply.read()
            on.close()
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Call)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
