"""What the mark of a database promises: the same as long as nobody commits, another after each commit of anybody."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.sqlite.commits import Commits
from store.sqlite.database import Database

WRITE = "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute({!r})"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "showcam.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    made = Database(path, 2.0)
    yield made
    made.close()


def elsewhere(path: Path, statement: str) -> None:
    subprocess.run([sys.executable, "-c", WRITE.format(statement), str(path)], check=True)


def test_reading_changes_nothing(database: Database) -> None:
    mark = database.mark()
    assert database.one("SELECT count(*) FROM link") == (0,)
    assert mark is not None
    assert database.mark() == mark


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO meta VALUES ('a', 'b')",
        "UPDATE meta SET value = 'c' WHERE key = 'known'",
        "DELETE FROM meta WHERE key = 'known'",
        "CREATE TABLE another (a)",
    ],
)
def test_a_commit_of_any_process_changes_the_mark(database: Database, path: Path, statement: str) -> None:
    database.change("INSERT INTO meta VALUES ('known', 'a')")
    mark = database.mark()
    elsewhere(path, statement)
    assert database.mark() != mark


def test_an_uncommitted_write_leaves_the_mark(database: Database, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO meta VALUES ('a', 'b')")
    mark = database.mark()
    assert database.one("SELECT 1 FROM meta WHERE key = 'a'") is None
    other.execute("COMMIT")
    assert database.mark() != mark
    other.close()


def test_commits_after_a_checkpoint_and_in_a_new_log_change_the_mark(database: Database, path: Path) -> None:
    database.change("INSERT INTO meta VALUES ('a', 'b')")
    marks = [database.mark()]
    for number in range(3):
        elsewhere(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        elsewhere(path, f"CREATE TABLE another{number} (a)")
        marks.append(database.mark())
    assert None not in marks
    assert len(set(marks)) == 4


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({0: b"\x00\x00\x00\x00", 48: b"\x00\x00\x00\x00"}, id="of another version"),
        pytest.param({12: b"\x00", 60: b"\x00"}, id="not begun, or recovering"),
        pytest.param({8: b"\xff"}, id="half written"),
    ],
)
def test_an_unreadable_index_has_no_mark(
    database: Database, path: Path, tmp_path: Path, damage: dict[int, bytes]
) -> None:
    copy = tmp_path / "copy-shm"
    index = bytearray(Path(f"{path}-shm").read_bytes())
    for place, value in damage.items():
        index[place : place + len(value)] = value
    copy.write_bytes(index)
    commits = Commits.of(tmp_path / "copy")
    assert commits.mark() is None
    commits.let_go()


def test_closing_one_leaves_sqlites_locks_to_the_other(database: Database, path: Path) -> None:
    Database(path, 2.0).close()

    # as another process sees it: SQLite holds its lock on the index for as long as it is connected
    assert held(path)
    database.close()
    assert not Path(f"{path}-shm").exists()


def held(path: Path) -> bool:
    """Whether this process holds SQLite's lock that says the index is in use."""
    script = (
        "import fcntl, sys\n"
        "with open(sys.argv[1], 'r+b') as file:\n"
        "    try: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 128)\n"
        "    except OSError: print('held')"
    )
    child = subprocess.run([sys.executable, "-c", script, f"{path}-shm"], check=True, capture_output=True, text=True)
    return child.stdout.strip() == "held"


def test_no_descriptor_stays_open(path: Path) -> None:
    Database(path, 2.0).close()
    before = set(Path("/proc/self/fd").iterdir())
    for _ in range(3):
        Database(path, 2.0).close()
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_without_any_connection_left_there_is_no_mark(database: Database, path: Path) -> None:
    """As after a rollback that failed: SQLite takes its index away, and whoever commits next makes a new one."""
    assert database.mark() is not None
    database._close(database._take())
    assert not Path(f"{path}-shm").exists()
    elsewhere(path, "CREATE TABLE another (a)")
    assert database.one("SELECT count(*) FROM another") == (0,)
    assert database.mark() is None
