"""Scenes for Alexa: each shows a camera on a TV. The TVs are ready ones; the gate and the door are real."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from showcam.drivers.errors import Reason, VendorDown
from showcam.registry.outcomes import collected
from showcam.registry.preferences import Preferences
from tests.doubles.household import Household
from tests.doubles.ready_screens import TV, ReadyScreens

pytestmark = pytest.mark.proves(
    "A scene of Alexa shows a camera on a TV and takes it off", leans_on="published: Amazon's schema; double: the TV"
)

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[dict[str, Any]], None]

SCENES = "Alexa.SceneController"
AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def screens(home: Household) -> ReadyScreens:
    return ReadyScreens.with_scenes(home)


def scenes(send: Send) -> dict[str, dict[str, Any]]:
    """The endpoints of scenes by friendly name."""
    endpoints = send("Alexa.Discovery", "Discover")["event"]["payload"]["endpoints"]
    return {found["friendlyName"]: found for found in endpoints if found["displayCategories"] == ["SCENE_TRIGGER"]}


def its_id(send: Send, camera: str = "Garden") -> str:
    return str(scenes(send)[f"{camera} on {TV}"]["endpointId"])


def test_a_scene_in_full(send: Send, screens: ReadyScreens, valid_if_known: Check) -> None:
    found = scenes(send)
    assert sorted(found) == [f"{name} on {TV}" for name in ("Attic", "Bedroom", "Garage", "Garden", "Nursery")]
    scene = found[f"Garden on {TV}"]
    assert re.fullmatch(r"scene-[0-9a-f]{20}", scene.pop("endpointId"))
    assert scene == {
        "friendlyName": f"Garden on {TV}",
        "manufacturerName": "showcam",
        "description": "Scene that shows a camera on a TV, through showcam",
        "displayCategories": ["SCENE_TRIGGER"],
        "capabilities": [
            {"type": "AlexaInterface", "interface": "Alexa", "version": "3"},
            {"type": "AlexaInterface", "interface": SCENES, "version": "3", "supportsDeactivation": True},
        ],
    }
    valid_if_known(send("Alexa.Discovery", "Discover"))


@pytest.mark.parametrize("chosen", [(), ("TV",)], ids=["no scene chosen", "no TVs here"])
def test_no_scene_is_listed_where_there_are_none(home: Household, send: Send, chosen: tuple[str, ...]) -> None:
    """The second: on AWS, with sign_up = "anyone", or without a media process of its own."""
    if not chosen:
        home.registry.scenes.cast_with(ReadyScreens())
    home.owner.prefer(home.account.id, home.id("Garden"), Preferences(tv="TV", tv_scenes=chosen))
    assert scenes(send) == {}


@pytest.mark.parametrize(("name", "event", "what"), [
    ("Activate", "ActivationStarted", "show"),
    ("Deactivate", "DeactivationStarted", "stop"),
])  # fmt: skip
def test_a_scene_begins_and_ends(
    name: str, event: str, what: str, home: Household, send: Send, screens: ReadyScreens, valid_if_known: Check
) -> None:
    scene = its_id(send)
    answer = send(SCENES, name, camera=scene)
    valid_if_known(answer)
    assert answer["event"]["header"]["name"] == event
    assert answer["event"]["header"]["namespace"] == SCENES
    assert answer["event"]["endpoint"] == {"endpointId": scene}
    assert answer["event"]["payload"]["cause"] == {"type": "VOICE_INTERACTION"}
    assert AT.fullmatch(answer["event"]["payload"]["timestamp"])
    assert screens.asked == [screens.of(home, "Garden", what)]
    assert max(screens.waited) <= 1.0, "the picture itself is not waited for"


def test_a_scene_whose_camera_has_to_wake_has_started_and_is_pending_in_the_log(
    send: Send, screens: ReadyScreens, valid_if_known: Check
) -> None:
    """Alexa takes no word beside `ActivationStarted`."""
    scene, screens.wakes = its_id(send), True
    with collected() as found:
        answer = send(SCENES, "Activate", camera=scene)
    valid_if_known(answer)
    assert answer["event"]["header"]["name"] == "ActivationStarted"
    assert [outcome.outcome for outcome in found] == ["pending"]


@pytest.mark.parametrize(
    ("camera", "kind"),
    [
        ("Garage", "NOT_SUPPORTED_IN_CURRENT_MODE"),
        ("Nursery", "NOT_SUPPORTED_IN_CURRENT_MODE"),
        ("Attic", "ENDPOINT_UNREACHABLE"),
        ("Bedroom", "NOT_SUPPORTED_IN_CURRENT_MODE"),
    ],
)
def test_the_gate_is_googles_and_no_tv_is_asked_for_a_camera_that_may_not_be_shown(
    camera: str, kind: str, send: Send, screens: ReadyScreens, valid_if_known: Check
) -> None:
    answer = send(SCENES, "Activate", camera=its_id(send, camera))
    valid_if_known(answer)
    assert answer["event"]["payload"]["type"] == kind
    assert camera in answer["event"]["payload"]["message"]
    assert screens.asked == []


@pytest.mark.parametrize(
    ("reason", "kind"),
    [("no_tv", "ENDPOINT_UNREACHABLE"), ("busy", "ENDPOINT_BUSY"), ("media_down", "BRIDGE_UNREACHABLE")],
)
@pytest.mark.parametrize("name", ["Activate", "Deactivate"])
def test_a_tv_in_the_way_is_an_error(
    name: str, reason: Reason, kind: str, send: Send, screens: ReadyScreens, valid_if_known: Check
) -> None:
    screens.answer = reason
    answer = send(SCENES, name, camera=its_id(send))
    valid_if_known(answer)
    assert answer["event"]["payload"]["type"] == kind


def test_a_vendor_that_is_down_is_an_error(home: Household, send: Send, screens: ReadyScreens) -> None:
    scene = its_id(send)
    home.driver.error = VendorDown()
    assert send(SCENES, "Activate", camera=scene)["event"]["payload"]["type"] == "BRIDGE_UNREACHABLE"
    assert screens.asked == []


@pytest.mark.parametrize("endpoint", ["Garden", "scene-00000000000000000000", "scene-", "x"])
@pytest.mark.parametrize("name", ["Activate", "Deactivate"])
def test_what_is_no_scene_is_not_found(
    name: str, endpoint: str, send: Send, screens: ReadyScreens, valid_if_known: Check
) -> None:
    answer = send(SCENES, name, camera=endpoint)
    valid_if_known(answer)
    assert answer["event"]["payload"]["type"] == "NO_SUCH_ENDPOINT"
    assert screens.asked == []


def test_a_link_without_the_camera_has_not_its_scene_either(home: Household, send: Send, screens: ReadyScreens) -> None:
    scene = its_id(send)
    other = home.token(home.another_link("alexa", (home.id("Front Door"),)))
    endpoints = send("Alexa.Discovery", "Discover", token=other)["event"]["payload"]["endpoints"]
    assert [found["friendlyName"] for found in endpoints] == ["Front Door"]
    assert send(SCENES, "Activate", camera=scene, token=other)["event"]["payload"]["type"] == "NO_SUCH_ENDPOINT"
    assert screens.asked == []


def test_a_scene_that_was_taken_back_is_gone_at_once(home: Household, send: Send, screens: ReadyScreens) -> None:
    scene = its_id(send)
    home.owner.prefer(home.account.id, home.id("Garden"), Preferences())
    assert send(SCENES, "Activate", camera=scene)["event"]["payload"]["type"] == "NO_SUCH_ENDPOINT"
    assert f"Garden on {TV}" not in scenes(send)


def test_a_camera_may_have_a_scene_for_each_tv_in_the_language_of_its_link(
    home: Household, send: Send, screens: ReadyScreens
) -> None:
    home.owner.prefer(home.account.id, home.id("Garden"), Preferences(tv_scenes=("TV", "Kari's (bad) TV")))
    assert {"Garden on TV", "Garden on Karis bad TV"} <= scenes(send).keys()
    german = home.token(home.another_link("alexa", locale="de-DE"))
    endpoints = send("Alexa.Discovery", "Discover", token=german)["event"]["payload"]["endpoints"]
    assert "Garden auf TV" in {found["friendlyName"] for found in endpoints}
