"""What reports send to Google: the state, what was told before, and the requests; and each answer of HomeGraph."""

import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
import pytest
from jsonschema_rs import Draft7Validator
from msgspec.structs import replace

from actions.devices import States, device
from actions.fulfillment import Fulfillment
from actions.google_key import KeyFile, read_key
from actions.homegraph import HomeGraph
from actions.reports import FETCHES_S, SYNC_S, Reports
from actions.traits import traits
from showcam.accounts.links import authenticate
from showcam.accounts.pins import Pins
from showcam.drivers.camera import Camera
from showcam.registry.preferences import MotionRings, Preferences
from showcam.registry.reporting.reporter import (
    Happened,
    Later,
    NotNow,
    NotTold,
    Now,
    RefusedKey,
    Tell,
    Told,
    TryAgain,
    Undeliverable,
)
from showcam.store.outbox import Why
from tests.doubles.clock import Clock
from tests.doubles.google_cloud import GoogleCloud
from tests.doubles.household import Household
from tests.doubles.needs import GOOGLE_SCHEMAS, GOOGLES
from tests.doubles.ready_driver import camera
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "Every report to Google is valid", leans_on="published: Google's schema of notifications; double: HomeGraph"
)

PUBLIC = "https://home.example"
NOTIFICATION = "traits/objectdetection/objectdetection.notifications.schema.json"
SYNC, REPORT = "/v1/devices:requestSync", "/v1/devices:reportStateAndNotification"


class Reporting:
    """Reports of one link that Google has fetched once. `told` is what the last call answered."""

    def __init__(self, home: Household, cloud: GoogleCloud, cameras: list[Camera]) -> None:
        self.home, self.cloud, self.clock = home, cloud, Clock()
        self.clock.now = time.time()  # Google's, too
        self.key = read_key(str(cloud.key_file))
        self.traits = traits(home.registry, PUBLIC)
        self.reports = self.reporter(self.key)
        self.told: Told | None = None
        self.turn = 0
        self.can_list = True
        self.cameras, self.changes = cameras, dict[str, dict[str, Any] | None]()
        self.user = home.link.agent_user
        cloud.fetched = lambda: {known.id: self._listed(known) for known in self.now().cameras}
        cloud.link(self.user)

    def reporter(self, key: KeyFile) -> Reports:
        homegraph = HomeGraph(key, self.cloud.host, self.cloud.ca_file, clock=self.clock)
        states = States(self.home.registry, self.traits)
        return Reports(homegraph, self.traits, states, scenes=True, clock=self.clock)

    def _listed(self, known: Any) -> dict[str, Any]:
        return dict(json.loads(msgspec.json.encode(device(known, self.traits, reported=True))))

    def now(self) -> Now:
        """The cameras as the registry has them, with `changes` of them by name; None: the camera is gone."""
        left = [
            replace(known, **(self.changes.get(known.name) or {})) for known in self.cameras if self._is(known.name)
        ]
        self.home.driver.set(left)
        cameras = self.home.registry.cameras(self.home.link).cameras
        states = self.home.registry.states(self.home.link, [known.id for known in cameras])
        return Now(cameras, states, can_list=self.can_list)

    def _is(self, name: str) -> bool:
        return self.changes.get(name, {}) is not None

    def tell(self, *happened: Happened, listed: bool = True, deadline_s: float = LONG_S) -> Told:
        self.turn += 1
        self.clock.wait(SYNC_S)
        tell = Tell(self.home.link, self.now(), self.told, happened, listed, f"turn-{self.turn}", deadline_s)
        self.told = self.reports.tell(tell)
        return self.told

    def calls(self) -> list[str]:
        """The paths since the last call, without those of tokens."""
        paths = [path for _, path, _ in self.cloud.calls if path != "/google/token"]
        self.cloud.calls.clear()
        return paths


@pytest.fixture
def link(home: Household, served: GoogleCloud) -> Iterator[Reporting]:
    cameras = [
        camera("Garden", "F00000001", motion="off", person="off"),
        camera("Front Door", "F00000002", kind="doorbell", model="DB1"),
        camera("Attic", "F00000005", online="off", battery=40),
    ]
    before = {name: getattr(served.settings, name) for name in FAULTS}
    yield Reporting(home, served, cameras)
    for name, value in before.items():
        setattr(served.settings, name, value)
    served.calls.clear()


FAULTS = ("homegraph_fault", "google_login_fault", "google_skew_s", "google_access_s", "homegraph_quota")


