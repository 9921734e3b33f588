"""Starting and ending, with and without faults."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from json import loads
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.doubles.command_process import commanded
from tests.doubles.linking import link, link_tokens
from tests.doubles.listening import below, runs, words_of
from tests.doubles.needs import CORES
from tests.doubles.program import AS_INSTALLED, ROOT, SHOWCAM, Program, running
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S, until, within


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if runs(pid)]


def run(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    base = {"PATH": os.environ["PATH"], "HOME": "/tmp", "NO_BROWSER": "1", "SHOWCAM_STUN": "", **AS_INSTALLED}  # noqa: S108
    return commanded([str(SHOWCAM), *words], base | environ, ROOT, "", LONG_S)


@dataclass(frozen=True)
class Ended:
    """A demo that Ctrl-C ended, and the processes that it had."""

    program: Program
    below: list[int]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    program = Program(tmp_path_factory.mktemp("ended"), forked=False, demo=True).start()
    assert program.process is not None
    found = below(program.process.pid)
    program.stop(signal.SIGINT)
    return Ended(program, found)


def test_ctrl_c_ends_everything(ended: Ended) -> None:
    assert len(ended.below) >= 4
    assert ended.program.process is not None
    assert ended.program.process.returncode == 0, "what does not end by itself is killed by the test"
    # the kernel ends those that were killed in its own time
    until(lambda: not alive(ended.below))


def media_of(program: Program) -> int:
    """The media process's id."""
    assert program.process is not None
    return next(pid for pid in below(program.process.pid) if "media" in words_of(pid))


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A demo that serves again when a test is over."""
    with running(tmp_path_factory.mktemp("started")) as program:
        yield program


def test_who_comes_while_the_media_process_is_started_again_is_answered_by_the_next(started: Program) -> None:
    victim = media_of(started)
    os.kill(victim, signal.SIGKILL)
    while alive([victim]):
        time.sleep(0.01)
    health = f"http://127.0.0.1:{started.media_port}/healthz"
    assert requests.get(health, timeout=LONG_S).status_code == 200
    assert media_of(started) != victim


def test_a_part_that_is_killed_comes_back(started: Program) -> None:
    victim = media_of(started)
    os.kill(victim, signal.SIGKILL)
    deadline = time.monotonic() + LONG_S
    while alive([victim]) or not started.serves():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    started.link("alexa")
    started.shown("alexa", "show the garden")


@CORES.unless(len(os.sched_getaffinity(0)) > 1)
def test_the_web_process_alone_keeps_to_one_core(started: Program) -> None:
    def on_one_core() -> int:
        assert started.process is not None
        count = 0
        for pid in below(started.process.pid):
            with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
                count += len(os.sched_getaffinity(pid)) == 1
        return count

    until(lambda: on_one_core() == 1)  # a process is bound to its core once it has begun


def test_a_second_start_on_the_same_data_is_refused(started: Program) -> None:
    second = started.command("run", "--demo")
    assert second.returncode == 2
    assert "is running on" in second.stderr
    assert "Traceback" not in second.stderr
    until(started.serves)


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run({"SHOWCAM_DATA": str(tmp_path / "d"), "SHOWCAM_PORT": str(port)}, "run", "--demo")
    assert done.returncode == 2
    assert f"Port {port} on 127.0.0.1 can't be used" in done.stderr
    assert "SHOWCAM_PORT" in done.stderr


@pytest.mark.parametrize("words", [("run", "--demo"), ("run",), ("owner", "add", "me@example.com")])
def test_an_unwritable_data_folder_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("no folder")
    done = run({"SHOWCAM_DATA": str(tmp_path / "file" / "data")}, *words)
    assert done.returncode == 2
    assert "can't be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_demo_data_under_a_real_start_are_refused(ended: Ended) -> None:
    for words in (("run",), ("clients", "list")):
        done = run({"SHOWCAM_DATA": str(ended.program.data)}, *words)
        assert done.returncode == 2
        assert "holds the demo's data" in done.stderr


def test_the_demo_does_not_touch_real_data(tmp_path: Path) -> None:
    environ = {"SHOWCAM_DATA": str(tmp_path / "real")}
    assert run(environ, "owner", "add", "me@example.com").returncode == 0
    done = run(environ, "run", "--demo")
    assert done.returncode == 2
    assert "holds a real installation's data" in done.stderr


@pytest.mark.parametrize(
    ("environ", "expected"),
    [({"SHOWCAM_PORT": "x"}, "SHOWCAM_PORT"), ({"SHOWCAM_BIND": "192.0.2.1"}, "this machine alone")],
)
def test_a_wrong_setting_is_one_readable_line(environ: dict[str, str], expected: str) -> None:
    done = run(environ, "run", "--demo")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert expected in done.stderr


def test_the_web_app_alone_serves_by_the_settings_that_its_command_named(tmp_path: Path) -> None:
    program = Program(tmp_path, forked=False, demo=False)
    file = tmp_path / "other.toml"
    file.write_text(
        f'port = {program.port}\ndata = "{program.data}"\nstun = []\npublic_url = "https://cam.example.org"\n'
    )
    environ = {name: text for name, text in program.environ.items() if not name.startswith("SHOWCAM_")}
    stands = tmp_path / "stands"
    stands.mkdir()
    with (tmp_path / "output").open("wb") as output:
        command = [str(SHOWCAM), "--config", str(file), "serve"]
        part = subprocess.Popen(command, env=environ, cwd=stands, stdout=output, stderr=output)
    try:
        metadata = get_json(f"{program.web}/.well-known/oauth-authorization-server")
    finally:
        part.terminate()
        part.wait(LONG_S)
    assert metadata["issuer"] == "https://cam.example.org"
    assert list(stands.iterdir()) == []


def get_json(url: str, within_s: float = LONG_S) -> dict[str, Any]:
    until = time.monotonic() + within_s
    while True:
        try:
            return dict(requests.get(url, timeout=LONG_S).json())
        except requests.ConnectionError:
            assert time.monotonic() < until
            time.sleep(0.1)


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[SimulatorProcess]:
    (tmp_path / "vendor").mkdir()
    simulator = SimulatorProcess(tmp_path / "vendor")
    yield simulator
    simulator.stop()


REDIRECTS = {
    "alexa": "https://pitangui.amazon.com/api/skill/link/M123",
    "google": "https://oauth-redirect.googleusercontent.com/r/mine",
}


def owned(tmp_path: Path, vendor: SimulatorProcess) -> tuple[Program, dict[str, str]]:
    """A real installation with one owner and both clients, not started, and the clients' secrets."""
    environ: dict[str, Any] = {
        "SHOWCAM_EZVIZ_AT": vendor.hosts,
        "SHOWCAM_CA_FILE": str(vendor.ca),
        "SHOWCAM_REQUEST_S": "30",  # a busy machine is not what is tested: pages wait for the vendor
    }
    program = Program(tmp_path, forked=False, demo=False, **environ)
    for words in (("add", "demo@example.com"), ("set", "demo@example.com", "key", "demo-key")):
        done = program.command("owner", *words, text="demo-secret\n")
        assert done.returncode == 0, done.stderr
    found = {}
    for assistant, redirect in REDIRECTS.items():
        client = program.command("clients", "add", assistant, "--redirect-uri", redirect)
        assert client.returncode == 0, client.stderr
        found[assistant] = client.stdout.split("client secret: ")[1].split()[0]
        assert redirect in program.command("clients", "list").stdout
    return program, found


