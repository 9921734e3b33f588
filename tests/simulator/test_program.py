"""The simulator as a program: its start, its errors, and its end."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from scripts.deploy_local.emulator import free_ports
from tests.doubles.cloud import Cloud
from tests.doubles.forked_process import ForkedProcess
from tests.doubles.program import ROOT
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S


def refused(folder: Path, *words: str) -> str:
    """Starts a simulator that refuses to run, and returns its output."""
    process = ForkedProcess(["showcam.simulator", *words], {}, ROOT, folder / "printed")
    assert process.wait(LONG_S) == 2
    return (folder / "printed").read_text()


def test_help_names_every_option() -> None:
    command = [sys.executable, "-P", "-m", "showcam.simulator", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONG_S, check=False)
    assert done.returncode == 0
    for option in ("--port", "--app-port", "--push-port", "--app-url", "--data"):
        assert option in done.stdout


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "--data"),
        (("--data", "x", "--port", "70000"), "--port"),
        (("--data", "x", "--port", "9000", "--app-port", "9000"), "ports must differ"),
        (("--data", "x", "--port", "65535"), "at most 65535"),
    ],
)
def test_wrong_options_are_named_without_a_traceback(tmp_path: Path, words: tuple[str, ...], named: str) -> None:
    printed = refused(tmp_path, *words)
    assert named in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("door", [0, 1, 2])
def test_a_port_in_use_is_one_line_of_error(tmp_path: Path, door: int) -> None:
    port = free_ports(5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + door))
        taken.listen()
        (line,) = refused(tmp_path, "--port", str(port), "--data", str(tmp_path / "data")).splitlines()
    assert f"port {port + door} is in use" in line


@pytest.mark.parametrize("kind", ["a file", "below a file"])
def test_a_data_path_that_is_no_folder_is_one_line_of_error(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "file"
    file.touch()
    data = file if kind == "a file" else file / "data"
    (line,) = refused(tmp_path, "--port", str(free_ports(5)), "--data", str(data)).splitlines()
    assert "can't write into the data folder" in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_while_a_camera_streams_and_a_caller_hangs(tmp_path: Path, number: signal.Signals) -> None:
    process = SimulatorProcess(tmp_path)
    try:
        cloud = Cloud(process)
        token = cloud.token()
        assert cloud.get(cloud.live(token, "Garden")["url"]).ok
        process.control(cloud.serials["Garage"], fault="timeout")
        url = f"https://{process.open_host}/api/lapp/camera/list"
        with pytest.raises(requests.ReadTimeout):
            requests.post(url, data={"accessToken": token}, verify=str(process.ca), timeout=0.3)
    finally:
        process.stop(number)
    assert process.returncode == 0
    assert "Traceback" not in process.log.read_text()


def test_a_restart_resets_the_cameras_and_keeps_the_authority(tmp_path: Path) -> None:
    process = SimulatorProcess(tmp_path)
    try:
        ca = process.ca.read_bytes()
        process.control(process.serial("Garage"), encryption=False)
        process.restart()
        assert process.ca.read_bytes() == ca
        assert process.cameras()["Garage"]["encryption"] is True
        assert Cloud(process).token()
    finally:
        process.stop()


def test_it_listens_on_loopback_alone(cloud: Cloud) -> None:
    for port in range(cloud.process.port, cloud.process.port + 6):
        inodes = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        addresses = {row[1].partition(":")[0] for row in inodes if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
        assert addresses == {"0100007F"}
