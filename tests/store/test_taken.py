"""Journals of what was taken: their files, and that the first in a file has it, whoever else takes."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from store.ports import StoreUnavailable
from store.sqlite.taken import PERIOD_S, Taken

UNTIL = 3_000_000.0  # a period begins there
AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "showcam.db"


@pytest.fixture
def taken(database: Path) -> Iterator[Taken]:
    taken = Taken(database)
    yield taken
    taken.close()


def test_a_period_has_a_file_that_nobody_else_reads_and_goes_with_it(taken: Taken, database: Path) -> None:
    assert all(taken.take(f"k{number}", UNTIL + number) for number in range(3))
    assert taken.take("k", UNTIL + PERIOD_S)
    files = {path.name: path.stat().st_mode & 0o777 for path in database.parent.iterdir()}
    assert files == {"showcam.db-taken-5000": 0o600, "showcam.db-taken-5001": 0o600}
    assert [taken.sweep(UNTIL + PERIOD_S - 1), taken.sweep(UNTIL + PERIOD_S)] == [0, 3]
    assert not taken.take("k", UNTIL + PERIOD_S)


def test_all_of_a_long_journal_counts_after_a_restart(taken: Taken, database: Path) -> None:
    assert all(taken.take(f"k{number}", UNTIL) for number in range(300))
    again = Taken(database)
    assert [again.take(f"k{number}", UNTIL) for number in (299, 0, 300)] == [False, False, True]


TAKE = """
import sys
from pathlib import Path
from store.sqlite.taken import Taken

print(*(Taken(Path(sys.argv[1])).take(key, float(sys.argv[2])) for key in ("a", "b")))
"""


def test_another_process_counts(taken: Taken, database: Path) -> None:
    assert taken.take("a", UNTIL)
    run = subprocess.run(
        [sys.executable, "-c", TAKE, database, str(UNTIL)], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.split() == ["False", "True"]
    assert not taken.take("b", UNTIL)


def test_each_of_many_keys_has_one_taker(taken: Taken, database: Path, at_once: AtOnce) -> None:
    sides, switching = (taken, Taken(database)), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        took = at_once(8, lambda thread: [key for key in range(200) if sides[thread % 2].take(str(key), UNTIL)])
    finally:
        sys.setswitchinterval(switching)
    assert Counter(key for each in took for key in each) == Counter(range(200))


def test_a_torn_record_lets_nothing_through_until_the_next_period(taken: Taken, database: Path) -> None:
    assert taken.take("k", UNTIL)
    with (database.parent / "showcam.db-taken-5000").open("ab") as file:
        file.write(b"torn")
    assert not taken.take("k", UNTIL)
    with pytest.raises(StoreUnavailable, match="is damaged"):
        taken.take("new", UNTIL)
    assert taken.take("k", UNTIL + PERIOD_S)


def test_a_folder_that_can_t_be_written_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="No such file or directory"):
        Taken(tmp_path / "gone" / "showcam.db").take("k", UNTIL)
