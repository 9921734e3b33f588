"""The supervisor, with real processes."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from scripts.deploy_local.emulator import free_ports
from showcam.app.process.supervisor import CannotStart, only_one, require_ports
from tests.doubles.listening import runs
from tests.doubles.waiting import LONG_S

ROOT = Path(__file__).parents[2]


def run_supervisor(
    tmp_path: Path, child: str, port: int = 0, interpreter: str = sys.executable
) -> subprocess.Popen[str]:
    """A supervisor of one process that appends its pid to a file, as a process of its own; `port` is held for it."""
    (tmp_path / "child.py").write_text(textwrap.dedent(child))
    program = textwrap.dedent(f"""
        import sys
        from showcam.app.process.supervisor import Listener
        from showcam.app.process.supervisor import Process, Supervisor
        command, environ = ["{interpreter}", "{tmp_path}/child.py"], {{"PIDS": "{tmp_path}/pids"}}
        listener = Listener("127.0.0.1", {port}) if {port} else None
        process = Process("child", command, "127.0.0.1", None, environ, listener=listener)
        sys.exit(Supervisor([process]).run(lambda: print("ready", flush=True)))
    """)
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, text=True)


def pids(tmp_path: Path, count: int, within_s: float = LONG_S) -> list[int]:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        file = tmp_path / "pids"
        found = [int(line) for line in file.read_text().split()] if file.exists() else []
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"fewer than {count} starts within {within_s} s")


def gone(pid: int, within_s: float = LONG_S) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not runs(pid):
            return True
        time.sleep(0.02)
    return False


NOTE = "import os, signal, time; open(os.environ['PIDS'], 'a').write(f'{os.getpid()}\\n');"


@pytest.mark.process
def test_a_part_that_cannot_be_started_again_just_now_is_started_later(tmp_path: Path) -> None:
    interpreter, away = tmp_path / "python", tmp_path / "away"
    interpreter.symlink_to(sys.executable)
    process = run_supervisor(tmp_path, f"{NOTE} time.sleep(300)", interpreter=str(interpreter))
    try:
        [first] = pids(tmp_path, 1)
        interpreter.rename(away)
        os.kill(first, signal.SIGKILL)
        assert gone(first)
        time.sleep(0.5)  # by then the supervisor has tried
        away.rename(interpreter)
        assert len(pids(tmp_path, 2)) == 2
    finally:
        process.terminate()
        assert process.wait(LONG_S) == 0


@pytest.mark.process
def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    process = run_supervisor(tmp_path, f"{NOTE} time.sleep(0.1)")
    try:
        assert len(set(pids(tmp_path, 3))) == 3
    finally:
        process.terminate()
        assert process.wait(LONG_S) == 0


ANSWERING = f"""
{NOTE}
from pathlib import Path
from showcam.app.process.supervisor import handed_socket
listener = handed_socket()
while Path(os.environ["PIDS"]).with_name("closed").exists():
    time.sleep(0.02)
while True:
    client, _ = listener.accept()
    client.recv(1)
    client.sendall(f"{{os.getpid()}}\\n".encode())
    client.close()
"""


@pytest.mark.process
def test_who_connects_while_a_process_is_started_again_waits_for_it(tmp_path: Path) -> None:
    port = free_ports(1)
    process = run_supervisor(tmp_path, ANSWERING, port)
    try:
        first = pids(tmp_path, 1)[0]
        (tmp_path / "closed").touch()
        os.kill(first, signal.SIGKILL)
        assert gone(first)
        with socket.create_connection(("127.0.0.1", port), timeout=LONG_S) as client:
            client.sendall(b"?")
            second = pids(tmp_path, 2)[1]
            (tmp_path / "closed").unlink()
            assert client.recv(64).decode().strip() == str(second)
    finally:
        process.terminate()
        assert process.wait(LONG_S) == 0


def is_refused(port: int) -> bool:
    """Within a generous time: between two starts the pauses are ever longer."""
    deadline = time.monotonic() + LONG_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.process
def test_nobody_waits_for_a_process_that_dies_again_and_again(tmp_path: Path) -> None:
    port = free_ports(1)
    process = run_supervisor(tmp_path, NOTE, port)
    try:
        assert len(pids(tmp_path, 4)) == 4
        assert is_refused(port)
    finally:
        process.terminate()
        assert process.wait(LONG_S) == 0


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_part_that_will_not_end_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGINT, signal.SIG_IGN);"
    stubborn = f"{NOTE} {deaf} time.sleep(600)"
    process = run_supervisor(tmp_path, stubborn)
    child = pids(tmp_path, 1)[0]
    started = time.monotonic()
    process.send_signal(number)
    assert process.wait(2 * LONG_S) == 0
    assert time.monotonic() - started < 2 * LONG_S, "by itself it lasts for ten minutes"
    assert gone(child)


@pytest.mark.process
def test_processes_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    process = run_supervisor(tmp_path, f"{NOTE} time.sleep(60)")
    child = pids(tmp_path, 1)[0]
    process.kill()
    process.wait()
    assert gone(child)


def test_a_second_start_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with (
        only_one(tmp_path / "run"),
        pytest.raises(CannotStart, match=r"running on .* already"),
        only_one(tmp_path / "run"),
    ):
        pass


def test_a_taken_port_is_named_with_its_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} .*SHOWCAM_PORT"):
            require_ports("127.0.0.1", {port: "SHOWCAM_PORT"})


def test_an_unwritable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(CannotStart, match="can't be written"), only_one(tmp_path / "file" / "run"):
        pass
