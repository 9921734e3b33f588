"""Which cameras a link sees, how old the list may be, and the answers when the vendor can't be read."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from msgspec.structs import replace

from showcam.drivers.camera import Camera, Refusal, StreamRequest
from showcam.drivers.errors import SignedOut, Unavailable, VendorBusy, VendorDown
from showcam.registry.adapter import adapt
from showcam.registry.readings.readings import RENEW_S
from showcam.registry.registry import Registry
from showcam.store.records import Known, camera_id
from tests.doubles.clock import Clock
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import ReadyDriver, camera
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.waiting import LONG_S, until, waiting

DAY = 24 * 3600
NAMES = ["Garden", "Front Door", "Garage", "Nursery", "Attic", "Bedroom", "Pond"]


def names(cameras: tuple[Camera, ...]) -> list[str]:
    return [listed_camera.name for listed_camera in cameras]


def another_process(home: Household, driver: ReadyDriver, clock: Clock) -> Registry:
    """Another registry on the same store, that remembers nothing."""
    return adapt(home.store, {"ezviz": driver}, ReadyPictures(), home.grants, home.rules, clock).registry


def test_every_camera_of_the_household_with_its_own_id(home: Household) -> None:
    listing = home.registry.cameras(home.link)

    assert names(listing.cameras) == NAMES
    assert len({listed_camera.id for listed_camera in listing.cameras}) == len(NAMES)
    garden = listing.cameras[0]
    assert garden.id == camera_id(home.account.salt, "ezviz", garden.ref.serial, 1)
    assert garden.ref.serial not in garden.id
    assert listing.as_of == home.clock()


def test_the_id_stays_through_a_rename_and_differs_between_households(home: Household, tmp_path: Path) -> None:
    before = home.id("Garden")
    home.driver.change("Garden", name="Yard")

    assert home.id("Yard") == before
    assert household(tmp_path, store=home.store, user="other@example.com").id("Garden") != before


def test_a_link_sees_what_was_chosen_at_consent(home: Household) -> None:
    chosen = (home.id("Attic"), home.id("Garden"))
    link = home.another_link("google", chosen)

    assert names(home.registry.cameras(link).cameras) == ["Garden", "Attic"]
    assert home.registry.cameras(link).fingerprint != home.registry.cameras(home.link).fingerprint
    assert names(home.owner.cameras(home.account.id).cameras) == NAMES


def test_an_empty_choice_is_no_camera_and_not_every_camera(home: Household) -> None:
    assert home.registry.cameras(home.another_link("google", ())).cameras == ()


def test_the_fingerprint_is_of_what_is_shown(home: Household, clock: Clock) -> None:
    first = home.registry.cameras(home.link)
    clock.now += 5
    second = home.registry.cameras(home.link)
    home.driver.change("Garden", name="Yard")
    third = home.registry.cameras(home.link)
    home.driver.change("Yard", name="Garden")
    fourth = home.registry.cameras(home.link)

    assert first.fingerprint == second.fingerprint == fourth.fingerprint != third.fingerprint
    assert (first.as_of, second.as_of) == (clock.now - 5, clock.now)
    assert another_process(home, home.driver, clock).cameras(home.link).fingerprint == first.fingerprint


@pytest.mark.parametrize("error", [VendorDown("x"), VendorBusy("x"), SignedOut()])
def test_a_failure_never_makes_the_list_empty(home: Household, clock: Clock, error: Exception) -> None:
    known = home.registry.cameras(home.link)
    home.driver.error = error  # type: ignore[assignment]
    clock.now += DAY - 1

    for registry in (home.registry, another_process(home, home.driver, clock)):
        listing = registry.cameras(home.link)
        assert names(listing.cameras) == NAMES
        assert (listing.fingerprint, listing.as_of) == (known.fingerprint, known.as_of)


@pytest.mark.parametrize(
    ("error", "reason"),
    [(VendorDown("x"), "vendor_down"), (VendorBusy("x"), "vendor_busy"), (SignedOut(), "signed_out")],
)
def test_a_list_older_than_a_day_is_an_error(home: Household, clock: Clock, error: Exception, reason: str) -> None:
    home.registry.cameras(home.link)
    home.driver.error = error  # type: ignore[assignment]
    clock.now += DAY + 1

    for registry in (home.registry, another_process(home, home.driver, clock)):
        with pytest.raises(Unavailable) as raised:
            registry.cameras(home.link)
        assert raised.value.reason == reason


def test_a_failure_lists_what_another_process_has_read_since(home: Household, clock: Clock) -> None:
    """Else Google, asked to fetch the list with a new name, would keep the old name until the next change."""
    worker = another_process(home, home.driver, clock)
    home.registry.cameras(home.link)
    home.driver.change("Garden", name="Yard")
    clock.now += 5
    worker.cameras(home.link)
    home.driver.error = VendorDown("x")
    clock.now += 5

    assert names(home.registry.cameras(home.link).cameras) == ["Yard", *NAMES[1:]]


def test_who_joins_a_read_that_began_earlier_is_listed_what_another_process_found(
    home: Household, clock: Clock
) -> None:
    worker = another_process(home, home.driver, clock)
    home.registry.cameras(home.link)
    held, go = Event(), Event()

    def hold() -> None:
        home.driver.after_read = None
        held.set()
        assert go.wait(LONG_S)

    clock.now += 5
    home.driver.after_read = hold
    with ThreadPoolExecutor(thread_name_prefix="reader") as threads:
        threads.submit(home.registry.cameras, home.link)
        assert held.wait(LONG_S)
        home.driver.change("Garden", name="Yard")
        clock.now += 1
        worker.cameras(home.link)
        clock.now += 1
        joined = threads.submit(home.registry.cameras, home.link)
        until(lambda: waiting("reader") == 2)
        go.set()
        assert names(joined.result(LONG_S).cameras) == ["Yard", *NAMES[1:]]


def test_an_account_without_cameras_has_an_empty_list(home: Household) -> None:
    home.driver.set([])

    assert home.registry.cameras(home.link).cameras == ()


def test_an_unchanged_list_stays_young_in_the_store(home: Household, clock: Clock) -> None:
    home.registry.cameras(home.link)
    for _ in range(30):
        clock.now += 3600
        home.registry.cameras(home.link)
    home.driver.error = VendorDown("x")

    assert names(another_process(home, home.driver, clock).cameras(home.link).cameras) == NAMES


def test_a_list_that_another_process_has_just_written_is_not_written_again(home: Household, clock: Clock) -> None:
    home.registry.cameras(home.link)
    written = home.store.known(home.account.id, home.source.id)

    clock.now += 5
    another_process(home, home.driver, clock).cameras(home.link)
    assert home.store.known(home.account.id, home.source.id) == written

    clock.now += RENEW_S
    another_process(home, home.driver, clock).cameras(home.link)
    assert home.store.known(home.account.id, home.source.id) != written


def test_a_known_list_of_another_version_is_as_good_as_none(home: Household, clock: Clock) -> None:
    home.registry.cameras(home.link)
    home.store.put_known(home.account.id, home.source.id, Known(b"\xc1 not a list", clock.now))
    home.driver.error = VendorDown("x")

    with pytest.raises(Unavailable):
        another_process(home, home.driver, clock).cameras(home.link)


def test_an_unknown_account_is_signed_out(home: Household) -> None:
    with pytest.raises(Unavailable) as raised:
        home.registry.cameras(replace(home.link, account="nobody"))

    assert raised.value.reason == "signed_out"


def test_a_refresh_ahead_swallows_the_vendors_failure(home: Household, clock: Clock) -> None:
    home.noticing.refresh(home.account.id)
    assert home.driver.calls["read"] == 1
    home.driver.error = VendorDown("x")
    clock.now += DAY + 1

    home.noticing.refresh(home.account.id)
    home.noticing.refresh("nobody")


# the answer to a query


def test_states_are_of_the_links_own_cameras_alone(home: Household, tmp_path: Path) -> None:
    theirs = household(tmp_path, store=home.store, user="other@example.com").id("Garden")
    camera_ids = [home.id("Garden"), theirs, "ezviz-aaaaaaaaaaaaaaaaaaaa", "", "x" * 10_000]

    assert list(home.registry.states(home.link, camera_ids)) == [home.id("Garden")]


def test_a_camera_that_was_not_chosen_is_absent(home: Household) -> None:
    link = home.another_link("google", (home.id("Garden"),))

    assert list(home.registry.states(link, [home.id("Garden"), home.id("Attic")])) == [home.id("Garden")]


def test_a_state_says_whether_it_could_be_shown_on_the_links_assistant(home: Household) -> None:
    ids = {name: home.id(name) for name in NAMES}
    reasons = {}
    for assistant in ("alexa", "google"):
        states = home.registry.states(home.another_link(assistant), ids.values())
        refusals = {name: states[camera].refusal for name, camera in ids.items()}
        reasons[assistant] = {name: refusal.reason if refusal else "" for name, refusal in refusals.items()}

    expected = {
        "Garden": "",
        "Front Door": "",
        "Garage": "encryption_on",
        "Nursery": "",
        "Attic": "offline",
        "Bedroom": "asleep",
        "Pond": "not_playable",
    }
    assert reasons == {"alexa": expected, "google": expected | {"Nursery": "audio_off"}}


def test_a_query_is_answered_by_a_reading_of_a_minute_ago_and_no_older(home: Household, clock: Clock) -> None:
    garden = home.id("Garden")
    home.driver.change("Garden", online="off")
    home.driver.calls.clear()

    clock.now += 60
    assert home.registry.states(home.link, [garden])[garden].camera.online == "on"
    assert home.driver.calls["read"] == 0
    clock.now += 1
    state = home.registry.states(home.link, [garden])[garden]
    assert (state.camera.online, state.camera.as_of) == ("off", clock.now)
    assert home.driver.calls["read"] == 1


def test_a_query_of_many_reads_once_also_when_that_fails(home: Household, clock: Clock) -> None:
    ids = [home.id(name) for name in NAMES]
    clock.now += 61
    home.driver.calls.clear()
    home.driver.error = SignedOut()

    states = home.registry.states(home.link, ids)

    assert {state.refusal.reason for state in states.values() if state.refusal} == {"signed_out"}
    assert [states[camera_id].camera.name for camera_id in ids] == NAMES
    assert home.driver.calls["read"] == 1


def test_a_query_of_an_unknown_state_gets_the_reason_and_no_name(home: Household) -> None:
    home.driver.error = VendorDown("x")

    states = home.registry.states(home.link, ["ezviz-aaaaaaaaaaaaaaaaaaaa"])

    (state,) = states.values()
    assert state.refusal is not None
    assert (state.refusal.reason, state.refusal.camera, state.camera.name) == ("vendor_down", "", "")


def test_a_camera_that_is_gone_is_absent_from_then_on(home: Household, clock: Clock) -> None:
    garden, attic = home.id("Garden"), home.id("Attic")
    home.driver.set([camera("Attic", "F00000005")])
    clock.now += 61

    assert list(home.registry.states(home.link, [garden, attic])) == [attic]


def test_a_camera_listed_by_another_process_is_found(home: Household, clock: Clock) -> None:
    home.registry.cameras(home.link)
    home.driver.set([camera("Garden", "F00000001"), camera("Barn", "F00000009")])
    barn = another_process(home, home.driver, clock).cameras(home.link).cameras[1].id

    assert home.registry.states(home.link, [barn])[barn].camera.name == "Barn"


def test_what_another_process_knew_before_this_one_read_is_old(home: Household, clock: Clock) -> None:
    home.driver.set([camera("Barn", "F00000009")])
    barn = home.id("Barn")
    old = home.store.known(home.account.id, home.source.id)
    assert old is not None
    home.driver.set([camera("Garden", "F00000001")])
    clock.now += 5
    garden = home.id("Garden")
    home.store.put_known(home.account.id, home.source.id, old)  # written late

    assert list(home.registry.states(home.link, [barn, garden])) == [garden]


def test_a_new_process_knows_the_cameras_without_listing_them(home: Household, clock: Clock) -> None:
    garden = home.id("Garden")
    fresh = another_process(home, home.driver, clock)
    home.driver.calls.clear()

    fresh.open_stream(home.link, garden, StreamRequest("alexa", ("hls",)))

    assert home.driver.calls["read"] == 1


def test_readiness_is_the_whole_table(home: Household) -> None:
    table = {
        camera.name: {
            surface: verdict.reason if isinstance(verdict, Refusal) else "" for surface, verdict in row.items()
        }
        for camera, row in home.registry.readiness(home.link)
    }

    assert table["Garden"] == {"alexa": "", "google": "", "still": ""}
    assert table["Nursery"] == {"alexa": "", "google": "audio_off", "still": ""}
    assert table["Pond"] == {"alexa": "not_playable", "google": "not_playable", "still": ""}
    assert list(table) == NAMES
