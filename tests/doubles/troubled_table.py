"""A wire to a served DynamoDB that fails as the real one's does: it throttles, loses an answer, or is cut for good."""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})


class TroubledTable:
    """`url` is its address; `calls` are the operations that reached the table, in their order.

    `throttled`: the error every request is answered with. `loses`: after so many more writes one is done and its
    answer lost. `cut`: after that nothing comes through any more, as when a function is killed there.
    """

    def __init__(self, upstream: str) -> None:
        self.throttled = ""
        self.loses: int | None = None
        self.cuts = False
        self.calls: list[str] = []
        self.refused = 0
        self._cut = False
        self._lock = threading.Lock()
        self._upstream = urlsplit(upstream).netloc
        wire = self

        class Handler(_Handler):
            table = wire

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def client(self, tries: int = 1) -> Any:
        """One of AWS's that speaks through here."""
        retries = {"mode": "standard", "total_max_attempts": tries}
        return boto3.client(
            "dynamodb",
            endpoint_url=self.url,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(connect_timeout=1, read_timeout=2, retries=retries),
        )

    def kill_after(self, writes: int) -> None:
        """The write of that number is done; whoever made it is never told, and does nothing more."""
        self.loses, self.cuts = writes - 1, True

    def lose_answer(self, write: int) -> None:
        """The write of that number is done, and the connection ends before its answer."""
        self.loses, self.cuts = write - 1, False

    def heal(self) -> None:
        self.loses, self.cuts, self._cut, self.throttled = None, False, False, ""

    def answer(self, operation: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes] | None:
        """None: the connection ends without a word."""
        with self._lock:
            if self._cut:
                return None
            if self.throttled:
                self.refused += 1
                kind = f"com.amazonaws.dynamodb.v20120810#{self.throttled}"
                return 400, json.dumps({"__type": kind, "message": "slow down"}).encode()
            self.calls.append(operation)
            lost = False
            if operation in WRITES and self.loses is not None:
                lost, self.loses = self.loses == 0, self.loses - 1
                self._cut = lost and self.cuts
        connection = http.client.HTTPConnection(self._upstream, timeout=10)
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        said = answer.status, answer.read()
        connection.close()
        return None if lost else said

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    table: TroubledTable
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        said = self.table.answer(headers["X-Amz-Target"].partition(".")[2], body, headers)
        if said is None:
            self.close_connection = True
            return
        status, text = said
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_words: object) -> None:
        """Nothing."""
