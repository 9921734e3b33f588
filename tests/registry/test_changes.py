"""Compared readings, handled hints, and sightings shared by all processes."""

import threading
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.drivers.camera import Camera
from showcam.drivers.driver import EventKind, Hint
from showcam.drivers.errors import DriverError, SignedOut, VendorDown
from showcam.registry.adapter import Adapter, adapt
from showcam.registry.readings.changes import LAST_S, Change, Kind, compare
from showcam.registry.reporting.reporter import LATE_S
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.ready_driver import camera
from tests.doubles.waiting import LONG_S, is_waiting, within

GARDEN = camera("Garden", "F00000001", motion="off", person="off")
DOOR = camera("Front Door", "F00000002", kind="doorbell", motion="off")


@pytest.fixture
def published(home: Household) -> list[Change]:
    """The changes that are published after a first reading."""
    home.driver.set([GARDEN, DOOR])
    home.noticing.refresh(home.account.id)
    published: list[Change] = []
    home.adapter.changes.subscribe(published.append)
    return published


def kinds(published: list[Change]) -> list[str]:
    return [change.kind for change in published]


def state(home: Household, name: str = "Garden", adapter: Adapter | None = None) -> Camera:
    registry = (adapter or home.adapter).registry
    return registry.states(home.link, [home.id(name)])[home.id(name)].camera


def another_process(home: Household) -> Adapter:
    return adapt(home.store, {"ezviz": home.driver}, home.pictures, home.grants, home.rules, home.clock)


def with_id(original: Camera, **changes: object) -> Camera:
    return replace(original, id=original.name, **changes)


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ({}, {}, []),
        ({}, {"as_of": 9.0, "battery": 12, "motion": "on"}, []),
        ({"online": "on"}, {"online": "off"}, ["offline"]),
        ({"online": "off"}, {"online": "on"}, ["online"]),
        ({"online": "on"}, {"online": "unknown"}, []),
        ({"online": "unknown"}, {"online": "off"}, []),
        ({"encryption": "off"}, {"encryption": "on"}, ["encryption_on"]),
        ({"encryption": "on"}, {"encryption": "off"}, ["encryption_off"]),
        ({"encryption": "unknown"}, {"encryption": "on"}, []),
        ({}, {"name": "Shed"}, ["renamed"]),
        ({"asleep": "off"}, {"asleep": "on"}, ["state"]),
        ({"audio": "off"}, {"audio": "on"}, ["state"]),
        ({"audio": "unknown"}, {"audio": "on"}, []),
        ({"night_vision": "colour"}, {"night_vision": "smart"}, ["state"]),
        ({"online": "on"}, {"online": "off", "name": "Shed", "flip": "on"}, ["offline", "renamed", "state"]),
    ],
)
def test_what_differs_between_two_readings(was: dict[str, Any], now: dict[str, Any], expected: list[Kind]) -> None:
    changes = compare("home", [with_id(GARDEN, **was)], [replace(with_id(GARDEN, **was), **now)], 7.0)
    assert changes == [Change("home", "Garden", kind, 7.0) for kind in expected]


def test_cameras_come_and_go() -> None:
    changes = compare("home", [with_id(GARDEN)], [with_id(DOOR)], 7.0)
    assert changes == [Change("home", "Front Door", "added", 7.0), Change("home", "Garden", "removed", 7.0)]


