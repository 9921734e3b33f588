"""A backup of the running demo while eight viewers watch and links are made; backups that can't be restored."""

import asyncio
import base64
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from store.sealing import Sealer
from store.sqlite import SqliteStore
from store.sqlite.schema import migrate, migrations
from tests.doubles.linking import link_tokens
from tests.doubles.program import AS_INSTALLED, ROOT, SHOWCAM, Program, running
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.waiting import until
from tests.whole.test_starting import run

pytestmark = pytest.mark.process

USER, PASSWORD = "demo@example.com", "showcam-demo"
PHRASE = "correct horse battery staple"


def google(program: Program, token: str, intent: str, payload: dict[str, Any]) -> requests.Response:
    return requests.post(
        f"{program.web}/google/fulfillment",
        json={"requestId": "1", "inputs": [{"intent": f"action.devices.{intent}", "payload": payload}]},
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
    )


def linked(tokens: dict[str, str]) -> str:
    """The id of their link."""
    return tokens["access_token"].split(".")[1]


def stream(program: Program, token: str, protocol: str) -> tuple[str, str]:
    """The garden's: its id, and where it is fetched or signalled."""
    devices = google(program, token, "SYNC", {}).json()["payload"]["devices"]
    device = next(device["id"] for device in devices if device["name"]["name"] == "Garden")
    params = {"StreamToChromecast": True, "SupportedStreamProtocols": [protocol]}
    execution = [{"command": "action.devices.commands.GetCameraStream", "params": params}]
    commands = {"commands": [{"devices": [{"id": device}], "execution": execution}]}
    (result,) = google(program, token, "EXECUTE", commands).json()["payload"]["commands"]
    assert result["status"] == "SUCCESS", result
    states = result["states"]
    return device, states["cameraStreamSignalingUrl" if protocol == "webrtc" else "cameraStreamAccessUrl"]


class Segments:
    """A display that plays HLS: it follows the playlist and fetches each segment."""

    def __init__(self, master: str) -> None:
        self._master, self.fetched = master, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._play)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(20)

    def _play(self) -> None:
        with requests.Session() as http:
            first = http.get(self._master, timeout=20)
            assert first.status_code == 200, first.text
            playlist = urljoin(self._master, first.text.strip().splitlines()[-1])
            names_so_far: set[str] = set()
            while not self._over.wait(0.2):
                for name in re.findall(r"^[^#\s].*$", http.get(playlist, timeout=20).text, re.MULTILINE):
                    if name not in names_so_far:
                        names_so_far.add(name)
                        self.fetched += http.get(urljoin(playlist, name), timeout=20).status_code == 200


MOST_LINKS = 20  # an account may be linked thirty times an hour, and others link it too


