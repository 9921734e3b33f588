"""What only a file has: modes, locks, schema versions, a process killed in the middle."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from showcam.store.ports import Replayed, StoreUnavailable
from showcam.store.records import WAIT_S, Happening, Known
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from showcam.store.sqlite.database import Database, migrate, migrations, unavailable
from tests.doubles import records as a
from tests.doubles.waiting import LONG_S

NOW = a.NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "showcam.db"


@pytest.fixture
def sqlite(path: Path, sealer: Sealer) -> Iterator[SqliteStore]:
    store = SqliteStore(path, sealer)
    yield store
    store.close()


def test_nobody_else_reads_the_files(sqlite: SqliteStore, path: Path) -> None:
    sqlite.hit("x", 60, NOW)
    files = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert files == {"showcam.db": 0o600, "showcam.db-wal": 0o600, "showcam.db-shm": 0o600}


def test_a_file_that_others_could_read_is_closed_to_them(path: Path, sealer: Sealer) -> None:
    path.touch(0o644)
    SqliteStore(path, sealer).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_written_rows_survive_a_restart(path: Path, sealer: Sealer) -> None:
    household = a.account()
    first = SqliteStore(path, sealer)
    first.add_account(household)
    first.close()
    again = SqliteStore(path, sealer)
    assert again.account(household.id) == household
    again.close()


def test_the_schema_counts_its_migrations(sqlite: SqliteStore, path: Path) -> None:
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA user_version").fetchone() == (len(migrations()),)
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


def test_a_newer_schema_is_refused_in_words(path: Path, sealer: Sealer) -> None:
    SqliteStore(path, sealer).close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(StoreUnavailable, match=r"newer showcam \(schema 99, this one knows \d+\)"):
        SqliteStore(path, sealer)


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda path: path.mkdir(), "can't be opened"),
        (lambda path: path.write_bytes(b"no database at all, but text" * 100), "is damaged. Restore a backup"),
    ],
)
def test_files_that_are_none(path: Path, sealer: Sealer, prepare: object, words: str) -> None:
    prepare(path)  # type: ignore[operator]
    with pytest.raises(StoreUnavailable, match=words) as refused:
        SqliteStore(path, sealer)
    assert str(path.parent) not in str(refused.value)


def test_a_folder_that_is_missing(tmp_path: Path, sealer: Sealer) -> None:
    with pytest.raises(StoreUnavailable, match="can't be opened: No such file or directory"):
        SqliteStore(tmp_path / "none" / "showcam.db", sealer)


def test_a_lock_of_another_process_is_named_and_reading_goes_on(path: Path, sealer: Sealer) -> None:
    store = SqliteStore(path, sealer, wait_s=0.05)
    household = a.account()
    store.add_account(household)
    link = a.link(household)
    store.add_link(link)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match=r"showcam\.db is locked by another process"):
        store.add_account(a.account())
    with pytest.raises(StoreUnavailable):
        store.ping()
    store.touch_link(link.id, NOW)  # dropped, no error
    assert store.link(link.id) == link
    other.execute("ROLLBACK")
    other.close()
    store.touch_link(link.id, NOW)
    store.ping()
    assert store.link(link.id) == msgspec.structs.replace(link, last_used=NOW)
    store.close()


def test_what_is_decided_elsewhere_is_waited_for_before_reading(path: Path, sqlite: SqliteStore) -> None:
    """Another process redeems the code and has not committed: ours must see it used, not a lock it can't get."""
    household = a.account()
    sqlite.add_account(household)
    link = a.link(household)
    sqlite.add_link(link)
    code = a.code(link)
    sqlite.add_code(code)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE code SET used = ?", (NOW,))
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(sqlite.redeem_code, code, NOW, [])
        with pytest.raises(TimeoutError):
            ours.result(0.2)
        other.execute("COMMIT")
        with pytest.raises(Replayed):
            ours.result(LONG_S)
    other.close()


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / "small.db", isolation_level=None)
    raw.execute("CREATE TABLE t (data BLOB)")
    raw.execute("PRAGMA max_page_count = 3")
    with pytest.raises(sqlite3.OperationalError) as full:
        raw.execute("INSERT INTO t VALUES (zeroblob(100000))")
    raw.close()
    assert str(unavailable("small.db", full.value)) == (
        "database small.db can't grow: the disk is full. Free some space on it, then try again"
    )


