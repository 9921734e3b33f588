"""A camera's traits in SYNC and QUERY."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from actions.trait import Trait
from actions.traits import traits
from showcam.registry.preferences import Preferences
from tests.doubles.household import Household

type Send = Callable[..., dict[str, Any]]
type Check = Callable[[str, dict[str, Any]], None]

PAGES = "https://developers.home.google.com/cloud-to-cloud/traits/"
BATTERY = {"battery": 55, "charging": "off"}


def allow(home: Household, *what: str, camera: str = "Garden") -> None:
    home.owner.prefer(home.account.id, home.id(camera), Preferences(voice_may=what))


@dataclass(frozen=True)
class Report:
    """What SYNC and QUERY report of the changed Garden, for the keys of `attributes` and `states`; None: absent."""

    says: str
    trait: str
    attributes: dict[str, Any] | None
    states: dict[str, Any]
    camera: dict[str, Any] = field(default_factory=dict)
    may: tuple[str, ...] = ()


QUERY_ONLY = {"commandOnlyOnOff": False, "queryOnlyOnOff": True}
REPORTS = [
    Report("awake is on", "OnOff", QUERY_ONLY, {"on": True}),
    Report("asleep is off", "OnOff", QUERY_ONLY, {"on": False}, {"asleep": "on"}),
    Report("unknown is not said", "OnOff", QUERY_ONLY, {"on": None}, {"asleep": "unknown"}),
    Report("allowed", "OnOff", {"queryOnlyOnOff": False}, {"on": True}, may=("sleep",)),
    Report("no Sleep Mode", "OnOff", None, {"on": None}, {"asleep": "none"}),
    Report(
        "what it has, and unknown is not said",
        "Toggles",
        {"queryOnlyToggles": True},
        {"currentToggleSettings": {"audio": True, "encryption": False, "status_light": False}},
        {"status_light": "off", "flip": "unknown"},
    ),
    Report("allowed", "Toggles", {"queryOnlyToggles": False}, {}, {"flip": "on"}, may=("flip",)),
    Report("allowed something else", "Toggles", {"queryOnlyToggles": True}, {}, may=("sleep", "flip")),
    Report(
        "no such setting",
        "Toggles",
        None,
        {"currentToggleSettings": None},
        {"audio": "none", "encryption": "none"},
    ),
    Report(
        "night vision",
        "Modes",
        {"queryOnlyModes": True},
        {"currentModeSettings": {"night_vision": "smart"}},
        {"night_vision": "smart"},
    ),
    Report(
        "night vision, allowed",
        "Modes",
        {"queryOnlyModes": False},
        {"currentModeSettings": {}},
        {"night_vision": "unknown"},
        may=("night_vision",),
    ),
    Report("no night vision", "Modes", None, {"currentModeSettings": None}),
    Report(
        "a battery",
        "EnergyStorage",
        {"queryOnlyEnergyStorage": True, "isRechargeable": True},
        {
            "descriptiveCapacityRemaining": "MEDIUM",
            "capacityRemaining": [{"unit": "PERCENTAGE", "rawValue": 55}],
            "isCharging": False,
        },
        BATTERY,
    ),
    Report(
        "a battery that can't be charged",
        "EnergyStorage",
        {"isRechargeable": False},
        {"descriptiveCapacityRemaining": "FULL", "isCharging": None},
        {"battery": 100},
    ),
    Report("empty", "EnergyStorage", {}, {"descriptiveCapacityRemaining": "CRITICALLY_LOW"}, {"battery": 0}),
    Report("beyond full", "EnergyStorage", {}, {"descriptiveCapacityRemaining": "FULL"}, {"battery": 120}),
    Report("no battery", "EnergyStorage", None, {"descriptiveCapacityRemaining": None}),
    Report("may be restarted", "Reboot", {}, {}, {"can_restart": True}, may=("restart",)),
    Report("may not be restarted", "Reboot", None, {}, {"can_restart": True}),
    Report("can't be restarted", "Reboot", None, {}, may=("restart",)),
    Report("a doorbell", "ObjectDetection", {}, {}, {"kind": "doorbell"}),
    Report("knows people, who don't ring", "ObjectDetection", None, {}, {"person": "off"}),
    Report("sees motion alone", "ObjectDetection", None, {}, {"motion": "off"}),
]


@pytest.mark.parametrize("case", REPORTS, ids=lambda case: f"{case.trait}: {case.says}")
def test_sync_and_query_report_a_trait(case: Report, home: Household, send: Send, valid_if_known: Check) -> None:
    home.driver.change("Garden", **case.camera)
    allow(home, *case.may)
    synced, camera = send("SYNC"), home.id("Garden")
    valid_if_known("SYNC", {"requestId": "1", "payload": synced})
    device = next(device for device in synced["devices"] if device["id"] == camera)
    assert (f"action.devices.traits.{case.trait}" in device["traits"]) is (case.attributes is not None)
    assert (case.attributes or {}).items() <= device["attributes"].items()
    assert "notificationSupportedByAgent" not in device  # nothing is sent yet
    queried = send("QUERY", {"devices": [{"id": camera}]})
    valid_if_known("QUERY", {"requestId": "1", "payload": queried})
    states = queried["devices"][camera]
    assert {key: states.get(key) for key in case.states} == case.states


def test_a_changed_voice_may_is_in_the_next_sync(home: Household, send: Send) -> None:
    def query_only() -> bool:
        [device] = [device for device in send("SYNC")["devices"] if device["id"] == home.id("Garden")]
        return bool(device["attributes"]["queryOnlyOnOff"])

    assert query_only()
    allow(home, "sleep")
    assert not query_only()


# the Garden's state, the status codes in the order reported; True: blocking
MATTERS: list[tuple[dict[str, Any], list[tuple[str, bool]]]] = [
    ({}, [("noIssuesReported", False)]),
    ({"encryption": "on"}, [("securityRestriction", True)]),
    ({"encryption": "on", "audio": "off"}, [("securityRestriction", True), ("deviceNotReady", True)]),
    ({"encryption": "unknown"}, [("securityRestriction", True)]),
    ({"audio": "off"}, [("deviceNotReady", True)]),
    ({"asleep": "on"}, [("deviceTurnedOff", True)]),
    ({"online": "off"}, [("deviceOffline", True)]),
    ({"asleep": "unknown"}, [("deviceNotReady", True)]),
    ({"ways": ()}, [("streamUnavailable", True)]),
    ({"battery": 12}, [("lowBattery", False)]),
    ({"battery": 12, "audio": "off"}, [("deviceNotReady", True), ("lowBattery", False)]),
    ({"battery": 90}, [("noIssuesReported", False)]),
]


@pytest.mark.parametrize(("camera", "matters"), MATTERS, ids=str)
def test_status_report_names_why_a_camera_cannot_be_shown(
    camera: dict[str, Any], matters: list[tuple[str, bool]], home: Household, send: Send, valid_if_known: Check
) -> None:
    home.driver.change("Garden", **camera)
    garden = home.id("Garden")
    answered = send("QUERY", {"devices": [{"id": garden}]})
    valid_if_known("QUERY", {"requestId": "1", "payload": answered})
    report = answered["devices"][garden]["currentStatusReport"]
    assert [(status["statusCode"], status["blocking"]) for status in report] == matters
    assert [status["priority"] for status in report] == list(range(len(matters)))
    assert {status["deviceTarget"] for status in report} == {garden}


def test_each_trait_names_the_page_of_google_s_that_it_follows(home: Household) -> None:
    documents = {trait.name.rpartition(".")[2]: inspect.getdoc(type(trait)) for trait in traits(home.registry, "")}
    unnamed = [name for name, text in documents.items() if f"{PAGES}{name.lower()}\n" not in f"{text}\n"]
    assert unnamed == []


def test_each_trait_with_a_command_executes_it() -> None:
    idle = [kind.__name__ for kind in Trait.__subclasses__() if kind.command and "execute" not in vars(kind)]
    assert idle == []
    assert any(kind.command for kind in Trait.__subclasses__())