def test_all_is_told_once_and_then_nothing(link: Reporting) -> None:
    told = link.tell()
    assert link.calls() == [SYNC, REPORT]
    [report] = link.cloud.reports(link.user)
    states = report["payload"]["devices"]["states"]
    assert states.keys() == {link.home.id(name) for name in ("Garden", "Front Door", "Attic")}
    assert states[link.home.id("Attic")]["online"] is False
    assert all(not {"status", "errorCode", "debugString"} & reported.keys() for reported in states.values())
    assert link.tell() == told
    assert link.calls() == []


def test_a_report_says_what_query_says(link: Reporting) -> None:
    link.tell()
    [report] = link.cloud.reports(link.user)
    fulfillment = Fulfillment(
        partial(authenticate, link.home.store, assistant="google"),
        link.home.registry,
        lambda ended: None,
        PUBLIC,
        Pins(link.home.store),
    )
    for its_id, reported in report["payload"]["devices"]["states"].items():
        payload = {"devices": [{"id": its_id}]}
        body = {"requestId": "1", "inputs": [{"intent": "action.devices.QUERY", "payload": payload}]}
        _, answered = fulfillment.answer(json.dumps(body).encode(), link.home.token())
        queried = json.loads(answered)["payload"]["devices"][its_id]
        assert reported == {key: queried[key] for key in queried if key not in ("status", "errorCode", "debugString")}


def test_while_no_list_can_be_fetched_the_rest_is_told_and_the_list_after_it(link: Reporting) -> None:
    link.tell()
    link.calls()
    link.can_list = False
    link.changes = {"Garden": {"name": "Orchard", "asleep": "on"}, "Attic": {"online": "on"}}
    link.tell(Happened("row-1", link.home.id("Front Door"), "doorbell", link.clock.now))
    states, ring = link.cloud.reports(link.user)[-2:]
    assert states["payload"]["devices"]["states"].keys() == {link.home.id("Attic")}
    assert ring["payload"]["devices"]["notifications"].keys() == {link.home.id("Front Door")}
    assert link.calls() == [REPORT, REPORT]
    link.can_list = True
    link.tell()
    assert link.calls() == [SYNC, REPORT]


CHANGES: list[tuple[dict[str, dict[str, Any] | None], list[str]]] = [
    ({"Attic": {"online": "on"}}, [REPORT]),
    ({"Garden": {"asleep": "on"}}, [REPORT]),
    ({"Garden": {"motion": "on"}}, [REPORT]),
    ({"Garden": {"name": "Orchard"}}, [SYNC]),
    ({"Garden": {"name": "Orchard", "asleep": "on"}}, [SYNC, REPORT]),
    ({"Garden": None}, [SYNC]),
    ({"Garden": None, "Front Door": None, "Attic": None}, [SYNC]),
    ({"Garden": {"audio": "unknown"}}, [REPORT]),
]


@pytest.mark.parametrize(("changes", "calls"), CHANGES)
def test_a_change_and_the_calls_that_report_it(changes: dict[str, Any], calls: list[str], link: Reporting) -> None:
    link.tell()
    link.calls()
    link.cloud.reports(link.user)
    link.changes = changes
    link.tell()
    assert link.calls() == calls
    reports = link.cloud.reports(link.user)
    named = {its_id for report in reports for its_id in report["payload"]["devices"]["states"]}
    assert len(named) == calls.count(REPORT)
    assert link.cloud.homegraph.users[link.user].devices.keys() == {known.id for known in link.now().cameras}


def test_a_scene_that_comes_or_goes_makes_google_fetch_the_list(link: Reporting) -> None:
    link.tell()
    for scenes, calls in ((("Living room TV",), [SYNC]), (("Living room TV",), []), ((), [SYNC])):
        link.home.owner.prefer(link.home.account.id, link.home.id("Garden"), Preferences(tv_scenes=scenes))
        link.calls()
        link.tell()
        assert link.calls() == calls


