"""What can be taken once on SQLite: its file, the one taker of each key across processes, and what is left of it after
a process is killed, a disk is full or the file is damaged."""

import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from showcam.store.ports import StoreUnavailable
from showcam.store.sqlite.ephemeral import Taken

UNTIL = 3_000_000.0
WAIT_S = 5.0
AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "showcam.db"


@pytest.fixture
def nonces(database: Path) -> Path:
    return database.with_name("showcam.db-nonces")


@pytest.fixture
def taken(database: Path) -> Iterator[Taken]:
    taken = Taken(database, WAIT_S)
    yield taken
    taken.close()


def test_the_file_is_made_with_the_first_key_and_nobody_else_reads_it(taken: Taken, database: Path) -> None:
    assert taken.sweep(UNTIL) == 0
    assert list(database.parent.iterdir()) == []
    assert taken.take("k", UNTIL)
    files = {path.name: path.stat().st_mode & 0o777 for path in database.parent.iterdir()}
    assert files == {f"showcam.db-nonces{end}": 0o600 for end in ("", "-wal", "-shm")}


def test_what_is_over_goes_and_the_rest_stays_taken(taken: Taken, nonces: Path) -> None:
    assert all(taken.take(f"k{number}", UNTIL + number) for number in range(1000))
    assert [taken.sweep(UNTIL + after) for after in (-1, 0, 499, 499)] == [0, 1, 499, 0]
    assert [taken.take(f"k{number}", UNTIL + number) for number in (499, 500, 999)] == [True, False, False]
    taken.sweep(UNTIL + 2000)
    with closing(sqlite3.connect(nonces)) as raw:
        assert raw.execute("SELECT count(*) FROM taken").fetchone() == (0,)


def test_all_that_was_taken_counts_after_a_restart(taken: Taken, database: Path) -> None:
    assert all(taken.take(f"k{number}", UNTIL) for number in range(2000))
    taken.close()
    with closing(Taken(database, WAIT_S)) as again:
        assert [again.take(f"k{number}", UNTIL) for number in (1999, 1000, 0, 2000)] == [False, False, False, True]


def test_journals_of_an_earlier_showcam_go(taken: Taken, database: Path) -> None:
    for name in ("showcam.db-taken-5000", "showcam.db-taken-5001", "showcam.db-taken-by-me"):
        database.with_name(name).write_bytes(bytes(16))
    taken.sweep(UNTIL)
    assert [path.name for path in database.parent.iterdir()] == ["showcam.db-taken-by-me"]


TAKE = """
import sys
from pathlib import Path
from showcam.store.sqlite.ephemeral import Taken

taken = Taken(Path(sys.argv[1]), 30)
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    if taken.take(f"k{number}", float(sys.argv[2])):
        print(number, flush=True)
print("done", flush=True)
sys.stdin.read()
"""


def process(database: Path, keys: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", TAKE, str(database), str(UNTIL), str(keys)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.process
def test_each_key_has_one_taker_among_processes(database: Path) -> None:
    """They also make the file together."""
    with ExitStack() as stack:
        takers = [stack.enter_context(process(database, 300)) for _ in range(4)]
        for taker in takers:
            assert taker.stdout is not None
            assert taker.stdout.readline() == "ready\n"
        for taker in takers:
            assert taker.stdin is not None
            taker.stdin.write("\n")
            taker.stdin.flush()
        printed = [taker.communicate(timeout=120)[0].split() for taker in takers]
    assert [lines.pop() for lines in printed] == ["done"] * 4
    assert Counter(int(line) for lines in printed for line in lines) == Counter(range(300))


@pytest.mark.parametrize("after", [1, 40, 300])
def test_what_was_taken_outlives_a_process_that_is_killed(taken: Taken, database: Path, after: int) -> None:
    with process(database, 100_000) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "ready\n"
        printed = [other.stdout.readline() for _ in range(after)]
        other.send_signal(signal.SIGKILL)
        printed += other.stdout.readlines()
    assert [line for line in printed if taken.take(f"k{line.strip()}", UNTIL)] == []
    assert taken.take("k100000", UNTIL)


FULL = """
import resource, sys
from pathlib import Path
from showcam.store.ports import StoreUnavailable
from showcam.store.sqlite.ephemeral import Taken

taken, took = Taken(Path(sys.argv[1]), 5), 0
if sys.argv[3] == "later":
    took = taken.take("first", float(sys.argv[2]))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
for _ in range(2):
    try:
        taken.take("a", float(sys.argv[2]))
    except StoreUnavailable as error:
        print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print([taken.take(key, float(sys.argv[2])) for key in ("first", "a", "a")])
"""


@pytest.mark.parametrize(("when", "then"), [("at once", [True, True, False]), ("later", [False, True, False])])
def test_a_disk_without_room_refuses_and_takes_nothing(database: Path, when: str, then: list[bool]) -> None:
    command = [sys.executable, "-c", FULL, str(database), str(UNTIL), when]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    said = "database showcam.db-nonces can't be read or written: the disk reports an error\n"
    assert run.stdout == f"{said * 2}{then}\n"


def test_a_file_that_can_t_grow_refuses(taken: Taken, nonces: Path) -> None:
    assert taken.take("k", UNTIL)
    assert taken._rows is not None
    taken._rows.one("PRAGMA max_page_count = 1")
    with pytest.raises(StoreUnavailable, match=r"showcam\.db-nonces can't grow: the disk is full"):
        all(taken.take(f"k{number}", UNTIL) for number in range(1000))
    assert not taken.take("k", UNTIL)


def test_a_damaged_file_says_how_it_is_mended(taken: Taken, database: Path, nonces: Path) -> None:
    assert all(taken.take(f"k{number}", UNTIL) for number in range(1000))
    taken.close()
    with nonces.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    with (
        closing(Taken(database, WAIT_S)) as again,
        pytest.raises(StoreUnavailable, match="is damaged: stop showcam, wait two minutes, remove the file"),
    ):
        again.take("k", UNTIL)


def test_each_key_has_one_taker_among_threads(taken: Taken, database: Path, at_once: AtOnce) -> None:
    with closing(Taken(database, 30)) as other:
        sides, switching = (taken, other), sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            took = at_once(8, lambda thread: [key for key in range(200) if sides[thread % 2].take(str(key), UNTIL)])
        finally:
            sys.setswitchinterval(switching)
    assert Counter(key for keys in took for key in keys) == Counter(range(200))


def test_a_writer_that_does_not_end_refuses(database: Path, nonces: Path) -> None:
    with closing(Taken(database, 0.1)) as taken:
        assert taken.take("a", UNTIL)
        with closing(sqlite3.connect(nonces, isolation_level=None)) as raw:
            raw.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match=r"showcam\.db-nonces is locked by another process"):
                taken.take("b", UNTIL)
        assert taken.take("b", UNTIL)


def test_a_folder_that_is_missing_refuses(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="No such file or directory"):
        Taken(tmp_path / "gone" / "showcam.db", WAIT_S).take("k", UNTIL)


def test_a_store_that_is_closed_refuses(taken: Taken) -> None:
    assert taken.take("k", UNTIL)
    taken.close()
    with pytest.raises(StoreUnavailable, match="is closed"):
        taken.take("k2", UNTIL)
