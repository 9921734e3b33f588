"""A connection to a served AWS that fails as the real one does: it throttles, loses an answer, or is cut."""

import http.client
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from tests.doubles.waiting import LONG_S

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})
_TABLE = "DynamoDB_20120810"


class AwsWire:
    """`url` is its address; `calls` are the calls that reached AWS: service, operation, request, answer.

    While `throttled` is set, it is the error of every request to the table. Requests that hold the text `hot`, which
    stands for one partition, are throttled. Each request to the table waits `slow_s`.
    """

    def __init__(self, upstream: str) -> None:
        self.throttled = self.hot = ""
        self.slow_s = 0.0
        self.calls: list[tuple[str, str, Any, Any]] = []
        self.refused = 0
        self._loses: int | None = None
        self._takes: int | None = None
        self._cuts = self._cut = False
        self._lock = threading.Lock()
        self._upstream = urlsplit(upstream).netloc
        wire = self

        class Handler(_Handler):
            to = wire

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def client(self, tries: int = 1) -> Any:
        """boto3's DynamoDB client on this wire."""
        retries = {"mode": "standard", "total_max_attempts": tries}
        return boto3.client(
            "dynamodb",
            endpoint_url=self.url,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(connect_timeout=LONG_S, read_timeout=LONG_S, retries=retries),
        )

    @property
    def writes(self) -> int:
        return len([operation for _, operation, _, _ in self.calls if operation in WRITES])

    def kill_after(self, writes: int) -> None:
        """Does the write of that number without an answer, and ends every later request."""
        self._loses, self._cuts = writes - 1, True

    def lose_answer(self, write: int) -> None:
        """Does the write of that number, and ends the connection before its answer."""
        self._loses, self._cuts = write - 1, False

    def throttle_after(self, writes: int) -> None:
        """Accepts this many writes and throttles the next ones, as AWS does where an index or partition is hot."""
        self._takes = writes

    def heal(self) -> None:
        self._loses, self._cuts, self._cut, self._takes = None, False, False, None
        self.throttled = self.hot = ""
        self.slow_s = 0.0

    def answer(
        self, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes] | None:
        """None: the connection ends without an answer."""
        service, _, operation = headers.get("X-Amz-Target", "").partition(".")
        if service == _TABLE:
            time.sleep(self.slow_s)
        with self._lock:
            if self._cut:
                return None
            hot = self._spent(operation) or (self.hot and self.hot.encode() in body)
            throttled = self.throttled or ("ThrottlingException" if hot else "")
            if throttled and service == _TABLE:
                self.refused += 1
                kind = f"com.amazonaws.dynamodb.v20120810#{throttled}"
                return 400, [], json.dumps({"__type": kind, "message": "slow down"}).encode()
            lost = False
            if operation in WRITES and self._loses is not None:
                lost, self._loses = self._loses == 0, self._loses - 1
                self._cut = lost and self._cuts
        status, more, text = self._forward(path, body, headers)
        with self._lock:
            self.calls.append((service, operation, _json(body), _json(text)))
        return None if lost else (status, more, text)

    def _spent(self, operation: str) -> bool:
        if operation not in WRITES or self._takes is None:
            return False
        self._takes -= 1
        return self._takes < 0

    def _forward(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self._upstream, timeout=LONG_S)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() == "content-type"]
            return answer.status, kept, answer.read()
        finally:
            connection.close()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    to: AwsWire
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        answer = self.to.answer(self.path, body, headers)
        if answer is None:
            self.close_connection = True
            return
        status, more, text = answer
        self.send_response(status)
        for name, value in more or [("Content-Type", "application/x-amz-json-1.0")]:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_words: object) -> None:
        """Silent."""


def _json(text: bytes) -> Any:
    return json.loads(text) if text.startswith(b"{") else None