def test_a_read_only_file_is_named(path: Path, sqlite: SqliteStore) -> None:
    raw = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError) as refused:
        raw.execute("DELETE FROM meta WHERE key = ''")
    raw.close()
    assert "can't be written: look at the owner and mode" in str(unavailable("showcam.db", refused.value))


def test_a_disk_without_room_fails_the_check(path: Path) -> None:
    database = Database(path, WAIT_S, room=1 << 62)
    with pytest.raises(StoreUnavailable, match="the disk is full"):
        database.check()
    database.close()


def test_a_write_that_hits_the_end_of_the_disk_changes_nothing(path: Path, sealer: Sealer) -> None:
    """The file may not grow beyond a limit, in a process of its own; rows before it are whole afterwards."""
    SqliteStore(path, sealer).close()
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", FILL, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "StoreUnavailable: database showcam.db" in run.stdout
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    (count,) = raw.execute("SELECT count(*) FROM known").fetchone()
    raw.close()
    assert f"written {count}\n" in run.stdout


FILL = """
import resource, signal, sys
from pathlib import Path
from showcam.store.records import Account, Known
from showcam.store.ports import Replayed, StoreUnavailable
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore

store = SqliteStore(Path(sys.argv[1]), Sealer([("k", b"k" * 32)]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store.add_account(Account("household", 0.0, b"salt"))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
written = 0
try:
    while written < 1000:
        store.put_known("household", str(written), Known(b"x" * 20_000, 0.0))
        written += 1
except StoreUnavailable as error:
    print(f"StoreUnavailable: {error}")
print(f"written {written}")
"""


END = """
import sys
from pathlib import Path
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore

store = SqliteStore(Path(sys.argv[1]), Sealer([("k", b"k" * 32)]))
store.touch_link(sys.argv[2], 1e10) if sys.argv[3] == "touch" else store.end_link(sys.argv[2], 1.0)
store.close()
"""


def test_what_is_kept_of_a_bearer_holds_whatever_another_process_does(path: Path, sqlite: SqliteStore) -> None:
    household = a.account()
    sqlite.add_account(household)
    link = a.link(household)
    sqlite.add_link(link)
    token = a.token(link)
    sqlite.add_tokens([token])
    assert sqlite.find_token(link.id, token.hash) == (link, token)
    for does, found in (("touch", (msgspec.structs.replace(link, last_used=1e10), token)), ("end", None)):
        subprocess.run([sys.executable, "-c", END, path, link.id, does], timeout=60, check=True)
        assert sqlite.find_token(link.id, token.hash) == found


def test_what_is_kept_of_a_household_holds_whatever_another_store_does(
    path: Path, sqlite: SqliteStore, sealer: Sealer
) -> None:
    household = a.account()
    first, second = a.source(household), a.source(household, kind="lan", created=NOW + 1)
    sqlite.add_household(household, first, b"", "ok")
    other = SqliteStore(path, sealer)
    assert (sqlite.sources(household.id), sqlite.preferences(household.id)) == ([first], {})
    other.add_source(second, b"", "ok")
    other.put_preference(household.id, "garden", b"{}", NOW)
    assert (sqlite.sources(household.id), sqlite.preferences(household.id)) == ([first, second], {"garden": b"{}"})
    other.drop_household(household.id)
    assert (sqlite.sources(household.id), sqlite.preferences(household.id)) == ([], {})
    other.close()


def test_who_changes_what_was_read_changes_nothing_for_the_next(sqlite: SqliteStore) -> None:
    household = a.account()
    source = a.source(household)
    sqlite.add_household(household, source, b"", "ok")
    sqlite.put_preference(household.id, "garden", b"{}", NOW)
    sqlite.sources(household.id).clear()
    sqlite.preferences(household.id).clear()
    assert (sqlite.sources(household.id), sqlite.preferences(household.id)) == ([source], {"garden": b"{}"})


