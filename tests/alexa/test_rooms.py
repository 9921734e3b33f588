"""“Turn off the garden”, a group of the Alexa app: Alexa sends each of its cameras a directive of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from showcam.registry.preferences import Preferences
from tests.doubles.household import Household

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        ("Garden", "Response"),
        ("Front Door", "NOT_SUPPORTED_IN_CURRENT_MODE"),  # no voice may put it to sleep
        ("Attic", "ENDPOINT_UNREACHABLE"),
        ("Nursery", "INVALID_VALUE"),  # it has no Sleep Mode
    ],
)
def test_of_a_group_each_camera_has_its_own_answer(
    home: Household, send: Send, valid_if_known: Check, camera: str, expected: str
) -> None:
    home.driver.change("Nursery", asleep="none")
    for name in ("Garden", "Attic", "Nursery"):
        home.owner.prefer(home.account.id, home.id(name), Preferences(voice_may=("sleep",), room="Garden"))
    answer = send("Alexa.PowerController", "TurnOff", camera=camera)
    valid_if_known(answer)
    event = answer["event"]
    assert (event["payload"].get("type") or event["header"]["name"]) == expected
    assert home.driver.applied == ([("Garden", "sleep", "on", "")] if camera == "Garden" else [])
