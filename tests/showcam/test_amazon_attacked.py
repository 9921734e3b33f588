"""Strangers send invented chain addresses over HTTP while Amazon's own requests arrive."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import requests

from showcam.app.edge.edge import Edge, EdgeRules
from showcam.app.edge.spoken import SKILL_PATH as SKILL
from showcam.app.edge.spoken import spoken_route
from showcam.app.http_types import Request
from tests.doubles.waiting import LONG_S
from tests.showcam import test_amazon
from tests.showcam.test_amazon import PATH, Shelf, body, signed

shelf = test_amazon.shelf

AMAZON = "203.0.113.9"


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(shelf: Shelf) -> Iterator[Callable[[Request, str], int]]:
    """`post(request, address)` returns the status; the address is sent as a trusted proxy's header."""
    chains = shelf.chains()
    spoken = spoken_route(
        "amzn1.ask.skill.x", lambda _event, _received: {"version": "1.0"}, lambda: chains, lambda _: None
    )
    rules = EdgeRules(body_limit=100_000, trusted_proxies=(ip_network("127.0.0.1"),))
    edge = Edge([spoken], lambda _environ, _start: [], rules)
    server = make_server("127.0.0.1", 0, edge, Threaded, Quiet)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def post(request: Request, address: str) -> int:
        names = ("SignatureCertChainUrl", "Signature-256")
        headers = {name: request.header(name) or "" for name in names}
        headers |= {"Content-Type": "application/json", "X-Forwarded-For": address}
        url = f"http://127.0.0.1:{server.server_port}{SKILL}"
        return requests.post(url, data=request.body, headers=headers, timeout=LONG_S).status_code

    try:
        yield post
    finally:
        server.shutdown()
        server.server_close()


STRANGERS: dict[str, Callable[[int], str]] = {
    "one address": lambda number: "198.51.100.7",
    "one IPv6 network": lambda number: f"2001:db8:0:1::{number:x}",
    "an IPv4 address in IPv6": lambda number: "::ffff:198.51.100.7",
}


@pytest.mark.parametrize("addresses", STRANGERS)
def test_the_skill_is_heard_while_a_stranger_names_made_up_chains(addresses: str, shelf: Shelf) -> None:
    shelf.lacks = lambda path: path != PATH
    with serving(shelf) as post:
        for number in range(40):
            made_up = f"{shelf.vendor.url}/echo.api/{number}.pem"
            assert post(signed(body(), made_up), STRANGERS[addresses](number)) == (400 if number < 5 else 503)
        assert post(signed(body(), shelf.url), AMAZON) == 200
        assert post(signed(body(), shelf.url), STRANGERS[addresses](41)) == 200
    assert len(shelf.vendor.requests) == 6
