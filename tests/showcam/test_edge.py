"""The edge: requests and responses through WSGI."""

import io
import ipaddress
import json
import threading
import time
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from msgspec.structs import replace

from showcam.app.edge.edge import Edge, EdgeRules
from showcam.app.http_types import Request, Response, Route, carries
from tests.doubles.slow_body import SlowBody
from tests.doubles.waiting import LONG_S


def echo(request: Request) -> Response:
    facts = {"rest": request.rest, "size": len(request.body), "bearer": request.bearer}
    return Response(200, json.dumps(facts).encode(), [("Content-Type", "application/json")])


def fail(_request: Request) -> Response:
    raise RuntimeError("token sca.abc.secret-of-a-person")


def pages(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']}".encode()]


ROUTES = [
    Route("alexa", "/alexa/smart-home", ("POST",), echo, json=True),
    Route(
        "signalling",
        "/google/webrtc/",
        ("POST", "OPTIONS"),
        echo,
        refused=lambda environ, refusal: replace(
            refusal, headers=[*refusal.headers, ("Access-Control-Allow-Origin", environ.get("HTTP_ORIGIN", ""))]
        ),
    ),
    Route("broken", "/broken", ("GET",), fail),
]
JSON: dict[str, Any] = {"CONTENT_TYPE": "application/json"}


def call(edge: Edge, method: str, path: str, body: bytes = b"", **environ: Any) -> tuple[int, dict[str, str], bytes]:
    heard: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
        heard["status"], heard["headers"] = int(status.split()[0]), dict(headers)

    given = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8080",
        "wsgi.url_scheme": "http",
    } | environ
    answered = b"".join(edge({name: value for name, value in given.items() if value is not None}, start))
    return heard["status"], heard["headers"], answered


@pytest.mark.parametrize(
    ("method", "path", "body", "environ", "status", "expected"),
    [
        ("POST", "/alexa/smart-home", b"{}", JSON, 200, '"size": 2'),
        ("POST", "/alexa/smart-home", b"{}", {"CONTENT_TYPE": "application/json; charset=utf-8"}, 200, '"size": 2'),
        ("POST", "/alexa/smart-home", b"{}", {"CONTENT_TYPE": "text/plain"}, 415, "JSON is wanted here"),
        ("POST", "/alexa/smart-home", b"{}", {}, 415, "JSON is wanted here"),
        ("GET", "/alexa/smart-home", b"", {}, 405, "It takes POST"),
        ("POST", "/alexa/smart-home", b"x" * 101, JSON, 413, "At most 100 bytes"),
        ("POST", "/alexa/smart-home", b"x" * 101, JSON | {"CONTENT_LENGTH": None}, 413, "At most 100 bytes"),
        ("POST", "/alexa/smart-home", b"x" * 101, JSON | {"CONTENT_LENGTH": "7"}, 200, '"size": 7'),
        ("POST", "/google/webrtc/abc", b"", {}, 200, '"rest": "abc"'),
        ("OPTIONS", "/google/webrtc/abc", b"", {}, 200, '"rest": "abc"'),
        ("POST", "/alexa/smart-home", b"", JSON | {"HTTP_AUTHORIZATION": "Bearer t1"}, 200, '"bearer": "t1"'),
        ("POST", "/alexa/smart-home", b"", JSON | {"HTTP_AUTHORIZATION": "Basic t1"}, 200, '"bearer": null'),
        ("GET", "/elsewhere", b"", {}, 200, "127.0.0.1 http"),
    ],
)
def test_a_request_is_answered(
    method: str, path: str, body: bytes, environ: dict[str, Any], status: int, expected: str
) -> None:
    got, headers, answer = call(Edge(ROUTES, pages, EdgeRules(body_limit=100)), method, path, body, **environ)
    assert (got, expected in answer.decode()) == (status, True)
    assert len(headers["X-Request-Id"]) == 32
    if status >= 400:
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(answer)["status"] == status


@pytest.mark.parametrize(("method", "size", "status"), [("PUT", 0, 405), ("POST", 101, 413)])
def test_a_page_of_another_origin_can_read_a_refusal(method: str, size: int, status: int) -> None:
    edge = Edge(ROUTES, pages, EdgeRules(body_limit=100))
    got, headers, _ = call(edge, method, "/google/webrtc/x", b"x" * size, HTTP_ORIGIN="https://www.gstatic.com")
    assert (got, headers["Access-Control-Allow-Origin"]) == (status, "https://www.gstatic.com")


