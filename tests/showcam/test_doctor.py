"""The doctor's findings, each against a server with that fault."""

import contextlib
import datetime
import re
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from showcam.app.doctor.google import PLAYER, Patient, examine
from showcam.app.doctor.reach import Unreached, Visitor
from showcam.app.setup.google_console import REDIRECTS
from showcam.console.health.machine import Finding
from tests.doubles.loopback_server import LoopbackServer, SilentHandler
from tests.doubles.waiting import LONG_S

type Answered = tuple[int, dict[str, str], bytes]
type Answers = dict[str, Answered]

BOTH = (
    "https://oauth-redirect.googleusercontent.com/r/home-1",
    "https://oauth-redirect-sandbox.googleusercontent.com/r/home-1",
)
JSON = {"Content-Type": "application/json"}
PROBLEM = {"Content-Type": "application/problem+json"}
CORS = {
    "Access-Control-Allow-Origin": PLAYER,
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
}
WELL: Answers = {
    "GET /readyz": (200, JSON, b'{"ok":true,"client":"203.0.113.5"}'),
    "GET /oauth/userinfo": (401, JSON, b'{"error":"invalid_token"}'),
    "GET /oauth/authorize": (200, {"Content-Type": "text/html; charset=utf-8"}, b"Link your cameras to Google"),
    "POST /oauth/token": (400, JSON, b'{"error":"invalid_grant"}'),
    "POST /google/fulfillment": (401, JSON, b'{"error":"invalid_token"}'),
    "OPTIONS /google/webrtc/": (204, CORS, b""),
    "POST /google/webrtc/": (403, PROBLEM | CORS, b"{}"),
    "GET /s/": (403, PROBLEM | {"Access-Control-Allow-Origin": "*"}, b"{}"),
}
LOGIN: Answered = (302, {"Location": "https://login.example/?token=1"}, b"")


