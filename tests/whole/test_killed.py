"""A start after a kill, and a start without the key that rows are sealed under."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import requests

from tests.doubles.forked_process import ForkedProcess
from tests.doubles.listening import below
from tests.doubles.program import ROOT, SHOWCAM, Program
from tests.doubles.waiting import LONG_S
from tests.whole.test_starting import alive, run

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """An installation killed as a whole, by a power cut say, with changes that stand in the write-ahead log alone."""
    program = Program(tmp_path_factory.mktemp("cut-off"), demo=False).start()
    for number in range(6):
        added = program.command("owner", "add", f"owner{number}@example.com")
        assert added.returncode == 0, added.stderr
    assert program.process is not None
    found = below(program.process.pid)
    program.stop(signal.SIGKILL)
    deadline = time.monotonic() + LONG_S
    while alive(found):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return program


@pytest.fixture
def killed(cut_off: Program, tmp_path: Path) -> Program:
    """A copy of it for one test, with the sockets that nobody listens on any more."""
    program = Program(tmp_path, demo=False)
    subprocess.run(["cp", "-a", cut_off.data, program.data], check=True)
    return program


def log(program: Program) -> Path:
    return program.data / "showcam.sqlite3-wal"


def spoil(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def test_a_clean_end_leaves_everything_in_one_file(tmp_path: Path) -> None:
    program = Program(tmp_path, demo=False).start()
    assert program.command("owner", "add", "me@example.com").returncode == 0
    assert log(program).stat().st_size > 0
    program.stop()
    # a part that has not ended after two seconds is killed: on a machine that stands still, and not three times
    for _ in range(2):
        if log(program).exists():
            program.start().stop()
    assert sorted(path.name for path in program.data.glob("showcam.sqlite3*")) == ["showcam.sqlite3"]
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(program.data / "showcam.sqlite3", alone)
    shutil.copytree(program.data / "keys", alone / "keys")
    again = run({"SHOWCAM_DATA": str(alone)}, "owner", "add", "me@example.com")
    assert again.returncode == 1
    assert "already" in again.stderr


def test_after_a_kill_the_database_is_reported_whole(killed: Program) -> None:
    program = killed.start()
    program.stop()
    assert "did not end by itself" in program.log.read_text()
    assert "damaged" not in program.log.read_text()

    def reports_nothing() -> bool:
        length = len(program.log.read_text())
        program.start().stop()
        return "did not end by itself" not in program.log.read_text()[length:]

    # after a clean end; a part that has not ended after two seconds is killed, on a machine that stands still
    assert any(reports_nothing() for _ in range(3))


@pytest.mark.parametrize("words", [("run",), ("household", "list"), ("serve",)], ids=" ".join)
def test_a_damaged_log_is_not_taken_in_silence(killed: Program, words: tuple[str, ...]) -> None:
    program = killed
    spoil(log(program))
    before = log(program).read_bytes()
    if words == ("run",):
        program.start()
        program.stop()
        printed = program.log.read_text()
    elif words == ("serve",):
        part = ForkedProcess(["showcam", "serve"], program.environ, ROOT, program.log)
        while not _answers(program):
            assert part.poll() is None, program.log.read_text()
            time.sleep(0.05)
        part.send_signal(signal.SIGTERM)
        part.wait(LONG_S)
        printed = program.log.read_text()
    else:
        printed = program.command(*words).stderr
    assert "write-ahead log is damaged: the last changes are lost" in printed
    assert "showcam restore FILE" in printed
    (kept,) = program.data.glob("showcam.sqlite3-wal.damaged-*")
    assert kept.read_bytes() == before
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_damaged_log_for_whose_copy_there_is_no_room_is_named_and_left(killed: Program) -> None:
    spoil(log(killed))
    before = log(killed).read_bytes()
    command = ["prlimit", "--fsize=20000", str(SHOWCAM), "household", "list"]
    for _ in range(2):
        done = subprocess.run(
            command, env=killed.environ, capture_output=True, text=True, timeout=2 * LONG_S, check=False
        )
        assert done.returncode == 2
        assert re.fullmatch(
            r"showcam: The copy \S+-wal\.damaged-\w+ can't be written: File too large\..*\n", done.stderr
        ), done.stderr
    assert list(killed.data.glob("*.damaged-*")) == []
    assert log(killed).read_bytes() == before


def test_a_damaged_log_that_was_copied_is_not_copied_again(killed: Program) -> None:
    spoil(log(killed))
    earlier = killed.data / "showcam.sqlite3-wal.damaged-20200101T000000"
    shutil.copy(log(killed), earlier)
    assert "write-ahead log is damaged" in killed.command("household", "list").stderr
    assert list(killed.data.glob("*.damaged-*")) == [earlier]


def _answers(program: Program) -> bool:
    try:
        return requests.get(f"{program.web}/readyz", timeout=2).status_code == 200
    except requests.RequestException:
        return False


def test_a_command_beside_a_running_showcam_checks_nothing(tmp_path: Path) -> None:
    program = Program(tmp_path, demo=False).start()
    try:
        listed = program.command("household", "list")
        assert listed.returncode == 0
        assert listed.stderr == ""
    finally:
        program.stop()


def test_a_damaged_database_refuses_to_start_and_names_the_way_back(killed: Program) -> None:
    program = killed
    assert program.command("owner", "add", "another@example.com").returncode == 0  # folds the log in as it closes
    file = program.data / "showcam.sqlite3"
    data = bytearray(file.read_bytes())
    data[4096:8192] = os.urandom(4096)
    file.write_bytes(data)
    done = program.command("run")
    assert done.returncode == 2
    assert "showcam.sqlite3 is damaged" in done.stderr
    assert "showcam restore FILE" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unreadable_database_is_not_reported_as_damaged(killed: Program) -> None:
    program = killed
    log(program).unlink()
    file = program.data / "showcam.sqlite3"
    file.unlink()
    file.mkdir()  # whoever runs the tests may read any file
    done = program.command("run")
    message = done.stderr.splitlines()[-1]
    assert done.returncode == 2
    assert message.startswith("showcam: database showcam.sqlite3 can't be opened: look at the owner and mode")
    assert "restore" not in message


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of an installation with a row that is sealed."""
    data = tmp_path_factory.mktemp("sealed") / "data"
    assert run({"SHOWCAM_DATA": str(data)}, "owner", "add", "me@example.com").returncode == 0
    return data