@pytest.mark.proves(
    "Google announces a bell, and persons only if their owner chose that",
    leans_on="published: Google's schemas; double: HomeGraph",
)
@pytest.mark.parametrize(
    ("name", "kind", "rings", "objects"),
    [
        ("Front Door", "doorbell", "no", {"unclassified": 1}),
        ("Front Door", "person", "no", None),
        ("Garden", "person", "no", None),  # Google would sound a doorbell's chime
        ("Garden", "doorbell", "no", None),
        ("Garden", "doorbell", "person", {"unclassified": 1}),  # a person, of whom its owner chose that they ring
        ("Garden", "motion", "person", None),
        ("Garden", "tamper", "motion", None),
    ],
)
def test_google_announces_a_bell_and_what_its_owner_chose_to_ring(
    name: str, kind: Any, rings: MotionRings, objects: dict[str, int] | None, link: Reporting
) -> None:
    link.home.owner.prefer(link.home.account.id, link.home.id("Garden"), Preferences(motion_rings=rings))
    link.tell()
    link.cloud.reports(link.user)
    for _ in (1, 2):
        link.tell(Happened("row-1", link.home.id(name), kind, 1_795_686_000.5))
    reports = link.cloud.reports(link.user)
    if objects is None:
        assert reports == []
        return
    [report] = reports
    assert link.cloud.homegraph.users[link.user].repeated == 1
    seen = report["payload"]["devices"]["notifications"][link.home.id(name)]
    assert seen["ObjectDetection"] == {"objects": objects, "priority": 0, "detectionTimestamp": 1795686000500}


@GOOGLES.mark
def test_the_notification_of_a_bell_is_valid_by_googles_schema(link: Reporting) -> None:
    link.tell()
    link.cloud.reports(link.user)
    link.tell(Happened("row-1", link.home.id("Front Door"), "doorbell", 1_795_686_000.5))
    [report] = link.cloud.reports(link.user)
    seen = report["payload"]["devices"]["notifications"][link.home.id("Front Door")]
    Draft7Validator(json.loads((GOOGLE_SCHEMAS / NOTIFICATION).read_text())).validate(seen)


def test_a_camera_whose_motion_rings_is_a_doorbell_to_google(link: Reporting) -> None:
    link.home.owner.prefer(link.home.account.id, link.home.id("Attic"), Preferences(motion_rings="motion"))
    link.tell(Happened("row-1", link.home.id("Attic"), "doorbell", 1_795_686_000.5))
    *_, report = link.cloud.reports(link.user)
    assert report["payload"]["devices"]["notifications"].keys() == {link.home.id("Attic")}
    attic = link.cloud.homegraph.users[link.user].devices[link.home.id("Attic")]
    assert attic["type"] == "action.devices.types.DOORBELL"


def test_nothing_is_sent_in_the_minute_in_which_google_fetches_a_new_list(link: Reporting) -> None:
    with pytest.raises(NotNow) as raised:
        link.tell(listed=False)
    assert (link.calls(), raised.value.why) == ([], "unknown_user")
    link.clock.wait(FETCHES_S)
    link.tell(listed=False)
    assert link.calls() == [SYNC, REPORT]


def test_a_user_that_google_does_not_know_waits(link: Reporting) -> None:
    link.cloud.homegraph.users.clear()
    with pytest.raises(NotNow) as raised:
        link.tell()
    assert raised.value.why == "unknown_user"
    assert link.reports.may_tell(link.home.link)


ANSWERS: list[tuple[str, Any, type[NotTold], Why]] = [
    ("homegraph_fault", "rate", TryAgain, "busy"),
    ("homegraph_fault", "http500", TryAgain, "trouble"),
    ("homegraph_fault", "http503", TryAgain, "trouble"),
    ("homegraph_fault", "expired", TryAgain, "trouble"),
    ("homegraph_fault", "html", TryAgain, "unreached"),
    ("homegraph_fault", "empty", TryAgain, "unreached"),
    ("homegraph_fault", "half", TryAgain, "unreached"),
    ("homegraph_fault", "cut", TryAgain, "unreached"),
    ("homegraph_fault", "forbidden", RefusedKey, "permission"),
    ("homegraph_quota", 0, TryAgain, "busy"),
    ("google_login_fault", "invalid_grant", RefusedKey, "permission"),
    ("google_login_fault", "http500", TryAgain, "trouble"),
    ("google_login_fault", "html", TryAgain, "trouble"),
    ("google_login_fault", "empty", TryAgain, "trouble"),
    ("google_login_fault", "cut", TryAgain, "unreached"),
    ("google_skew_s", 600, TryAgain, "clock"),
    ("google_skew_s", -600, TryAgain, "clock"),
]


@pytest.mark.proves("Each fault of Google ends, delays or parks what it should", leans_on="double: HomeGraph")
@pytest.mark.parametrize(("setting", "value", "error", "why"), ANSWERS)
def test_a_fault_of_google(setting: str, value: Any, error: type[NotTold], why: Why, link: Reporting) -> None:
    if setting == "google_skew_s" and value > 0:
        value = 2 * 3600  # an assertion is good for an hour
    setattr(link.cloud.settings, setting, value)
    with pytest.raises(error) as raised:
        link.tell()
    assert type(raised.value) is error
    assert raised.value.why == why
    assert link.reports.may_tell(link.home.link)
    if setting == "google_skew_s":
        assert raised.value.reason.endswith("this machine's clock is wrong by more than Google takes")


