"""The simulator as a program: how it starts, what it says when it can't, and how it ends."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from aws.deploy_local.ports import free_ports
from tests.doubles.cloud import Cloud
from tests.doubles.program import ROOT
from tests.doubles.simulator_process import SimulatorProcess


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "simulator", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)


def test_help_names_every_option() -> None:
    told = run("--help")
    assert told.returncode == 0
    for option in ("--port", "--app-port", "--open-port", "--app-url", "--data"):
        assert option in told.stdout


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "--data"),
        (("--data", "x", "--port", "70000"), "--port"),
        (("--data", "x", "--port", "9000", "--app-port", "9000"), "ports must differ"),
        (("--data", "x", "--port", "65535"), "at most 65535"),
    ],
)
def test_wrong_words(words: tuple[str, ...], named: str) -> None:
    told = run(*words)
    assert told.returncode == 2
    assert named in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("door", [0, 1, 2])
def test_a_port_in_use_is_said_in_one_line(tmp_path: Path, door: int) -> None:
    port = free_ports(3)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + door))
        taken.listen()
        told = run("--port", str(port), "--data", str(tmp_path / "data"))
    assert told.returncode == 2
    (line,) = told.stderr.splitlines()
    assert f"port {port + door} is in use" in line


@pytest.mark.parametrize("kind", ["a file", "below a file"])
def test_a_data_folder_that_is_none_is_said_in_one_line(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "file"
    file.touch()
    told = run("--port", str(free_ports(3)), "--data", str(file if kind == "a file" else file / "data"))
    assert told.returncode == 2
    (line,) = told.stderr.splitlines()
    assert "can't write into the data folder" in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_whatever_it_is_doing(tmp_path: Path, number: signal.Signals) -> None:
    """A camera streams, and a caller hangs."""
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


def test_a_restart_is_a_first_day_with_the_same_authority(tmp_path: Path) -> None:
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
    for port in (cloud.process.port, cloud.process.port + 1, cloud.process.port + 2):
        inodes = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        addresses = {row[1].partition(":")[0] for row in inodes if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
        assert addresses == {"0100007F"}