class Links:
    """Makes one link after another, from the sign-in page to tokens, until it is stopped, and MOST_LINKS at most."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.made: list[tuple[float, dict[str, str]]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._link)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(60)

    def _link(self) -> None:
        while len(self.made) < MOST_LINKS and not self._over.wait(0.03):
            tokens = link_tokens(self._program.web, "google", USER, PASSWORD)
            self.made.append((time.monotonic(), tokens))


async def watched(program: Program, token: str, count: int, meanwhile: Callable[[], None]) -> None:
    """While that many displays play by WebRTC, and see pictures before, during and after."""
    viewers = [Viewer() for _ in range(count)]
    try:
        for viewer in viewers:
            device, url = await asyncio.to_thread(stream, program, token, "webrtc")
            offer = {"action": "offer", "deviceId": device, "sdp": await viewer.offer()}
            answer = await asyncio.to_thread(requests.post, url, json=offer, timeout=20)
            assert answer.status_code == 200, answer.text
            await viewer.accept(answer.json()["sdp"])
        for viewer in viewers:
            await viewer.until(lambda viewer=viewer: len(viewer.pictures) > 5, within_s=30)
        await asyncio.to_thread(meanwhile)
        before = [len(viewer.pictures) for viewer in viewers]
        for viewer, had in zip(viewers, before, strict=True):
            await viewer.until(lambda viewer=viewer, had=had: len(viewer.pictures) > had + 5, within_s=30)
    finally:
        for viewer in viewers:
            await viewer.close()


def elsewhere(old: Program, folder: Path) -> Program:
    """An empty data folder at the same addresses, with the same vendor."""
    new = Program(folder, demo=True)
    new.port, new.media_port, new.simulator_port = old.port, old.media_port, old.simulator_port
    new.environ = old.environ | {"SHOWCAM_DATA": str(new.data)}
    return new


def test_a_backup_while_eight_watch_and_links_are_made_is_whole_and_serves(tmp_path: Path) -> None:
    file, phrase = tmp_path / "backup", tmp_path / "phrase"
    phrase.write_text(f"{PHRASE}\n")
    with running(tmp_path, SHOWCAM_SIGN_INS_PER_USER="1000", SHOWCAM_SIGN_INS_PER_ADDRESS="1000") as program:
        token = link_tokens(program.web, "google", USER, PASSWORD)["access_token"]
        segments = [Segments(stream(program, token, "hls")[1]) for _ in range(4)]
        links = Links(program)
        began = 0.0

        def back_up() -> None:
            nonlocal began
            links.start()
            until(lambda: bool(links.made) and all(segment.fetched for segment in segments))
            began = time.monotonic()
            done = program.command(
                "backup", str(file), "--demo", "--with-keys", f"--passphrase-file={phrase}", "--json"
            )
            links.stop()
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["keys"] is True
            fetched = [segment.fetched for segment in segments]
            until(lambda: all(segment.fetched > before + 1 for segment, before in zip(segments, fetched, strict=True)))

        try:
            asyncio.run(watched(program, token, 4, back_up))
        finally:
            for segment in segments:
                segment.stop()
        refused = program.command("restore", str(file), "--demo", f"--passphrase-file={phrase}")
        assert (refused.returncode, "is running on" in refused.stderr) == (2, True)
    assert [path.name for path in tmp_path.glob("*backup*")] == ["backup"]
    assert file.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        whole = raw.execute("SELECT link, group_concat(kind) FROM (SELECT * FROM token ORDER BY kind) GROUP BY link")
        kinds = dict(whole.fetchall())
    assert {*kinds.values()} == {"access,refresh"}
    assert {linked(tokens) for at, tokens in links.made if at < began} <= {*kinds}

    (tmp_path / "new").mkdir()
    new = elsewhere(program, tmp_path / "new")
    restored = new.command("restore", str(file), "--demo", f"--passphrase-file={phrase}")
    assert restored.returncode == 0, restored.stderr
    shutil.copytree(program.data / "simulator", new.data / "simulator")  # the vendor's own memory
    new.start()
    try:
        for _, tokens in links.made:
            status = google(new, tokens["access_token"], "SYNC", {}).status_code
            assert status == (200 if linked(tokens) in kinds else 401)
        _device, master = stream(new, token, "hls")
        assert requests.get(master, timeout=20).status_code == 200
    finally:
        new.stop()


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
    return subprocess.run(
        [str(SHOWCAM), *words], env=base | environ, cwd=ROOT, input=text, capture_output=True, text=True, check=False
    )


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
    assert run(owned, "links", "list").returncode == 0


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


def test_an_older_schema_is_migrated(owned: dict[str, str], backup: Path) -> None:
    with closing(sqlite3.connect(backup, isolation_level=None)) as raw:
        for later in tables(migrations()) - tables(migrations()[:2]):
            raw.execute(f"DROP TABLE {later}")
        raw.execute("ALTER TABLE account DROP COLUMN origin")
        raw.execute("PRAGMA user_version = 2")
    done = run(owned, "restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert f"It was of schema 2 and is of {len(migrations())} now." in done.stdout
    assert run(owned, "links", "list").returncode == 0
