"""A media process among several behind one address: who is handed on, who is refused, and who has which id."""

import ipaddress
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
import requests

from showcam.engine.grants import HEADER, Claims, Grants
from showcam.engine.member import HANDED_ON, own_address
from showcam.engine.messages import Beat, Beaten, Find, Found
from showcam.engine.source import MOVED, Denied
from tests.doubles.hls_camera import Authority, Household, Vendor
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.waiting import LONG_S, until

NOBODY = "a" * 16


class ReadyWeb:
    """The web process of the members. Settable: `taken` has ids of others, `holds` says who has every camera."""

    url = "http://127.0.0.1:9"

    def __init__(self, town: "Town") -> None:
        self.town, self.process = town, ""

    async def beat(self, body: Beat) -> Beaten | None:
        self.town.beats.append(body)
        return Beaten(taken=body["process"] in self.town.taken)

    async def find(self, body: Find) -> Found | None:
        self.town.finds.append(body)
        alive = {beat["process"]: beat["at"] for beat in self.town.beats if beat["at"]}
        if body["process"] in alive and not body["lost"]:
            return Found(process=body["process"], at=alive[body["process"]])
        holder = self.town.holder if body["claims"] else ""
        return Found(process=holder, at=alive.get(holder, ""))


class Town:
    def __init__(self, grants: Grants, household: Household, authority: Authority, stack: ExitStack) -> None:
        self.grants, self.household, self.stack = grants, household, stack
        self.settings = replace(
            SETTINGS,
            ca_file=authority.ca_file,
            live_per_process=2,
            trusted_proxies=(ipaddress.ip_network("127.0.0.0/8"),),
        )
        self.beats: list[Beat] = []
        self.finds: list[Find] = []
        self.taken: set[str] = set()
        self.holder = ""

    def start(self) -> tuple[PlaneThread, ReadyWeb]:
        web = ReadyWeb(self)
        plane = self.stack.enter_context(PlaneThread(self.grants, self.household, self.settings, web=web))
        until(lambda: any(beat["at"] == f"127.0.0.1:{plane.port}" for beat in self.beats))
        return plane, web

    def claims(self, camera: str = "garden") -> Claims:
        return Claims("home", "link", camera, "hls", "alexa", int(time.time()) + 600, str(time.monotonic_ns()))

    def fetch(self, plane: PlaneThread, process: str, claims: Claims, **headers: str) -> requests.Response:
        url = f"{plane.url}/p/{process}/s/{self.grants.sign(claims)}/master.m3u8"
        return requests.get(url, headers=headers, timeout=LONG_S)


@pytest.fixture
def town(grants: Grants, household: Household, authority: Authority, vendor: Vendor) -> Iterator[Town]:
    with ExitStack() as stack:
        yield Town(grants, household, authority, stack)


def test_a_request_at_any_process_is_answered_by_the_one_that_is_meant(town: Town, vendor: Vendor) -> None:
    one, first = town.start()
    other, second = town.start()
    claims = town.claims()
    at_other = other.client()
    assert one.client().behind(second.process).warm(claims, vendor.open("garden")) == f"{one.url}/p/{second.process}"
    answer = town.fetch(one, second.process, claims)
    assert (answer.status_code, answer.text[:7]) == (200, "#EXTM3U")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert (one.client().live("home"), at_other.live("home")) == (0, 1)
    assert {find["process"] for find in town.finds} == {second.process}
    assert first.process != second.process


def test_what_was_meant_for_one_that_is_gone_is_answered_by_the_one_that_has_the_camera_now(town: Town) -> None:
    one, first = town.start()
    other, second = town.start()
    town.holder = second.process
    assert town.fetch(one, NOBODY, town.claims()).status_code == 200
    assert (one.client().live("home"), other.client().live("home")) == (0, 1)
    town.holder = first.process
    assert town.fetch(one, "b" * 16, town.claims()).status_code == 200
    assert one.client().live("home") == 1
    town.holder = ""
    assert town.fetch(one, "c" * 16, town.claims()).status_code == 502


