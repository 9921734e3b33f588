"""Several media processes: where an account's pictures come from, and where when that one is gone."""

import http.client
import http.server
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from showcam.engine.client import MediaClient
from showcam.engine.fleet import REST_S, Fleet, Listed
from showcam.engine.grants import Claims, Grants, Protocol
from showcam.engine.messages import BadOffer, MediaBusy, MediaGone, MediaUnavailable
from tests.doubles.clock import Clock
from tests.doubles.echo_offer import offer
from tests.doubles.hls_camera import Authority, Household, Vendor
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.stopwatch import Stopwatch
from tests.doubles.tls_front import TlsFront

HOMES = [f"home-{number}" for number in range(200)]


class House:
    """Two media processes on one vendor, each behind TLS at its own address, and the fleet that speaks to them."""

    def __init__(
        self, stack: ExitStack, grants: Grants, household: Household, authority: Authority, **limits: int
    ) -> None:
        changes: dict[str, Any] = {"ca_file": authority.ca_file, **limits}
        settings = replace(SETTINGS, **changes)
        self.grants, self.clock = grants, Clock()
        self.context = ssl.create_default_context(cafile=authority.ca_file)
        self.planes: dict[str, tuple[PlaneThread, TlsFront]] = {}
        for _ in range(2):
            plane = stack.enter_context(PlaneThread(grants, household, settings))
            front = stack.enter_context(TlsFront(plane.port, authority.context))
            self.planes[front.url] = (plane, front)
        self.fleet = self.of(self.planes)
        stack.callback(self.fleet.close)

    def of(self, urls: Iterable[str]) -> Fleet:
        clients = [MediaClient(url, self.grants.proof(), authorities=lambda: self.context) for url in urls]
        return Fleet(Listed(clients), self.clock)

    def claims(self, account: str, protocol: Protocol = "hls", camera: str = "garden") -> Claims:
        expires, nonce = int(time.time()) + 600, str(time.monotonic_ns())
        return Claims(account, f"link-of-{account}", camera, protocol, "alexa", expires, nonce)

    def end(self, url: str) -> None:
        """Nobody is there any more: new connections are refused, and kept ones are over."""
        self.planes[url][1].close()

    def fetched(self, at: str, claims: Claims) -> tuple[int, str]:
        parts = urlsplit(at)
        assert parts.hostname is not None
        with closing(http.client.HTTPSConnection(parts.hostname, parts.port, timeout=60, context=self.context)) as door:
            door.request("GET", f"/s/{self.grants.sign(claims)}/master.m3u8")
            response = door.getresponse()
            return response.status, response.read().decode()


@pytest.fixture
def house(grants: Grants, household: Household, authority: Authority, vendor: Vendor) -> Iterator[House]:
    with ExitStack() as stack:
        yield House(stack, grants, household, authority)


def test_every_account_has_its_place_and_the_places_are_shared_evenly(grants: Grants) -> None:
    urls = [f"https://media-{number}.example" for number in range(4)]
    fleet = Fleet(Listed([MediaClient(url, grants.proof()) for url in urls]))
    backwards = Fleet(Listed([MediaClient(url, grants.proof()) for url in reversed(urls)]))
    places = {home: fleet.place(home) for home in HOMES}
    assert places == {home: backwards.place(home) for home in HOMES}
    assert set(places.values()) == set(urls)
    assert max(Counter(places.values()).values()) < len(HOMES) / 2
    # of those that lived at another one, none moves when one is gone
    fewer = Fleet(Listed([MediaClient(url, grants.proof()) for url in urls[1:]]))
    assert all(fewer.place(home) == at for home, at in places.items() if at != urls[0])


def test_a_stream_is_fetched_where_it_was_begun_and_elsewhere_when_that_one_is_gone(
    house: House, vendor: Vendor
) -> None:
    claims = house.claims("home")
    first = house.fleet.warm(claims, vendor.open("garden"))
    assert first == house.fleet.place("home")
    status, text = house.fetched(first, claims)
    assert (status, text[:7]) == (200, "#EXTM3U")
    house.end(first)

    again = house.claims("home")
    second = house.fleet.warm(again, vendor.open("garden"), timeout_s=3)
    assert second in {*house.planes} - {first}
    assert house.fetched(second, again)[0] == 200
    # what follows goes there at once, still pictures too
    assert house.fleet.place("home") == second


def test_one_that_rested_is_asked_again(house: House) -> None:
    first = house.fleet.place("home")
    other = house.of([first, "https://127.0.0.1:9"])
    lost = next(home for home in HOMES if other.place(home) != first)
    with pytest.raises(BadOffer):
        other.answer(house.claims(lost, "webrtc"), None, "v=0\r\nm=video 9 x 96\r\n", timeout_s=3)
    assert other.place(lost) == first
    house.clock.now += REST_S + 1
    assert other.place(lost) != first
    other.close()


