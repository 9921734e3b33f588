"""Backups: what is in one, and those that can't be restored."""

import base64
import json
import os
import pty
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from showcam.store.sqlite.database import migrate, migrations
from tests.doubles.command_process import commanded
from tests.doubles.program import AS_INSTALLED, ROOT, SHOWCAM
from tests.doubles.waiting import LONG_S
from tests.whole.test_starting import run

pytestmark = pytest.mark.process
PHRASE = "correct horse battery staple"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`data` of an installation with a household that is not running, and a `backup` of it."""
    folder: Path = tmp_path_factory.mktemp("installation")
    environ = {"SHOWCAM_DATA": str(folder / "data")}
    assert run(environ, "owner", "add", "me@example.com").returncode == 0
    assert backed_up(environ, folder / "backup").returncode == 0
    return folder


@pytest.fixture
def owned(tmp_path: Path, installation: Path) -> dict[str, str]:
    """A copy of that installation."""
    shutil.copytree(installation / "data", tmp_path / "data")
    return {"SHOWCAM_DATA": str(tmp_path / "data")}


@pytest.fixture
def backup(tmp_path: Path, installation: Path) -> Path:
    """A copy of its backup."""
    return Path(shutil.copy(installation / "backup", tmp_path / "backup"))


def backed_up(environ: dict[str, str], file: Path, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return run_command(environ, text, "backup", str(file), *words)


def run_command(environ: dict[str, str], text: str, *words: str) -> subprocess.CompletedProcess[str]:
    base = {"PATH": os.environ["PATH"], "HOME": "/nowhere", **AS_INSTALLED}
    return commanded([str(SHOWCAM), *words], base | environ, ROOT, text, LONG_S)


def state(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent.name != "run"
    }


def test_the_replaced_data_are_kept_and_the_backup_is_restored(tmp_path: Path, owned: dict[str, str]) -> None:
    file, data = tmp_path / "backup", tmp_path / "data"
    assert backed_up(owned, file).returncode == 0
    assert run(owned, "owner", "add", "later@example.com").returncode == 0
    done = run(owned, "restore", str(file), "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["households"], facts["with_keys"]) == (1, False)
    (kept,) = (Path(path) for path in facts["kept"])
    assert kept.name.startswith("showcam.sqlite3.kept-")
    with closing(sqlite3.connect(kept)) as raw:
        assert raw.execute("SELECT count(*) FROM account").fetchone() == (2,)
    assert run(owned, "owner", "add", "later@example.com").returncode == 0  # unknown again
    assert {path.stat().st_mode & 0o777 for path in data.glob("showcam.sqlite3*")} == {0o600}
    with closing(sqlite3.connect(data / "showcam.sqlite3")) as raw:  # nothing of the backup is left in it
        assert raw.execute("SELECT count(*) FROM sqlite_master WHERE name = 'backup'").fetchone() == (0,)


def test_keys_come_back_with_the_passphrase_alone(tmp_path: Path, owned: dict[str, str]) -> None:
    file, data = tmp_path / "backup", tmp_path / "data"
    assert backed_up(owned, file, "--with-keys", "--passphrase-file=-", text=f"{PHRASE}\n").returncode == 0
    seal = (data / "keys/seal").read_text()
    assert seal.split()[1].encode() not in file.read_bytes()
    assert base64.b64decode(seal.split()[1]) not in file.read_bytes()
    shutil.rmtree(data / "keys")
    before = state(data)
    wrong = run_command(owned, "wrong horse battery staple\n", "restore", str(file), "--passphrase-file=-")
    assert (wrong.returncode, "not the passphrase" in wrong.stderr) == (2, True)
    without = run(owned, "restore", str(file), "--without-keys")
    assert (without.returncode, "leave out --without-keys" in without.stderr) == (2, True)
    assert state(data) == before
    done = run_command(owned, PHRASE, "restore", str(file), "--passphrase-file=-")
    assert done.returncode == 0, done.stderr
    assert (data / "keys/seal").read_text() == seal
    assert {path.stat().st_mode & 0o777 for path in (data / "keys").iterdir()} == {0o600}
    assert run(owned, "household", "list").returncode == 0


def test_the_passphrase_is_prompted_on_a_terminal_and_not_shown(tmp_path: Path, owned: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    command = [str(SHOWCAM), "backup", str(tmp_path / "backup"), "--with-keys"]
    base = {"PATH": os.environ["PATH"], "HOME": "/nowhere", **AS_INSTALLED}
    process = subprocess.Popen(
        command, env=base | owned, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    printed = b""
    for asks in (b"Passphrase: ", b"Repeat for confirmation: "):
        while not printed.endswith(asks):
            printed += os.read(ours, 1000)
        os.write(ours, f"{PHRASE}\n".encode())
    while b"holds 1 household" not in printed:
        printed += os.read(ours, 1000)
    assert process.wait(60) == 0
    os.close(ours)
    assert PHRASE.encode() not in printed
    assert (tmp_path / "backup").exists()


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (("--with-keys",), "", "no terminal to ask for the passphrase at"),
        (("--with-keys", "--passphrase-file=-"), "short\n", "at least 12 characters"),
        (("--passphrase-file=-",), PHRASE, "say --with-keys too"),
    ],
)
def test_no_backup_without_a_good_passphrase(
    tmp_path: Path, owned: dict[str, str], words: tuple[str, ...], text: str, expected: str
) -> None:
    done = backed_up(owned, tmp_path / "backup", *words, text=text)
    assert (done.returncode, expected in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_no_file_is_overwritten_without_force(tmp_path: Path, owned: dict[str, str]) -> None:
    file = tmp_path / "backup"
    file.write_text("somebody's")
    done = backed_up(owned, file)
    assert (done.returncode, "--force" in done.stderr, file.read_text()) == (2, True, "somebody's")
    assert backed_up(owned, file, "--force").returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(owned, "restore", str(file)).returncode == 0


@pytest.mark.parametrize("name", ["showcam.sqlite3", "showcam.sqlite3-wal", "showcam.sqlite3-nonces", "keys/seal"])
def test_no_backup_goes_over_showcams_own_files(tmp_path: Path, owned: dict[str, str], name: str) -> None:
    before = state(tmp_path)
    done = backed_up(owned, tmp_path / "data" / name, "--force")
    assert (done.returncode, "one of showcam's own files" in done.stderr) == (2, True)
    assert state(tmp_path) == before


def test_without_a_database_no_backup_is_made(tmp_path: Path) -> None:
    done = backed_up({"SHOWCAM_DATA": str(tmp_path / "data")}, tmp_path / "backup")
    assert (done.returncode, "nothing to back up yet" in done.stderr) == (2, True)


def changed(sql: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        with closing(sqlite3.connect(file)) as raw:
            raw.execute("PRAGMA foreign_keys = OFF")
            raw.executescript(sql)
            raw.commit()

    return change


def spoiled(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:12288] = os.urandom(8192)
    file.write_bytes(data)


UNREADABLE: tuple[dict[str, Any], ...] = ({"made": 1e300}, {"made": None}, {"made": float("inf")}, {"made": "x"})


def about(**more: Any) -> Callable[[Path], None]:
    """The backup with its description of itself changed."""

    def change(file: Path) -> None:
        with closing(sqlite3.connect(file)) as raw:
            (about_row,) = raw.execute("SELECT value FROM backup WHERE name = 'about'").fetchone()
            changed = json.dumps(json.loads(about_row) | more).encode()
            raw.execute("UPDATE backup SET value = ? WHERE name = 'about'", (changed,))
            raw.commit()

    return change


def logged(file: Path) -> None:
    """A file whose description is only in the write-ahead log beside it, which would not be copied."""
    with closing(sqlite3.connect(file)) as raw:
        (about_row,) = raw.execute("SELECT value FROM backup WHERE name = 'about'").fetchone()
    changed("DELETE FROM backup WHERE name = 'about'")(file)
    script = (
        "import os, sqlite3, sys; raw = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "raw.execute('PRAGMA journal_mode = WAL');"
        "raw.execute('INSERT INTO backup VALUES (?, ?)', ('about', bytes.fromhex(sys.argv[2]))); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, file, about_row.hex()], check=True)


def copied(file: Path) -> None:
    shutil.copy(file.with_name("data") / "showcam.sqlite3", file)


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (lambda file: file.unlink(), "There is no file"),
        (lambda file: file.write_text("no database at all, but text" * 100), "no SQLite database"),
        (lambda file: file.write_bytes(file.read_bytes()[:20000]), "damaged"),
        (spoiled, "damaged"),
        (copied, "is no backup of showcam's"),
        (changed("PRAGMA user_version = 99"), "newer showcam (schema 99"),
        (changed("""UPDATE backup SET value = CAST('{"format": 2}' AS BLOB)"""), "made by a newer showcam"),
        (changed("UPDATE backup SET value = CAST('{' AS BLOB)"), "its description of itself can't be read"),
        (changed("DELETE FROM backup"), "its description of itself can't be read"),
        *((about(**facts), "its description of itself can't be read") for facts in UNREADABLE),
        (changed("PRAGMA user_version = -1"), "no database of showcam's"),
        # SQL of somebody else's, which would work on with every sign-in
        (changed("CREATE TRIGGER t AFTER INSERT ON token BEGIN DELETE FROM link; END"), "never made: t"),
        (changed("CREATE VIEW v AS SELECT * FROM token"), "never made: v"),
        (changed("CREATE TABLE more (x)"), "never made: more"),
        (changed("CREATE TABLE h (x CHECK (length(hex(zeroblob(900000000))) > x))"), "never made: h"),
        (changed("DROP TABLE backup; CREATE VIEW backup AS SELECT 'about' AS name, x'7b7d' AS value"), "made: backup"),
        (logged, "its description of itself can't be read"),
        (changed("DELETE FROM account"), "a row belongs to one that is missing"),
        (changed("UPDATE source SET sealed = CAST(x'0103616263' || sealed AS BLOB)"), "sealed under “abc”"),
        (
            changed("UPDATE backup SET value = CAST(replace(CAST(value AS TEXT), 'false', 'true') AS BLOB)"),
            "the demo's data, with accounts everybody knows",
        ),
    ],
)
def test_a_wrong_backup_is_refused_and_nothing_is_changed(
    tmp_path: Path, owned: dict[str, str], backup: Path, happens: Callable[[Path], None], expected: str
) -> None:
    happens(backup)
    before = state(tmp_path / "data")
    done = run(owned, "restore", str(backup))
    assert done.returncode == 2
    assert expected in done.stderr
    assert str(backup) in done.stderr
    assert "restore a backup" not in done.stderr  # that is what was tried
    assert "Traceback" not in done.stderr
    assert state(tmp_path / "data") == before


def test_nobody_else_may_have_the_database_open(tmp_path: Path, owned: dict[str, str], backup: Path) -> None:
    data = tmp_path / "data"
    held = SqliteStore(data / "showcam.sqlite3", Sealer([("k", bytes(32))]))
    done = run(owned, "restore", str(backup))
    assert (done.returncode, "Another process has" in done.stderr) == (2, True)
    held.close()
    assert run(owned, "restore", str(backup)).returncode == 0


def test_a_damaged_database_is_replaced_and_kept(tmp_path: Path, owned: dict[str, str], backup: Path) -> None:
    database = tmp_path / "data/showcam.sqlite3"
    database.write_bytes(b"nothing of a database is left of it" * 100)
    database.with_name("showcam.sqlite3-wal").write_bytes(b"nor of its log")
    done = run(owned, "restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert run(owned, "owner", "add", "another@example.com").returncode == 0
    (kept,) = database.parent.glob("*.kept-*")
    assert kept.read_bytes().startswith(b"nothing of a database")


def tables(scripts: list[str]) -> set[str]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as raw:
        migrate(raw, scripts, "scripts")
        return {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_an_older_schema_is_migrated(tmp_path: Path, owned: dict[str, str], backup: Path) -> None:
    with closing(sqlite3.connect(backup, isolation_level=None)) as raw:
        for later in tables(migrations()) - tables(migrations()[:2]):
            raw.execute(f"DROP TABLE {later}")
        raw.execute("ALTER TABLE account DROP COLUMN origin")
        raw.execute("PRAGMA user_version = 2")
    done = run(owned, "restore", str(backup))
    assert done.returncode == 0, done.stderr
    (kept,) = (tmp_path / "data").glob("*showcam.sqlite3?*")  # the backup has the older schema: it is not copied again
    assert kept.name.startswith("showcam.sqlite3.kept-")
    assert f"It was of schema 2 and is of {len(migrations())} now." in done.stdout
    assert run(owned, "household", "list").returncode == 0
