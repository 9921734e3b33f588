"""GetSnapshot: what its address opens, and its errors."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from showcam.accounts.links import authenticate
from showcam.alexa.smart_home import SmartHome
from showcam.drivers.driver import EventKind
from showcam.engine.grants import Claims
from showcam.engine.source import Denied
from showcam.registry.readings.changes import LAST_S
from tests.doubles.household import Household
from tests.net.test_jpeg import drawn

pytestmark = pytest.mark.proves(
    "Alexa's snapshot of a doorbell is the vendor's picture of its last ring, person or motion, of at most 60 KB",
    leans_on="double: Alexa and EZVIZ",
    also=("tests/media/test_still.py",),
)

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[dict[str, Any]], None]

GET = ("Alexa.SmartVision.SnapshotProvider", "GetSnapshot")


def test_a_snapshot_grant_is_for_its_link_and_camera_for_ten_minutes(home: Household, send: Send) -> None:
    value = send(*GET, camera="Garden")["event"]["payload"]["value"]
    grant = value["uri"].split("/")[-2]
    expires = datetime.fromisoformat(value["uriExpirationTime"]).timestamp()
    claims = home.grants.verify(grant, "still", expires - 1)
    assert (claims.account, claims.link, claims.camera) == (home.account.id, home.link.id, home.id("Garden"))
    assert 590 < expires - home.clock() <= 600
    assert home.driver.calls["mint"] == 0, "a camera is woken by who fetches the picture"


@pytest.mark.parametrize(
    ("camera", "kind"),
    [
        ("Garage", "NOT_SUPPORTED_IN_CURRENT_MODE"),
        ("Bedroom", "NOT_SUPPORTED_IN_CURRENT_MODE"),
        ("Attic", "ENDPOINT_UNREACHABLE"),
        ("nothing", "NO_SUCH_ENDPOINT"),
    ],
)
def test_a_camera_that_cant_be_shown_gives_no_snapshot(
    camera: str, kind: str, send: Send, valid_if_known: Check
) -> None:
    message = send(*GET, camera=camera, payloadVersion="1.1")
    valid_if_known(message)
    header = message["event"]["header"]
    assert (header["namespace"], header["payloadVersion"]) == ("Alexa", "3")
    assert message["event"]["payload"]["type"] == kind


def test_a_trial_gets_no_still(
    home: Household, directive: Callable[..., dict[str, Any]], valid_if_known: Check
) -> None:
    skill = SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry, snapshots=False)
    message = json.loads(skill.answer(json.dumps(directive(*GET, camera="Garden")).encode()))
    valid_if_known(message)
    header = message["event"]["header"]
    assert (header["namespace"], header["payloadVersion"]) == (GET[0], "1.1")
    payload = message["event"]["payload"]
    assert payload["type"] == "DISABLED_BY_USER"
    assert "this is a trial" in payload["message"]


def rung(home: Household, name: str, kind: EventKind = "doorbell", ago_s: float = 2.0) -> float:
    """Notes what happened at the camera, and answers when."""
    at = float(int(home.clock() - ago_s))
    home.adapter.noticing._happenings.note(home.account.id, home.id(name), kind, at, lambda: kind)
    return at


def granted(home: Household, message: dict[str, Any]) -> Claims:
    uri = message["event"]["payload"]["value"]["uri"]
    return home.grants.verify(uri.split("/")[-2], "still", home.clock())


def sampled(message: dict[str, Any]) -> float:
    return datetime.fromisoformat(message["event"]["payload"]["timeOfSample"]).timestamp()


@pytest.mark.parametrize("kind", ["doorbell", "person", "motion"])
def test_a_doorbells_snapshot_is_of_what_just_happened(home: Household, send: Send, kind: EventKind) -> None:
    at, home.driver.alarm = rung(home, "Front Door", kind), drawn((640, 360))
    message = send(*GET, camera="Front Door")
    claims = granted(home, message)
    assert sampled(message) == at
    assert home.questions.still_for(claims) == home.driver.alarm
    assert home.driver.alarms == [("Front Door", kind, at)]


@pytest.mark.parametrize(("name", "ago_s"), [("Front Door", LAST_S + 1), ("Garden", 2.0)], ids=["later", "no doorbell"])
def test_any_other_is_of_the_moment_when_it_is_fetched(home: Household, send: Send, name: str, ago_s: float) -> None:
    rung(home, name, "motion", ago_s)
    message = send(*GET, camera=name)
    assert abs(sampled(message) - home.clock()) < 60
    assert home.questions.still_for(granted(home, message)) is None
    assert home.driver.alarms == []


@pytest.mark.parametrize("alarm", [None, b"\xff\xd8\xff no picture", drawn()[:-50]])
def test_a_vendor_without_a_picture_of_it_leaves_it_to_the_camera(
    home: Household, send: Send, alarm: bytes | None
) -> None:
    rung(home, "Front Door")
    home.driver.alarm = alarm
    assert home.questions.still_for(granted(home, send(*GET, camera="Front Door"))) is None


def test_a_gate_that_closed_since_gives_none_of_it(home: Household, send: Send) -> None:
    rung(home, "Front Door")
    claims = granted(home, send(*GET, camera="Front Door"))
    home.driver.alarm = drawn()
    home.driver.change("Front Door", encryption="on")
    assert home.questions.still_for(claims) == Denied("encryption_on")
    assert home.driver.alarms == []
