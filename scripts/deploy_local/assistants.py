"""Login with Amazon, the event gateway and HomeGraph, as far as the walk needs them, behind an HTTPS proxy with
certificates of an authority made for this run. Every code and key is good, every event is taken."""

import contextlib
import http.client
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from scripts.deploy_local.emulator import ANSWER_S

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "host", "content-length", "date", "server"})


class Authority:
    """Vouches for 127.0.0.1, for as long as this run keeps its key."""

    def __init__(self, folder: Path) -> None:
        self.pem = folder / "authority.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.pem)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        authority.issue_cert("127.0.0.1").configure_cert(self.context)


class Front:
    """https://127.0.0.1:port before `upstream`; `host`, if set, is the Host header of what it forwards."""

    def __init__(self, authority: Authority) -> None:
        self.upstream, self.host = "", ""
        front = self

        class Handler(_Forwarding):
            before = front

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.socket = authority.context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A caller that goes away is no matter."""


class _Forwarding(BaseHTTPRequestHandler):
    before: Front
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        place = urlsplit(self.before.upstream).netloc
        headers |= {"Host": self.before.host or place, "X-Forwarded-Proto": "https", "Content-Length": str(len(body))}
        upstream = http.client.HTTPConnection(place, timeout=ANSWER_S)
        try:
            upstream.request(self.command, self.path, body, headers)
            answer = upstream.getresponse()
            self._answer(answer.status, answer.getheaders(), answer.read())
        except (OSError, http.client.HTTPException):
            with contextlib.suppress(OSError):
                self._answer(502, [], b"")
        finally:
            upstream.close()

    do_GET = do_POST = do_HEAD = do_OPTIONS = _forward  # noqa: N815 - as the library calls them

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: paths hold grants, queries hold codes."""


CLIENT_ID, CLIENT_SECRET = "amzn1.application-oa2-client.local", "local-lwa-secret"


class Assistants:
    """At `host`, "127.0.0.1:port". `events` are what Alexa's gateway took, `reports` what HomeGraph took, in order."""

    def __init__(self, authority: Authority) -> None:
        self.events: list[dict[str, Any]] = []
        self.reports: list[dict[str, Any]] = []
        assistants = self

        class Handler(_Handler):
            stands_for = assistants

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.socket = authority.context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def presses(self) -> list[dict[str, Any]]:
        """The presses of doorbells that Alexa's gateway took."""
        return [event for event in self.events if event["header"]["name"] == "DoorbellPress"]

    @property
    def chimes(self) -> list[dict[str, Any]]:
        """The reports of HomeGraph that ring at displays."""
        return [report for report in self.reports if "notifications" in report["payload"]["devices"]]

    def service_account(self) -> str:
        """A new key file of Google's for this host."""
        key = rsa.generate_private_key(65537, 2048)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        content = {
            "type": "service_account",
            "project_id": "showcam-local",
            "private_key_id": "local",
            "private_key": pem.decode(),
            "client_email": "reports@showcam-local.iam.gserviceaccount.com",
            "token_uri": f"https://{self.host}/google/token",
        }
        return json.dumps(content)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    stands_for: Assistants
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match self.path:
            case "/auth/o2/token":
                tokens = {"access_token": "Atza|local", "refresh_token": "Atzr|local", "token_type": "bearer"}
                self._answer(200, json.dumps(tokens | {"expires_in": 3600}).encode())
            case "/google/token":
                self._answer(200, json.dumps({"access_token": "ya29.local", "expires_in": 3600}).encode())
            case "/v1/devices:requestSync":
                self._answer(200, b"{}")
            case "/v1/devices:reportStateAndNotification":
                self.stands_for.reports.append(json.loads(body))
                self._answer(200, b"{}")
            case _:
                self.stands_for.events.append(json.loads(body)["event"])
                self._answer(202, b"")

    def do_DELETE(self) -> None:
        self._answer(200, b"{}")  # HomeGraph hears that a link has ended

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
