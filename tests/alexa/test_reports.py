"""What reports send to Alexa: the state, what was told before, and the messages."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.accounts.links import authenticate
from showcam.alexa.gateway import Amazon, Gateway
from showcam.alexa.reports import LARGEST
from showcam.alexa.smart_home import SmartHome
from showcam.drivers.camera import Decided, State
from showcam.registry.preferences import Preferences
from showcam.registry.reporting.reporter import Happened, Now, Tell, Told, ToldOf
from tests.doubles import smart_vision
from tests.doubles.event_gateway import Reporting
from tests.doubles.household import Household

pytestmark = pytest.mark.proves("Every report to Alexa is valid", leans_on="published: Amazon's schema of 2021")


def test_all_is_told_once_and_then_nothing(link: Reporting, official: Callable[[dict[str, Any]], None]) -> None:
    told = link.tell()
    messages = link.sent()
    names = [message["event"]["header"]["name"] for message in messages]
    assert names == ["AddOrUpdateReport", "ChangeReport", "ChangeReport", "ChangeReport"]
    for message in messages:
        official(message)
    endpoints = messages[0]["event"]["payload"]["endpoints"]
    assert {endpoint["friendlyName"] for endpoint in endpoints} == {"Garden", "Front Door", "Attic"}
    assert '"proactivelyReported": false' not in json.dumps(endpoints)
    assert link.tell() == told
    assert link.sent() == []
    assert list(link.amazon.endpoints.dropped) == []


def value_of(known: dict[str, Any]) -> str:
    value = known["value"]
    return str(value["value"] if isinstance(value, dict) else value)


CHANGES: list[tuple[str, dict[str, Any], str, list[str], list[str]]] = [
    # camera, its change, the cause, the changed properties, their values
    ("Attic", {"online": "on"}, "PERIODIC_POLL", ["connectivity"], ["OK"]),
    ("Garden", {"online": "off"}, "PERIODIC_POLL", ["connectivity"], ["UNREACHABLE"]),
    ("Garden", {"motion": "on"}, "PHYSICAL_INTERACTION", ["detectionState"], ["DETECTED"]),
    ("Garden", {"encryption": "on"}, "APP_INTERACTION", ["toggleState"], ["ON"]),
    ("Garden", {"audio": "off"}, "APP_INTERACTION", ["toggleState"], ["OFF"]),
    (
        "Garden",
        {"motion": "on", "online": "off"},
        "PHYSICAL_INTERACTION",
        ["connectivity", "detectionState"],
        ["UNREACHABLE", "DETECTED"],
    ),
]


@pytest.mark.parametrize(("name", "change", "cause", "changed", "values"), CHANGES)
def test_a_change_is_one_report_with_the_rest_beside_it(
    name: str,
    change: dict[str, Any],
    cause: str,
    changed: list[str],
    values: list[str],
    link: Reporting,
    official: Callable[[dict[str, Any]], None],
) -> None:
    link.tell()
    link.sent()
    link.tell(link.now(**{name: change}))
    [message] = link.sent()
    official(message)
    event = message["event"]
    assert event["header"]["name"] == "ChangeReport"
    assert event["endpoint"]["endpointId"] == link.home.id(name)
    report = event["payload"]["change"]
    assert (report["cause"]["type"], [known["name"] for known in report["properties"]]) == (cause, changed)
    assert [value_of(known) for known in report["properties"]] == values
    keys = [
        (known["namespace"], known["name"], known.get("instance"))
        for known in (*report["properties"], *message["context"]["properties"])
    ]
    assert len(keys) == len(set(keys))
    assert ("Alexa.EndpointHealth", "connectivity", None) in keys
    assert list(link.amazon.endpoints.dropped) == []


def test_a_change_counts_whose_list_was_read_before_the_one_that_was_told(link: Reporting) -> None:
    """A reading that began first may end last and hold what happened meanwhile."""
    link.tell(link.now(Garden={"as_of": link.clock.now - 1.0}))
    link.sent()
    link.clock.now += 4.0
    link.tell(link.now(Garden={"as_of": link.clock.now - 6.0, "online": "off"}))
    [message] = link.sent()
    [connectivity] = message["event"]["payload"]["change"]["properties"]
    assert value_of(connectivity) == "UNREACHABLE"
    assert connectivity["uncertaintyInMilliseconds"] == 7000, "it is confirmed as of six seconds ago, within one second"
    assert list(link.amazon.endpoints.dropped) == []


def test_a_state_that_is_unknown_is_no_change(link: Reporting) -> None:
    link.tell()
    link.sent()
    flags = ("online", "asleep", "encryption", "audio")
    told = link.tell(link.now(Garden=dict.fromkeys(flags, "unknown")))
    assert link.sent() == []
    link.tell(link.now(Garden={"online": "on"}))
    assert link.sent() == []
    assert told.cameras[link.home.id("Garden")].states


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"name": "Orchard"}, ["AddOrUpdateReport"]),
        ({"firmware": "V6"}, ["AddOrUpdateReport"]),
        ({"battery": 7}, []),
    ],
)
def test_a_camera_that_is_listed_otherwise_is_reported_whole(
    change: dict[str, Any], names: list[str], link: Reporting
) -> None:
    link.tell()
    link.sent()
    link.tell(link.now(Garden=change))
    messages = link.sent()
    assert [message["event"]["header"]["name"] for message in messages] == names
    ids = [endpoint["endpointId"] for message in messages for endpoint in message["event"]["payload"]["endpoints"]]
    assert ids == [link.home.id("Garden")] * len(names)


def test_a_camera_that_is_gone_is_deleted_the_last_one_too(link: Reporting) -> None:
    link.tell()
    link.sent()
    link.tell(Now((), {}))
    [message] = link.sent()
    assert message["event"]["header"]["name"] == "DeleteReport"
    assert len(message["event"]["payload"]["endpoints"]) == 3
    assert link.told == Told({})
    assert (link.amazon.endpoints.by_id, list(link.amazon.endpoints.dropped)) == ({}, [])


def test_many_cameras_are_split_by_size_and_number(link: Reporting) -> None:
    whole = link.now().cameras[0]
    many = tuple(replace(whole, id=f"ezviz-{at:020}", name=f"Camera {at}") for at in range(120))
    link.tell(Now(many, {known.id: State(known) for known in many}))
    lists = [message for message in link.sent() if message["event"]["header"]["name"] == "AddOrUpdateReport"]
    assert len(lists) > 1
    assert max(len(json.dumps(message, separators=(",", ":"))) for message in lists) < LARGEST + 4096
    assert sum(len(message["event"]["payload"]["endpoints"]) for message in lists) == 120
    link.tell(Now((), {}))
    assert [len(message["event"]["payload"]["endpoints"]) for message in link.sent()] == [30, 30, 30, 30]


def test_a_scene_comes_is_renamed_with_its_camera_and_goes(link: Reporting) -> None:
    tv: dict[str, Any] = {"decided": Decided(tv_scenes=("Living room TV",))}
    link.tell()
    link.sent()
    steps: list[tuple[dict[str, Any], list[tuple[str, list[str]]]]] = [
        (tv, [("AddOrUpdateReport", ["Garden on Living room TV"])]),
        (tv | {"motion": "on"}, [("ChangeReport", [])]),
        (tv | {"name": "Orchard", "motion": "on"}, [("AddOrUpdateReport", ["Orchard", "Orchard on Living room TV"])]),
        ({"name": "Orchard", "motion": "on"}, [("DeleteReport", [""])]),
        ({"name": "Orchard", "motion": "on"}, []),
    ]
    for change, expected in steps:
        link.tell(link.now(Garden=change))
        events = [message["event"] for message in link.sent()]
        assert [
            (event["header"]["name"], [its.get("friendlyName", "") for its in event["payload"].get("endpoints", [])])
            for event in events
        ] == expected
    assert list(link.amazon.endpoints.dropped) == []


def test_with_a_camera_go_its_scenes(link: Reporting) -> None:
    link.tell(link.now(Garden={"decided": Decided(tv_scenes=("Living room TV", "Kitchen"))}))
    link.sent()
    link.tell(Now((), {}))
    [message] = link.sent()
    assert len(message["event"]["payload"]["endpoints"]) == 5
    assert link.amazon.endpoints.by_id == {}


RINGS: list[tuple[str, Any, str, str]] = [
    ("Front Door", "doorbell", "Alexa.DoorbellEventSource", "DoorbellPress"),
    ("Garden", "person", "Alexa.SmartVision.ObjectDetectionSensor", "ObjectDetection"),
]


@pytest.mark.parametrize(("name", "kind", "namespace", "event"), RINGS)
def test_what_happened_is_an_event_of_its_own(
    name: str, kind: Any, namespace: str, event: str, link: Reporting, official: Callable[[dict[str, Any]], None]
) -> None:
    link.tell()
    link.sent()
    link.tell(None, Happened("row-1", link.home.id(name), kind, 1_795_686_000.7))
    [message] = link.sent()
    assert (message["event"]["header"]["namespace"], message["event"]["header"]["name"]) == (namespace, event)
    if event == "DoorbellPress":
        official(message)
        assert message["event"]["payload"]["timestamp"] == "2026-11-26T09:40:00Z"
    else:
        smart_vision.check_event(message)
        assert message["event"]["payload"]["events"][0]["imageNetClass"] == "person"
    assert list(link.amazon.endpoints.dropped) == []


def test_a_camera_that_may_be_talked_through_is_full_duplex_to_alexa(link: Reporting) -> None:
    link.tell()
    link.sent()
    link.tell(link.now(Garden={"decided": Decided(talk=True), "has_speaker": True}))
    [listed] = link.sent()
    [garden] = listed["event"]["payload"]["endpoints"]
    rtc = next(each for each in garden["capabilities"] if each["interface"] == "Alexa.RTCSessionController")
    assert rtc["configuration"] == {"isFullDuplexAudioSupported": True}
    link.tell(link.now(Garden={"decided": Decided(talk=True)}))
    [listed] = link.sent()
    assert '"isFullDuplexAudioSupported": true' not in json.dumps(listed), "without a speaker it never is"


def test_a_camera_whose_motion_rings_is_a_doorbell_to_alexa(link: Reporting) -> None:
    link.tell()
    link.sent()
    rings = link.now(Garden={"decided": Decided(motion_rings=True)})
    link.tell(rings, Happened("row-1", link.home.id("Garden"), "doorbell", 1_795_686_000.0))
    listed, ring = link.sent()
    assert listed["event"]["payload"]["endpoints"][0]["displayCategories"] == ["CAMERA", "DOORBELL"]
    assert ring["event"]["header"]["name"] == "DoorbellPress"
    assert list(link.amazon.endpoints.dropped) == []


@pytest.mark.parametrize(("name", "kind"), [("Garden", "doorbell"), ("Front Door", "person"), ("Garden", "motion")])
def test_what_a_camera_does_not_have_is_no_event(name: str, kind: Any, link: Reporting) -> None:
    link.tell()
    link.sent()
    link.tell(None, Happened("row-1", link.home.id(name), kind, 1_795_686_000.0))
    assert link.sent() == []


def test_a_camera_without_a_bell_rings_where_its_owner_chose_that(link: Reporting) -> None:
    garden = link.home.id("Garden")
    link.home.owner.prefer(link.home.account.id, garden, Preferences(motion_rings="person"))
    link.tell()
    link.sent()
    link.tell(None, Happened("row-1", garden, "doorbell", 1_795_686_000.0))
    [message] = link.sent()
    assert message["event"]["header"]["name"] == "DoorbellPress"
    assert list(link.amazon.endpoints.dropped) == []


def test_a_repeated_turn_has_the_same_message_ids(link: Reporting) -> None:
    ring = Happened("row-1", link.home.id("Front Door"), "doorbell", 1_795_686_000.0)
    for _ in (1, 2):
        link.reports.tell(Tell(link.home.link, link.now(), None, (ring,), True, "turn", 10.0))
    ids = [message["event"]["header"]["messageId"] for message in link.sent()]
    assert ids[: len(ids) // 2] == ids[len(ids) // 2 :]
    assert link.amazon.endpoints.repeated == len(ids) // 2


def test_events_share_a_connection(link: Reporting) -> None:
    link.tell()
    assert len(link.sent()) == 4
    assert len(link.amazon.vendor.opened) == 1


def test_a_fingerprint_is_the_same_in_another_process(link: Reporting) -> None:
    told = link.tell()
    garden = told.cameras[link.home.id("Garden")]
    assert garden.states["Alexa.EndpointHealth//connectivity"] == "3d1161dd8f5b7b74"
    assert isinstance(garden, ToldOf)


@pytest.mark.proves("Discover promises what the grant keeps")
def test_discover_promises_what_the_grant_keeps(
    link: Reporting, directive: Callable[..., dict[str, Any]], home: Household
) -> None:
    known = partial(authenticate, home.store, assistant="alexa")
    skill = SmartHome(known, home.registry, link.gateway, reported=link.gateway.works)

    def discovered() -> str:
        return skill.answer(json.dumps(directive("Alexa.Discovery", "Discover")).encode()).decode()

    assert '"proactivelyReported":false' not in discovered()
    without = Gateway(home.store, Amazon("127.0.0.1:1"))  # Login with Amazon's client was taken away
    skill = SmartHome(known, home.registry, without, reported=without.works)
    assert '"proactivelyReported":true' not in discovered()


def test_a_link_is_looked_at_once_its_grant_is_kept(link: Reporting, home: Household) -> None:
    granted: list[str] = []
    known = partial(authenticate, home.store, assistant="alexa")
    skill = SmartHome(known, home.registry, link.gateway, granted=lambda its: granted.append(its.id))
    header = {"namespace": "Alexa.Authorization", "name": "AcceptGrant", "payloadVersion": "3", "messageId": "m-1"}
    grant = {"type": "OAuth2.AuthorizationCode", "code": "A1"}
    payload = {"grant": grant, "grantee": {"type": "BearerToken", "token": home.token()}}
    skill.answer(json.dumps({"directive": {"header": header, "payload": payload}}).encode())
    assert granted == [home.link.id]
