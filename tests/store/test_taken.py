"""Journals of what was taken: their files, the one taker of each key, and what a journal is after its process."""

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
    assert [taken.sweep(UNTIL + PERIOD_S - 1), taken.sweep(UNTIL + PERIOD_S)] == [0, 1]
    assert not taken.take("k", UNTIL + PERIOD_S)


def test_all_of_a_long_journal_counts_after_a_restart(taken: Taken, database: Path) -> None:
    assert all(taken.take(f"k{number}", UNTIL) for number in range(5000))
    taken.close()
    again = Taken(database)
    assert [again.take(f"k{number}", UNTIL) for number in (4999, 4095, 0, 5000)] == [False, False, False, True]
    again.close()


def test_a_journal_cut_anywhere_counts_as_far_as_it_goes(taken: Taken, database: Path) -> None:
    assert all(taken.take(key, UNTIL) for key in ("a", "b"))
    taken.close()
    with (database.parent / "showcam.db-taken-5000").open("r+b") as file:
        file.truncate(20)  # as a power cut may leave it
    assert [taken.take(key, UNTIL) for key in ("a", "b", "b")] == [False, True, False]


def test_what_lies_behind_a_gap_counts_and_is_not_written_over(taken: Taken, database: Path) -> None:
    assert all(taken.take(key, UNTIL) for key in "abcd")
    taken.close()
    with (database.parent / "showcam.db-taken-5000").open("r+b") as file:
        file.seek(16)
        file.write(bytes(16))  # pages of memory reach the disk in any order
    assert [taken.take(key, UNTIL) for key in "acdbe"] == [False, False, False, True, True]
    taken.close()
    assert not any(taken.take(key, UNTIL) for key in "acdbe")


def test_a_journal_grows_by_what_is_taken_alone(taken: Taken, database: Path) -> None:
    for number in range(4):
        assert taken.take(f"k{number}", UNTIL)
        taken.close()
    assert (database.parent / "showcam.db-taken-5000").stat().st_size == 64 * 1024


TAKE = """
import sys
from pathlib import Path
from store.sqlite.taken import Taken

taken = Taken(Path(sys.argv[1]))
print(taken.take("a", float(sys.argv[2])), flush=True)
sys.stdin.read()
"""


def test_one_process_takes_at_a_time_and_what_it_took_outlives_its_being_killed(taken: Taken, database: Path) -> None:
    command = [sys.executable, "-c", TAKE, str(database), str(UNTIL)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        with pytest.raises(StoreUnavailable, match="another process takes"):
            taken.take("a", UNTIL)
        other.kill()
    assert [taken.take(key, UNTIL) for key in ("a", "b")] == [False, True]


FULL = """
import resource, sys
from pathlib import Path
from store.ports import StoreUnavailable
from store.sqlite.taken import Taken

resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
taken, refused = Taken(Path(sys.argv[1])), []
for _ in range(2):
    try:
        taken.take("a", float(sys.argv[2]))
    except StoreUnavailable as error:
        refused.append(error)
print(*refused, sep="\\n")
"""


def test_a_disk_without_room_is_said_so(database: Path) -> None:
    command = [sys.executable, "-c", FULL, str(database), str(UNTIL)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout == "showcam.db-taken-5000 can't be written: File too large\n" * 2


def test_each_of_many_keys_has_one_taker(taken: Taken, database: Path, at_once: AtOnce) -> None:
    sides, switching = (taken, Taken(database)), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        took = at_once(8, lambda thread: [key for key in range(200) if sides[thread % 2].take(str(key), UNTIL)])
    finally:
        sys.setswitchinterval(switching)
    assert Counter(key for each in took for key in each) == Counter(range(200))


def test_a_folder_that_can_t_be_written_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="No such file or directory"):
        Taken(tmp_path / "gone" / "showcam.db").take("k", UNTIL)
