"""A fleet of media processes that loses one each second, and one that lies: on SQLite and on DynamoDB in process."""

from pathlib import Path

import pytest

from bench.media_fleet import PLACES, World
from showcam.store.dynamodb import DynamoStore
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.aws import in_process

SEALER = Sealer([("test", b"k" * 32)])


def expect_whole(world: World) -> None:
    assert world.asked > 100
    assert (world.refused, world.twice) == ([], 0), f"of {world.asked}"
    assert world.live() > 0


@pytest.mark.proves(
    "of 100 media processes one ends each second for ten minutes: no picture is refused while one has a place,"
    " and none is shown twice",
    leans_on="double: media processes, and time",
)
def test_a_hundred_processes_and_a_kill_each_second_for_ten_minutes(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "showcam.db", SEALER)
    world = World(store, 7, processes=100, households=5_000, asks=10)
    world.run(600)
    store.close()
    expect_whole(world)
    assert world.moved == 0


def test_the_same_on_dynamodb_until_drained_processes_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """70 simulated seconds: replacements come after 40, drained processes end after 60.

    60 processes are enough: at the end of the first 40 seconds 20 of them are left.
    """
    with in_process(monkeypatch) as cloud:
        cloud.table("fleet")
        world = World(DynamoStore(cloud.dynamodb, "fleet", SEALER), 7, processes=60, households=5_000, asks=1)
        world.run(70)
    expect_whole(world)


def test_processes_that_claim_places_they_have_not_cost_no_picture(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "showcam.db", SEALER)
    world = World(store, 7, processes=4, households=300, asks=3, liars=2)
    world.run(40, ends=False)
    store.close()
    expect_whole(world)
    assert world.live() == 4 * PLACES