@pytest.mark.parametrize(
    "words", [("run",), ("serve",), ("worker",), ("owner", "add", "you@example.com")], ids=" ".join
)
@pytest.mark.parametrize("happens", ["missing", "another"])
def test_without_the_seal_key_of_its_rows_it_refuses_and_names_the_file(
    tmp_path: Path, sealed: Path, happens: str, words: tuple[str, ...]
) -> None:
    environ = {"SHOWCAM_DATA": str(tmp_path / "data")}
    shutil.copytree(sealed, tmp_path / "data")
    seal = tmp_path / "data/keys/seal"
    kept = seal.read_text()
    seal.unlink()
    if happens == "another":
        seal.write_text(f"other {kept.split()[1]}\n")
    before = seal.read_text() if seal.exists() else None
    done = run(environ, *words)
    assert done.returncode == 2
    assert str(seal) in done.stderr
    assert f"“{kept.split()[0]}”" in done.stderr
    assert "showcam restore FILE" in done.stderr
    assert kept.split()[1] not in done.stderr
    assert "Traceback" not in done.stderr
    assert (seal.read_text() if seal.exists() else None) == before  # no other is made in its place
    seal.write_text(kept)
    assert run(environ, "household", "list").returncode == 0


def test_without_sealed_rows_a_missing_key_is_made(tmp_path: Path) -> None:
    environ = {"SHOWCAM_DATA": str(tmp_path / "data")}
    assert run(environ, "household", "list").returncode == 0
    (tmp_path / "data/keys/seal").unlink()
    assert run(environ, "household", "list").returncode == 0
