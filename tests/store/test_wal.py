"""The inspection of a write-ahead log, compared with what SQLite reads from the same files."""

import itertools
import shutil
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore, database_file
from tests.doubles import records as a

COMMITS = 12
FRAME = 24 + 4096  # a page and what stands before it


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A database whose writer was killed after COMMITS commits of a row each, all of them in the log."""
    database = tmp_path / "showcam.db"
    subprocess.run([sys.executable, "-c", WRITE, database, str(COMMITS)], check=True)
    return database


WRITE = """
import os, sqlite3, sys
raw = sqlite3.connect(sys.argv[1], isolation_level=None)
raw.execute("PRAGMA journal_mode = WAL")
raw.execute("CREATE TABLE row (number INTEGER)")
raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
for number in range(int(sys.argv[2])):
    raw.execute("INSERT INTO row VALUES (?)", (number,))
os._exit(0)
"""


def log(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def spoil(frame: int, at: int = 100) -> Callable[[Path], None]:
    """One byte of that frame, the first being 1."""

    def change(database: Path) -> None:
        data = bytearray(log(database).read_bytes())
        data[32 + (frame - 1) * FRAME + at] ^= 1
        log(database).write_bytes(data)

    return change


def spoil_header(database: Path) -> None:
    data = bytearray(log(database).read_bytes())
    data[16] ^= 1
    log(database).write_bytes(data)


def cut(frames: float) -> Callable[[Path], None]:
    def spoil(database: Path) -> None:
        log(database).write_bytes(log(database).read_bytes()[: int(32 + frames * FRAME)])

    return spoil


def without_index(database: Path) -> None:
    database.with_name(f"{database.name}-shm").unlink()


def nothing(_: Path) -> None: ...


@pytest.mark.parametrize(
    ("happens", "committed", "lost"),
    [
        (nothing, COMMITS, 0),
        (spoil(5), 4, COMMITS - 4),
        (spoil(5, at=0), 4, COMMITS - 4),  # in what stands before the page
        (spoil(COMMITS), COMMITS - 1, 1),
        (spoil_header, 0, COMMITS),
        (cut(7), 7, COMMITS - 7),
        (cut(6.5), 6, COMMITS - 6),
        (lambda database: log(database).unlink(), 0, COMMITS),
    ],
)
def test_what_can_be_read_is_what_sqlite_reads(
    killed: Path, happens: Callable[[Path], None], committed: int, lost: int
) -> None:
    happens(killed)
    assert database_file.inspect(killed, 10) == database_file.Wal(committed, lost)
    raw = sqlite3.connect(killed)
    assert raw.execute("SELECT count(*) FROM row").fetchone() == (committed,)
    raw.close()


@pytest.mark.parametrize(
    ("happens", "committed", "lost"),
    [
        (nothing, COMMITS, 0),
        (spoil(5), 4, COMMITS - 4),
        (spoil_header, 0, COMMITS),
        # a frame that a cut-off write leaves looks like this; its commit was reported to nobody
        (cut(6.5), 6, 0),
    ],
)
def test_without_the_index_frames_behind_a_gap_count_as_lost(
    killed: Path, happens: Callable[[Path], None], committed: int, lost: int
) -> None:
    happens(killed)
    without_index(killed)
    assert database_file.inspect(killed, 10) == database_file.Wal(committed, lost)


def test_frames_of_an_earlier_log_and_what_was_never_committed_are_no_loss(killed: Path) -> None:
    raw = sqlite3.connect(killed, isolation_level=None)
    raw.execute("PRAGMA wal_checkpoint(RESTART)")  # the next commit overwrites the log from its beginning
    raw.execute("INSERT INTO row VALUES (0)")
    raw.execute("PRAGMA cache_size = 1")
    raw.execute("BEGIN")
    raw.execute("CREATE TABLE big (data BLOB)")
    raw.execute("INSERT INTO big VALUES (zeroblob(50000))")
    copy = killed.with_name("copy.db")
    for end in ("", "-wal", "-shm"):
        shutil.copyfile(f"{killed}{end}", f"{copy}{end}")
    raw.execute("ROLLBACK")
    raw.close()
    assert log(copy).stat().st_size > 5 * FRAME
    assert database_file.inspect(copy, 10) == database_file.Wal(1, 0)
    without_index(copy)
    assert database_file.inspect(copy, 10) == database_file.Wal(1, 0)


@pytest.mark.parametrize("page", [0, 1, 2, 4, 4097, 131072, 0xFFFFFFFF])
def test_a_log_whose_pages_are_of_no_size_of_sqlites_is_damaged_whole(killed: Path, page: int) -> None:
    data = bytearray(log(killed).read_bytes())
    data[8:12] = page.to_bytes(4, "big")
    order = "<" if data[3] == 0x82 else ">"
    first = second = 0
    for even, odd in itertools.batched(struct.unpack(f"{order}6I", data[:24]), 2, strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    data[24:32] = struct.pack(">II", first, second)
    log(killed).write_bytes(data)
    found = database_file.inspect(killed, 10)
    assert found.committed == 0
    assert found.lost > 0


def test_a_log_that_no_memory_would_hold_is_not_read(killed: Path) -> None:
    with log(killed).open("r+b") as file:
        file.truncate(8 * 1024**4)
    with pytest.raises(database_file.TooLong):
        database_file.inspect(killed, 10)


def test_a_log_that_takes_too_long_raises(killed: Path) -> None:
    with pytest.raises(database_file.TooLong):
        database_file.inspect(killed, -1)


def test_a_sweep_empties_the_log_though_others_read(tmp_path: Path, sealer: Sealer) -> None:
    path = tmp_path / "showcam.db"
    store, other = SqliteStore(path, sealer), SqliteStore(path, sealer)
    household = a.account()
    store.add_account(household)
    assert other.account(household.id) == household
    assert log(path).stat().st_size > 0
    store.sweep(a.NOW)
    assert log(path).stat().st_size == 0
    assert other.account(household.id) == household
    store.add_account(a.account())  # and goes on
    store.close()
    other.close()
    assert not log(path).exists()


def test_a_sweep_does_not_wait_for_one_who_reads_on(tmp_path: Path, sealer: Sealer) -> None:
    path = tmp_path / "showcam.db"
    store = SqliteStore(path, sealer)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM meta").fetchall()
    household = a.account()
    store.add_account(household)
    assert store.sweep(a.NOW) == 0
    assert store.account(household.id) == household
    reader.execute("COMMIT")
    reader.close()
    store.sweep(a.NOW)
    assert log(path).stat().st_size == 0
    store.close()
