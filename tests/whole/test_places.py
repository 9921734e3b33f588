"""An installed showcam, asked from another folder: where it keeps things, whether it serves, and what systemd hears."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.listening import started_by, words_of
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Its data are at the user's own place, as those of a wheel are; nobody stands in a checkout."""
    folder = tmp_path_factory.mktemp("installed")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    program = Program(folder, forked=False, demo=True, stands=elsewhere, XDG_DATA_HOME=str(folder / "share"))
    del program.environ["SHOWCAM_DATA"]
    program.start()
    try:
        yield program
    finally:
        program.stop()


def test_a_command_from_another_folder_finds_the_one_that_runs_and_makes_nothing(
    program: Program, tmp_path: Path
) -> None:
    data = Path(program.environ["XDG_DATA_HOME"]) / "showcam-demo"
    program.stands = tmp_path
    facts = json.loads(program.command("where", "--demo", "--json").stdout)
    assert facts["data"] == str(data)
    assert facts["address"] == program.web

    def is_healthy() -> bool:
        """The command waits three seconds for the answer, which a busy machine may take."""
        done = program.command("health", "--demo")
        return (done.returncode, done.stdout) == (0, f"{program.web} serves\n")

    until(is_healthy)
    assert program.command("home", "--demo").stdout.startswith(f"Your cameras: {program.web}/home#")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["home", "health"])
def test_where_none_runs_a_command_says_so_and_makes_nothing(command: str, program: Program, tmp_path: Path) -> None:
    program.stands, data = tmp_path, tmp_path / "none"
    refused = program.command(command, "--demo", "--data", str(data))
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert f"o showcam runs on this data ({data})" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def pid_of(name: str, program: Program) -> int:
    """The process of showcam that was started with that word."""
    assert program.process is not None
    [found] = [pid for pid in started_by(program.process.pid, "showcam") if name in words_of(pid)]
    return found


def test_systemd_hears_that_it_serves_and_hears_nothing_while_a_process_hangs(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(LONG_S)
        manager.bind(str(tmp_path / "notify"))
        with running(tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="400000") as program:
            assert [manager.recv(100), manager.recv(100)] == [b"READY=1", b"WATCHDOG=1"]
            web = pid_of("serve", program)
            os.killpg(web, signal.SIGSTOP)
            hung = program.command("health", "--demo")
            assert (hung.returncode, hung.stdout) == (1, f"{program.web} does not answer 200\n")
            drain(manager)
            manager.settimeout(5)
            with pytest.raises(TimeoutError):
                manager.recv(100)
            os.killpg(web, signal.SIGCONT)
            manager.settimeout(LONG_S)
            assert manager.recv(100) == b"WATCHDOG=1"
        drain(manager, until=b"STOPPING=1")


def drain(manager: socket.socket, until: bytes = b"") -> None:
    """Reads what was said already, or all that is said until that word."""
    manager.setblocking(bool(until))
    while True:
        try:
            if manager.recv(100) == until:
                return
        except BlockingIOError:
            return
