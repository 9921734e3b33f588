"""Login with Amazon and the event gateway, as far as the walk needs them: every code is good, every event is taken."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aws.deploy_local.front import Authority

CLIENT_ID, CLIENT_SECRET = "amzn1.application-oa2-client.local", "local-lwa-secret"


class Amazon:
    """At `host`, "127.0.0.1:port". `events` are what the gateway took, in order."""

    def __init__(self, authority: Authority) -> None:
        self.events: list[dict[str, Any]] = []
        amazon = self

        class Handler(_Handler):
            stands_for = amazon

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.socket = authority.context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    stands_for: Amazon
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/auth/o2/token":
            tokens = {"access_token": "Atza|local", "refresh_token": "Atzr|local", "token_type": "bearer"}
            self._answer(200, json.dumps(tokens | {"expires_in": 3600}).encode())
            return
        self.stands_for.events.append(json.loads(body)["event"])
        self._answer(202, b"")

    def do_GET(self) -> None:
        self._answer(200, json.dumps({"endpoints": [f"https://{self.stands_for.host}"]}).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: headers hold tokens."""
