"""`showcam outbox` and what `showcam household` says of reports."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from showcam.app import keys as key_files
from showcam.app.cli import main
from showcam.store.outbox import Laid, Settled
from showcam.store.records import Happening
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles import records as a

NOW = 1_700_000_000.0  # long ago, so that all of it is due


class World:
    """A link with a change that waits and a ring that was put aside."""

    def __init__(self, data: Path) -> None:
        self.data = data
        data.mkdir()
        self.store = SqliteStore(data / "showcam.sqlite3", Sealer(key_files.read_or_make(data / "keys").seal))
        self.account = a.account()
        self.store.add_account(self.account)
        self.link = a.link(self.account, cameras=None, label="Kitchen")
        self.store.add_link(self.link)
        self.row = f"{self.link.id}/doorbell/door/{round(1000 * NOW)}"

    def tell(self, **settled: Any) -> None:
        claim = self.store.claim(self.account.id, self.link.id, NOW + 99, NOW + 199, 9)
        assert claim is not None
        rings = tuple(Laid(row, NOW + 99, "refused", "refused") for row in claim.rows if row.kind == "doorbell")
        assert self.store.settle(claim, Settled(NOW + 99, laid=rings, **settled))

    def lay_down(self) -> None:
        self.store.record_happening(self.account.id, Happening("door", "doorbell", NOW), 3.0, ("doorbell",))
        self.tell()

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, [*words, "--data", str(self.data)])

    def listed(self) -> list[dict[str, Any]]:
        done = self.run("outbox", "list", "--json")
        assert done.exit_code == 0, done.output
        return list(json.loads(done.output)["rows"])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "data")
    yield made
    made.store.close()


def test_nothing_waits(world: World) -> None:
    assert "Nothing waits" in world.run("outbox", "list").output
    assert world.listed() == []


def test_what_waits_and_what_was_put_aside_with_its_reason(world: World) -> None:
    world.lay_down()
    world.store.look(world.account.id, NOW)
    rows = world.listed()
    assert [(row["state"], row["what"], row["camera"], row["reason"]) for row in rows] == [
        ("waits", "look", "", ""),
        ("put_aside", "doorbell", "door", "refused"),
    ]
    assert rows[1]["id"] == world.row
    text = world.run("outbox", "list").output
    assert "put aside" in text
    assert world.row in text


def test_a_row_is_reported_again(world: World) -> None:
    world.lay_down()
    assert world.run("outbox", "retry", world.row).exit_code == 0
    assert [(row["state"], row["what"]) for row in world.listed()] == [("waits", "doorbell")]


def test_a_row_is_forgotten(world: World) -> None:
    world.lay_down()
    assert world.run("outbox", "drop", world.row).exit_code == 0
    assert world.listed() == []


@pytest.mark.parametrize("word", ["retry", "drop"])
def test_an_unknown_row_is_named(world: World, word: str) -> None:
    done = world.run("outbox", word, "nothing")
    assert done.exit_code == 1
    assert "No row nothing was put aside" in done.output


def test_links_say_when_their_assistant_was_last_told_what(world: World) -> None:
    assert "nothing" in world.run("household").output
    world.store.look(world.account.id, NOW)
    world.tell(told=b"t", what="3 listed", reason="it is busy")
    (link,) = json.loads(world.run("household", "--json").output)["links"]
    assert (link["reported"], link["report"], link["report_problem"]) == (NOW + 99, "3 listed", "it is busy")
    assert "2023-11-14 22:14 3 listed; now: it is busy" in world.run("household").output
