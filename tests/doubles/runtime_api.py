"""One Lambda environment: AWS's own runtime client in a process of its own, on a runtime API that serves it.

The API is the one AWS documents (version 2018-06-01): next, response, error, init/error. The process finds the standard
library, the runtime's libraries and the function's folder.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3

ROOT = Path(__file__).parents[2]
# boto3 and AWS's runtime client, with their dependencies
BROUGHT: tuple[str, ...] = (
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "six.py",
    "urllib3",
)
BROUGHT += ("awslambdaric", "simplejson", "snapshot_restore_py.py", "runtime_client.*.so")
PATH = "/2018-06-01/runtime/"
WAIT_S = 60
FUNCTION = "showcam-test"


class InvocationFailed(Exception):
    """The function raised; `kind` and the text are those reported to AWS."""

    def __init__(self, reported: dict[str, Any]) -> None:
        super().__init__(reported["errorMessage"])
        self.kind = str(reported["errorType"])


class Context:
    """The context of a handler that a test calls directly."""

    aws_request_id = "aws-request-1"


class _Api(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.events: queue.Queue[tuple[str, bytes] | None] = queue.Queue()
        self.calls: queue.Queue[tuple[str, Any]] = queue.Queue()  # ("next" | "response" | "error" | "init", body)
        super().__init__(("127.0.0.1", 0), _Call)


class _Call(BaseHTTPRequestHandler):
    server: _Api
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer in one packet: in two, each call waits for an acknowledgement

    def do_GET(self) -> None:
        assert self.path == PATH + "invocation/next", self.path
        self.server.calls.put(("next", None))
        event = self.server.events.get()
        if event is None:
            self.close_connection = True
            return
        self._reply(200, event[1], {"Lambda-Runtime-Aws-Request-Id": event[0]})

    def do_POST(self) -> None:
        body = self._body()
        kind = "init" if self.path == PATH + "init/error" else self.path.rsplit("/", 1)[1]
        self.server.calls.put((kind, json.loads(body)))
        self._reply(202, b"", {})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        arn = f"arn:aws:lambda:eu-west-1:123456789012:function:{FUNCTION}"
        deadline = str(int(time.time() * 1000) + 8000)
        given = {"Lambda-Runtime-Deadline-Ms": deadline, "Lambda-Runtime-Invoked-Function-Arn": arn} | headers
        self.send_response(status)
        for name, value in (given | {"Content-Type": "application/json", "Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class Environment:
    """Runs `handler` ("lambda/web.handler") of `tree`; a context manager.

    `began_s` is the time from its start to its first wait for an event; `init_error` the error it reported instead.
    """

    def __init__(self, tree: Path, handler: str, environ: dict[str, str], brought: Path) -> None:
        self._api = _Api()
        self._serving = threading.Thread(target=self._api.serve_forever, kwargs={"poll_interval": 0.05})
        self._serving.start()
        self._count = 0
        self.init_error: dict[str, Any] | None = None
        self._log = brought.with_name(f"{brought.name}-{self._api.server_port}.log")
        given = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(brought),
            "PYTHONDONTWRITEBYTECODE": "1",  # /var/task is read-only
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": FUNCTION,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{FUNCTION}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "LAMBDA_TASK_ROOT": str(tree),
            "_HANDLER": handler,
        }
        began = time.perf_counter()
        with self._log.open("wb") as log:
            command = [sys.executable, "-S", "-W", "ignore", "-m", "awslambdaric", handler]
            self.process = subprocess.Popen(command, cwd=tree, env=given | environ, stdout=log, stderr=log)
        kind, body = self._next_call()
        self.began_s = time.perf_counter() - began
        if kind == "init":
            self.init_error = body

    def __enter__(self) -> "Environment":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._api.events.put(None)
        self._api.shutdown()
        self._serving.join()
        self._api.server_close()

    def invoke(self, event: Any) -> Any:
        """The reply. Raises InvocationFailed."""
        self._count += 1
        self._api.events.put((self.request, json.dumps(event).encode()))
        kind, body = self._next_call()
        assert self._next_call()[0] == "next"  # only then AWS hands over another event
        if kind == "error":
            raise InvocationFailed(body)
        return body

    @property
    def request(self) -> str:
        """The id of the last invocation."""
        return f"aws-request-{self._count}"

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log lines that CloudWatch reads as JSON."""
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]

    def _next_call(self) -> tuple[str, Any]:
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            try:
                return self._api.calls.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None:
                    break
        raise AssertionError(f"the function made no further call: {self.log}")


def bring(folder: Path) -> Path:
    """A folder with only the libraries of AWS's runtime."""
    libraries = Path(boto3.__file__).parents[1]
    folder.mkdir()
    for name in BROUGHT:
        (found,) = libraries.glob(name)
        (folder / found.name).symlink_to(found)
    return folder
