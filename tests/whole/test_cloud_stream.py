"""A household with the EZVIZ account alone: no developer key, no code, no door at home; timed as in life."""

import base64
import math
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from showcam.simulator.households import CODE
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "An EZVIZ camera is shown by the account only, while Image Encryption is off",
    leans_on="double: EZVIZ's camera and cloud",
    also=("tests/simulator/test_cloud_stream.py",),
)

USER = "real@example.com"
LOOKS_S = 10.0  # once both assistants know every camera: cameras once were opened one after another
ASKS = 15  # each a second after the one before, and a picture that is refused is answered at once
RESTS_S = 10.0  # after 5409


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, Counter[str]]]:
    """A program, and what its vendor had been asked for when both assistants knew every camera."""
    folder: Path = tmp_path_factory.mktemp("real")
    # an owner's limit is six openings a minute, and these tests ask more often than a person
    with running(folder, troubled=True, SHOWCAM_EXPLAIN="no", SHOWCAM_OPENS_PER_MINUTE="60") as program:
        for assistant in ("alexa", "google"):
            program.link(assistant, USER)
        until(lambda: all(knows(program, assistant) for assistant in ("alexa", "google")))
        time.sleep(LOOKS_S)
        yield program, program.calls()


@pytest.fixture(scope="module")
def program(linked: tuple[Program, Counter[str]]) -> Program:
    return linked[0]


def knows(program: Program, assistant: str) -> bool:
    about = requests.get(f"{program.simulator}/assistants/{assistant}", timeout=LONG_S).json()
    return 0 < len(about["cameras"]) <= len(about.get("states", {}))


def test_linking_and_listing_open_no_camera(linked: tuple[Program, Counter[str]]) -> None:
    """A burst of openings is refused on real accounts (rhanekom/hass-ezviz-stream, doc/reference.md, 5405)."""
    _, calls = linked
    assert [calls[server] for server in ("vtm", "vtdu")] == [0, 0]


def test_a_viewer_that_asks_each_second_has_a_refused_camera_opened_six_times_a_minute_at_the_most(
    program: Program,
) -> None:
    """And no more tokens are fetched than sessions are requested. Without its rest each ask would open it."""
    try:
        program.configure(stream_code=5409)
        before, began = program.calls(), time.monotonic()
        for _ in range(ASKS):
            answer = program.assistant("alexa", "watch", text="show the terrace camera")
            assert not answer["outcome"]["shown"]
            time.sleep(1.0)
        grown = program.calls() - before
        minutes = math.ceil((time.monotonic() - began) / 60.0)
        assert 1 <= grown["vtm"] <= 6 * minutes
        assert grown["/vtdutoken2"] <= grown["vtm"] + 1, "and one that is kept for the next session"
    finally:
        program.configure(stream_code=0)
    time.sleep(RESTS_S)


@pytest.mark.parametrize("via", ["webrtc", "hls"])
@pytest.mark.parametrize("assistant", ["alexa", "google"])
def test_a_camera_is_shown_by_the_account_alone(program: Program, assistant: str, via: str) -> None:
    answer = program.shown(assistant, "show the terrace camera", via=via)
    assert answer["shown"]["protocol"] == via
    assert answer["shown"]["audio_rms"] > 0


def test_an_encrypted_camera_is_not(program: Program) -> None:
    program.refused("alexa", "show the driveway camera", "Image Encryption is on for Driveway")


@pytest.mark.proves(
    "An encrypted EZVIZ camera is shown by its code and the account only, to Alexa by WebRTC and to Google by HLS",
    leans_on="double: EZVIZ's camera and cloud",
)
@pytest.mark.parametrize(
    ("camera", "assistant", "via"),
    [
        ("Driveway", "alexa", "webrtc"),
        ("Driveway", "google", "hls"),
        ("Boathouse", "alexa", "webrtc"),
        ("Courtyard Close", "alexa", "webrtc"),
        ("Loft", "alexa", "webrtc"),
        ("Workshop", "alexa", "webrtc"),
    ],
    ids=["own", "own, by HLS", "shared", "of two lenses, by RTP", "older", "H.265 alone"],
)
def test_by_its_code_an_encrypted_camera_is_shown_too(program: Program, camera: str, assistant: str, via: str) -> None:
    """Each hides another part of its pictures."""
    decide(program, camera, "code")
    answer = program.shown(assistant, f"show the {camera.lower()} camera", via=via)
    assert answer["shown"]["audio_rms"] > 0


def test_a_battery_camera_is_shown_when_it_is_asked_for_again(program: Program) -> None:
    """It wakes with the third session, and its picture goes on opening when the display has given up."""
    program.configure(wake_s=1.5, wake_spread_s=0)  # in life it takes up to 70 s
    decide(program, "Hall", "code")
    program.shown("alexa", "show the hall camera")


def test_a_code_that_is_taken_back_shows_nothing_more(program: Program) -> None:
    decide(program, "Driveway", "code")
    decide(program, "Driveway", "no")
    program.refused("alexa", "show the driveway camera", "Image Encryption is on for Driveway")


def decide(program: Program, camera: str, value: str) -> None:
    words = ("cameras", "set", camera, "while_encrypted", value, "--yes", "--user", USER, "--demo")
    done = program.command(*words, text=f"{CODE}\n")
    assert (done.returncode, done.stdout) == (0, f"{camera}: while_encrypted is {value}.\n"), done.stderr


def test_what_was_shown_left_no_trace_of_how_it_came(program: Program) -> None:
    text = program.log.read_text() + "".join(file.read_text() for file in (program.data / "log").glob("*"))
    assert "pull opened" in text
    key = base64.b64encode(CODE.encode().ljust(16, b"\0")).decode()
    for secret in ("ysproto", "ut.", "vtdutoken2", "F004975", CODE, key):
        assert secret not in text
