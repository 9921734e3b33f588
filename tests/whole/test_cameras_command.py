"""`showcam cameras` as a person types it, on the running demo."""

import json
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
import requests

from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

type Cameras = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cameras(demo: Program) -> Cameras:
    def run(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        done = demo.command("cameras", *words, "--demo", text=text)
        assert "Traceback" not in done.stderr
        return done

    return run


def test_the_list_says_what_can_be_shown_and_what_to_do(cameras: Cameras) -> None:
    done = cameras("list", "--verbose")
    assert done.returncode == 0
    rows = {line[:12].strip(): line.split()[-2:] for line in done.stdout.splitlines() if not line.startswith(" ")}
    assert rows["Garden"] == ["yes", "yes"]
    assert rows["Garage"] == ["no", "no"]
    assert rows["Nursery"] == ["yes", "no"]
    assert 'showcam --demo cameras set "Garage" encryption off' in done.stdout
    assert "Picture by: Open Platform" in done.stdout
    assert "Name:" not in done.stdout


def test_a_name_that_voices_miss_is_pointed_out(demo: Program, cameras: Cameras) -> None:
    where = f"{demo.simulator}/_control/{demo.cameras()['Garden']['serial']}"
    requests.post(where, json={"name": "Doorbell (2)"}, timeout=LONG_S).raise_for_status()
    try:
        printed = cameras("list").stdout
    finally:
        requests.post(where, json={"name": "Garden"}, timeout=LONG_S).raise_for_status()
    assert re.search(r"Name: Alexa takes “doorbell”", printed)
    assert "Name: Signs in the name" in printed


def test_a_setting_is_set_and_shown(demo: Program, cameras: Cameras) -> None:
    done = cameras("set", "nursery", "audio", "on")
    assert (done.returncode, done.stdout) == (0, "Nursery: audio is on.\n")
    assert demo.cameras()["Nursery"]["audio"] is True
    assert re.search(r"audio +on", cameras("show", "Nursery").stdout)
    assert cameras("set", "Nursery", "audio", "off").returncode == 0


def test_encryption_off_asks_for_consent_and_the_code(demo: Program, cameras: Cameras) -> None:
    assert cameras("set", "Garage", "encryption", "off", text="n\n").returncode == 1
    wrong = cameras("set", "Garage", "encryption", "off", "--yes", text="AAAAAA\n")
    assert wrong.returncode == 1
    assert "Wrong code. Use the label's" in wrong.stderr
    assert demo.cameras()["Garage"]["encryption"] is True
    done = cameras("set", "Garage", "encryption", "off", text="y\nABCDEF\n")
    assert (done.returncode, "Garage: encryption is off." in done.stdout) == (0, True)
    assert "ABCDEF" not in done.stdout + done.stderr + demo.log.read_text()
    assert demo.cameras()["Garage"]["encryption"] is False
    demo.change("Garage", encryption=True)


def test_a_mailed_code_is_the_second_question(demo: Program, cameras: Cameras) -> None:
    demo.change("Garage", rejects_label_code=True)
    done = cameras("set", "Garage", "encryption", "off", "--yes", text="ABCDEF\nnone\n")
    assert "Enter the four digits EZVIZ has mailed" in done.stderr
    assert done.returncode == 1
    assert demo.cameras()["Garage"]["encryption"] is True
    demo.change("Garage", rejects_label_code=False)


def test_a_code_shows_an_encrypted_camera_until_it_is_taken_back(demo: Program, cameras: Cameras) -> None:
    value = ("set", "Garage", "while_encrypted", "code")
    assert cameras(*value, text="n\n").returncode == 1
    other = cameras(*value, "--yes", text="AAAAAA\n")
    assert (other.returncode, "The next video shows whether it is right." in other.stderr) == (0, True)
    assert cameras(*value, text="y\nABCDEF\n").stdout.endswith("Garage: while_encrypted is code.\n")
    assert re.search(r"while_encrypted +code", cameras("show", "Garage").stdout)
    assert re.search(r"^Garage .* yes +yes", cameras("list").stdout, re.M)
    assert cameras("set", "Garage", "while_encrypted", "no").stdout == "Garage: while_encrypted is no.\n"
    assert re.search(r"^Garage .* no +no", cameras("list").stdout, re.M)


def test_without_a_code_the_key_is_asked_for_and_the_mailed_code_brings_it(demo: Program, cameras: Cameras) -> None:
    value = ("set", "Garage", "while_encrypted", "code", "--yes")
    asked = cameras(*value, text="\nnone\n")
    assert "EZVIZ has mailed you four digits" in asked.stderr
    assert "EZVIZ refuses that code" in asked.stderr
    assert asked.returncode == 1
    # the decision stands, and its key is missing: the mail of a moment ago counts
    done = cameras(*value, text=f"\n{demo.cameras()['Garage']['mailed']}\n")
    assert (done.returncode, done.stdout) == (0, "Garage: while_encrypted is code.\n"), done.stderr
    assert re.search(r"^Garage .* yes +yes", cameras("list").stdout, re.M)
    assert cameras("set", "Garage", "while_encrypted", "no").returncode == 0


def test_what_a_voice_may_is_kept(cameras: Cameras) -> None:
    assert "a voice may change audio, restart." in cameras("set", "Attic", "voice_may", "restart, audio").stdout
    assert re.search(r"voice_may +audio, restart", cameras("show", "Attic").stdout)
    assert "nothing" in cameras("set", "Attic", "voice_may", "nothing").stdout
    refused = cameras("set", "Attic", "voice_may", "encryption")
    assert (refused.returncode, "can't be allowed encryption" in refused.stderr) == (2, True)


def test_the_next_step_is_printed(demo: Program, cameras: Cameras) -> None:
    pin, user = "Google turns off no camera until there is a PIN", "demo@example.com"
    # voice_may, whether a PIN is set, whether the command advises one
    for may, pin_is_set, wanted in (("sleep,audio", False, True), ("audio", False, False), ("sleep", True, False)):
        if pin_is_set:
            assert demo.command("pin", "set", user, "--demo", text="2468\n2468\n").returncode == 0
        printed = cameras("set", "Attic", "voice_may", may).stderr
        assert "“sync my devices” to Google, “discover devices” to Alexa" in printed
        assert (re.search(rf"{pin}: \S*showcam --demo pin set {user}$", printed, re.M) is not None, pin in printed) == (
            wanted,
            wanted,
        )
    demo.command("pin", "clear", user, "--demo")
    assert "within half a minute" in cameras("set", "Attic", "keep_warm", "no").stderr
    cameras("set", "Attic", "voice_may", "nothing")


# words, the exit code, what the one line says
WRONG = [
    (("show", "Nowhere"), 1, "There is no camera 'Nowhere'; there are Garden"),
    (("show", "Ga"), 1, "2 cameras are called like that"),
    (("set", "Garden", "audio", "loud"), 2, "audio can be set to on, off."),
    (("set", "Garden", "wifi", "home"), 2, "wifi can be read, not set."),
    (("set", "Garden", "resolution", "hi_def"), 2, "It is set in the EZVIZ app, on the live view: Ultra HD"),
    (("set", "Garden", "colour", "red"), 2, "there is no setting 'colour'"),
    (("set", "Garden", "keep_warm", "maybe"), 2, "keep_warm is yes or no."),
    (("set", "Garden", "scaled", "yes"), 2, "as many at once as its setting transcodes allows."),
    (("list", "--user", "nobody@example.com"), 2, "nobody@example.com is not known here"),
]
# all of them in one process: what a command loads takes most of its time
IN_ONE = """
import json, sys
from click.testing import CliRunner
from showcam.app.cli import main

done = [CliRunner().invoke(main, ["cameras", *words, "--demo"], prog_name="showcam") for words in json.load(sys.stdin)]
print(json.dumps([(each.exit_code, each.stdout, each.stderr) for each in done]))
"""


def test_what_is_wrong_is_said_in_one_line(demo: Program) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", IN_ONE],
        env=demo.environ, cwd=demo.stands, input=json.dumps([words for words, _, _ in WRONG]),
        capture_output=True, text=True, timeout=3 * LONG_S, check=True,
    )  # fmt: skip
    shown_while_it_lasts = re.compile("Asking EZVIZ( and the cameras of the house)? …[.]*")
    for (words, code, expected), (ended, printed, told) in zip(WRONG, json.loads(done.stdout), strict=True):
        lines = [line for line in told.strip().splitlines() if not shown_while_it_lasts.fullmatch(line)]
        assert (words, ended, printed, len(lines)) == (words, code, "", 1), told
        assert expected in lines[0]
