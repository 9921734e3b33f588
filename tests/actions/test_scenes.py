"""Scenes for Google: each shows a camera on a TV. The TVs are ready ones; the gate and the door are real."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from showcam.drivers.errors import Reason
from showcam.registry.preferences import Preferences
from tests.doubles.household import Household
from tests.doubles.needs import GOOGLE_SCHEMAS, GOOGLES
from tests.doubles.ready_screens import TV, ReadyScreens

pytestmark = pytest.mark.proves(
    "A scene of Google shows a camera on a TV through Google's rows of the gate, and takes it off",
    leans_on="published: Google's lists of types, traits, commands and errors; double: the TV",
)

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[str, dict[str, Any]], None]

ACTIVATE = "action.devices.commands.ActivateScene"


@pytest.fixture
def screens(home: Household) -> ReadyScreens:
    return ReadyScreens.with_scenes(home)


def scenes(send: Send) -> dict[str, dict[str, Any]]:
    """The devices that are scenes, by name."""
    devices = send("SYNC")["devices"]
    return {found["name"]["name"]: found for found in devices if found["type"] == "action.devices.types.SCENE"}


def its_id(send: Send, camera: str = "Garden") -> str:
    return str(scenes(send)[f"{camera} on {TV}"]["id"])


def activate(send: Send, *ids: str, **params: Any) -> list[dict[str, Any]]:
    execution = {"command": ACTIVATE, "params": params or {"deactivate": False}}
    devices = [{"id": device} for device in ids]
    answered = send("EXECUTE", {"commands": [{"devices": devices, "execution": [execution]}]})
    return list(answered["commands"])


def test_a_scene_in_full(send: Send, screens: ReadyScreens, valid_if_known: Check) -> None:
    found = scenes(send)
    assert sorted(found) == [f"{name} on {TV}" for name in ("Attic", "Bedroom", "Garage", "Garden", "Nursery")]
    scene = found[f"Garden on {TV}"]
    assert re.fullmatch(r"scene-[0-9a-f]{20}", scene.pop("id"))
    assert scene == {
        "type": "action.devices.types.SCENE",
        "traits": ["action.devices.traits.Scene"],
        "name": {"name": f"Garden on {TV}"},
        "willReportState": False,
        "attributes": {"sceneReversible": True},
    }
    valid_if_known("SYNC", {"requestId": "1", "payload": send("SYNC")})


@GOOGLES.mark
def test_google_has_the_type_the_trait_the_command_and_the_error() -> None:
    for name, word in (
        ("types", "action.devices.types.SCENE"),
        ("traits", "action.devices.traits.Scene"),
        ("commands", ACTIVATE),
        ("errors", "sceneCannotBeApplied"),
    ):
        assert word in json.loads((GOOGLE_SCHEMAS / f"platform/{name}.schema.json").read_text())["enum"]


@pytest.mark.parametrize("chosen", [(), ("TV",)], ids=["no scene chosen", "no TVs here"])
def test_no_scene_is_listed_where_there_are_none(home: Household, send: Send, chosen: tuple[str, ...]) -> None:
    """The second: on AWS, with sign_up = "anyone", or without a media process of its own."""
    if not chosen:
        home.registry.scenes.cast_with(ReadyScreens())
    home.owner.prefer(home.account.id, home.id("Garden"), Preferences(tv="TV", tv_scenes=chosen))
    assert scenes(send) == {}


@pytest.mark.parametrize(
    ("params", "what"),
    [({"deactivate": False}, "show"), ({}, "show"), ({"deactivate": True}, "stop"), ({"deactivate": "x"}, "show")],
)
def test_a_scene_begins_and_ends(
    params: dict[str, Any], what: str, home: Household, send: Send, screens: ReadyScreens, valid_if_known: Check
) -> None:
    scene = its_id(send)
    answered = activate(send, scene, **params)
    valid_if_known("EXECUTE", {"requestId": "1", "payload": {"commands": answered}})
    assert answered == [{"ids": [scene], "status": "SUCCESS", "states": {"online": True}}]
    assert screens.asked == [screens.of(home, "Garden", what)]
    assert max(screens.waited) <= 1.0, "the picture itself is not waited for"


def test_a_scene_whose_camera_has_to_wake_is_pending(send: Send, screens: ReadyScreens, valid_if_known: Check) -> None:
    scene, screens.wakes = its_id(send), True
    answered = activate(send, scene)
    valid_if_known("EXECUTE", {"requestId": "1", "payload": {"commands": answered}})
    assert answered == [{"ids": [scene], "status": "PENDING", "states": {"online": True}}]


@pytest.mark.parametrize(
    ("camera", "code"),
    [
        ("Garage", "streamUnplayable"),
        ("Nursery", "deviceNotReady"),
        ("Attic", "deviceOffline"),
        ("Bedroom", "deviceTurnedOff"),
    ],
)
def test_a_camera_that_may_not_be_shown_is_refused_as_for_its_stream(
    camera: str, code: str, send: Send, screens: ReadyScreens, valid_if_known: Check
) -> None:
    answered = activate(send, its_id(send, camera))
    valid_if_known("EXECUTE", {"requestId": "1", "payload": {"commands": answered}})
    assert answered[0]["errorCode"] == code
    assert screens.asked == []


@pytest.mark.parametrize(
    ("reason", "code"), [("no_tv", "sceneCannotBeApplied"), ("busy", "deviceBusy"), ("media_down", "streamUnavailable")]
)
@pytest.mark.parametrize("deactivate", [False, True])
def test_a_tv_in_the_way_is_an_error(
    deactivate: bool, reason: Reason, code: str, send: Send, screens: ReadyScreens, valid_if_known: Check
) -> None:
    screens.answer = reason
    answered = activate(send, its_id(send), deactivate=deactivate)
    valid_if_known("EXECUTE", {"requestId": "1", "payload": {"commands": answered}})
    assert answered[0]["errorCode"] == code


def test_what_is_no_scene_is_not_found(home: Household, send: Send, screens: ReadyScreens) -> None:
    for device in (home.id("Garden"), "scene-00000000000000000000"):
        assert activate(send, device)[0]["errorCode"] == "deviceNotFound"
    assert screens.asked == []


def test_several_scenes_are_answered_one_by_one(home: Household, send: Send, screens: ReadyScreens) -> None:
    ids = [its_id(send, name) for name in ("Garden", "Garage")]
    assert [(entry["ids"], entry["status"]) for entry in activate(send, *ids)] == [
        ([ids[0]], "SUCCESS"),
        ([ids[1]], "ERROR"),
    ]


def test_a_query_finds_a_scene_ready_for_its_own_link_alone(
    home: Household, send: Send, screens: ReadyScreens, valid_if_known: Check
) -> None:
    scene = its_id(send)
    devices = {"devices": [{"id": scene}, {"id": home.id("Garden")}]}
    answered = send("QUERY", devices)
    valid_if_known("QUERY", {"requestId": "1", "payload": answered})
    assert answered["devices"][scene] == {"online": True, "status": "SUCCESS"}
    assert answered["devices"][home.id("Garden")]["online"] is True
    other = home.token(home.another_link("google", (home.id("Front Door"),)))
    assert send("QUERY", {"devices": [{"id": scene}]}, token=other)["devices"][scene]["errorCode"] == "deviceNotFound"


def test_a_command_of_cameras_finds_no_scene(send: Send, screens: ReadyScreens) -> None:
    execution = {"command": "action.devices.commands.OnOff", "params": {"on": False}}
    commands = [{"devices": [{"id": its_id(send)}], "execution": [execution]}]
    assert send("EXECUTE", {"commands": commands})["commands"][0]["errorCode"] == "deviceNotFound"
