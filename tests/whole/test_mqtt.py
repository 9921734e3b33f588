"""The running demo, and a real showcam, at a mosquitto that wants a password, by TLS too."""

import json
import os
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import trustme

from showcam.store.records import DAY_S
from tests.doubles.console_browser import Page
from tests.doubles.listening import below, words_of
from tests.doubles.mosquitto import PASSWORD, USER, Mosquitto, Viewer
from tests.doubles.needs import MOSQUITTO
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until, within

pytestmark = [
    pytest.mark.proves(
        "The started house tells its broker rings, changes and when it ends, and obeys what was allowed",
        leans_on="second stack: mosquitto; double: EZVIZ",
    ),
    MOSQUITTO.mark,
]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Path:
    file: Path = tmp_path_factory.mktemp("trusted") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path_factory.mktemp("broker"), is_careful=True) as started:
        yield started


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, broker: Mosquitto) -> Iterator[Program]:
    with running(
        tmp_path_factory.mktemp("house"), troubled=True, SHOWCAM_MQTT=broker.address, SHOWCAM_POLL_S="3"
    ) as started:
        started.login()
        yield started


@pytest.fixture
def viewer(program: Program, broker: Mosquitto) -> Iterator[Viewer]:
    with ExitStack() as stack:
        made = stack.enter_context(broker.viewer())
        until(lambda: made.state("Garden") and made.state("Front Door"))
        yield made


def press(program: Program) -> None:
    program.change("Front Door", press=True)


def own(program: Program, **change: Any) -> None:
    [barn] = requests.get(f"{program.simulator}/_control", timeout=LONG_S).json()["own"]
    requests.post(f"{program.simulator}/_control/{barn['serial']}", json=change, timeout=LONG_S).raise_for_status()


def worker_of(program: Program) -> int:
    assert program.process is not None
    return next(pid for pid in below(program.process.pid) if "worker" in words_of(pid))


def test_a_press_and_a_change_reach_the_broker(program: Program, viewer: Viewer) -> None:
    press(program)
    until(viewer.rings)
    assert json.loads(viewer.rings()[0][1]) == {"event_type": "ring"}
    program.change("Garden", audio=False)
    until(lambda: viewer.state("Garden")["audio"] == "OFF")
    program.change("Garden", audio=True)
    until(lambda: viewer.state("Garden")["audio"] == "ON")


def test_a_switch_that_was_allowed_by_command_is_obeyed(program: Program, viewer: Viewer) -> None:
    assert viewer.device("Garden")["components"]["audio_switch"] == {"platform": "switch"}
    done = program.command("cameras", "set", "Garden", "mqtt_may", "audio", "--demo")
    assert done.returncode == 0, done.stderr
    until(lambda: "command_topic" in viewer.device("Garden")["components"]["audio_switch"])
    command = viewer.device("Garden")["components"]["audio_switch"]["command_topic"]
    viewer.send(command.replace("/audio/", "/sleep/"), b"ON")
    viewer.send(command, b"OFF")
    until(lambda: not program.cameras()["Garden"]["audio"])
    assert not program.cameras()["Garden"]["asleep"]
    until(lambda: viewer.state("Garden")["audio"] == "OFF")
    viewer.send(command, b"ON")
    until(lambda: viewer.state("Garden")["audio"] == "ON")
    refused = program.command("cameras", "set", "Garden", "mqtt_may", "storage", "--demo")
    assert refused.returncode != 0
    assert "encryption, audio, sleep" in refused.stderr


def test_an_owner_sees_the_broker_and_allows_a_switch_on_the_pages(program: Program, viewer: Viewer) -> None:
    page = Page(program)
    page.enter("demo@example.com", "showcam-demo")
    assert re.search(r"<dt>MQTT</dt><dd>Connected", page.get("/home/health"))
    camera = viewer.state_topic("Nursery").split("/")[2]
    at = f"/home/cameras/{camera}"
    assert 'name="mqtt_may" value="sleep"' in page.get(at)
    shown = re.search(r'name="shown" value="(\w+)"', page.text)
    assert shown is not None
    kept = {"shown": shown[1], "room": "", "motion_rings": "no", "ring_pause_s": "60"}
    assert page.post(f"{at}/preferences", **kept, mqtt="1", mqtt_may="sleep") == 200
    until(lambda: "command_topic" in viewer.device("Nursery")["components"]["sleep_switch"])
    assert viewer.device("Nursery")["components"]["encryption_switch"] == {"platform": "switch"}
    viewer.send(viewer.device("Nursery")["components"]["sleep_switch"]["command_topic"], b"ON")
    until(lambda: program.cameras()["Nursery"]["asleep"])
    until(lambda: viewer.state("Nursery")["why"]["reason"] == "asleep")


