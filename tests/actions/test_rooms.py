"""A camera's room: proposed to Google in SYNC, and a command for every camera of one."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.accounts.pins import Pins
from showcam.drivers.settings import BadValue
from showcam.registry.owner.owner import LONGEST_ROOM
from showcam.registry.preferences import Preferences
from tests.doubles.household import Household

pytestmark = pytest.mark.proves(
    "A room that the owner names is proposed to Google", leans_on="published: Google's schema"
)

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[str, dict[str, Any]], None]

PIN = "2468"
WANTS_PIN = {"status": "ERROR", "errorCode": "challengeNeeded"}
OFF = "action.devices.commands.OnOff"


def decide(home: Household, camera: str, **decided: Any) -> None:
    before = home.owner.preferences(home.account.id, home.id(camera))
    home.owner.prefer(home.account.id, home.id(camera), replace(before, **decided))


def hints(send: Send) -> dict[str, str]:
    """The proposed rooms by camera name."""
    devices = send("SYNC")["devices"]
    return {device["name"]["name"]: device["roomHint"] for device in devices if "roomHint" in device}


@pytest.mark.parametrize(
    ("room", "hint"),
    [
        ("Back garden", "Back garden"),
        ("  Bakhage  ", "Bakhage"),
        ("Bak\thage\n", "Bak hage"),
        ("Hage 🌳", "Hage 🌳"),
        ("x" * LONGEST_ROOM, "x" * LONGEST_ROOM),
    ],
)
def test_google_hears_the_room_that_the_owner_says(
    home: Household, send: Send, valid_if_known: Check, room: str, hint: str
) -> None:
    assert hints(send) == {}
    decide(home, "Garden", room=room)
    assert hints(send) == {"Garden": hint}
    valid_if_known("SYNC", {"requestId": "1", "payload": send("SYNC")})


def test_a_room_that_is_taken_back_is_no_empty_one(home: Household, send: Send) -> None:
    decide(home, "Garden", room="Garden")
    decide(home, "Garden", room=" ")
    assert hints(send) == {}


def test_what_a_voice_may_and_the_room_are_decided_apart(home: Household, send: Send) -> None:
    decide(home, "Garden", room="Back garden")
    decide(home, "Garden", voice_may=("sleep",))
    kept = home.owner.preferences(home.account.id, home.id("Garden"))
    assert (kept.room, kept.voice_may) == ("Back garden", ("sleep",))
    assert hints(send) == {"Garden": "Back garden"}


def test_a_room_has_a_length(home: Household, send: Send) -> None:
    with pytest.raises(BadValue, match="at most 60"):
        home.owner.prefer(home.account.id, home.id("Garden"), Preferences(room="x" * (LONGEST_ROOM + 1)))
    assert hints(send) == {}


@pytest.mark.parametrize(
    ("challenge", "expected"),
    [
        (None, {"Garden": WANTS_PIN, "Attic": WANTS_PIN, "Nursery": WANTS_PIN}),
        ({"pin": "1111"}, {"Garden": WANTS_PIN, "Attic": WANTS_PIN, "Nursery": WANTS_PIN}),
        (
            {"pin": PIN},
            {
                "Garden": {"status": "SUCCESS"},
                "Attic": {"status": "OFFLINE", "errorCode": "deviceOffline"},
                "Nursery": {"status": "ERROR", "errorCode": "functionNotSupported"},
            },
        ),
    ],
    ids=["no PIN yet", "another PIN", "the PIN"],
)
def test_all_cameras_of_a_room_are_turned_off_as_far_as_each_may_be(
    home: Household,
    send: Send,
    valid_if_known: Check,
    challenge: dict[str, str] | None,
    expected: dict[str, dict[str, str]],
) -> None:
    """“Turn off all cameras in the garden”: Google resolves the room, and names every camera of it in one request."""
    Pins(home.store).set(home.account.id, PIN)
    home.driver.change("Nursery", asleep="none")
    for name in ("Garden", "Attic", "Nursery"):
        decide(home, name, voice_may=("sleep",), room="Garden")
    decide(home, "Front Door", room="Garden")
    names = ("Front Door", "Garden", "Attic", "Nursery")
    execution = {"command": OFF, "params": {"on": False}} | ({"challenge": challenge} if challenge else {})
    commands = [{"devices": [{"id": home.id(name)} for name in names], "execution": [execution]}]
    payload = send("EXECUTE", {"commands": commands})
    valid_if_known("EXECUTE", {"requestId": "1", "payload": payload})
    answered = {entry_id: entry for entry in payload["commands"] for entry_id in entry["ids"]}
    assert {name: outcome(answered[home.id(name)]) for name in names} == {
        "Front Door": {"status": "ERROR", "errorCode": "actionNotAvailable"},
        **expected,
    }
    slept = [(camera, value) for camera, _, value, _ in home.driver.applied]
    assert slept == ([("Garden", "on")] if challenge == {"pin": PIN} else [])


def outcome(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in ("status", "errorCode") if key in entry}


def test_a_camera_whose_motion_rings_is_a_doorbell_to_google(
    home: Household, send: Send, valid_if_known: Check
) -> None:
    for rings, kind in (("motion", "DOORBELL"), ("no", "CAMERA")):
        decide(home, "Garden", motion_rings=rings)
        listed = send("SYNC")
        valid_if_known("SYNC", {"requestId": "1", "payload": listed})
        garden = next(device for device in listed["devices"] if device["name"]["name"] == "Garden")
        assert garden["type"] == f"action.devices.types.{kind}"
        assert ("action.devices.traits.ObjectDetection" in garden["traits"]) is (rings != "no")