def test_a_real_start_serves_its_owner_and_nobody_else(tmp_path: Path, vendor: SimulatorProcess) -> None:
    program, client_secrets = owned(tmp_path, vendor)
    program.start()
    try:
        tokens = link_tokens(
            program.web,
            "google",
            "demo@example.com",
            "showcam-demo",
            redirect=REDIRECTS["google"],
            secret=client_secrets["google"],
        )

        def synced() -> requests.Response:
            return requests.post(
                f"{program.web}/google/fulfillment",
                json={"requestId": "1", "inputs": [{"intent": "action.devices.SYNC"}]},
                headers={"Authorization": f"Bearer {tokens['access_token']}"},
                timeout=LONG_S,
            )

        def has_its_cameras() -> bool:
            """The vendor has four seconds for its answer, which a busy machine may take."""
            devices = synced().json()["payload"].get("devices", [])
            return {device["name"]["name"] for device in devices} >= {"Garden", "Garage"}

        until(has_its_cameras)
        # without the forwarder's signature nobody's directive is read
        json = {"Content-Type": "application/json"}
        assert requests.post(f"{program.web}/alexa/smart-home", b"{}", headers=json, timeout=LONG_S).status_code == 403
        # a household that the owner did not add is refused, though its password is right
        with pytest.raises(AssertionError, match="These did not work"):
            link_tokens(
                program.web,
                "google",
                "other@example.com",
                "showcam-demo",
                redirect=REDIRECTS["google"],
                secret=client_secrets["google"],
            )
        # the demo's redirects and secrets are unknown here
        with pytest.raises(AssertionError):
            link(program.web, "google", "demo@example.com", "showcam-demo")
        [listed] = loads(program.command("household", "--json").stdout)["links"]
        assert listed["client"] == "google"
        ended = program.command("household", "end", "demo@example.com", listed["id"])
        assert ended.returncode == 0, ended.stderr
        assert synced().status_code == 401
    finally:
        program.stop()


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("owner", "add", " "), 2, "Say which EZVIZ account"),
        (
            ("clients", "add", "google", "--id", "a b", "--redirect-uri", "https://x.example/cb"),
            2,
            "can't be registered",
        ),
        (("clients", "add", "google"), 2, "--redirect-uri"),
        (("clients", "add", "google", "--redirect-uri", "http://x.example/cb"), 2, "starts with https://"),
        (("household", "end", "nobody", "none"), 1, "nobody is not known here"),
        (("cameras", "--verbose"), 2, "Nobody has cameras here yet"),
        (("cameras", "--verbose", "list"), 2, "Say these options behind list"),
    ],
)
def test_a_wrong_word_is_answered_readably(tmp_path: Path, words: tuple[str, ...], code: int, expected: str) -> None:
    done = run({"SHOWCAM_DATA": str(tmp_path / "data")}, *words)
    assert done.returncode == code
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.proves("Both assistants' links outlive a restart", leans_on="double: the assistants")
def test_links_outlive_a_restart_of_the_demo(tmp_path: Path) -> None:
    with running(tmp_path, SHOWCAM_POLL_S="2") as program:
        for assistant in ("alexa", "google"):
            program.link(assistant)
        # a report that the stop interrupts would wait for its next try, longer each time
        assert within(LONG_S, lambda: not waiting(program))
        program.stop()
        program.start()
        for assistant in ("alexa", "google"):
            # of what has just started a busy machine's first answer may come too late
            assert within(LONG_S, lambda to=assistant: answered(program, to))  # type: ignore[misc]
        ready = "ask my cameras which cameras are ready"
        program.asked_until(
            lambda answer: "Garage can't be shown" in answer["outcome"]["spoken"], "alexa", "say", text=ready
        )
        # what changes is reported to both again, by the grants of before
        program.change("Attic", online=True)
        expected: dict[str, dict[str, object]] = {
            "alexa": {"connectivity": {"value": "OK"}},
            "google": {"online": True},
        }
        assert within(LONG_S, lambda: all(_told(program, name, facts) for name, facts in expected.items()))


def waiting(program: Program) -> list[object]:
    rows: list[object] = json.loads(program.command("--demo", "outbox", "list", "--json").stdout)["rows"]
    return rows


def answered(program: Program, assistant: str) -> bool:
    """Whether the assistant gets to know how the attic is, and no answer breaks a rule of its."""
    outcome = program.assistant(assistant, "say", text="is the attic online")["outcome"]
    assert outcome["broken"] == []
    return bool(outcome["answered"])


def _told(program: Program, assistant: str, facts: dict[str, object]) -> bool:
    """Whether the assistant has been told so of the attic."""
    about = requests.get(f"{program.simulator}/assistants/{assistant}", timeout=30).json()
    attic = next(camera["id"] for camera in about["cameras"] if camera["name"] == "Attic")
    states = about["states"].get(attic, {})
    return all(states.get(name) == value for name, value in facts.items())
