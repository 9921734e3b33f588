"""`showcam cast` as a person types it, on the running demo with its television."""

import json
import math
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "A Cast device of the house shows a camera without any cloud, until it is stopped or somebody takes the TV",
    leans_on="second stack: npm castv2 as the receiver; double: that a Chromecast plays it",
    also=("tests/cast/test_door.py",),
)

TV = "Living room TV"

type Cast = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cast(demo: Program) -> Iterator[Cast]:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        done = demo.command("cast", *words, "--demo")
        assert "Traceback" not in done.stderr
        return done

    yield run
    if television(demo, lambda _: True)["app"]:
        run("--stop")


def television(demo: Program, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + LONG_S
    while not wanted(facts := requests.get(f"{demo.simulator}/_television", timeout=LONG_S).json()):
        assert time.monotonic() < deadline, facts
        time.sleep(0.1)
    return dict(facts)


def test_a_camera_is_shown_on_the_tv_and_taken_off(demo: Program, cast: Cast) -> None:
    assert re.search(rf"^{TV} +TV or display +Chromecast$", cast("--list").stdout, re.MULTILINE)
    assert cast().stdout == "Nothing is shown.\n"
    done = cast("garden", "--on", TV.upper())
    assert (done.returncode, done.stdout) == (0, f"Garden is on {TV}.\n")
    begun = television(demo, lambda facts: facts["frames"] > 0)
    television(demo, lambda facts: facts["frames"] > begun["frames"] + 25)
    assert re.fullmatch(rf"Garden is on {TV} since \d\d:\d\d\.\n", cast().stdout)
    assert cast("--stop").stdout == f"Garden is no longer on {TV}.\n"
    assert television(demo, lambda facts: facts["app"] == "")["frames"] == 0
    assert cast("--stop").stdout == "Nothing was shown.\n"


@pytest.mark.parametrize(
    ("camera", "says"),
    [
        ("Garage", "Image Encryption is on for Garage"),
        ("Nursery", "Audio is off for Nursery"),
        ("Attic", "Attic is offline"),
        ("Cellar", "There is no camera 'Cellar'"),
    ],
)
def test_a_camera_that_can_not_be_shown_says_why(demo: Program, cast: Cast, camera: str, says: str) -> None:
    done = cast(camera)
    assert done.returncode == 1
    assert says in done.stderr
    assert requests.get(f"{demo.simulator}/_television", timeout=LONG_S).json()["app"] == ""


def test_facts_are_printed_as_json(cast: Cast) -> None:
    assert json.loads(cast("--list", "--json").stdout) == {
        "devices": [{"id": "living-room-tv", "name": TV, "kind": "screen", "model": "Chromecast"}]
    }
    shown = json.loads(cast("Garden", "--json").stdout)["showing"][0]
    assert (shown["name"], shown["device"]) == ("Garden", TV)
    assert json.loads(cast("--json").stdout)["showing"] == [shown]


@pytest.mark.proves(
    "A camera that takes 25 s to wake is shown on a TV by `showcam cast`, which says that it is waking",
    leans_on="double: the TV and EZVIZ's battery camera",
)
def test_a_camera_that_sleeps_is_said_to_be_woken_and_is_then_on_the_tv(tmp_path: Path) -> None:
    """It sleeps for longer than a TV waits for a picture."""
    with running(tmp_path, troubled=True) as program:
        program.login()
        program.configure(wake_s=25, wake_spread_s=0)
        program.change("Garden", dozes=True)
        done = program.command("cast", "Garden", "--on", TV, "--demo", within_s=3 * LONG_S)
        assert f"\nGarden is being woken, which may take 70 seconds. Its picture then comes on {TV}.\n" in done.stderr
        assert (done.returncode, done.stdout) == (0, f"Garden is on {TV}.\n")
        television(program, lambda facts: facts["frames"] > 25 and facts["title"] == "Garden")
        assert program.command("cast", "--stop", "--demo").stdout == f"Garden is no longer on {TV}.\n"


def test_who_takes_the_tv_ends_the_picture(demo: Program, cast: Cast) -> None:
    cast("Garden")
    requests.post(f"{demo.simulator}/_television/youtube", timeout=LONG_S).raise_for_status()
    television(demo, lambda facts: facts["app"] == "233637DE")
    until(lambda: cast().stdout == "Nothing is shown.\n")  # the TV has told showcam too
    assert cast("--stop").stdout == "Nothing was shown.\n"
    assert requests.get(f"{demo.simulator}/_television", timeout=LONG_S).json()["app"] == "233637DE", "it is left alone"
    requests.post(f"{demo.simulator}/_television/home", timeout=LONG_S).raise_for_status()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("Garden", "--list"), "Name a camera, or say --list, or --stop."),
        (("Garden", "--on", "Attic TV"), "There is no Cast device Attic TV in the house."),
    ],
)
def test_what_can_not_be_done_is_said(cast: Cast, words: tuple[str, ...], says: str) -> None:
    done = cast(*words)
    assert done.returncode != 0
    assert says in done.stderr