def test_a_silent_one_costs_a_second_and_not_the_stream(house: House, vendor: Vendor) -> None:
    with silent() as nobody:
        url = next(iter(house.planes))
        fleet = house.of([nobody, url])
        home = next(home for home in HOMES if fleet.place(home) == nobody)
        assert fleet.warm(house.claims(home), vendor.open("garden"), timeout_s=3) == url
        fleet.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_silent_ones_cost_a_pull_s_beginning_no_more_than_its_time(house: House, vendor: Vendor, scheme: str) -> None:
    with silent() as nobody:
        url = f"{scheme}://{urlsplit(nobody).netloc}"
        fleet = house.of([url] * 3)
        with Stopwatch() as watch, pytest.raises(MediaGone):
            fleet.warm(house.claims("home"), vendor.open("garden"), timeout_s=1.1)
        assert watch.took_s < 2 * 1.1, "each for itself would make it three times as long"
        fleet.close()


def test_one_that_had_too_little_time_does_not_rest(house: House, vendor: Vendor) -> None:
    with silent() as nobody:
        fleet = house.of([nobody, next(iter(house.planes))])
        home = next(home for home in HOMES if fleet.place(home) == nobody)
        with pytest.raises(MediaGone):
            fleet.warm(house.claims(home), vendor.open("garden"), timeout_s=0.0)
        assert fleet.place(home) == nobody
        assert fleet.warm(house.claims(home), vendor.open("garden"), timeout_s=2) != nobody
        assert fleet.place(home) != nobody
        fleet.close()


def test_what_a_silent_one_cost_the_next_does_not_take_again(house: House, vendor: Vendor) -> None:
    vendor.cameras["garden"].takes_s = 4.5
    with silent() as nobody:
        fleet = house.of([nobody, next(iter(house.planes))])
        home = next(home for home in HOMES if fleet.place(home) == nobody)
        claims = house.claims(home, "webrtc")
        with Stopwatch() as watch:
            fleet.answer(claims, vendor.open("garden"), offer(), timeout_s=9, within_s=2.0)
        assert watch.took_s < 2.9, "a second more, if what the silent one took were taken again"
        fleet.close()


def test_one_that_is_full_sends_to_the_next_and_a_household_that_has_enough_is_sent_nowhere(
    grants: Grants, household: Household, authority: Authority, vendor: Vendor
) -> None:
    with ExitStack() as stack:
        house = House(stack, grants, household, authority, live_per_process=1, live_per_account=1)
        at = {house.fleet.place(home) for home in HOMES}
        claims = house.claims("home")
        first = house.fleet.warm(claims, vendor.open("garden"))
        assert house.fetched(first, claims)[0] == 200
        with pytest.raises(MediaBusy):
            house.fleet.warm(house.claims("home", camera="shed"), vendor.open("garden"))
        neighbour = next(home for home in HOMES if house.fleet.place(home) == first)
        (second,) = at - {first}
        assert house.fleet.warm(house.claims(neighbour), vendor.open("garden")) == second
        # it was asked and answered: it does not rest
        assert house.fleet.place(neighbour) == first


def test_ending_goes_to_all_also_when_one_is_gone(house: House, vendor: Vendor) -> None:
    for plane, front in house.planes.values():
        plane.client().warm(house.claims("home"), vendor.open("garden"))
        assert house.fetched(front.url, house.claims("home"))[0] == 200
    assert house.fleet.live("home") == 2
    gone, left = house.planes
    house.end(gone)
    with pytest.raises(MediaUnavailable):
        house.fleet.end_link("link-of-home")
    assert house.planes[left][0].client().live("home") == 0


def test_one_that_no_trusted_authority_vouches_for_is_given_nothing(
    house: House, grants: Grants, vendor: Vendor
) -> None:
    wary = MediaClient(next(iter(house.planes)), grants.proof())
    with pytest.raises(MediaGone):
        wary.warm(house.claims("home"), vendor.open("garden"))
    wary.close()
    assert house.fleet.live("home") == 0


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (503, "text/html", MediaGone),  # a load balancer with nobody behind
        (502, "text/html", MediaGone),
        (404, "application/problem+json", MediaGone),  # another key
        (302, "text/html", MediaUnavailable),  # never followed
        (503, "application/problem+json; charset=utf-8", MediaUnavailable),  # its own word
        (200, "text/html", MediaGone),
        (200, "application/json", MediaGone),  # of another shape
    ],
)
def test_what_an_answer_says_of_who_gave_it(status: int, kind: str, error: type, grants: Grants) -> None:
    with ExitStack() as stack:
        client = MediaClient(stack.enter_context(answering(status, kind)), grants.proof())
        stack.callback(client.close)
        with pytest.raises(MediaUnavailable) as caught:
            client.live("home")
    assert type(caught.value) is error


@contextmanager
def answering(status: int, kind: str) -> Iterator[str]:
    """A server that says the same to everybody."""

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", "0" if status == 302 else "2")
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b"" if status == 302 else b"[]" if kind.startswith("application") else b"hi")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def silent() -> Iterator[str]:
    """A server that takes connections and says nothing, not even in TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
