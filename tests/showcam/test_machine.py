"""The machine that the console asks: its sizes, its log and a backup of a real store."""

from pathlib import Path
from typing import Any, cast

import pytest

from showcam.app.compose.own_pages import OwnMachine
from showcam.app.data import backup
from showcam.app.settings import Settings
from showcam.console.health.machine import NotMade
from showcam.engine.messages import MediaUnavailable
from tests.doubles.household import household


class Pictures:
    def __init__(self, live: int | None) -> None:
        self._live = live

    def live(self, _account: str) -> int:
        if self._live is None:
            raise MediaUnavailable("away")
        return self._live


class Base:
    def __init__(self, live: int | None) -> None:
        self.pictures = Pictures(live)


def machine(folder: Path, live: int | None = 0) -> OwnMachine:
    return OwnMachine(Settings(data=folder), cast("Any", Base(live)))


@pytest.mark.parametrize("live", [0, 3, None])
def test_its_facts(tmp_path: Path, live: int | None) -> None:
    household(tmp_path).store.close()
    facts = machine(tmp_path, live).facts("any")
    assert (facts.live, facts.keeps_backups, facts.address) == (live, True, "")
    assert 0 < facts.disk_free <= facts.disk_size
    assert facts.database == (tmp_path / "showcam.sqlite3").stat().st_size


def test_a_backup_is_one_that_can_be_restored(tmp_path: Path) -> None:
    household(tmp_path).store.close()
    (tmp_path / "backups").mkdir()
    made = machine(tmp_path).backup(tmp_path / "backups")
    assert backup.contents(made).households == 1


def test_without_a_database_there_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(NotMade, match="nothing to back up yet"):
        machine(tmp_path).backup(tmp_path)


def test_the_log_is_the_last_lines_of_all_processes_in_their_order_without_secrets(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    for name, moments in (("web", (1, 3)), ("worker", (2, 4))):
        lines = [f'{{"event": "{name} {at}", "timestamp": "2026-11-26T00:00:0{at}Z"}}' for at in moments]
        (tmp_path / "log" / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "log" / "media.jsonl").write_text(
        '{"event": "GET /s/abcdefghijklmnopqrstuvwx/master.m3u8", "timestamp": "2026-11-26T00:00:09Z"}\n'
    )
    lines = machine(tmp_path).log(4)
    assert [line.split('"')[3] for line in lines] == ["worker 2", "web 3", "worker 4", "GET /s/…/master.m3u8"]


def test_of_a_long_log_the_end_is_read(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    line = '{{"event": "{0}", "timestamp": "{0:08}"}}\n'
    (tmp_path / "log" / "web.jsonl").write_text("".join(line.format(number) for number in range(20_000)))
    assert machine(tmp_path).log(1) == [line.format(19_999).strip()]


def test_without_a_log_there_are_no_lines(tmp_path: Path) -> None:
    assert machine(tmp_path).log(10) == []
