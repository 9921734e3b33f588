"""The example of CONTRIBUTING.md: one module and one line give Alexa a new interface."""

from collections.abc import Callable
from typing import Any

import pytest

from showcam.alexa import smart_home
from showcam.alexa.interface import Interface
from showcam.alexa.interfaces import interfaces
from showcam.registry.registry import Registry
from tests.doubles.household import Household
from tests.examples.range_controller import INSTANCE, RangeController

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[dict[str, Any]], None]

NAME = "Alexa.RangeController"


@pytest.fixture
def with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adds the example's line. Must run before the skill is built, so it is the first fixture of a test."""

    def table(registry: Registry, *, snapshots: bool) -> tuple[Interface, ...]:
        return (
            *interfaces(registry, snapshots=snapshots),
            RangeController(registry),
        )

    monkeypatch.setattr(smart_home, "interfaces", table)


def discovered(message: dict[str, Any], camera: str) -> list[dict[str, Any]]:
    """The example's capabilities of the camera."""
    endpoints = {endpoint["friendlyName"]: endpoint for endpoint in message["event"]["payload"]["endpoints"]}
    return [capability for capability in endpoints[camera]["capabilities"] if capability["interface"] == NAME]


def stated(message: dict[str, Any]) -> list[tuple[str, Any]]:
    properties = message["context"]["properties"]
    return [(state["instance"], state["value"]) for state in properties if state["namespace"] == NAME]


def test_discover_lists_the_example_interface(
    with_its_line: None, home: Household, send: Send, valid_if_known: Check
) -> None:
    home.driver.change("Garden", battery=80)
    message = send("Alexa.Discovery", "Discover")
    valid_if_known(message)
    assert discovered(message, "Garden") == [
        {
            "type": "AlexaInterface",
            "interface": NAME,
            "version": "3",
            "instance": INSTANCE,
            "properties": {
                "supported": [{"name": "rangeValue"}],
                "proactivelyReported": False,
                "retrievable": True,
                "nonControllable": True,
            },
            "capabilityResources": {
                "friendlyNames": [{"@type": "text", "value": {"text": "Battery", "locale": "en-US"}}]
            },
            "configuration": {
                "supportedRange": {"minimumValue": 0, "maximumValue": 100, "precision": 1},
                "unitOfMeasure": "Alexa.Unit.Percent",
            },
        }
    ]
    assert discovered(message, "Attic") == []


@pytest.mark.parametrize(("battery", "expected"), [(80, [(INSTANCE, 80)]), (0, [(INSTANCE, 0)]), (None, [])])
def test_report_state_has_the_examples_property(
    battery: int | None,
    expected: list[tuple[str, Any]],
    with_its_line: None,
    home: Household,
    send: Send,
    valid_if_known: Check,
) -> None:
    home.driver.change("Garden", battery=battery)
    message = send("Alexa", "ReportState", camera="Garden")
    valid_if_known(message)
    assert stated(message) == expected


def test_the_examples_directive_is_handled(with_its_line: None, send: Send, valid_if_known: Check) -> None:
    message = send(NAME, "SetRangeValue", {"rangeValue": 100}, camera="Garden", instance=INSTANCE)
    valid_if_known(message)
    assert message["event"]["payload"] == {
        "type": "INVALID_DIRECTIVE",
        "message": "A battery is charged, and can't be set.",
    }


def test_the_examples_directive_needs_the_token_of_a_link(with_its_line: None, send: Send) -> None:
    message = send(NAME, "SetRangeValue", {"rangeValue": 100}, camera="Garden", token="nobody's", instance=INSTANCE)
    assert message["event"]["payload"]["type"] == "INVALID_AUTHORIZATION_CREDENTIAL"


def test_without_its_line_the_example_does_not_exist(home: Household, send: Send) -> None:
    home.driver.change("Garden", battery=80)
    assert discovered(send("Alexa.Discovery", "Discover"), "Garden") == []
    assert stated(send("Alexa", "ReportState", camera="Garden")) == []
    message = send(NAME, "SetRangeValue", {"rangeValue": 100}, camera="Garden", instance=INSTANCE)
    assert message["event"]["payload"]["message"] == "showcam does not know this directive."
