"""From nothing to a public address with a running showcam, by command and by press; Cloudflare is a double."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.doubles.cloudflared import NAME, PAGE, ZONE, Cloudflared, target_of
from tests.doubles.console_browser import PASSWORD, Page
from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "One press, or `showcam expose --cloudflare`, leads to a kept address by a tunnel that showcam runs, and back",
    leans_on="double: cloudflared",
    also=("tests/showcam/test_exposing_cloudflare.py", "tests/console/test_set_up_exposing.py"),
)

VISITOR = {"Host": NAME, "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
VIDEO = "/s/no.grant/master.m3u8"


@pytest.fixture
def cloudflared(tmp_path: Path) -> Cloudflared:
    return Cloudflared(tmp_path / "bin")


@pytest.fixture
def stopped(tmp_path: Path, cloudflared: Cloudflared) -> Program:
    made = Program(tmp_path, demo=False)
    made.environ["PATH"] = f"{cloudflared.program.parent}:{made.environ['PATH']}"
    return made


@pytest.fixture
def program(stopped: Program) -> Iterator[Program]:
    yield stopped.start()
    stopped.stop()


def visited(cloudflared: Cloudflared, path: str) -> int:
    """The status of an answer to a visitor from the internet."""
    rules = cloudflared.rules()
    if not rules:
        return 530  # Cloudflare's, for a tunnel that nobody runs
    try:
        return requests.get(target_of(rules, NAME, path), headers=VISITOR, timeout=LONG_S).status_code
    except requests.ConnectionError:
        return 502  # showcam's process starts again


def asked(program: Program, *words: str) -> tuple[int, dict[str, object]]:
    done = program.command("expose", "--json", *words)
    return done.returncode, dict(json.loads(done.stdout))


def test_the_command_leads_from_nothing_to_an_address_and_back(program: Program, cloudflared: Cloudflared) -> None:
    words = [str(program.showcam), "expose", "--yes", "--cloudflare", f"https://{NAME}/"]
    with subprocess.Popen(words, env=program.environ, cwd=program.stands, stderr=subprocess.PIPE, text=True) as command:
        assert command.stderr is not None
        assert PAGE in command.stderr.readline()
        assert visited(cloudflared, "/healthz") == 530
        cloudflared.change(zone=ZONE)
        assert command.wait(LONG_S) == 0
    until(lambda: program.issuer() == f"https://{NAME}")
    until(lambda: visited(cloudflared, "/healthz") == 200)
    assert visited(cloudflared, "/home") == 404
    [first] = cloudflared.running()
    os.kill(first, signal.SIGKILL)
    until(lambda: cloudflared.running() not in ([], [first]))
    media = requests.get(f"http://127.0.0.1:{program.media_port}{VIDEO}", timeout=LONG_S).status_code
    assert (visited(cloudflared, VIDEO), media) == (media, media)
    code, facts = asked(program, "--stop")
    assert (code, facts["text"]) == (0, f"Closed. Delete what Cloudflare still has: CNAME {NAME}.")
    until(lambda: cloudflared.running() == [])
    assert (visited(cloudflared, "/healthz"), cloudflared.state["tunnels"]) == (530, {})
    until(lambda: program.issuer() == program.web)


def test_the_tunnel_lives_and_dies_with_showcam(stopped: Program, cloudflared: Cloudflared) -> None:
    cloudflared.change(zone=ZONE)
    assert asked(stopped, "--yes", "--cloudflare", NAME)[0] == 0
    assert cloudflared.running() == [], "nobody is let in before showcam runs"
    stopped.start()
    try:
        until(lambda: visited(cloudflared, "/healthz") == 200)
        [tunnel] = cloudflared.running()
    finally:
        stopped.stop(signal.SIGKILL)
    until(lambda: cloudflared.running() == [])
    assert not Path(f"/proc/{tunnel}/environ").exists() or cloudflared.running() == []


@pytest.mark.parametrize("has_program", [True, False], ids=["it ends at once", "it is gone"])
def test_showcam_starts_and_serves_without_its_tunnel(
    stopped: Program, cloudflared: Cloudflared, has_program: bool
) -> None:
    cloudflared.change(zone=ZONE, dies=True)
    assert asked(stopped, "--yes", "--cloudflare", NAME)[0] == 0
    if not has_program:
        cloudflared.program.unlink()
    stopped.start()
    try:
        why = "a process died" if has_program else "a program can't be started"
        until(lambda: any(why in line and "cloudflared" in line for line in stopped.log.read_text().splitlines()))
        assert requests.get(f"{stopped.web}/healthz", timeout=LONG_S).status_code == 200
    finally:
        stopped.stop()


def test_a_killed_command_leaves_no_sign_in_behind(stopped: Program, cloudflared: Cloudflared) -> None:
    words = [str(stopped.showcam), "expose", "--yes", "--cloudflare", NAME]
    with subprocess.Popen(words, env=stopped.environ, cwd=stopped.stands, stderr=subprocess.PIPE, text=True) as command:
        assert command.stderr is not None
        assert PAGE in command.stderr.readline()
        command.kill()
    cloudflared.change(zone=ZONE)
    assert asked(stopped, "--stop")[0] == 0
    assert list((stopped.data / "tunnel").rglob("cert.pem")) == []
    assert cloudflared.state["tunnels"] == {}


def test_a_name_that_is_none_is_refused_before_anything_is_asked(stopped: Program, cloudflared: Cloudflared) -> None:
    done = stopped.command("expose", "--yes", "--cloudflare", "cam example")
    assert (done.returncode, done.stderr) == (2, "showcam: cam example is no name such as cam.example.org\n")
    assert cloudflared.calls() == []


def test_a_press_in_the_house_gives_the_address(program: Program, cloudflared: Cloudflared) -> None:
    cloudflared.change(zone=ZONE)
    added = program.command("owner", "add", "--lan", "owner", text=f"{PASSWORD}\n{PASSWORD}\n")
    assert added.returncode == 0, added.stderr
    page = Page(program)
    page.enter()
    assert page.post("/home/reachable", step="tunnel", name=NAME) == 200
    until(lambda: program.issuer() == f"https://{NAME}")
    until(lambda: visited(cloudflared, "/healthz") == 200)
    until(lambda: page.shows("/home/reachable", "Take it back"))
    page.post("/home/reachable", step="unexpose")
    until(lambda: program.issuer() == program.web)
    until(lambda: page.shows("/home/reachable", f"Delete what Cloudflare still has: CNAME {NAME}."))
    assert (cloudflared.state["tunnels"], cloudflared.running()) == ({}, [])
    page.post("/home/reachable", step="unexpose")
    assert not page.shows("/home/reachable", "Delete what Cloudflare still has")