class Server(LoopbackServer):
    """Answers a request by the longest entry that it begins with; without an entry 404."""

    def __init__(self, answers: Answers, context: ssl.SSLContext | None = None) -> None:
        class Handler(SilentHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = f"{self.command} {self.path} {self.headers['Host']}"
                known = [start for start in answers if request.startswith(start)]
                status, headers, body = answers[max(known, key=len)] if known else (404, {}, b"nothing")
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                self.answer()

            def do_POST(self) -> None:
                self.answer()

            def do_OPTIONS(self) -> None:
                self.answer()

        super().__init__(Handler, context)


@pytest.fixture
def serve() -> Iterator[Callable[[Answers], str]]:
    servers: list[Server] = []

    def start(answers: Answers) -> str:
        servers.append(Server(answers).start())
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.end()


def patient(web: str, **more: Any) -> Patient:
    return Patient(
        **{"web": web, "pictures": (web,), "client": ("google", BOTH), "trial": ("doctor", "s"), "demo": True, **more}
    )


def test_a_correct_installation_has_only_ok_findings(serve: Callable[[Answers], str]) -> None:
    findings = list(examine(patient(serve(WELL)), Visitor()))
    assert {finding.state for finding in findings} == {"ok"}
    assert len(findings) == 10


PREFLIGHT = "OPTIONS /google/webrtc/"


def allowing(**changes: str) -> Answered:
    """The preflight, with another value of Access-Control-Allow-…"""
    return 204, CORS | {f"Access-Control-Allow-{name.capitalize()}": value for name, value in changes.items()}, b""


# an endpoint, its wrong answer, the finding's point, a text in the finding
FAULTS: list[tuple[str, Answered, str, str]] = [
    ("GET /readyz", (200, JSON, b'{"ok":true}'), "visitors' addresses", "200"),
    ("GET /readyz", (200, JSON, b'["client"]'), "visitors' addresses", "200"),
    ("GET /readyz", (503, PROBLEM, b"{}"), "visitors' addresses", "503"),
    ("GET /oauth/authorize", LOGIN, "sign-in page", "a redirect to https://login.example/"),
    ("GET /oauth/authorize", (400, {"Content-Type": "text/html"}, b"no"), "sign-in page", "400, text/html"),
    ("GET /oauth/authorize", (200, {"Content-Type": "text/html"}, b"parked"), "sign-in page", "not of showcam"),
    ("GET /oauth/authorize", (503, {}, b""), "sign-in page", "503, without a content type"),
    ("POST /oauth/token", (401, JSON, b'{"error":"invalid_client"}'), "token endpoint", "just registered here"),
    ("POST /oauth/token", (200, JSON, b'{"error":"invalid_grant"}'), "token endpoint", "not 400 invalid_grant"),
    ("POST /oauth/token", (400, JSON, b"[]"), "token endpoint", "not 400 invalid_grant"),
    ("POST /google/fulfillment", (200, JSON, b"{}"), "fulfillment", "not showcam's 401"),
    ("POST /google/fulfillment", (401, {}, b"Password?"), "fulfillment", "asks for a password"),
    ("POST /google/fulfillment", (405, {}, b""), "fulfillment", "not showcam's 401"),
    (PREFLIGHT, (405, {}, b""), "signalling's preflight", "405"),
    (PREFLIGHT, (204, {}, b""), "signalling's preflight", "it allows nobody"),
    (PREFLIGHT, allowing(origin="*"), "signalling's preflight", r"allows \*"),
    (PREFLIGHT, allowing(methods="GET"), "signalling's preflight", "POST"),
    (PREFLIGHT, allowing(headers=""), "signalling's preflight", "Authorization"),
    ("POST /google/webrtc/", (403, PROBLEM, b"{}"), "signalling,", "can't read its answer"),
    ("POST /google/webrtc/", (502, CORS, b""), "signalling,", "502"),
    ("GET /s/", (404, PROBLEM, b""), "playlist", "404"),
    ("GET /s/", (403, PROBLEM, b"{}"), "playlist", "can't read its answer"),
]


@pytest.mark.parametrize(("endpoint", "answer", "what", "expected"), FAULTS, ids=lambda value: str(value)[:30])
def test_one_fault_gives_one_finding_with_its_mend(
    endpoint: str, answer: Answered, what: str, expected: str, serve: Callable[[Answers], str]
) -> None:
    findings = list(examine(patient(serve(WELL | {endpoint: answer})), Visitor()))
    [found] = [finding for finding in findings if finding.state != "ok"]
    assert found.state == "wrong"
    assert found.what.startswith(what)
    assert found.mend
    assert re.search(expected, found.text)
    assert "token=1" not in found.text


HTML = {"Content-Type": "text/html; charset=utf-8"}
HIDDEN: Answered = (404, HTML, b"Nothing here")
SHOWN: Answered = (200, HTML, b'Enter the code <form method="post" action="/home" id="enter">')
# the answer for the pages of the cameras by the public name, and by localhost; the state and words of the finding
PAGES: list[tuple[Answered, Answered, str, str]] = [
    (HIDDEN, HIDDEN, "ok", "404"),
    (HIDDEN, (200, HTML, b"another site"), "ok", "404"),
    (HIDDEN, (421, {}, b""), "ok", "404"),
    (HIDDEN, SHOWN, "wrong", "asked for the printed code"),
    (SHOWN, HIDDEN, "wrong", "asked for the printed code"),
    ((200, JSON, b"{}"), HIDDEN, "wrong", "200"),
    ((502, {}, b""), HIDDEN, "wrong", "502"),
    (LOGIN, HIDDEN, "wrong", "a redirect to https://login.example/"),
]


@pytest.mark.parametrize(("answer", "by_localhost", "state", "expected"), PAGES, ids=lambda value: str(value)[:30])
def test_the_pages_of_the_cameras_are_hidden_from_the_internet(
    answer: Answered, by_localhost: Answered, state: str, expected: str, serve: Callable[[Answers], str]
) -> None:
    web = serve(WELL | {"GET /home": answer, "GET /home localhost": by_localhost})
    findings = list(examine(patient(web, hidden=True), Visitor()))
    [found] = [finding for finding in findings if finding.what.startswith("pages of the cameras")]
    assert (found.state, expected in found.text, bool(found.mend)) == (state, True, state != "ok")
    assert len(list(examine(patient(web), Visitor()))) == len(findings) - 1, "it is not asked if everybody may come"


def test_a_demo_refuses_whatever_was_forwarded(serve: Callable[[Answers], str]) -> None:
    findings = list(examine(patient(serve(WELL | {"GET /readyz": (421, PROBLEM, b"{}")})), Visitor()))
    assert {finding.state for finding in findings} == {"ok"}


def test_pictures_may_have_an_address_of_their_own(serve: Callable[[Answers], str]) -> None:
    web = serve({endpoint: answer for endpoint, answer in WELL.items() if endpoint != "GET /s/"})
    findings = list(examine(patient(web, pictures=(serve({"GET /s/": WELL["GET /s/"]}),)), Visitor()))
    assert {finding.state for finding in findings} == {"ok"}


def test_a_missing_client_gives_findings(serve: Callable[[Answers], str]) -> None:
    findings = list(examine(patient(serve(WELL), client=None), Visitor()))
    assert [finding.state for finding in findings if finding.state != "ok"] == ["wrong", "wrong"]


def production(project: str) -> str:
    return REDIRECTS[0].format(project=project)


def sandbox(project: str) -> str:
    return REDIRECTS[1].format(project=project)


# the redirect addresses of Google's client, the finding's state, a text in the finding
REGISTERED: list[tuple[tuple[str, ...], str, str]] = [
    (BOTH, "ok", "both of the project home-1"),
    (BOTH[::-1], "ok", "both of the project home-1"),
    ((production("abcdef"), sandbox("abcdef")), "ok", "abcdef"),
    ((production("a" * 30), sandbox("a" * 30)), "ok", "both"),
    (BOTH[:1], "unsure", "is not registered, and Google comes by both"),
    (BOTH[1:], "unsure", "is not registered, and Google comes by both"),
    (("https://evil.example/r/x", BOTH[0]), "unsure", "https://evil.example/r/x is none of Google's"),
    ((*BOTH, "https://evil.example/r/x"), "unsure", "https://evil.example/r/x is none of Google's"),
    (("https://evil.example/r/x",), "wrong", "none of them is Google's"),
    ((production(""), sandbox("")), "wrong", "none of them is Google's"),
    ((), "wrong", "none of them is Google's"),
    ((production("YOUR-PROJECT-ID"), sandbox("YOUR-PROJECT-ID")), "wrong", "YOUR-PROJECT-ID is no Project ID"),
    ((production("home"), sandbox("home")), "wrong", "home is no Project ID"),
    ((production("a" * 31), sandbox("a" * 31)), "wrong", "is no Project ID"),
    ((production("1home-2"), sandbox("1home-2")), "wrong", "is no Project ID"),
    ((production("home-1-"), sandbox("home-1-")), "wrong", "is no Project ID"),
    ((production("home-1/"), sandbox("home-1/")), "wrong", "is no Project ID"),
    ((production("home-1"), production("home-2")), "wrong", "several projects: home-1, home-2"),
    ((production("home-1"), sandbox("home-2")), "wrong", "several projects: home-1, home-2"),
    ((*BOTH, production("home-2")), "wrong", "several projects: home-1, home-2"),
]


@pytest.mark.parametrize(("registered", "state", "expected"), REGISTERED, ids=lambda value: str(value)[-60:])
def test_a_clients_redirect_addresses(
    registered: tuple[str, ...], state: str, expected: str, serve: Callable[[Answers], str]
) -> None:
    findings = list(examine(patient(serve(WELL), client=("google", registered)), Visitor()))
    [found] = [finding for finding in findings if finding.what == "redirect addresses"]
    assert (found.state, bool(found.mend)) == (state, state != "ok")
    assert expected in found.text
    assert {finding.state for finding in findings if finding is not found} == {"ok"}


def test_an_address_without_https_is_not_requested(serve: Callable[[Answers], str]) -> None:
    [found] = examine(patient(serve(WELL), demo=False), Visitor())
    assert (found.state, "public_url" in found.command) == ("wrong", True)


def test_a_closed_port_is_named(serve: Callable[[Answers], str]) -> None:
    findings = list(examine(patient("http://127.0.0.1:9"), Visitor()))
    assert [finding.state for finding in findings] == ["ok", "ok", *["wrong"] * 8]
    assert "can't be reached" in findings[-1].text


class Breaking(socketserver.ThreadingTCPServer):
    """Answers with `sent` and ends the connection; with `then` it drips that first, b"" being silence."""

    daemon_threads = True

    def __init__(self, sent: bytes, then: bytes | None = None) -> None:
        over = self._over = threading.Event()

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.recv(65536)
                self.request.sendall(sent)
                with contextlib.suppress(OSError):
                    for _ in range(0 if then is None else 1200):
                        self.request.sendall(then or b"")
                        if over.wait(0.05):
                            break

        super().__init__(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> "Breaking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


OK = b"HTTP/1.1 200 OK\r\n"
LONG = OK + b"Content-Length: 100\r\n\r\nabc"
# a name, the beginning of an answer, what is dripped after it, a text of the error
BROKEN: list[tuple[str, bytes, bytes | None, str]] = [
    ("none", b"", None, "can't be reached"),
    ("no HTTP", b"HELLO\r\n\r\n", None, "can't be reached"),
    ("cut", LONG, None, "breaks off"),
    ("cut in a chunk", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", None, "breaks off"),
    ("garbled", OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", None, "garbled"),
    ("stalls", LONG, b"", "no whole answer within 0.5 s"),
    ("drips its headers", OK, b"x", "no whole answer within 0.5 s"),
    ("drips its body", LONG, b"x", "no whole answer within 0.5 s"),
]


@pytest.mark.parametrize(
    ("sent", "then", "expected"), [broken[1:] for broken in BROKEN], ids=[broken[0] for broken in BROKEN]
)
def test_an_answer_that_does_not_come_whole(sent: bytes, then: bytes | None, expected: str) -> None:
    within_s = LONG_S if then is None else 0.5
    with Breaking(sent, then) as server, pytest.raises(Unreached, match=expected):
        Visitor(within_s=within_s).request("GET", f"http://127.0.0.1:{server.port}/")


def test_what_breaks_off_is_a_finding_at_each_point() -> None:
    with Breaking(LONG) as server:
        findings = list(examine(patient(f"http://127.0.0.1:{server.port}"), Visitor()))
    assert [finding.state for finding in findings] == ["ok", "ok", *["wrong"] * 8]


def test_a_handshake_that_drips() -> None:
    record = b"\x16\x03\x03\x40\x00"  # a record of 16 KiB begins
    with Breaking(record, b"x") as server:
        found = list(examine(patient(f"https://127.0.0.1:{server.port}", demo=False), Visitor(within_s=0.5)))
    assert "does not speak TLS (TimeoutError)" in found[-1].text


def certificate(
    folder: Path, *, name: str = "localhost", days: int = 90, since: int = 100, by: str = "authority"
) -> tuple[Path, Path]:
    """The authorities that are trusted, and a server's certificate with its key."""
    issuers, now = {"authority": trustme.CA(), "stranger": trustme.CA()}, datetime.datetime.now(datetime.UTC)
    trusted, server = folder / "trusted.pem", folder / "server.pem"
    issuers["authority"].cert_pem.write_to_path(trusted)
    if by == "itself":
        own = trustme.CA()
        server.write_bytes(own.private_key_pem.bytes() + own.cert_pem.bytes())
        return trusted, server
    until = now + datetime.timedelta(days=days, minutes=5)
    leaf = issuers[by].issue_cert(name, not_before=now - datetime.timedelta(days=since), not_after=until)
    leaf.private_key_and_cert_chain_pem.write_to_path(server)
    return trusted, server


# the certificate, the finding's state, a text of its mend
CERTIFICATES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "ok", ""),
    ({"days": 5}, "unsure", "renew"),
    ({"days": 4, "since": 2}, "ok", ""),  # of six days
    ({"days": 0, "since": 6}, "unsure", "renew"),
    ({"days": -2}, "wrong", "expired"),
    ({"name": "other.example"}, "wrong", "this very name"),
    ({"by": "stranger"}, "wrong", "whole chain"),
    ({"by": "itself"}, "wrong", "self-signed"),
]


@pytest.mark.parametrize(("made", "state", "mend"), CERTIFICATES, ids=str)
def test_a_certificate(
    made: dict[str, Any], state: str, mend: str, tmp_path: Path, serve: Callable[[Answers], str]
) -> None:
    trusted, own = certificate(tmp_path, **made)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    with Server(WELL, context) as server:
        found = list(examine(patient(server.url, demo=False), Visitor(trusted)))
    name, tls, *rest = found
    assert (name.state, tls.state) == ("unsure", state)  # a loopback address is nobody's public one
    assert mend in tls.mend
    assert {finding.state for finding in rest} == (
        set() if state == "wrong" else {"ok"}
    )  # the endpoints can still be reached


def test_a_port_that_speaks_no_tls(serve: Callable[[Answers], str]) -> None:
    found = list(examine(patient(serve(WELL).replace("http", "https"), demo=False), Visitor()))
    assert found[-1].state == "wrong"
    assert "does not speak TLS" in found[-1].text


def test_a_name_missing_in_dns_is_named() -> None:
    [found] = examine(patient("https://no..name", demo=False), Visitor())
    assert isinstance(found, Finding)
    assert (found.state, found.text) == ("wrong", "it is not found in DNS")
