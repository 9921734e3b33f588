"""What assistants were asked to show, and which cameras a link sees, in every engine."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from showcam.store.ports import Inconsistent, Store
from showcam.store.records import ASK_KEPT_S, Account, Ask
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles import records as a
from tests.doubles.records import NOW


def ask(name: str, **fields: object) -> Ask:
    values: dict[str, object] = {
        "id": name,
        "camera": "ezviz-a",
        "link": "kitchen",
        "surface": "alexa",
        "at": NOW,
        "took_s": 0.4,
        "reason": "",
    }
    return Ask(**values | fields)  # type: ignore[arg-type]


@pytest.fixture
def home(store: Store) -> Account:
    made = a.account()
    store.add_account(made)
    return made


def test_asks_are_listed_newest_first_by_household(store: Store, home: Account) -> None:
    early, late = ask("1", at=NOW - 60), ask("2", reason="offline", surface="google")
    other = a.account()
    store.add_account(other)
    for put in (early, late):
        store.put_asks(home.id, [put])
    store.put_asks(other.id, [ask("3")])
    assert store.asks(home.id, 0.0) == [late, early]
    assert store.asks(home.id, NOW - 60) == [late]
    assert store.asks("nobody", 0.0) == []


def test_an_ask_needs_its_household_and_an_id_of_its_own(store: Store, home: Account) -> None:
    store.put_asks(home.id, [ask("1")])
    for household, other in (("nobody", ask("2")), (home.id, ask("1", reason="busy"))):
        with pytest.raises(Inconsistent):
            store.put_asks(household, [other])
    assert store.asks(home.id, 0.0) == [ask("1")]


@pytest.mark.parametrize("order", [(2.0, 72.5), (72.5, 2.0)], ids=["in order", "late"])
def test_the_longest_time_watched_stays(store: Store, home: Account, order: tuple[float, float]) -> None:
    store.put_asks(home.id, [ask("1")])
    for live_s in order:
        store.put_live(home.id, "1", live_s)
    store.put_live(home.id, "2", 5.0)
    store.put_live("nobody", "1", 90.0)
    assert store.asks(home.id, 0.0) == [ask("1", live_s=72.5)]


def test_asks_are_forgotten(store: Store, home: Account) -> None:
    for name in ("1", "2"):
        store.put_asks(home.id, [ask(name)])
    store.drop_asks(home.id)
    store.drop_asks("nobody")
    assert store.asks(home.id, 0.0) == []


def test_those_of_one_camera_are_forgotten_alone(store: Store, home: Account) -> None:
    store.put_asks(home.id, [ask("1"), ask("2", camera="ezviz-b", at=NOW + 1)])
    store.drop_asks(home.id, "ezviz-a")
    assert [kept.id for kept in store.asks(home.id, 0.0)] == ["2"]


def test_a_long_history_is_forgotten_whole_and_of_one_camera_alone(store: Store, home: Account) -> None:
    """The 101 rows of one camera are one more than DynamoDB deletes with a request."""
    neighbour = a.account()
    store.add_account(neighbour)
    store.put_asks(neighbour.id, [ask("1")])
    cameras = {number: "ezviz-b" if number in (0, 52, 103) else "ezviz-a" for number in range(104)}
    asks = [ask(f"{number:03}", camera=camera, at=NOW + number) for number, camera in cameras.items()]
    store.put_asks(home.id, asks)
    store.drop_asks(home.id, "ezviz-a")
    assert store.asks(home.id, 0.0) == [asks[103], asks[52], asks[0]]
    store.drop_asks(home.id)
    assert store.asks(home.id, 0.0) == []
    assert store.asks(neighbour.id, 0.0) == [ask("1")]


def test_one_is_found_by_its_id_in_its_own_household(store: Store, home: Account) -> None:
    store.put_asks(home.id, [ask("1")])
    store.put_live(home.id, "1", 5.0)
    assert store.ask(home.id, "1") == ask("1", live_s=5.0)
    assert (store.ask(home.id, "2"), store.ask("nobody", "1"), store.ask(home.id, "x" * 2000)) == (None, None, None)


def test_they_are_read_by_camera_and_kind_and_page_by_page(store: Store, home: Account) -> None:
    seen = [
        ask(f"{number:03}", camera=f"ezviz-{'ab'[number % 2]}", link="", reason=reason, at=NOW + number)
        for number, reason in enumerate(["motion", "doorbell", "motion", "person", "motion", "motion"])
    ]
    asked = ask("010", at=NOW + 10, reason="offline")
    store.put_asks(home.id, [*seen, asked])
    newest = [asked, *reversed(seen)]
    assert store.asks(home.id, 0.0, most=3) == newest[:3]
    assert store.asks(home.id, 0.0, before=newest[2], most=2) == newest[3:5]
    assert store.asks(home.id, NOW + 3, before=newest[2]) == []
    assert store.asks(home.id, 0.0, camera="ezviz-b") == [seen[5], seen[3], seen[1]]
    assert store.asks(home.id, 0.0, kind="motion", camera="ezviz-a", most=2) == [seen[4], seen[2]]
    assert store.asks(home.id, 0.0, kind="asked") == [asked]
    assert store.asks(home.id, 0.0, kind="offline") == []


def test_they_go_with_their_household(store: Store, home: Account) -> None:
    store.put_asks(home.id, [ask("1")])
    assert store.drop_household(home.id)
    assert store.asks(home.id, 0.0) == []


def test_they_are_swept_after_thirty_days(tmp_path: Path, sealer: Sealer) -> None:
    store = SqliteStore(tmp_path / "showcam.db", sealer)
    home = a.account()
    store.add_account(home)
    for at in (NOW - ASK_KEPT_S, NOW - ASK_KEPT_S + 1):
        store.put_asks(home.id, [ask(str(at), at=at)])
    assert store.sweep(NOW) == 1
    assert [kept.at for kept in store.asks(home.id, 0.0)] == [NOW - ASK_KEPT_S + 1]
    store.close()


@pytest.mark.parametrize("cameras", [None, (), ("ezviz-b",), ("ezviz-a", "ezviz-c")])
def test_a_links_cameras_are_chosen_again(store: Store, home: Account, cameras: tuple[str, ...] | None) -> None:
    link = a.link(home)
    store.add_link(link)
    token = a.token(link)
    assert store.add_tokens([token])
    store.find_token(link.id, token.hash)  # which may be kept in memory
    assert store.choose_cameras(link.id, cameras, NOW)
    chosen = replace(link, cameras=cameras)
    assert (store.link(link.id), store.links(home.id)) == (chosen, [chosen])
    assert store.find_token(link.id, token.hash) == (chosen, token)


def test_those_of_a_link_that_ended_stay(store: Store, home: Account) -> None:
    link = a.link(home)
    store.add_link(link)
    store.end_link(link.id, NOW)
    assert not store.choose_cameras(link.id, None, NOW)
    assert not store.choose_cameras("nobody", None, NOW)
    assert not store.choose_cameras("x" * 600, None, NOW)
    assert store.link(link.id) == replace(link, ended=NOW)