def test_a_closed_store_says_so(sqlite: SqliteStore) -> None:
    sqlite.close()
    with pytest.raises(StoreUnavailable, match="is closed"):
        sqlite.account("x")


def test_threads_that_end_leave_no_connection_behind(sqlite: SqliteStore) -> None:
    for _ in range(20):
        thread = threading.Thread(target=sqlite.hit, args=("x", 60, NOW))
        thread.start()
        thread.join()
    assert len(sqlite._database._idle) == 1


def test_sweep_counts_the_rows_that_go(sqlite: SqliteStore) -> None:
    household = a.account()
    sqlite.add_account(household)
    live, ended = a.link(household), a.link(household)
    for link in (live, ended):
        sqlite.add_link(link)
    sqlite.add_tokens([a.token(live), a.token(live, kind="refresh", expires=None)])
    sqlite.add_code(a.code(live))
    sqlite.put_visit("v", b"", NOW + 10)
    sqlite.hit("k", 60, NOW)
    sqlite.take_once("k", NOW + 20)
    sqlite.end_link(ended.id, NOW)
    assert sqlite.sweep(NOW) == 0
    assert sqlite.sweep(NOW + 60) == 3  # the visit, the window, the taken key
    assert sqlite.sweep(NOW + 60 + 600) == 1  # the code
    assert sqlite.sweep(NOW + 43200 + 86400) == 1  # the access token
    assert sqlite.sweep(NOW + 30 * 86400) == 2  # the ended link, and that nobody was told of its end
    assert sqlite.link(ended.id) is None
    assert sqlite.links(household.id) == [live]