@pytest.mark.parametrize(("good_for_s", "asked"), [(3600.0, 1), (0.0, 5)])
def test_the_answer_that_none_has_the_camera_is_kept_for_its_time(town: Town, good_for_s: float, asked: int) -> None:
    town.settings = replace(town.settings, found_s=good_for_s)
    plane, _ = town.start()
    expired = town.claims()._replace(expires=int(time.time()) - 1)
    for _ in range(5):
        assert town.fetch(plane, NOBODY, expired).status_code == 502
    assert len(town.finds) == asked


def test_a_viewer_whose_camera_another_process_has_goes_on_there_under_the_same_address(
    town: Town, household: Household
) -> None:
    one, first = town.start()
    other, second = town.start()
    claims = town.claims()
    assert town.fetch(one, first.process, claims).status_code == 200
    town.holder = second.process
    household.denied["garden"] = Denied(MOVED)
    until(lambda: one.client().live("home") == 0)
    household.denied.clear()
    assert town.fetch(one, first.process, claims).status_code == 200
    assert (one.client().live("home"), other.client().live("home")) == (0, 1)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/s/a.b.c.hls.alexa.1.n..main.tag/master.m3u8", {}, 403),  # nobody's grant
        ("/internal/live", {}, 404),
        ("/internal/live", {HEADER: "v1;1;0;0"}, 404),
        ("/elsewhere", {}, 404),
    ],
)
def test_a_stranger_makes_no_process_ask_another(town: Town, path: str, headers: dict[str, str], status: int) -> None:
    plane, _ = town.start()
    method = "POST" if "internal" in path else "GET"
    answer = requests.request(method, f"{plane.url}/p/{NOBODY}{path}", headers=headers, timeout=LONG_S)
    assert answer.status_code == status
    assert town.finds == []


def test_a_request_that_was_handed_on_is_never_handed_on_again(town: Town) -> None:
    plane, web = town.start()
    town.holder = web.process
    assert town.fetch(plane, NOBODY, town.claims(), **{HANDED_ON: "1"}).status_code == 502
    assert town.finds == []


def test_one_whose_id_another_has_takes_a_new_one(town: Town) -> None:
    plane, web = town.start()
    first = web.process
    town.taken.add(first)
    until(lambda: web.process != first)
    until(lambda: town.beats[-1]["process"] == web.process)
    assert town.fetch(plane, web.process, town.claims()).status_code == 200


def test_full_and_draining_are_told_and_what_is_live_goes_on(town: Town, vendor: Vendor) -> None:
    plane, web = town.start()
    assert requests.get(f"{plane.url}/healthz", timeout=LONG_S).status_code == 200
    claims = town.claims()
    for camera in (claims, town.claims("shed")):
        plane.client().warm(camera, vendor.open("garden"))
    assert requests.get(f"{plane.url}/healthz", timeout=LONG_S).status_code == 429
    assert town.fetch(plane, web.process, claims).status_code == 200
    assert plane.plane is not None
    plane.run(plane.plane.drain())
    assert (town.beats[-1]["draining"], town.beats[-1]["places"]) == (True, 0)
    assert requests.get(f"{plane.url}/healthz", timeout=LONG_S).status_code == 503
    assert town.fetch(plane, web.process, claims).status_code == 200
    assert town.fetch(plane, web.process, town.claims("porch")).status_code == 429


@pytest.mark.parametrize(
    ("bind", "web", "address"),
    [
        ("127.0.0.1", "https://cam.example", "127.0.0.1"),
        ("0.0.0.0", "http://127.0.0.1:9", "127.0.0.1"),  # noqa: S104
    ],
)
def test_it_names_the_address_that_others_reach_it_by(bind: str, web: str, address: str) -> None:
    assert own_address(bind, web) == address
