"""A media process that has no place for a further camera still serves: nobody takes it for dead or starts it again."""

import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.deploy_local.emulator import free_ports
from showcam.app import keys
from showcam.app.compose.media import MOST_LIVE
from showcam.app.process.supervisor import answers
from showcam.app.settings import Settings
from showcam.engine.client import MediaClient
from showcam.engine.grants import Grants
from showcam.engine.source import Card
from tests.doubles.loopback_server import LoopbackServer, SilentHandler
from tests.doubles.program import ROOT, Program, running
from tests.doubles.waiting import LONG_S, until


def fill(program: Program) -> None:
    """Gives a display in each of many households an address, and each address has a place for ten minutes."""
    grants = Grants(keys.grant_of(Settings(data=program.data, demo=True)))
    client = MediaClient(f"http://127.0.0.1:{program.media_port}", grants.proof(), LONG_S)
    for number in range(MOST_LIVE):
        _, claims = grants.issue(
            account=f"house{number}",
            link=f"link{number}",
            camera="garden",
            protocol="hls",
            surface="alexa",
            now=time.time(),
            life_s=600,
            explains=True,
        )
        client.warm(claims, Card(card=("Garden",)))
    client.close()


def media_status(program: Program) -> int:
    return requests.get(f"http://127.0.0.1:{program.media_port}/healthz", timeout=LONG_S).status_code


def test_a_full_media_process_is_no_fault_of_the_program(tmp_path: Path) -> None:
    heard = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
    kept = {"SHOWCAM_SIGN_UP": "anyone", "SHOWCAM_IDLE_S": "600"}  # no camera is let go during the test
    environ: dict[str, Any] = heard | kept
    with running(tmp_path, **environ) as program:
        fill(program)
        assert media_status(program) == 429
        until(program.serves)
        done = program.command("health", "--demo")
        assert (done.returncode, done.stdout) == (0, f"{program.web} serves\n")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(heard["NOTIFY_SOCKET"])
            manager.settimeout(LONG_S)
            assert manager.recv(100) == b"WATCHDOG=1"
        assert image_is_healthy(program.media_port)
        assert media_status(program) == 429


@pytest.mark.parametrize(("status", "expected"), [(200, True), (429, True), (503, False), (500, False)])
def test_the_program_and_the_image_take_no_other_answer_for_healthy(status: int, expected: bool) -> None:
    class Answer(SilentHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with LoopbackServer(Answer) as server:
        assert answers("127.0.0.1", server.server_port, "/healthz", LONG_S) is expected
        assert image_is_healthy(server.server_port) is expected


def test_an_image_whose_port_is_closed_is_not_healthy() -> None:
    assert not image_is_healthy(free_ports(1))


def image_is_healthy(port: int) -> bool:
    """Whether the media image's own health check says so, asked of this port."""
    containerfile = (ROOT / "ship/Containerfile").read_text()
    [target] = re.findall(r"^FROM system AS media\n((?:(?!FROM).*\n)*)", containerfile, re.MULTILINE)
    [words] = re.findall(r"^HEALTHCHECK .*\\\n +CMD (\[.*\])$", target, re.MULTILINE)
    python, *rest = json.loads(words)
    assert Path(python).name == "python"
    command = [sys.executable, *(word.replace("8081", str(port)) for word in rest)]
    return subprocess.run(command, capture_output=True, check=False, timeout=LONG_S).returncode == 0
