"""EZVIZ cameras in the house by their own protocol, each where its owner pressed the button for that."""

import base64
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from simulator.local.cas import code_of, key_of
from simulator.real_household import CODE, USER
from tests.doubles.console_browser import Page
from tests.doubles.program import Program, running

CAMERAS = {"Terrace": "plain", "Loft": "wrapped", "Driveway": "plain"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder: Path = tmp_path_factory.mktemp("local")
    with running(folder, SHOWCAM_EXPLAIN="no", SHOWCAM_LOG_LEVEL="debug") as program:
        # before an assistant is linked, which has pictures measured by the ways that there are then
        login = program.command("login", "--demo", "--user", USER, "--open", text="showcam-demo\n")
        assert login.returncode == 0, login.stderr
        page = Page(program)
        page.enter(USER, "showcam-demo")
        for name, how in CAMERAS.items():
            program.change(name, local=how)
            assert page.mend(name, "ask-camera") == 200
            assert "No longer ask the camera itself at home" in page.text
        program.link("alexa", USER)
        program.link("google", USER)
        yield program


def calls(program: Program) -> Counter[str]:
    return Counter(requests.get(f"{program.simulator}/_control", timeout=30).json()["calls"])


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
    answer = program.assistant(assistant, "watch", text=f"show the {name.lower()} camera", via=via)
    assert answer["outcome"]["shown"], answer["outcome"]
    assert answer["shown"]["frames"] > 10
    assert answer["shown"]["audio_rms"] > 0
    assert answer["shown"]["width"] == 640, "the whole picture, while the cloud's is the smaller one"


def test_where_it_brings_none_the_cloud_does(program: Program) -> None:
    """The same request is answered; the next one does not try the camera again."""
    command(program, "cameras", "set", "Driveway", "while_encrypted", "code", "--yes")
    program.configure(local_fault="refuses")
    before = calls(program)
    for _ in range(2):
        answer = program.assistant("alexa", "watch", text="show the driveway camera")
        assert answer["outcome"]["shown"], answer["outcome"]
        assert (answer["shown"]["frames"] > 10, answer["shown"]["width"]) == (True, 320)
    came = calls(program) - before
    assert (came["vtdu"] >= 1, came["local/2011"]) == (True, 2), "each manner once"
    program.configure(local_fault="")


def test_no_key_is_in_a_log(program: Program) -> None:
    text = program.log.read_text() + "".join(each.read_text() for each in (program.data / "log").glob("*"))
    assert "no picture of a camera's own protocol" in text
    for name in CAMERAS:
        serial = str(program.cameras()[name]["serial"])
        camera = type("Simulated", (), {"serial": serial, "pairing": 1})()
        key = key_of(camera)
        secrets = (key, base64.b64encode(key.encode()).decode(), code_of(camera), serial, "ezviz-local", CODE)
        assert not [each for each in secrets if each in text]