class TestReadings:
    def test_a_first_list_is_no_change(self, home: Household) -> None:
        published: list[Change] = []
        home.adapter.changes.subscribe(published.append)
        home.noticing.refresh(home.account.id)
        assert published == []

    def test_any_reading_finds_what_changed_once(self, home: Household, published: list[Change], clock: Clock) -> None:
        home.driver.change("Garden", encryption="on")
        for _ in range(3):
            home.noticing.refresh(home.account.id)
        assert published == [Change(home.account.id, home.id("Garden"), "encryption_on", clock.now)]

    def test_of_two_processes_the_first_publishes_the_change(self, home: Household, published: list[Change]) -> None:
        other = another_process(home)
        second: list[Change] = []
        other.noticing.refresh(home.account.id)
        other.changes.subscribe(second.append)
        home.driver.change("Garden", online="off")
        home.noticing.refresh(home.account.id)
        other.noticing.refresh(home.account.id)
        assert (kinds(published), second) == (["offline"], [])

    def test_what_changed_while_nothing_ran_is_found_at_the_start(
        self, home: Household, published: list[Change]
    ) -> None:
        home.driver.set([DOOR])
        after = another_process(home)
        found: list[Change] = []
        after.changes.subscribe(found.append)
        after.noticing.refresh(home.account.id)
        assert kinds(found) == ["removed"]

    def test_a_failed_reading_removes_nothing(self, home: Household, published: list[Change]) -> None:
        home.driver.error = VendorDown()
        home.noticing.refresh(home.account.id)
        assert published == []

    @pytest.mark.parametrize("restarts", [False, True])
    @pytest.mark.parametrize(
        ("field", "values", "expected"),
        [
            ("encryption", ["off", "unknown", "on"], ["encryption_on"]),
            ("encryption", ["off", "unknown", "unknown", "on", "unknown", "off"], ["encryption_on", "encryption_off"]),
            ("encryption", ["off", "unknown", "off"], []),
            ("encryption", ["on", "unknown", "on"], []),
            ("encryption", ["unknown", "unknown", "on"], []),
            ("online", ["on", "unknown", "off", "unknown", "on"], ["offline", "online"]),
            ("online", ["unknown", "off"], []),
        ],
    )
    def test_a_flag_that_is_unknown_for_a_while_is_compared_with_its_last_known_value(
        self, home: Household, field: str, values: list[str], expected: list[str], restarts: bool
    ) -> None:
        published: list[Change] = []
        reading = home.adapter
        reading.changes.subscribe(published.append)
        for value in values:
            home.driver.set([camera("Garden", "F00000001", **{field: value})])
            if restarts:
                reading = another_process(home)
                reading.changes.subscribe(published.append)
            reading.noticing.refresh(home.account.id)
        assert kinds(published) == expected

    def test_what_another_process_published_counts_more_than_what_this_one_knew(
        self, home: Household, published: list[Change]
    ) -> None:
        this, other = home.adapter, another_process(home)
        other.changes.subscribe(published.append)
        for process, encryption in ((this, "off"), (other, "on"), (this, "unknown"), (this, "on")):
            home.driver.change("Garden", encryption=encryption)
            process.noticing.refresh(home.account.id)
        assert kinds(published) == ["encryption_on"]

    def test_encryption_that_came_back_is_logged_once_without_its_name(
        self, home: Household, published: list[Change], caplog: pytest.LogCaptureFixture
    ) -> None:
        home.driver.change("Garden", encryption="on")
        for _ in range(2):
            home.noticing.refresh(home.account.id)
        lines = [line for line in caplog.messages if "Image Encryption" in line]
        assert len(lines) == 1
        assert home.id("Garden") in lines[0]
        assert "Garden" not in lines[0]
        assert "F00000001" not in lines[0]

    def test_a_subscriber_that_fails_keeps_nothing_from_others(self, home: Household, published: list[Change]) -> None:
        def broken(_change: Change) -> None:
            raise RuntimeError

        home.adapter.changes.subscribe(broken)
        after: list[Change] = []
        home.adapter.changes.subscribe(after.append)
        home.driver.change("Garden", name="Shed")
        home.noticing.refresh(home.account.id)
        assert kinds(published) == kinds(after) == ["renamed"]

    def test_a_reading_that_shares_a_call_is_no_failure(self, home: Household, clock: Clock) -> None:
        home.driver.hold, calls, well = threading.Event(), home.driver.calls["read"], list[bool]()
        for number in (1, 2):
            thread = threading.Thread(target=lambda: well.append(home.noticing.refresh(home.account.id)), daemon=True)
            thread.start()
            assert within(LONG_S, lambda thread=thread: is_waiting(thread)), number  # type: ignore[misc]
            clock.now += 1.0
        home.driver.hold.set()
        assert within(LONG_S, lambda: well == [True, True])
        assert home.driver.calls["read"] == calls + 1


