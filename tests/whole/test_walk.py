"""From a spoken sentence to a moving picture, over HTTP."""

import base64
import io
import re
from collections.abc import Iterator
from typing import Any

import av
import pytest
import requests

from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S


def decoded(jpeg: str) -> tuple[int, int]:
    with av.open(io.BytesIO(base64.b64decode(jpeg)), "r", format="mjpeg") as picture:
        frame = next(picture.decode(video=0))
        return frame.width, frame.height


@pytest.mark.proves(
    "A spoken request brings moving video with sound, on an Echo and on a Google display",
    leans_on="double: Echo, Google display and EZVIZ",
)
@pytest.mark.parametrize("via", ["webrtc", "hls"])
@pytest.mark.parametrize("assistant", ["alexa", "google"])
def test_the_garden_is_shown_with_sound(demo: Program, assistant: str, via: str) -> None:
    answer = demo.shown(assistant, "show the garden camera", via=via)
    assert answer["shown"]["protocol"] == via
    assert answer["shown"]["audio_rms"] > 0
    assert decoded(answer["jpeg"]) == (answer["shown"]["width"], answer["shown"]["height"])


# assistant · camera · texts in the assistant's answer · a text that a person reads
REFUSED = [
    (
        "alexa",
        "garage",
        ("NOT_SUPPORTED_IN_CURRENT_MODE", "OTHER"),
        r"Image Encryption is on for Garage.*switch it off",
    ),
    ("google", "garage", ("streamUnplayable",), r"Image Encryption is on for Garage.*switch it off"),
    ("google", "nursery", ("deviceNotReady",), r"Audio is off for Nursery.*switch it on"),
    ("alexa", "attic", ("ENDPOINT_UNREACHABLE",), r"Attic is offline.*Wi-Fi"),
    ("google", "attic", ("deviceOffline",), r"Attic is offline.*Wi-Fi"),
    (
        "alexa",
        "bedroom",
        ("NOT_SUPPORTED_IN_CURRENT_MODE", "ASLEEP"),
        r"Bedroom is in Sleep Mode.*switch Sleep Mode off",
    ),
    ("google", "bedroom", ("deviceTurnedOff",), r"Bedroom is in Sleep Mode.*switch Sleep Mode off"),
]


@pytest.mark.parametrize(("assistant", "camera", "expected", "person"), REFUSED, ids=lambda value: str(value)[:24])
def test_a_camera_that_cannot_be_shown_says_why(
    demo: Program, assistant: str, camera: str, expected: tuple[str, ...], person: str
) -> None:
    def is_refused(answer: dict[str, Any]) -> bool:
        assert not answer["outcome"]["shown"]
        return all(text in str(answer["outcome"]["told"]) for text in expected)

    answer = demo.asked_until(is_refused, assistant, "watch", text=f"show the {camera} camera")
    assert re.search(person, answer["outcome"]["person"])


@pytest.fixture(scope="module")
def as_it_comes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The demo without a setting, and linked to nobody at first."""
    with running(tmp_path_factory.mktemp("as-it-comes")) as program:
        yield program


@pytest.mark.proves(
    "A display shows a card with the reason in the camera's place", leans_on="double: Echo, Google display and EZVIZ"
)
def test_by_default_a_display_is_shown_the_reason_in_the_cameras_place(as_it_comes: Program) -> None:
    for assistant in ("alexa", "google"):
        as_it_comes.link(assistant)
        for via in ("webrtc", "hls"):
            # a card is sent five times a second
            answer = as_it_comes.shown(assistant, "show the garage camera", via=via, seconds=3)
            assert (answer["shown"]["width"], answer["shown"]["height"]) == (1280, 720)


def test_a_display_that_plays_hls_alone_gets_the_reason_too(demo: Program) -> None:
    outcome = demo.refused("alexa", "show the attic camera", "Attic is offline", via="hls")["outcome"]
    assert (outcome["told"], outcome["broken"]) == ("ENDPOINT_UNREACHABLE", [])


@pytest.mark.parametrize(("assistant", "via"), [("alexa", "webrtc"), ("google", "webrtc"), ("alexa", "hls")])
def test_the_pond_sends_h265_and_is_shown_transcoded(demo: Program, assistant: str, via: str) -> None:
    def is_shown(answer: dict[str, Any]) -> bool:
        return bool(answer["outcome"]["shown"] and answer["shown"]["frames"] > 5)

    demo.asked_until(is_shown, assistant, "watch", text="show the pond camera", via=via)


def test_the_nursery_is_shown_without_sound_on_alexa(demo: Program) -> None:
    answer = demo.shown("alexa", "show the nursery")
    assert not answer["shown"]["audio"]


def test_a_switch_changes_the_next_answer(demo: Program) -> None:
    demo.change("Nursery", audio=True)
    try:
        demo.shown("google", "show the nursery")
        demo.change("Nursery", encryption=True)
        demo.refused("google", "show the nursery", "Image Encryption is on")
    finally:
        demo.change("Nursery", audio=False, encryption=False)


@pytest.mark.proves(
    "“Hey Google, show the garden on the TV” casts HLS to a television",
    leans_on="double: Google, the television and EZVIZ",
)
def test_google_casts_by_hls_to_a_television(demo: Program) -> None:
    answer = demo.shown("google", "show the garden on the living room TV")
    assert answer["shown"]["protocol"] == "hls"


def test_an_unknown_camera_is_answered_so(demo: Program) -> None:
    answer = demo.assistant("alexa", "say", text="show the submarine camera")
    assert not answer["outcome"]["shown"]


def test_no_rule_of_the_assistants_is_broken_and_no_secret_stands_in_the_trace(demo: Program) -> None:
    for assistant in ("alexa", "google"):
        for text in ("discover devices", "show the garden camera", "show the attic"):
            answer: dict[str, Any] = demo.assistant(assistant, "watch" if "show" in text else "say", text=text)
            assert "broke a rule" not in str(answer)
            assert not re.search(r"sc[ar]\.[a-z2-7]+\.[\w-]{8,}", str(answer["trace"]))


@pytest.mark.parametrize(
    ("user", "more", "cameras"),
    [
        ("mfa@example.com", {"code": "012345"}, {"Porch"}),
        ("other@example.com", {}, {"Study", "Garden"}),
    ],
)
def test_each_household_links_by_itself(demo: Program, user: str, more: dict[str, str], cameras: set[str]) -> None:
    demo.assistant("google", "unlink")
    try:
        linked = demo.link("google", user, **more)
        assert {camera["name"] for camera in linked["cameras"]} == cameras
    finally:
        demo.assistant("google", "unlink")
        demo.link("google")


def test_metrics_count_without_naming_anybody(demo: Program) -> None:
    text = requests.get(f"{demo.web}/metrics", timeout=LONG_S).text
    assert 'showcam_requests_total{route="alexa",status="200"}' in text
    assert "Garden" not in text
