"""A proxy between a function and its AWS that records the requests to DynamoDB."""

import http.client
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

type Requests = list[tuple[str, dict[str, Any]]]  # operation and parameters, as boto3 names them


@contextmanager
def recording(port: int) -> Iterator[tuple[str, Requests]]:
    """The proxy's address, and the requests it passed on to the AWS at `port`."""
    requests: Requests = []

    class Call(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            target = self.headers["X-Amz-Target"]
            if target.startswith("DynamoDB"):
                requests.append((_snake(target.partition(".")[2]), json.loads(body)))
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("POST", self.path, body, dict(self.headers))
            reply = connection.getresponse()
            text = reply.read()
            connection.close()
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
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