class TestHints:
    @pytest.mark.parametrize(
        ("kind", "motion", "person"),
        [("motion", "on", "off"), ("person", "on", "on"), ("doorbell", "off", "off")],
    )
    def test_a_sighting_is_published_and_held(
        self, home: Household, published: list[Change], clock: Clock, kind: EventKind, motion: str, person: str
    ) -> None:
        home.noticing.noticed(home.account.id, [Hint("F00000001", 1, kind, clock.now)])
        assert published == [Change(home.account.id, home.id("Garden"), kind, clock.now, kind)]
        listed = next(
            listed_camera
            for listed_camera in home.registry.cameras(home.link).cameras
            if listed_camera.name == "Garden"
        )
        for shown in (listed, state(home)):
            assert (shown.motion, shown.person) == (motion, person)
        assert state(home, "Front Door").motion == "off"
        clock.now += LAST_S + 1
        assert (state(home).motion, state(home).person) == ("off", "off")

    def test_a_camera_that_detects_no_people_reports_none(
        self, home: Household, published: list[Change], clock: Clock
    ) -> None:
        home.noticing.noticed(home.account.id, [Hint("F00000002", 1, "person", clock.now)])
        assert (state(home, "Front Door").motion, state(home, "Front Door").person) == ("on", "none")

    def test_another_process_knows_within_a_second(
        self, home: Household, published: list[Change], clock: Clock
    ) -> None:
        other = another_process(home)
        assert state(home, adapter=other).motion == "off"
        home.noticing.noticed(home.account.id, [Hint("F00000001", 1, "motion", clock.now)])
        clock.now += 1
        assert state(home, adapter=other).motion == "on"

    def test_the_same_by_two_ways_is_one(self, home: Household, published: list[Change], clock: Clock) -> None:
        other = another_process(home)
        second: list[Change] = []
        other.changes.subscribe(second.append)
        for adapter in (home.adapter, other, home.adapter):
            adapter.noticing.noticed(home.account.id, [Hint("F00000001", 1, "doorbell", clock.now)])
            clock.now += 1
        assert (kinds(published), second) == (["doorbell"], [])
        clock.now += 10
        home.noticing.noticed(home.account.id, [Hint("F00000001", 1, "doorbell", clock.now)])
        assert kinds(published) == ["doorbell", "doorbell"]

    def test_motion_that_goes_on_is_held_on(self, home: Household, published: list[Change], clock: Clock) -> None:
        for _ in range(4):
            home.noticing.noticed(home.account.id, [Hint("F00000001", 0, "motion", clock.now)])
            clock.now += 20
        assert kinds(published) == ["motion"]
        assert state(home).motion == "on"

    @pytest.mark.parametrize("ago", [LATE_S + 1, -3600])
    def test_times_are_not_believed_beyond_reason(
        self, home: Household, published: list[Change], clock: Clock, ago: float
    ) -> None:
        home.noticing.noticed(home.account.id, [Hint("F00000001", 1, "motion", clock.now - ago)])
        clock.now += LAST_S + 1
        assert state(home).motion == "off"
        assert all(change.at <= clock.now for change in published)

    def test_a_hint_of_another_households_device_reads_nothing(
        self, home: Household, published: list[Change], clock: Clock
    ) -> None:
        before = home.driver.calls["read"]
        home.noticing.noticed(home.account.id, [Hint("F99999999", 1, "motion", clock.now), Hint("F99999999")])
        assert published == []
        assert home.driver.calls["read"] == before

    def test_a_hint_leads_to_a_reading_and_is_not_taken_for_one(self, home: Household, published: list[Change]) -> None:
        home.driver.change("Garden", online="off")
        home.noticing.noticed(home.account.id, [Hint("F00000002"), Hint("F00000001")])
        assert kinds(published) == ["offline"]
        home.noticing.noticed(home.account.id, [Hint("F00000001")])
        assert kinds(published) == ["offline"]

    def test_hints_of_motion_share_a_reading(self, home: Household, published: list[Change], clock: Clock) -> None:
        clock.now += 10
        before = home.driver.calls["read"]
        for _ in range(20):
            home.noticing.noticed(home.account.id, [Hint("F00000001", 1, "motion", clock.now)])
        assert home.driver.calls["read"] == before + 1

    @pytest.mark.parametrize("error", [VendorDown(), SignedOut()])
    def test_somebody_rang_also_while_the_vendor_is_down(
        self, home: Household, published: list[Change], clock: Clock, error: DriverError
    ) -> None:
        clock.now += 10
        home.driver.error = error
        home.noticing.noticed(home.account.id, [Hint("F00000002", 1, "doorbell", clock.now)])
        assert kinds(published) == ["doorbell"]

    def test_no_such_account(self, home: Household, published: list[Change], clock: Clock) -> None:
        before = home.driver.calls["read"]
        home.noticing.noticed("nobody", [Hint("F00000001", 1, "motion", clock.now)])
        assert (published, home.driver.calls["read"]) == ([], before)


class TestDevices:
    def test_a_serial_leads_to_its_households(self, home: Household, published: list[Change]) -> None:
        assert home.noticing.accounts_with("F00000001") == [home.account.id]
        assert home.noticing.accounts_with("F99999999") == []
        home.driver.set([DOOR])
        home.noticing.refresh(home.account.id)
        assert home.noticing.accounts_with("F00000001") == []
        assert home.noticing.accounts_with("F00000002") == [home.account.id]
