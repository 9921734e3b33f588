"""A proxy before showcam, as its documents have it, and with one fault where a test wants one."""

import http.client
import json
import ssl
from collections.abc import Callable
from typing import Any, Literal

from tests.doubles.loopback_server import LoopbackServer, SilentHandler
from tests.doubles.waiting import LONG_S

type ProxyFault = Literal[
    "",
    "redirect",
    "password",
    "body_cut",
    "body_refused",
    "header_dropped",
    "pictures_not_forwarded",
    "cors_stripped",
    "forwarded_for_handed_on",
    "nothing_added",
]
VISITOR = "198.51.100.7"
_HOPS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"})


class FaultProxy(LoopbackServer):
    """Sends /s/ to the media process and the rest to the web process. `context`: its TLS; None: plain http."""

    def __init__(self, web_port: int, media_port: int, context: ssl.SSLContext | None, fault: ProxyFault = "") -> None:
        self.web_port, self.media_port, self.fault = web_port, media_port, fault
        super().__init__(_Handler, context)


class _Handler(SilentHandler):
    server: FaultProxy
    timeout = LONG_S

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_OPTIONS(self) -> None:
        self.answer()

    def answer(self) -> None:
        fault = self.server.fault
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if fault == "redirect":
            self.send(302, [("Location", "https://www.example.com" + self.path)], b"")
        elif fault == "password":
            self.send(401, [("WWW-Authenticate", 'Basic realm="house"'), ("Content-Type", "text/html")], b"Password?")
        elif fault == "body_refused" and len(body) > 4096:
            self.send(413, [("Content-Type", "text/html")], b"Too large")
        else:
            self.pass_on(body[:4096] if fault == "body_cut" else body)

    def pass_on(self, body: bytes) -> None:
        fault = self.server.fault
        pictures = self.path.startswith("/s/") and fault != "pictures_not_forwarded"
        behind = http.client.HTTPConnection(
            "127.0.0.1", self.server.media_port if pictures else self.server.web_port, timeout=LONG_S
        )
        behind.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        nothing_added = fault in ("forwarded_for_handed_on", "nothing_added")
        written = [] if nothing_added else [("X-Forwarded-For", VISITOR)]
        if body:
            written.append(("Content-Length", str(len(body))))
        handed_on = [(name, value) for name, value in self.headers.items() if self.takes(name)]
        # as Go's proxies write them: in the order of their names
        for name, value in sorted([*handed_on, *written]):
            behind.putheader(name, value)
        behind.endheaders(body)
        answer = behind.getresponse()
        content = answer.read()
        behind.close()
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOPS]
        if fault == "cors_stripped":
            headers = [(name, value) for name, value in headers if not name.lower().startswith("access-control-")]
        self.send(answer.status, headers, content)

    def takes(self, name: str) -> bool:
        lowered = name.lower()
        if lowered in _HOPS:
            return False
        if lowered == "x-forwarded-for":
            return self.server.fault == "forwarded_for_handed_on"
        return not (lowered == "authorization" and self.server.fault == "header_dropped")

    def send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class NameService(LoopbackServer):
    """A resolver by HTTPS and JSON, as dns.google is one: every name has these addresses."""

    def __init__(self, context: ssl.SSLContext, addresses: Callable[[], list[str]]) -> None:
        self.addresses = addresses
        super().__init__(_Names, context)

    @property
    def url(self) -> str:
        return f"{super().url}/resolve"


class _Names(SilentHandler):
    server: NameService

    def do_GET(self) -> None:
        kind = 28 if "type=AAAA" in self.path else 1
        rows = [
            {"name": "localhost.", "type": kind, "TTL": 60, "data": address}
            for address in self.server.addresses()
            if (":" in address) == (kind == 28)
        ]
        content: dict[str, Any] = {"Status": 0 if rows else 3}
        body = json.dumps(content | ({"Answer": rows} if rows else {})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
