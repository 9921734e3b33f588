"""Pictures that an owner has kept warm: which of them are held, and by whose leave."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.engine.messages import MediaBusy, MediaUnavailable
from showcam.store.sqlite import SqliteStore
from tests.doubles.household import WITHOUT_MEDIA, Household, household
from tests.doubles.ready_driver import camera


def kept(home: Household) -> list[tuple[str, str, str]]:
    home.adapter.keeping.turn()
    return [(kept.camera, kept.link, kept.protocol) for kept in home.pictures.kept]


def home_with(store: SqliteStore, keep_warm: bool = True, **changes: Any) -> Household:
    home = household(
        Path(), store=store, cameras=[camera("Garden", **({"ways": ("lan", "cloud")} | changes)), camera("Shed")]
    )
    garden = home.id("Garden")
    preferences = home.owner.preferences(home.account.id, garden)
    home.owner.prefer(home.account.id, garden, replace(preferences, keep_warm=keep_warm))
    return home


def test_a_camera_of_the_house_is_held(store: SqliteStore) -> None:
    home = home_with(store)
    assert kept(home) == [(home.id("Garden"), home.link.id, "snapshot")]


@pytest.mark.parametrize(
    "changes",
    [
        {"keep_warm": False},
        {"ways": ("cloud",)},
        {"ways": ("open",)},
        {"battery": 80},
        {"charging": "off"},
        {"encryption": "on"},
        {"asleep": "on"},
        {"online": "off"},
    ],
)
def test_it_is_not_held_where_it_costs_or_may_not_be_shown(store: SqliteStore, changes: dict[str, Any]) -> None:
    assert kept(home_with(store, **changes)) == []


def test_it_is_held_by_leave_of_a_link_that_may_see_it(store: SqliteStore) -> None:
    home = home_with(store)
    home.store.end_link(home.link.id, 1.0)
    assert kept(home) == []
    home.another_link("google", (home.id("Shed"),))
    assert kept(home) == []
    link = home.another_link("google", (home.id("Garden"),))
    assert kept(home) == [(home.id("Garden"), link.id, "snapshot")]


@pytest.mark.parametrize("error", [MediaBusy(), MediaUnavailable()])
def test_a_media_process_without_room_or_answer_is_left_alone(store: SqliteStore, error: Exception) -> None:
    home = home_with(store)
    home.pictures.error = error
    assert kept(home) == []


def test_without_a_media_process_nothing_is_held(store: SqliteStore) -> None:
    home = household(Path(), store=store, cameras=[camera("Garden", ways=("lan",))], rules=WITHOUT_MEDIA)
    home.owner.prefer(
        home.account.id,
        home.id("Garden"),
        replace(home.owner.preferences(home.account.id, home.id("Garden")), keep_warm=True),
    )
    assert kept(home) == []
