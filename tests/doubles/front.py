"""The way from the assistants' clouds to an owner's machine: a reverse proxy, and the owner's forwarder for Alexa."""

import importlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import requests

from tests.doubles.waiting import LONG_S

forward = importlib.import_module("lambda.forward")
PASSED_ON = ("content-type", "authorization", "cookie", "origin", "accept", "accept-language", "range")
NOT_BACK = ("connection", "transfer-encoding", "content-encoding", "content-length", "server", "date")


class Front:
    """`with Front(port) as front: front.url`. Set `program` and `media` to their addresses, and `key`, "id:base64", to
    that of the forwarder; directives are signed by it.
    """

    def __init__(self, port: int) -> None:
        front, self.program, self.media, self.key = self, "", "", ""
        self.url = f"http://127.0.0.1:{port}"

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                front.pass_on(self)

            do_GET = do_POST = do_OPTIONS = do_DELETE = do_PATCH = _pass_on  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="front", daemon=True)

    def __enter__(self) -> "Front":
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(LONG_S)

    def pass_on(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in asked.headers.items() if name.lower() in PASSED_ON}
        headers["Host"] = asked.headers["Host"]
        path = asked.path.partition("?")[0]
        if path == "/alexa/smart-home":
            headers["X-Showcam-Signature"] = forward.sign(self.key, path, body)
        at = self.media if path.startswith("/s/") else self.program
        try:
            answer = requests.request(
                asked.command, at + asked.path, data=body, headers=headers, allow_redirects=False, timeout=LONG_S
            )
        except requests.RequestException:
            asked.send_error(502)
            return
        asked.send_response(answer.status_code)
        for name, value in answer.raw.headers.items():
            if name.lower() not in NOT_BACK:
                asked.send_header(name, value)
        asked.send_header("Content-Length", str(len(answer.content)))
        asked.end_headers()
        asked.wfile.write(answer.content)