@pytest.mark.proves(
    "A process killed in the middle of a write leaves nothing half done", leans_on="system: a real `kill -9`"
)
@pytest.mark.parametrize("after", [1, 20, 75])
def test_a_process_killed_in_the_middle_leaves_nothing_half_done(path: Path, sealer: Sealer, after: int) -> None:
    """Households with their source, pairs of tokens, and preferences with what is to be told of them, are whole or
    missing; what was printed is stored.
    """
    child = subprocess.Popen([sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    committed = [child.stdout.readline().strip() for _ in range(after)]
    child.send_signal(signal.SIGKILL)
    committed += child.stdout.read().splitlines()
    child.stdout.close()
    child.wait(LONG_S)
    raw = sqlite3.connect(path)
    pairs = dict(
        raw.execute("SELECT link.id, count(token.hash) FROM link LEFT JOIN token ON token.link = link.id GROUP BY 1")
    )
    homeless = raw.execute("SELECT count(*) FROM account WHERE id NOT IN (SELECT account FROM source)").fetchone()
    kept = {account for (account,) in raw.execute("SELECT account FROM preference")}
    waiting = {account for (account,) in raw.execute("SELECT account FROM outbox WHERE kind = 'look'")}
    raw.close()
    assert kept == waiting
    assert len(kept) >= after
    assert set(pairs.values()) <= {0, 2}
    assert {link: pairs.get(link) for link in committed} == dict.fromkeys(committed, 2)
    assert homeless == (0,)
    SqliteStore(path, sealer).close()


WRITE = """
import sys
from pathlib import Path
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles import records as a

store = SqliteStore(Path(sys.argv[1]), Sealer([("k", b"k" * 32)]))
while True:
    household = a.account()
    store.add_household(household, a.source(household), b"secret", "ok")
    link = a.link(household)
    store.add_link(link)
    store.add_tokens([a.token(link), a.token(link, kind="refresh", expires=None)])
    store.put_preference(household.id, "garden", b"p", a.NOW)
    print(link.id, flush=True)
"""


def test_a_removed_household_leaves_no_bytes_in_the_file(tmp_path: Path, sealer: Sealer) -> None:
    file, household = tmp_path / "showcam.db", a.account()
    store = SqliteStore(file, sealer)
    store.add_account(household)
    store.put_preference(household.id, "ezviz-garden", b"said-of-the-garden", NOW)
    store.put_preference(household.id, "ezviz-attic", b"said-of-the-attic", NOW)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as careless:
        careless.execute("PRAGMA secure_delete = OFF")  # as SQLite is built in most places
        careless.execute("DELETE FROM preference WHERE camera = 'ezviz-garden'")  # which leaves it in a free block
        careless.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"said-of-the-garden" in file.read_bytes()
    assert store.drop_household(household.id)
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    store.close()
    for text in (household.id, "ezviz-garden", "said-of-the", "garden"):
        assert text.encode() not in left


def test_a_household_is_removed_though_the_disk_has_no_room_to_rewrite_the_file(path: Path, sealer: Sealer) -> None:
    household, neighbour = a.account(), a.account()
    store = SqliteStore(path, sealer)
    store.add_account(household)
    store.add_account(neighbour)
    for number in range(40):
        store.put_preference(neighbour.id, f"camera-{number}", b"x" * 50_000, NOW)
    store.close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as careless:
        careless.execute("PRAGMA secure_delete = OFF")
        careless.execute("INSERT INTO setting VALUES ('garden', ?)", (b"said-of-the-garden",))
        careless.execute("DELETE FROM setting")
        careless.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    command = [sys.executable, "-W", "error", "-c", REMOVE, str(path), household.id]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stdout) == (0, "True\n"), run.stderr
    assert "still holds bytes of a removed household: database showcam.db" in run.stderr
    assert b"said-of-the-garden" in path.read_bytes()
    again = SqliteStore(path, sealer)
    assert (again.account(household.id), again.account(neighbour.id)) == (None, neighbour)
    again.sweep(NOW)  # there is room now
    again.close()
    assert b"said-of-the-garden" not in path.read_bytes()


REMOVE = """
import resource, sys
from pathlib import Path
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore

store = SqliteStore(Path(sys.argv[1]), Sealer([("k", b"k" * 32)]))
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
print(store.drop_household(sys.argv[2]))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.close()
"""


def test_a_migration_keeps_a_copy_of_the_file_it_changes(path: Path, sealer: Sealer) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as raw:
        migrate(raw, migrations()[:2], path.name)
        raw.execute("INSERT INTO meta VALUES ('kept', '1')")
    kept = path.with_name(f"{path.name}.schema-2")
    old = path.with_name(f"{path.name}.schema-1")
    old.write_bytes(b"of an earlier upgrade")
    left = path.with_name(f".{path.name}.0123abcd.schema-1")
    left.write_bytes(b"of a restore by an earlier version")
    for copy in (old, left):
        os.utime(copy, (1.0, 1.0))
    for _ in range(2):  # the second start changes nothing
        SqliteStore(path, sealer).close()
    assert sorted(path.parent.glob("*.schema-*")) == [kept]
    assert kept.stat().st_mode & 0o777 == 0o600
    with contextlib.closing(sqlite3.connect(kept)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (2,)
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("SELECT count(*) FROM meta WHERE key = 'kept'").fetchone() == (1,)


def test_a_migration_removes_what_removed_households_left(path: Path, sealer: Sealer) -> None:
    stays, gone = a.account(), a.account()
    store = SqliteStore(path, sealer)
    for household in (stays, gone):
        store.add_account(household)
        store.put_known(household.id, "s", Known(b"k", NOW))
        store.record_happening(household.id, Happening("c", "motion", NOW), 0.0, None)
        store.put_devices(household.id, frozenset({"device"}))
    store.close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("DELETE FROM account WHERE id = ?", (gone.id,))
        raw.execute("PRAGMA user_version = 13")
    store = SqliteStore(path, sealer)
    for household, has in ((stays, True), (gone, False)):
        found = store.known(household.id, "s"), store.happenings(household.id, 0.0)
        assert [bool(rows) for rows in found] == [has, has]
    assert store.accounts_with("device") == [stays.id]
    store.sweep(NOW)
    store.close()
    assert [name.encode() in path.read_bytes() for name in (stays.id, gone.id)] == [True, False]


def test_a_migration_rewrites_no_file_that_removed_households_left_nothing_in(path: Path, sealer: Sealer) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as raw:
        migrate(raw, migrations()[:13], path.name)
        migrate(raw, migrations(), path.name)
        assert raw.execute("SELECT * FROM meta").fetchall() == []
