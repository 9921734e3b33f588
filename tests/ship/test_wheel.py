"""The wheel, installed into a new Debian 13 as an owner installs it, and used from an empty folder."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from scripts.deploy_local.emulator import free_ports
from tests.doubles.waiting import LONG_S, until
from tests.ship import built, table
from tests.ship.debian import FOLDER, Debian, stop, unpacked

INSTALLED_S = 900.0
pytestmark = [
    pytest.mark.timeout(3 * INSTALLED_S),
    pytest.mark.proves(
        "The wheel shows the Garden from an empty folder, installed by uv, uvx and pipx",
        leans_on="second stack: uv and pipx",
    ),
]


class Way(NamedTuple):
    """How `user` installs the wheel, and what they type then in place of `showcam`."""

    user: str
    install: str
    showcam: str = "showcam"


WAYS = {
    "uv": Way("root", "uv tool install -q /srv/{wheel}"),
    "uvx": Way("sam", "uvx -q --from /srv/{wheel} showcam --version", "uvx -q --from /srv/{wheel} showcam"),
    "pipx": Way("sam", "pipx install /srv/{wheel}"),
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built.wheel(built.tree(tmp_path_factory.mktemp("wheel")))


class Installed:
    """showcam in a system, at free ports of the machine. A line is typed in a folder of its user's home."""

    def __init__(self, system: Debian, name: str, way: Way, wheel: Path) -> None:
        self.system, self.name, self.way, self.wheel = system, name, way, wheel
        self.log, self.port = FOLDER / f"wheel-{name}.log", free_ports(8)
        self.began = time.monotonic()
        home = "/root" if way.user == "root" else f"/home/{way.user}"
        self.environ = {"PATH": f"{home}/.local/bin:/usr/local/bin:/usr/bin:/bin", "NO_BROWSER": "1"}
        names = ("SHOWCAM_PORT", "SHOWCAM_MEDIA_PORT", "SHOWCAM_SIMULATOR_PORT")
        self.environ |= {name: str(self.port + at) for at, name in enumerate(names)}
        self.home = system.folder / home.removeprefix("/")

    def typed(self, line: str, within: str = "") -> str:
        code, printed = self.ended(line, within)
        assert code == 0, printed
        return printed

    def ended(self, line: str, within: str = "") -> tuple[int, str]:
        log = self.log.with_suffix(".typed")
        code = self.system.run(self.way.user, line, log, within, within_s=INSTALLED_S, **self.environ)
        return code, log.read_text()


@pytest.fixture(scope="module", params=WAYS)
def installed(wheel: Path, request: pytest.FixtureRequest) -> Iterator[Installed]:
    name = str(request.param)
    user, install, showcam = (text.format(wheel=wheel.name) for text in WAYS[name])
    with unpacked("wheel", "python3,pipx") as system:
        (system.folder / "srv" / wheel.name).write_bytes(wheel.read_bytes())
        for tool in ("uv", "uvx"):
            shutil.copy(built.TOOLS / tool, system.folder / "usr/local/bin")
        made = Installed(system, name, Way(user, install, showcam), wheel)
        made.typed(install)
        for folder in ("empty", "elsewhere"):
            made.typed(f"mkdir {folder}")
        yield made


def test_from_an_empty_folder_the_demo_shows_the_garden_and_keeps_nothing_there(installed: Installed) -> None:
    line = f"{installed.way.showcam} run --demo"
    process = installed.system.start(installed.way.user, line, installed.log, "empty", **installed.environ)
    try:
        until(lambda: "Practice page:" in installed.log.read_text() or process.poll() is not None, INSTALLED_S)
        assert process.poll() is None, installed.log.read_text()
        assistant = f"http://127.0.0.1:{installed.port + 2}/assistants/alexa"
        account = {"user": "demo@example.com", "password": "showcam-demo"}
        assert requests.post(f"{assistant}/link", json=account, timeout=60).json()["linked"]
        said = {"text": "show the garden camera", "via": "webrtc"}
        answer = requests.post(f"{assistant}/watch", json=said, timeout=60).json()
        assert answer["outcome"]["shown"], answer["outcome"]
        assert answer["shown"]["frames"] > 10
        shown_s = time.monotonic() - installed.began
        facts = json.loads(installed.typed(f"{installed.way.showcam} where --demo --json", "elsewhere"))
        assert facts["address"] == f"http://127.0.0.1:{installed.port}"
        serves = (0, f"{facts['address']} serves\n")
        until(lambda: installed.ended(f"{installed.way.showcam} health --demo", "elsewhere") == serves, 3 * LONG_S)
    finally:
        stop(process)
    assert [*(installed.home / "empty").iterdir(), *(installed.home / "elsewhere").iterdir()] == []
    shown = f"{installed.way.user} installed it, the demo showed Garden"
    table.add(f"wheel, by {installed.name}", installed.wheel.stat().st_size, shown_s, shown)


@pytest.mark.parametrize("folder", ["empty", "elsewhere"])
def test_the_data_are_the_users_wherever_they_stand(installed: Installed, folder: str) -> None:
    facts = json.loads(installed.typed(f"{installed.way.showcam} where --json", folder))
    home = "/root" if installed.way.user == "root" else f"/home/{installed.way.user}"
    assert (facts["data"], facts["settings_file"]) == (
        f"{home}/.local/share/showcam",
        f"{home}/.config/showcam/showcam.toml",
    )
