"""GetSnapshot: what its address opens, and its errors."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from showcam.accounts.links import authenticate
from showcam.alexa.smart_home import SmartHome
from tests.doubles.household import Household

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
