"""A stranger's clone: README's commands, typed as they are written there into a new Debian 13.

SHIP_PYTEST gives the second command's pytest more options, to try a part of the tests. The folder build/ship keeps what
both commands print.
"""

import os
import re
import time
from collections.abc import Iterator

import pytest

from scripts.deploy_local.emulator import free_ports
from tests.ship import table
from tests.ship.debian import FOLDER, REPOSITORY, ROOT, Debian, debian, stop
from tests.ship.practice import garden_is_shown

USERS = ("root", "sam")
COMMANDS = re.findall(r"^ {4}(\S.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
[CLONE] = [line for line in COMMANDS if line.startswith("git clone")]
[RUN] = [line for line in COMMANDS if line.startswith("make run")]
[TEST] = [line for line in COMMANDS if line.startswith("make test")]
INSTALLED_S = 900.0
TESTED_S = 4 * 3600.0
pytestmark = [
    pytest.mark.timeout(TESTED_S + 600),
    pytest.mark.proves(
        "README's commands show the Garden in a new Debian 13, by root and by another user",
        leans_on="second stack: Debian's packages, by mmdebstrap",
    ),
]


@pytest.fixture(scope="module", params=USERS)
def user(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def system(user: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    """README's clone line has been typed; its address leads to the last commit here."""
    [address] = re.findall(r"https://\S+", CLONE)
    with debian() as made:
        log = tmp_path_factory.mktemp("clone") / "log"
        git = f"git config --global url./{REPOSITORY}.insteadOf {address} && git config --global safe.directory '*'"
        assert made.run(user, f"{git} && {CLONE}", log, within_s=60) == 0, log.read_text()
        yield made


def test_the_first_command_shows_a_live_picture_and_says_what_it_installs(system: Debian, user: str) -> None:
    log = FOLDER / f"run-{user}.log"
    port, began = free_ports(8), time.monotonic()
    ports = {"SHOWCAM_PORT": port, "SHOWCAM_MEDIA_PORT": port + 1, "SHOWCAM_SIMULATOR_PORT": port + 2}
    process = system.start(user, RUN, log, "showcam", **{name: str(value) for name, value in ports.items()})
    try:
        until = time.monotonic() + INSTALLED_S
        while "Practice page:" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.5)
        garden_is_shown(port + 2)
        table.add(f"clone, by {user}", None, time.monotonic() - began, f"{RUN}: the demo showed Garden")
    finally:
        stop(process)
    steps = re.findall(
        r"^Installing (.+) \((\d+ MB .+)\)\n(?:  .*\n)*?  done in (\d+) s$", log.read_text(), re.MULTILINE
    )
    assert [what.split()[0] for what, _, _ in steps] == ["uv", "what"], log.read_text()


def test_the_second_command_passes_to_the_last_test(system: Debian, user: str) -> None:
    log = FOLDER / f"test-{user}.log"
    given = {"PYTEST_ADDOPTS": os.environ["SHIP_PYTEST"]} if "SHIP_PYTEST" in os.environ else {}
    began = time.monotonic()
    code = system.run(user, TEST, log, "showcam", within_s=TESTED_S, **given)
    assert code == 0, log.read_text()[-20_000:]
    said = re.search(r"^(?:=+ )?(\d+ passed.*?)(?: in .*)?$", log.read_text(), re.MULTILINE)
    assert said is not None, log.read_text()[-20_000:]
    table.add(f"clone, by {user}", None, time.monotonic() - began, f"{TEST}: {said[1]}")
