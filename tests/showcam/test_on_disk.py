"""Whether the program on the disk is newer than the one that runs."""

import os
from pathlib import Path

import pytest

from showcam.app.on_disk import HERE, ROOMS, OnDisk, version_of
from tests.house.test_arrows import ROOMS as OF_THE_HOUSE

pytestmark = pytest.mark.proves("The health page says that another version is on the disk")

STARTED = 1_800_000_000.0


def written(folder: Path, name: str, at: float) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    os.utime(file, (at, at))


@pytest.fixture
def disk(tmp_path: Path) -> OnDisk:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "showcam"\nversion = "0.2.0"\n')
    written(tmp_path, "showcam/console/health/page.py", STARTED - 60)
    return OnDisk("0.2.0", STARTED, tmp_path)


def test_what_runs_is_what_is_there(disk: OnDisk) -> None:
    assert (disk.newer(), disk.changed()) == ("", 0.0)


@pytest.mark.parametrize(
    ("project", "newer"),
    [
        ('[project]\nname = "showcam"\nversion = "0.3.0"\n', "0.3.0"),
        ('[project]\nname = "showcam"\nversion = "0.1.0"\n', "0.1.0"),  # somebody went back
        ('[project]\nname = "showcam"\nversion = "0.2.0"\n', ""),
    ],
)
def test_another_version_is_named(disk: OnDisk, project: str, newer: str) -> None:
    (disk.folder / "pyproject.toml").write_text(project)
    assert disk.newer() == newer


@pytest.mark.parametrize("project", ["[project", '[project]\nname = "other"\nversion = "9"\n', "[tool]\n", None])
def test_where_no_version_stands_it_is_that_of_the_installed_one(tmp_path: Path, project: str | None) -> None:
    if project is not None:
        (tmp_path / "pyproject.toml").write_text(project)
    assert version_of(tmp_path) == version_of(HERE) != ""


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("showcam/registry/gate/gate.py", True),
        ("showcam/console/health/page.py", True),
        ("numpy/core.py", False),
        ("console/a.txt", False),
    ],
)
def test_a_module_that_was_written_after_the_start_is_a_change(disk: OnDisk, name: str, counts: bool) -> None:
    written(disk.folder, name, STARTED + 5)
    assert disk.changed() == (STARTED + 5 if counts else 0.0)


def test_the_rooms_are_those_of_the_house() -> None:
    assert set(ROOMS) == OF_THE_HOUSE - {"lambda"}
