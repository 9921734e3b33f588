"""EZVIZ cameras in the house by their own protocol, each where its owner pressed the button for that."""

import asyncio
import base64
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from showcam.app.cli.named_camera import camera_named
from showcam.app.compose.command import built, household_of
from showcam.app.compose.trace import camera_trace
from showcam.app.process.settings_sources import load
from showcam.app.trace import text as traces
from showcam.drivers.ezviz.trace.camera import Wanted
from showcam.drivers.ezviz.trace_lines import Ended, Opened
from showcam.simulator.assistants.screen import WebRtcScreen
from showcam.simulator.households import CODE, USER
from tests.doubles.console_browser import Page
from tests.doubles.program import Program, running
from tests.doubles.troubled.cas import code_of, key_of
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "EZVIZ's own protocol at home shows a camera, enciphered or not, to all who watch by one session",
    leans_on="double: the EZVIZ camera",
    also=("tests/media/test_ezviz_local.py",),
)

CAMERAS = {"Terrace": "plain", "Loft": "wrapped", "Driveway": "plain"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder: Path = tmp_path_factory.mktemp("local")
    with running(folder, troubled=True, SHOWCAM_EXPLAIN="no", SHOWCAM_LOG_LEVEL="debug") as program:
        # before an assistant is linked, which has pictures measured by the ways that there are then
        program.login(USER)
        page = Page(program)
        page.enter(USER, "showcam-demo")
        for name, how in CAMERAS.items():
            program.change(name, local=how)
            assert page.mend(name, "ask-camera") == 200
            assert "No longer ask it at home" in page.text
        program.link("alexa", USER)
        program.link("google", USER)
        yield program


def calls(program: Program) -> Counter[str]:
    return Counter(requests.get(f"{program.simulator}/_control", timeout=LONG_S).json()["calls"])


def command(program: Program, *words: str) -> str:
    done = program.command(*words, "--user", USER, "--demo", text=f"{CODE}\n")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "deciphers", "assistant", "via"),
    [("Terrace", False, "alexa", "webrtc"), ("Loft", True, "google", "hls")],
    ids=["own, clear, plainly", "shared, encrypted, wrapped"],
)
def test_a_camera_is_shown_by_its_own_protocol(
    program: Program, name: str, deciphers: bool, assistant: str, via: str
) -> None:
    if deciphers:
        command(program, "cameras", "set", name, "while_encrypted", "code", "--yes")
    # three seconds pass before the second manner is tried, and up to four until the camera's next keyframe: a first
    # request may end meanwhile, and the next one meets the video that it opened
    answer = program.shown(assistant, f"show the {name.lower()} camera", via=via)
    assert answer["shown"]["audio_rms"] > 0
    assert answer["shown"]["width"] == 640, "the whole picture, while the cloud's is the smaller one"


def test_where_it_brings_none_the_cloud_does(program: Program) -> None:
    """The same request is answered; the next one does not try the camera again."""
    command(program, "cameras", "set", "Driveway", "while_encrypted", "code", "--yes")
    program.configure(local_fault="refuses")
    before = calls(program)
    for _ in range(2):
        assert program.shown("alexa", "show the driveway camera")["shown"]["width"] == 320
    came = calls(program) - before
    assert (came["vtdu"] >= 1, came["local/2011"]) == (True, 2), "each manner once"
    program.configure(local_fault="")


def as_its_tile_asks(page: Page, name: str) -> dict[str, Any]:
    """What the page answers to the script of a tile."""
    page.get("/home")
    tile = re.search(rf'<li class="tile"[^>]*data-camera="([\w-]+)"[^>]*data-name="{name}"', page.text)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert tile is not None
    assert token is not None

    async def offered() -> str:
        screen = WebRtcScreen()
        try:
            return await screen.offer()
        finally:
            await screen.close()

    body = {"session": "7", "sdp": asyncio.run(offered())}
    url = f"{page.program.web}/home/cameras/{tile[1]}"
    return dict(page.session.post(url, json=body, headers={"X-CSRFToken": token[1]}, timeout=LONG_S).json())


def test_a_camera_that_sends_the_cloud_nothing_is_shown_by_its_own_protocol_after_a_press(program: Program) -> None:
    page = Page(program)
    page.enter(USER, "showcam-demo")
    # a sign-in on the page agrees to nothing that was not ticked
    program.login(USER)
    assert page.mend("Terrace", "forget-camera") == 200
    program.configure(stream_fault="silent")
    try:
        told = "NOT_SUPPORTED_IN_CURRENT_MODE, NOT_PROVISIONED"

        def is_told(answer: dict[str, Any]) -> bool:
            assert not answer["outcome"]["shown"]
            return bool(answer["outcome"]["told"] == told)

        program.asked_until(is_told, "alexa", "watch", text="show the terrace camera")
        before = calls(program)
        refused = as_its_tile_asks(page, "Terrace")
        assert (refused["reason"], refused["mends"]) == ("silent", ["local"])
        assert "no video" in refused["wrong"]
        assert (calls(program) - before)["vtdu"] == 0, "while it rests, no session is opened to find that out"
        assert page.mend("Terrace", "ask-camera") == 200
        assert program.shown("alexa", "show the terrace camera")["shown"]["width"] == 640
    finally:
        program.configure(stream_fault="")


def test_a_trace_tells_a_session_by_each_way_at_home(program: Program) -> None:
    user, label = "demo@example.com", "GKRTUV"
    words = ("--user", user, "--demo")
    page = Page(program)
    page.enter(user, "showcam-demo")
    program.login(user)
    assert program.command("cameras", "code", "Garden", *words, text=f"{label}\n").returncode == 0
    program.change("Garden", local="wrapped")
    assert page.mend("Garden", "ask-camera") == 200
    settings = load(demo=True, environ=program.environ)
    with built(settings) as base:
        household = household_of(settings, base, user)
        garden = camera_named(household, "Garden")
        lines = camera_trace(settings, base, household.account, garden, lambda _: None).take(Wanted(2.0))
    opened = [line for line in lines if isinstance(line, Opened)]
    assert [line.way for line in opened[:2]] == ["sub", "main"]
    pictures = {line.number: line.picture for line in lines if isinstance(line, Ended)}
    assert [(line.way, pictures[line.number]) for line in opened[2:]] == [
        ("rtsp", "clear"),
        ("plain", "none"),
        ("wrapped", "clear"),
    ]
    written = traces.written(lines)
    assert traces.read(written) == lines
    camera = program.cameras()["Garden"]
    for secret in (camera["serial"], label, key_of(camera["serial"]), code_of(camera["serial"]), "127.0.0.1", "Garden"):
        assert secret.encode() not in written


def test_no_key_is_in_a_log(program: Program) -> None:
    text = program.log.read_text() + "".join(each.read_text() for each in (program.data / "log").glob("*"))
    assert "no picture of a camera's own protocol" in text
    for name in CAMERAS:
        serial = str(program.cameras()[name]["serial"])
        key = key_of(serial)
        secrets = (key, base64.b64encode(key.encode()).decode(), code_of(serial), serial, "ezviz-local", CODE)
        assert not [each for each in secrets if each in text]
