"""What assistants were asked to show and what came of it, as the owner reads it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from showcam.drivers.camera import StreamRequest
from showcam.engine.grants import Claims
from showcam.registry.readings.changes import Change
from showcam.registry.streams.history import History, Later
from showcam.store.ports import StoreUnavailable
from showcam.store.records import ASK_KEPT_S
from tests.doubles.clock import Clock
from tests.doubles.household import Household, household
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "What an assistant asked for is kept with its reason and how long it was watched",
    also=("tests/store/test_asks.py",),
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    clock = Clock()
    made = household(tmp_path, clock=clock)
    yield made
    made.store.close()


def asks(home: Household) -> list[tuple[str, str, str, str]]:
    found = home.adapter.history.of(home.account.id)
    return [(ask.camera, ask.link, ask.surface, ask.reason) for ask in found]


def request(surface: Any = "alexa") -> StreamRequest:
    return StreamRequest(surface, ("hls",))


def session(home: Household, name: str, nonce: str = "s1", surface: str = "alexa") -> Claims:
    return Claims(home.account.id, home.link.id, home.id(name), "session", surface, 2_000_000_000, nonce)


@pytest.mark.parametrize(
    ("name", "surface", "reason"),
    [
        ("Garden", "alexa", ""),
        ("Garden", "google", ""),
        ("Garage", "alexa", "encryption_on"),
        ("Attic", "google", "offline"),
    ],
)
def test_an_ask_stands_there_with_its_reason(home: Household, name: str, surface: str, reason: str) -> None:
    home.registry.open_stream(home.link, home.id(name), request(surface))
    assert asks(home) == [(home.id(name), home.link.id, surface, reason)]


def test_sightings_stand_among_them_and_nothing_else_that_changed(home: Household) -> None:
    clock: Any = home.clock
    for kind in ("motion", "person", "state", "tamper", "doorbell", "offline", "renamed"):
        home.adapter.history.note_sighting(Change(home.account.id, home.id("Garden"), kind, clock()))
        clock.wait(1)
    kinds = ("doorbell", "tamper", "person", "motion")
    assert asks(home) == [(home.id("Garden"), "", "", kind) for kind in kinds]
    home.adapter.history.keep(home.account.id, kept=False)
    home.adapter.history.note_sighting(Change(home.account.id, home.id("Garden"), "tamper", clock()))
    assert asks(home) == []


def test_motion_that_goes_on_counts_once_in_two_minutes(home: Household) -> None:
    clock: Any = home.clock
    began, garden = clock(), home.id("Garden")
    for _ in range(10):
        for other in (home.adapter.history, History(home.store, home.clock)):  # of another process
            other.note_sighting(Change(home.account.id, garden, "motion", clock()))
        clock.wait(30)
    home.adapter.history.note_sighting(Change(home.account.id, home.id("Garage"), "motion", clock()))
    found = [(ask.camera, ask.at - began) for ask in home.adapter.history.of(home.account.id)]
    assert found == [(home.id("Garage"), 300), (garden, 240), (garden, 120), (garden, 0)]


def test_a_visitor_who_presses_again_rang_once_and_the_next_one_again(home: Household) -> None:
    clock: Any = home.clock
    began = clock()
    for wait_s in (4, 4, 60, 0):
        home.adapter.history.note_sighting(Change(home.account.id, home.id("Garden"), "doorbell", clock()))
        clock.wait(wait_s)
    assert [ask.at - began for ask in home.adapter.history.of(home.account.id)] == [68, 0]


def test_those_of_a_camera_and_of_a_kind_are_read_page_by_page(home: Household) -> None:
    clock: Any = home.clock
    garden, garage = home.id("Garden"), home.id("Garage")
    history = home.adapter.history
    for kind in ("motion", "doorbell", "motion", "person"):
        history.note_sighting(Change(home.account.id, garden, kind, clock()))
        history.note_sighting(Change(home.account.id, garage, "motion", clock()))
        clock.wait(200)
    home.registry.open_stream(home.link, garden, request())
    of_garden = history.of(home.account.id, camera=garden)
    assert [ask.kind for ask in of_garden] == ["asked", "person", "motion", "doorbell", "motion"]
    assert [ask.kind for ask in history.of(home.account.id, kind="doorbell")] == ["doorbell"]
    first = history.of(home.account.id, camera=garden, most=2)
    assert first + history.of(home.account.id, camera=garden, before=first[-1].id) == of_garden
    assert history.of(home.account.id, camera=garden, before="no id", most=2) == []


def test_what_is_older_than_a_row_that_was_removed_meanwhile_is_read(home: Household) -> None:
    clock: Any = home.clock
    history = home.adapter.history
    for name in ("Garden", "Garage", "Garden"):
        history.note_sighting(Change(home.account.id, home.id(name), "motion", clock()))
        clock.wait(200)
    newest, removed, oldest = history.of(home.account.id)
    home.store.drop_asks(home.account.id, removed.camera)
    assert history.of(home.account.id, before=removed.id) == [oldest]
    assert history.of(home.account.id, before=newest.id) == [oldest]


def test_a_sighting_is_found_at_its_own_camera_alone(home: Household) -> None:
    clock: Any = home.clock
    home.adapter.history.note_sighting(Change(home.account.id, home.id("Garden"), "motion", clock()))
    clock.wait(1)
    home.registry.open_stream(home.link, home.id("Garden"), request())
    asked, seen = home.adapter.history.of(home.account.id)
    found = home.adapter.history.sighting
    assert found(home.account.id, home.id("Garden"), seen.id) == seen
    assert found(home.account.id, home.id("Garage"), seen.id) is None
    assert found(home.account.id, home.id("Garden"), asked.id) is None
    assert found("nobody", home.id("Garden"), seen.id) is None


def test_an_owners_page_is_no_ask(home: Household) -> None:
    home.owner.open_stream(home.account.id, "home-1", home.id("Garden"), request("page"))
    assert asks(home) == []


def test_how_long_it_was_watched_grows_until_its_checks_end(home: Household, tmp_path: Path) -> None:
    clock: Any = home.clock
    home.registry.open_stream(home.link, home.id("Garden"), request())
    [ask] = home.adapter.history.of(home.account.id)
    assert ask.live_s == 0
    for _ in range(36):
        assert home.questions.check(session(home, "Garden")) is None
        clock.wait(2)
    [ask] = home.adapter.history.of(home.account.id)
    assert ask.live_s == 72
    clock.wait(60)
    home.registry.open_stream(home.link, home.id("Garden"), request())
    home.questions.check(session(home, "Garden", "s2"))
    assert [ask.live_s for ask in home.adapter.history.of(home.account.id)] == [2, 72]


def test_a_session_that_began_with_another_process_is_of_its_links_last_ask(home: Household) -> None:
    home.registry.open_stream(home.link, home.id("Garden"), request())
    home.registry.open_stream(home.link, home.id("Garage"), request())
    other = History(home.store, home.clock)
    other.is_live(session(home, "Garden"))
    assert [(ask.camera, ask.live_s) for ask in other.of(home.account.id) if ask.live_s] == [(home.id("Garden"), 2)]


def test_a_picture_that_nobody_asked_for_is_none(home: Household) -> None:
    home.questions.check(session(home, "Garden"))
    home.questions.check(session(home, "Garden", "s2", surface="page"))
    assert asks(home) == []


def test_where_its_owner_keeps_none_there_is_none(home: Household) -> None:
    history = home.adapter.history
    home.registry.open_stream(home.link, home.id("Garden"), request())
    history.keep(home.account.id, kept=False)
    assert (asks(home), history.is_kept(home.account.id)) == ([], False)
    home.registry.open_stream(home.link, home.id("Garden"), request())
    assert asks(home) == []
    history.keep(home.account.id, kept=True)
    home.registry.open_stream(home.link, home.id("Garden"), request())
    assert len(asks(home)) == 1


def test_it_goes_back_thirty_days(home: Household) -> None:
    clock: Any = home.clock
    home.registry.open_stream(home.link, home.id("Garden"), request())
    clock.wait(ASK_KEPT_S)
    assert asks(home) == []


def test_a_store_that_is_away_costs_a_line_and_no_picture(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(home.store, "put_asks", away)
    monkeypatch.setattr(home.store, "put_live", away)
    stream = home.registry.open_stream(home.link, home.id("Garden"), request())
    assert not hasattr(stream, "reason")
    assert home.questions.check(session(home, "Garden")) is None
    assert asks(home) == []


def test_asks_are_written_together_a_little_later_and_at_once_for_who_reads(home: Household) -> None:
    later: list[Callable[[], None]] = []
    history = History(home.store, home.clock, later.append)
    stream = home.owner.open_stream(home.account.id, "home-1", home.id("Garden"), request("page"))
    began = home.clock()

    def note(*seconds: int) -> None:
        for seconds_later in seconds:
            history.note(home.link, home.id("Garden"), "alexa", stream, began + seconds_later)

    def written() -> list[float]:
        return [ask.at - began for ask in home.store.asks(home.account.id, 0.0)]

    note(1, 2, 3)
    assert (written(), len(later)) == ([], 1)
    later[0]()
    assert written() == [3, 2, 1]
    note(4)
    assert len(later) == 2
    assert [ask.at - began for ask in history.of(home.account.id)] == [4, 3, 2, 1]


def test_work_is_done_in_order_by_a_thread_of_its_own_and_a_fault_ends_none_of_it() -> None:
    import threading

    done: list[str] = []
    finished = threading.Event()
    later = Later()

    def fail() -> None:
        raise RuntimeError("x")

    for work in (lambda: done.append("1"), fail, lambda: done.append("2"), finished.set):
        later(work)
    assert finished.wait(LONG_S)
    assert done == ["1", "2"]


def test_too_much_work_is_left_out_and_nobody_waits() -> None:
    import threading

    gate, done = threading.Event(), list[int]()
    later = Later(most=2)
    later(lambda: [gate.wait(LONG_S)].clear())
    for number in range(50):
        later(lambda number=number: done.append(number))  # type: ignore[misc]
    gate.set()
    finished = threading.Event()
    while not finished.is_set():
        later(finished.set)
        finished.wait(0.01)
    assert len(done) < 50
