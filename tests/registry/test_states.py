"""States of many cameras in one query, and their cost."""

from pathlib import Path

import pytest

from showcam.drivers.errors import VendorDown
from showcam.registry.adapter import adapt
from showcam.registry.preferences import Preferences
from showcam.store.records import Happening
from tests.doubles.clock import Clock
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import camera


def test_a_source_is_read_once_for_all_its_cameras(tmp_path: Path, clock: Clock) -> None:
    home = household(tmp_path, clock=clock, cameras=[camera(f"C{number}") for number in range(300)])
    ids = [listed_camera.id for listed_camera in home.registry.cameras(home.link).cameras]
    home.driver.calls.clear()
    clock.now += 61

    assert len(home.registry.states(home.link, ids)) == 300
    assert home.driver.calls["read"] == 1
    home.store.close()


def test_a_thousand_unknown_cameras_cost_one_read_of_the_store(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    garden, known = home.id("Garden"), home.store.known
    reads: list[str] = []

    def counted(account: str, source: str) -> object:
        reads.append(account)
        return known(account, source)

    monkeypatch.setattr(home.store, "known", counted)

    unknown_ids = [f"ezviz-{number:020}" for number in range(1000)]
    assert list(home.registry.states(home.link, [*unknown_ids, garden])) == [garden]
    assert len(reads) == 1


def test_states_of_one_reading_are_the_same_until_something_changes(home: Household, clock: Clock) -> None:
    garden = home.id("Garden")

    def state() -> object:
        return home.registry.states(home.link, [garden])[garden]

    first = state()
    assert state() == first
    home.owner.prefer(home.account.id, garden, Preferences(voice_may=("sleep",)))
    allowed = state()
    assert allowed != first
    home.driver.change("Garden", asleep="on")
    clock.now += 61
    assert state() not in (first, allowed)


def test_each_assistants_state_is_by_its_own_rows_of_the_gate(home: Household) -> None:
    nursery = home.id("Nursery")
    refusals = {
        assistant: home.registry.states(home.another_link(assistant), [nursery])[nursery].refusal
        for assistant in ("alexa", "google", "alexa")
    }
    assert refusals["alexa"] is None
    assert refusals["google"] is not None
    assert refusals["google"].reason == "audio_off"


def test_motion_is_reported_while_it_lasts(home: Household, clock: Clock) -> None:
    home.driver.change("Garden", motion="off")
    garden = home.id("Garden")

    def motion() -> str:
        return home.registry.states(home.link, [garden])[garden].camera.motion

    assert motion() == "off"
    home.store.record_happening(home.account.id, Happening(garden, "motion", clock.now), 0.0, None)
    clock.now += 2
    assert motion() == "on"
    clock.now += 31
    assert motion() == "off"


def test_a_vendor_that_is_down_is_called_once_for_all_queries(home: Household, clock: Clock) -> None:
    ids = [listed_camera.id for listed_camera in home.registry.cameras(home.link).cameras]
    home.driver.error = VendorDown()
    clock.now += 61
    home.driver.calls.clear()

    states = home.registry.states(home.link, ids)
    assert {state.refusal.reason for state in states.values() if state.refusal} == {"vendor_down"}
    assert (len(states), home.driver.calls["read"]) == (len(ids), 1)


def test_whether_there_is_a_camera_is_known_without_its_vendor(home: Household, clock: Clock) -> None:
    assert home.registry.knows(home.link, "ezviz-aaaaaaaaaaaaaaaaaaaa"), "nothing was read yet"
    garden, attic = home.id("Garden"), home.id("Attic")
    chosen = home.another_link("alexa", cameras=(attic,))
    clock.now += 3600
    home.driver.calls.clear()

    cases = [(home.link, garden), (home.link, "ezviz-aaaaaaaaaaaaaaaaaaaa"), (chosen, attic), (chosen, garden)]
    assert [home.registry.knows(*case) for case in cases] == [True, False, True, False]
    elsewhere = adapt(home.store, {"ezviz": home.driver}, home.pictures, home.grants, home.rules, clock).registry
    assert [elsewhere.knows(*case) for case in cases] == [True, False, True, False], "as another process read it"
    assert not home.driver.calls