def test_a_clock_ten_minutes_slow_is_taken_by_google(link: Reporting) -> None:
    """One that is ten minutes fast is not: it is among the faults above."""
    link.cloud.settings.google_skew_s = 600
    link.tell()
    assert link.calls() == [SYNC, REPORT]


def test_a_token_that_is_no_longer_taken_is_renewed_and_the_report_is_sent_by_the_next_try(link: Reporting) -> None:
    link.tell()
    link.cloud.homegraph.account._access.clear()
    link.changes = {"Attic": {"online": "on"}}
    link.cloud.calls.clear()
    with pytest.raises(TryAgain):
        link.tell()
    assert [path for _, path, _ in link.cloud.calls] == [REPORT, "/google/token"]
    link.tell()
    assert [path for _, path, _ in link.cloud.calls] == [REPORT, "/google/token", REPORT]


def test_a_report_whose_answer_was_lost_is_repeated_under_its_id_by_the_next_try_only(link: Reporting) -> None:
    link.tell()
    link.calls()
    link.cloud.settings.homegraph_fault = "cut"
    ring = Happened("row-1", link.home.id("Front Door"), "doorbell", 1_795_686_000.0)
    with pytest.raises(TryAgain):
        link.tell(ring)
    assert link.calls() == [REPORT]
    link.cloud.settings.homegraph_fault = ""
    link.tell(ring)
    assert link.cloud.homegraph.users[link.user].repeated == 1


def test_a_second_request_sync_waits_and_holds_up_neither_states_nor_rings(link: Reporting) -> None:
    link.tell()
    link.calls()
    link.changes = {"Garden": {"name": "Lawn"}}
    link.tell()
    assert link.calls() == [SYNC]
    link.changes |= {"Garden": {"name": "Meadow", "asleep": "on"}, "Attic": {"online": "on"}}
    ring = Happened("row-1", link.home.id("Front Door"), "doorbell", 1_795_686_000.0)
    link.clock.wait(5.0 - SYNC_S)  # five seconds after the last one
    with pytest.raises(Later) as raised:
        link.tell(ring)
    assert raised.value.after_s == 10.0
    assert raised.value.happened == {"row-1"}
    states, notified = link.cloud.reports(link.user)[-2:]
    assert states["payload"]["devices"]["states"].keys() == {link.home.id("Attic")}
    assert notified["payload"]["devices"]["notifications"].keys() == {link.home.id("Front Door")}
    assert link.calls() == [REPORT, REPORT]
    link.told = raised.value.told
    link.tell()
    assert link.calls() == [SYNC, REPORT]


def test_one_refused_device_does_not_hold_the_others_up(link: Reporting) -> None:
    link.tell()
    garden = link.cloud.homegraph.users[link.user].devices[link.home.id("Garden")]
    garden["traits"].remove("action.devices.traits.StatusReport")  # Google holds the device to another list than ours
    link.cloud.reports(link.user)
    link.changes = {"Garden": {"asleep": "on"}, "Attic": {"online": "on"}}
    with pytest.raises(Undeliverable) as raised:
        link.tell()
    assert raised.value.cameras == (link.home.id("Garden"),)
    [report] = link.cloud.reports(link.user)
    assert report["payload"]["devices"]["states"].keys() == {link.home.id("Attic")}
    link.told = raised.value.told
    link.tell()
    assert link.cloud.reports(link.user) == []


def test_the_end_of_a_link_is_told_and_that_google_knows_of_none_is_success(link: Reporting) -> None:
    for _ in (1, 2):
        link.reports.end(link.user, LONG_S)
    assert link.cloud.deleted[-1:] == [link.user]
    link.cloud.settings.homegraph_fault = "http503"
    with pytest.raises(TryAgain):
        link.reports.end(link.user, LONG_S)
    link.cloud.settings.homegraph_fault = "forbidden"
    with pytest.raises(Undeliverable):
        link.reports.end(link.user, LONG_S)


def test_a_hanging_google_ends_with_the_deadline(link: Reporting) -> None:
    link.cloud.settings.homegraph_fault = "timeout"
    began = time.monotonic()
    with pytest.raises(TryAgain):
        link.tell(deadline_s=0.4)
    assert time.monotonic() - began < 30