def test_a_worker_that_is_killed_is_told_as_offline_and_is_there_again(program: Program, viewer: Viewer) -> None:
    status = next(topic for topic in viewer.held if topic.endswith("/status"))
    os.kill(worker_of(program), signal.SIGKILL)
    until(lambda: (status, b"offline", False) in viewer.heard)
    until(lambda: viewer.held[status] == b"online")


def test_a_camera_of_the_house_is_told_while_the_vendor_is_away_for_days(program: Program, viewer: Viewer) -> None:
    heard = len(program.log.read_bytes())
    program.configure(gateway_each=1)
    try:
        until(lambda: b"could not be read" in program.log.read_bytes()[heard:])
        with closing(sqlite3.connect(program.data / "showcam.sqlite3", timeout=LONG_S)) as store, store:
            of_ezviz = "source IN (SELECT id FROM source WHERE kind = 'ezviz')"
            changed = store.execute(f"UPDATE known SET as_of = as_of - ? WHERE {of_ezviz}", (2 * DAY_S,))  # noqa: S608
            assert changed.rowcount > 0
        os.kill(worker_of(program), signal.SIGKILL)  # the next one has nothing in memory
        until(lambda: viewer.state("Garden")["why"]["reason"] == "vendor_down")
        assert viewer.state("Barn")["shown"] == "ON"

        def is_seen() -> bool:
            own(program, motion=True)
            return bool(viewer.state("Barn")["motion"] == "ON")

        until(is_seen)  # showcam hears it once it listens to the camera
    finally:
        program.configure(gateway_each=40)
    until(lambda: viewer.state("Garden")["why"]["reason"] == "")


def test_a_broker_that_is_away_is_a_finding_until_it_is_back(program: Program, broker: Mosquitto) -> None:
    def faults() -> list[str]:
        done = program.command("doctor", "--json", "--demo")
        return [row.get("fault") for row in json.loads(done.stdout)["findings"]]

    assert "mqtt_refused" not in faults()
    broker.stop()
    assert within(LONG_S, lambda: "mqtt_refused" in faults())
    broker.start()
    assert within(LONG_S, lambda: "mqtt_refused" not in faults())
    with broker.viewer() as later:
        until(lambda: later.state("Garden"))
    log = program.log.read_text()
    assert PASSWORD not in log
    assert quote(PASSWORD, safe="") not in log


def test_a_broker_is_set_by_command_and_its_password_is_sealed(
    tmp_path: Path, trusted: Path, authority: trustme.CA
) -> None:
    def met(program: Program) -> str:
        file = program.data / "run" / "mqtt"
        return str(json.loads(file.read_bytes())["outcome"]) if file.exists() else ""

    environ: dict[str, Any] = {"SHOWCAM_CA_FILE": str(trusted)}
    with Mosquitto(tmp_path / "broker", authority) as broker, running(tmp_path, demo=False, **environ) as program:
        assert met(program) == ""
        done = program.command("settings", "set", "mqtt", text=f"mqtts://{USER}:wrong@localhost:{broker.port}\n")
        assert done.returncode == 0, done.stderr
        until(lambda: met(program) == "password")
        done = program.command("settings", "set", "mqtt", text=f"{broker.address}\n")
        assert done.returncode == 0, done.stderr
        until(lambda: met(program) == "connected")
        assert USER not in program.command("settings", "list").stdout
        assert broker.address.encode() not in (program.data / "showcam.sqlite3").read_bytes()
        bad = program.command("settings", "set", "mqtt", text="http://secret-word@broker\n")
        assert bad.returncode != 0
        assert "mqtt://USER:PASSWORD@BROKER" in bad.stderr
        assert "secret-word" not in bad.stderr + bad.stdout
        assert program.command("settings", "unset", "mqtt").returncode == 0
        until(lambda: met(program) == "")
