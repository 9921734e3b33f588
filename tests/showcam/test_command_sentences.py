"""What a command says where it can do nothing: one sentence that names the next step, and an exit code that isn't 0."""

import contextlib
import os
import shlex
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from showcam.app.cli import main

pytestmark = pytest.mark.proves("A command that can do nothing names the next step")

USER = "me@example.com"


@pytest.fixture(autouse=True)
def _called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hint begins as the program was called."""
    monkeypatch.setattr(sys, "argv", ["showcam"])


def command(folder: Path, *words: str, typed: str = "") -> Result:
    environ = {"SHOWCAM_DATA": str(folder / "data")}
    return CliRunner().invoke(main, words, input=typed, env=environ, catch_exceptions=False)


def nothing(folder: Path) -> None: ...


def a_file_in_the_folders_place(folder: Path) -> None:
    (folder / "data").write_text("no folder")


def a_household(folder: Path) -> None:
    assert command(folder, "owner", "add", USER).exit_code == 0


def two_households(folder: Path) -> None:
    a_household(folder)
    assert command(folder, "owner", "add", "you@example.com").exit_code == 0


def no_database(folder: Path) -> None:
    a_household(folder)
    for file in (folder / "data").glob("showcam.sqlite3*"):
        file.unlink()
    (folder / "data/showcam.sqlite3").write_text("no database at all, but text" * 100)


def a_newer_database(folder: Path) -> None:
    a_household(folder)
    with contextlib.closing(sqlite3.connect(folder / "data/showcam.sqlite3")) as database:
        database.execute("PRAGMA user_version = 99")


NO_ANSWER = "It asked for something, and standard input ended without an answer: run it at a terminal."


@pytest.mark.parametrize(
    ("state", "words", "code", "says"),
    [
        (
            nothing,
            "cast --list",
            1,
            "showcam is not running on this machine, or shows nothing on TVs. Start it, then try again.",
        ),
        (nothing, "cast Garden", 2, "Nobody has cameras here yet: showcam login, or showcam cameras add"),
        (a_file_in_the_folders_place, "cast --list", 2, "The data folder {data} can't be written: File exists"),
        (a_household, "cameras", 1, "showcam is signed out of the EZVIZ account. Sign in: showcam login"),
        (a_household, "cameras show Garden", 1, "showcam is signed out of the EZVIZ account. Sign in: showcam login"),
        (two_households, "cameras", 2, "There are several households here: say whose cameras with --user. See "),
        (
            nothing,
            "owner set me@example.com key",
            1,
            "me@example.com is not known here: showcam owner add me@example.com",
        ),
        (a_household, "owner set me@example.com key", 1, NO_ANSWER),
        (a_household, "owner set me@example.com cloud maybe", 1, "cloud is yes or no."),
        (a_household, "owner set me@example.com sub-account a-b", 1, "an accountId is letters and digits."),
        (a_household, "owner set me@example.com price", 2, "Say which of these: key, the account's own Open Platform "),
        (a_household, "household remove me@example.com", 1, NO_ANSWER),
        (nothing, "login", 1, NO_ANSWER),
        (nothing, "settings set turn_secret", 1, NO_ANSWER),
        (nothing, "google values --project 'My home'", 2, "My home is no project ID: 6 to 30 letters"),
        (nothing, "clients remove other", 1, "There is no client other: showcam clients list"),
        (
            a_newer_database,
            "backup x",
            2,
            "showcam: No backup was made: showcam.sqlite3 was written by a newer showcam",
        ),
        (
            no_database,
            "household list",
            2,
            "showcam.sqlite3 is damaged. Restore a backup, which keeps what is there now",
        ),
    ],
)
def test_a_command_that_can_do_nothing_names_the_next_step(
    state: Callable[[Path], None], words: str, code: int, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOWCAM_SIMULATOR_PORT", "1")  # where nothing answers
    state(tmp_path)
    done = command(tmp_path, *shlex.split(words.format(data=tmp_path / "data")))
    assert done.exit_code == code
    assert says.format(data=tmp_path / "data") in done.stderr


def test_where_nobody_has_cameras_the_list_of_owners_names_both_ways_to_begin(tmp_path: Path) -> None:
    listed = command(tmp_path, "household", "list").stdout
    assert listed == "Nobody has cameras here yet: showcam login, or showcam cameras add\n"


def test_what_waits_is_not_said_to_be_taken_where_nothing_runs(tmp_path: Path) -> None:
    says = command(tmp_path, "settings", "apply").stdout
    assert says == "A running showcam takes within seconds what was changed; the next start takes it too.\n"


def test_what_a_script_leaves_unanswered_ends_in_one_line_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "showcam", "--data", str(tmp_path), "settings", "set", "turn_secret"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"showcam: {NO_ANSWER}"
    assert "GetPassWarning" not in done.stderr


@pytest.mark.parametrize(("process", "setting"), [("serve", "SHOWCAM_PORT"), ("media", "SHOWCAM_MEDIA_PORT")])
def test_a_process_that_is_started_alone_names_a_port_that_is_taken(process: str, setting: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        command = [sys.executable, "-P", "-m", "showcam", "--data", str(tmp_path), process]
        environ = os.environ | {setting: str(port)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert f"showcam: Port {port} on 127.0.0.1 can't be used (Address already in use). Free it" in done.stderr