@pytest.mark.proves("A ring brings the door's camera to the TV", leans_on="double: the TV and EZVIZ")
def test_a_ring_brings_the_door_to_the_tv(demo: Program, cast: Cast) -> None:
    for setting, value in (("tv", TV), ("tv_when", "doorbell")):
        done = demo.command("cameras", "set", "Front Door", setting, value, "--demo")
        assert (done.returncode, done.stdout) == (0, f"Front Door: {setting} is {value}.\n")
    try:
        pressed = -math.inf

        def is_shown() -> bool:
            nonlocal pressed
            if time.monotonic() > pressed + 3.5:  # presses within three seconds are one ring
                demo.change("Front Door", press=True)
                pressed = time.monotonic()
            return bool(television(demo, lambda _: True)["title"])

        until(is_shown)  # the running showcam follows within half a minute
        # a second press may have it begin again
        television(demo, lambda facts: (facts["title"], facts["app"]) == ("Front Door", "CC1AD845"))
        until(lambda: [each["name"] for each in json.loads(cast("--json").stdout)["showing"]] == ["Front Door"])
    finally:
        demo.command("cameras", "set", "Front Door", "tv_when", "nothing", "--demo")


@pytest.mark.parametrize("value", ["thunder", "doorbell,thunder"])
def test_what_no_camera_tells_can_not_bring_it_to_a_tv(demo: Program, value: str) -> None:
    done = demo.command("cameras", "set", "Front Door", "tv_when", value, "--demo")
    assert done.returncode == 2
    assert "doorbell, motion, person, and not thunder" in done.stderr


def is_answered(answer: dict[str, Any]) -> bool:
    assert answer["outcome"]["broken"] == []
    return bool(answer["outcome"]["answered"])


@pytest.mark.proves("A scene of either assistant reaches the TV", leans_on="double: Alexa, Google and the TV")
def test_a_scene_of_either_assistant_shows_the_camera_on_the_tv(demo: Program, cast: Cast) -> None:
    done = demo.command("cameras", "set", "Garden", "tv_scenes", TV, "--demo")
    assert (done.returncode, done.stdout) == (0, f"Garden: tv_scenes is {TV}.\n")
    assert "discover devices" in done.stderr
    try:
        for assistant, again in (("alexa", "discover devices"), ("google", "sync my devices")):
            demo.asked_until(is_answered, assistant, "say", before=again, text=f"turn on Garden on {TV}")
            television(demo, lambda facts: facts["frames"] > 10 and facts["title"] == "Garden")
            demo.asked_until(is_answered, assistant, "say", text=f"turn off Garden on {TV}")
            television(demo, lambda facts: facts["app"] == "")
    finally:
        demo.command("cameras", "set", "Garden", "tv_scenes", "nothing", "--demo")


def test_a_scene_of_a_tv_that_is_not_there_is_refused(demo: Program, cast: Cast) -> None:
    demo.command("cameras", "set", "Garden", "tv_scenes", "Attic TV", "--demo")
    try:
        wish = {"before": "sync my devices", "text": "turn on Garden on Attic TV"}
        demo.asked_until(lambda answer: answer["outcome"]["told"] == "sceneCannotBeApplied", "google", "say", **wish)
    finally:
        demo.command("cameras", "set", "Garden", "tv_scenes", "nothing", "--demo")


def test_the_receiver_page_is_there_for_everybody_and_asks_for_nothing(demo: Program) -> None:
    for path in ("/receiver", "/receiver/receiver.js", "/static/vendor/hls.light.min.mjs"):
        answer = requests.get(f"{demo.web}{path}", timeout=LONG_S)
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False), path
    policy = requests.get(f"{demo.web}/receiver", timeout=LONG_S).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self' https://www.gstatic.com/cast/sdk/libs/")
