"""Media processes elsewhere, installed from their own requirements, without a store, at two addresses."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.deploy_local.emulator import free_ports
from tests.doubles.google_home import GoogleHome
from tests.doubles.hls_camera import Authority
from tests.doubles.program import ROOT, SHOWCAM
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.tls_front import TlsFront
from tests.doubles.waiting import LONG_S, until

# all that ship/Containerfile puts into its target media
ROOMS = tuple(f"showcam/{room}" for room in ("app", "engine", "net", "store", "i18n"))
FACES = ("showcam/__init__.py", "showcam/__main__.py")
ROOTS = json.dumps({"root": "one root of the tests, shared by the web app and both media processes"})


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The steps of the target media: an environment with the pinned requirements alone, and the rooms beside it."""
    folder = tmp_path_factory.mktemp("image")
    uv, python = ROOT / ".venv/bin/uv", ROOT / ".venv/bin/python"
    subprocess.run([uv, "venv", "-q", "--python", python, folder / "env"], check=True)
    sync: list[str | Path] = [
        uv,
        "pip",
        "sync",
        "-q",
        "--python",
        folder / "env/bin/python",
        "--require-hashes",
        "--only-binary",
        ":all:",
    ]
    subprocess.run([*sync, ROOT / "requirements" / "media.txt"], check=True)
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / "app" / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FACES:
        shutil.copyfile(ROOT / file, folder / "app" / file)
    return folder


def test_the_image_is_made_of_what_is_tried_here() -> None:
    containerfile = (ROOT / "ship/Containerfile").read_text()
    [made] = re.findall(r"^FROM build AS build-media\n((?:(?!FROM).*\n)*)", containerfile, re.MULTILINE)
    [target] = re.findall(r"^FROM system AS media\n((?:(?!FROM).*\n)*)", containerfile, re.MULTILINE)
    copied = {
        word.strip("/")
        for line in made.splitlines()
        if line.startswith("COPY showcam/") and "/opt/" in line
        for word in line.split()[1:-1]
    }
    assert copied == {*ROOMS, *FACES}
    assert "requirements/media.txt" in made
    assert "--require-hashes --only-binary=:all:" in made
    assert "PYTHONPATH=/opt/app" in target  # by which the rooms are found, and not by the folder one stands in


def test_without_a_shared_key_it_says_so_and_does_not_start(image: Path) -> None:
    command: list[str | Path] = [image / "env/bin/python", "-B", "-P", "-m", "showcam", "media"]
    environ = {"SHOWCAM_WEB_INTERNAL_URL": "https://cam.example", "SHOWCAM_DATA": "/nowhere"}
    environ |= {"PYTHONPATH": str(image / "app")}
    ended = subprocess.run(command, env=environ, cwd=image, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "grant_roots" in ended.stderr


class Elsewhere:
    """A vendor, a household at a web app, and two media processes; all but the vendor's control door behind TLS."""

    def __init__(self, folder: Path, stack: ExitStack, image: Path) -> None:
        self.image, self.stack, self.folder = image, stack, folder
        (folder / "tls").mkdir()
        self.authority = Authority(folder / "tls")
        self.vendor = SimulatorProcess(folder)
        stack.callback(self.vendor.stop)
        self.trusted = folder / "trusted.pem"
        self.trusted.write_bytes(self.authority.ca_file.read_bytes() + self.vendor.ca.read_bytes())
        first = free_ports(3)
        self.web_port, self.media_ports = first, (first + 1, first + 2)
        self.web = self._front(self.web_port)
        self.media = {self._front(port): self._media(port) for port in self.media_ports}
        self.home = GoogleHome(self._web_environ(), self.web, str(self.trusted))
        self.home.store.close()
        self._process([SHOWCAM, "serve"], self._web_environ(), self.web_port)

    def _front(self, port: int) -> str:
        return self.stack.enter_context(TlsFront(port, self.authority.context)).url

    def _shared_environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "SHOWCAM_GRANT_ROOTS": ROOTS,
            "SHOWCAM_STUN": "",
            "SHOWCAM_REQUEST_S": "30",  # a busy machine is not what is tested: showcam waits for the vendor
            "SHOWCAM_CA_FILE": str(self.trusted),
            "SHOWCAM_EZVIZ_AT": self.vendor.hosts,
        }

    def _web_environ(self) -> dict[str, str]:
        return self._shared_environ() | {
            "SHOWCAM_DATA": str(self.folder / "data"),
            "SHOWCAM_PORT": str(self.web_port),
            "SHOWCAM_MEDIA_URLS": ",".join(self.media),
        }

    def _media(self, port: int) -> subprocess.Popen[bytes]:
        environ = self._shared_environ() | {
            "SHOWCAM_MEDIA_PORT": str(port),
            "SHOWCAM_WEB_INTERNAL_URL": self.web,
            "SHOWCAM_DATA": "/nowhere",  # a container's file system is read-only
            "PYTHONPATH": str(self.image / "app"),
        }
        return self._process([self.image / "env/bin/python", "-B", "-P", "-m", "showcam", "media"], environ, port)

    def _process(self, command: list[Any], environ: dict[str, str], port: int) -> subprocess.Popen[bytes]:
        log = self.folder / f"{port}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, env=environ, cwd=self.folder, stdout=out, stderr=out)
        self.stack.callback(_ended, process)
        deadline = time.monotonic() + 60
        while not _answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        return process

    def get(self, url: str) -> requests.Response:
        return requests.get(url, verify=str(self.trusted), timeout=LONG_S)


@contextmanager
def _elsewhere(folder: Path, image: Path) -> Iterator[Elsewhere]:
    with ExitStack() as stack:
        yield Elsewhere(folder, stack, image)


def test_a_stream_opens_at_one_and_the_next_at_the_other_when_that_is_gone(tmp_path: Path, image: Path) -> None:
    with _elsewhere(tmp_path, image) as remote:
        first = remote.home.stream("Garden")
        at = first.partition("/s/")[0]
        assert at in remote.media
        until(lambda: "avc1." in remote.get(first).text)

        remote.media[at].send_signal(signal.SIGKILL)
        remote.media[at].wait()
        second = remote.home.stream("Garden")
        assert second.partition("/s/")[0] in {*remote.media} - {at}
        until(lambda: remote.get(second).status_code == 200)

        # unlinking ends what is shown, wherever that is
        remote.home.ask("DISCONNECT", {})
        until(lambda: remote.get(second).status_code == 410)


def _answers(port: int) -> bool:
    path = "/healthz" if port else ""
    try:
        # the web app answers 503, since no worker runs beside it
        return requests.get(f"http://127.0.0.1:{port}{path}", timeout=2).status_code in (200, 503)
    except requests.RequestException:
        return False


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(LONG_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