def test_an_unexpected_error_answers_its_request_id_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    status, headers, answer = call(Edge(ROUTES, pages, EdgeRules(body_limit=100)), "GET", "/broken")
    assert status == 500
    assert headers["X-Request-Id"] in json.loads(answer)["detail"]
    assert b"Traceback" not in answer
    assert b"secret" not in answer


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_HOST": "evil.example"},
        {"HTTP_HOST": "127.0.0.1:9999"},
        {"HTTP_HOST": None},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/alexa/smart-home"])
def test_the_demo_answers_only_to_its_own_address(path: str, environ: dict[str, Any]) -> None:
    edge = Edge(ROUTES, pages, EdgeRules(body_limit=100, only_hosts=("127.0.0.1:8080",)))
    assert call(edge, "POST", path, **JSON, **environ)[0] == 421
    assert call(edge, "POST", path, **JSON)[0] == 200


@pytest.mark.parametrize(
    ("peer", "forwarded", "proto", "client"),
    [
        ("127.0.0.1", "203.0.113.9", "https", "203.0.113.9 https"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2", "https", "203.0.113.9 https"),
        ("127.0.0.1", "203.0.113.9", "gopher", "203.0.113.9 http"),
        ("203.0.113.5", "10.9.9.9", "https", "203.0.113.5 http"),
    ],
    ids=["one proxy", "chain", "odd scheme", "stranger is not believed"],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: str, proto: str, client: str) -> None:
    trusted = tuple(ipaddress.ip_network(network) for network in ("127.0.0.1", "10.0.0.0/8"))
    edge = Edge(ROUTES, pages, EdgeRules(body_limit=100, trusted_proxies=trusted))
    answer = call(edge, "GET", "/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded, HTTP_X_FORWARDED_PROTO=proto)
    assert answer[2].decode() == client


@pytest.mark.parametrize(
    ("method", "token", "status"),
    [
        ("POST", "Bearer right", 200),
        ("POST", "Bearer wrong", 503),
        ("POST", None, 503),
        ("OPTIONS", "Bearer wrong", 503),
    ],
)
def test_a_client_whose_proof_held_has_a_place_of_its_own(method: str, token: str | None, status: int) -> None:
    def proved(request: Request) -> Response:
        return Response(200 if request.bearer == "right" or request.method == "OPTIONS" else 401)

    route = Route("google", "/google", ("POST", "OPTIONS"), proved, claims=carries("Authorization"))
    edge, slow = Edge([route], pages, EdgeRules(body_limit=100, bodies=4)), SlowBody()
    call(edge, method, "/google", b"{}", REMOTE_ADDR="203.0.113.1", HTTP_AUTHORIZATION=token)
    strange = {"REMOTE_ADDR": "203.0.113.2", "HTTP_AUTHORIZATION": "Bearer", "wsgi.input": slow, "CONTENT_LENGTH": "9"}
    thread = threading.Thread(target=call, args=(edge, "POST", "/google"), kwargs=strange)
    thread.start()
    assert slow.reading.wait(LONG_S)  # the one place for those who only claim
    got, _, _ = call(edge, "POST", "/google", b"{}", REMOTE_ADDR="203.0.113.1", HTTP_AUTHORIZATION="Bearer right")
    slow.let.set()
    thread.join()
    assert got == status


# what a layer around the edge sets · when the request arrived, as the endpoint gets it
CAME: list[tuple[dict[str, float], float]] = [({}, 0.0), ({"showcam.received": 7.0}, 7.0)]


@pytest.mark.parametrize(("given", "expected"), CAME)
def test_a_requests_time_runs_from_its_arrival(given: dict[str, float], expected: float) -> None:
    heard: list[float] = []

    def endpoint(request: Request) -> Response:
        heard.extend((request.received, time.monotonic()))
        return Response(200)

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            time.sleep(0.2)
            return super().read(size)

    edge = Edge([Route("slow", "/slow", ("POST",), endpoint)], pages, EdgeRules(1000))
    before = time.monotonic()
    call(edge, "POST", "/slow", b"x", **{"wsgi.input": Slow(b"x"), "CONTENT_LENGTH": "1", **given})
    received, then = heard
    assert received == expected if given else before <= received < then - 0.2
