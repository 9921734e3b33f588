"""Spoken requests with Amazon's signature, from a sentence to a picture, on the running demo."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from tests.doubles.program import Program, running


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Alexa, ask my cameras why I can't see the garage", "be shown: Image Encryption is on"),
        ("Alexa, ask my cameras why I can't see the attic", "be shown: it is offline"),
        ("Alexa, ask my cameras which cameras are ready", "Garage can't be shown"),
        ("Alexa, ask my cameras to mend the bedroom", "Wake it in the EZVIZ app"),
    ],
)
def test_the_reason_is_spoken(text: str, expected: str, demo: Program) -> None:
    outcome = demo.assistant("alexa", "watch", text=text)["outcome"]
    demo.assistant("alexa", "say", text="stop")
    assert expected in outcome["spoken"]
    assert not outcome["shown"]
    assert not outcome["broken"]


@pytest.mark.parametrize(
    ("question", "answered", "expected"),
    [
        ("why", "garage", "be shown: Image Encryption is on"),
        ("mend a camera", "the bedroom camera", "Wake it in the EZVIZ app"),
        ("why I can't see the garage", "mend it", "Switch it off"),
        ("help", "the attic", "be shown: it is offline"),
    ],
)
def test_a_question_is_answered_in_a_word(question: str, answered: str, expected: str, demo: Program) -> None:
    demo.assistant("alexa", "watch", text=f"Alexa, ask my cameras {question}")
    outcome = demo.assistant("alexa", "watch", text=answered)["outcome"]
    demo.assistant("alexa", "say", text="stop")
    assert expected in outcome["spoken"]
    assert not outcome["broken"]


def test_the_second_of_two_cameras_that_are_meant_is_chosen(tmp_path: Path) -> None:
    with running(tmp_path) as program:
        for before, name in (("Attic", "Gate Left"), ("Bedroom", "Gate Right")):
            program.change(before, name=name)
        program.link("alexa")
        asked = program.assistant("alexa", "watch", text="Alexa, ask my cameras why I can't see the gate")
        chosen = program.assistant("alexa", "watch", text="the second one")
    assert asked["outcome"]["spoken"] == "Do you mean Gate Left or Gate Right?"
    assert chosen["outcome"]["spoken"] == "Gate Right can't be shown: it is in Sleep Mode. Say: fix Gate Right."
    assert chosen["outcome"]["broken"] == asked["outcome"]["broken"] == []


def test_a_camera_is_shown_by_asking_the_skill(demo: Program) -> None:
    answer = demo.assistant("alexa", "watch", text="Alexa, ask my cameras to show the garden")
    assert answer["outcome"]["shown"], answer["outcome"]
    assert answer["shown"]["protocol"] == "hls"
    assert answer["shown"]["frames"] > 10
    assert answer["shown"]["audio"]
    assert answer["shown"]["width"] <= 1280


@pytest.mark.proves(
    "An Echo that asks the skill is shown a camera with large video by the smaller video that it sends",
    leans_on="double: the Echo and EZVIZ",
)
def test_a_large_picture_is_shown_by_the_smaller_one_that_the_camera_sends(tmp_path: Path) -> None:
    with running(tmp_path, troubled=True) as program:
        program.change("Front Door", size=[1920, 1080], sub_size=[768, 432])  # before it is shown
        program.link("alexa")
        answer = program.assistant("alexa", "watch", text="Alexa, ask my cameras to show the front door")
    assert answer["outcome"]["shown"], answer["outcome"]
    assert (answer["shown"]["width"], answer["shown"]["height"]) == (768, 432)


def test_linking_brought_amazons_grant(demo: Program) -> None:
    entries = requests.get(f"{demo.simulator}/assistants/alexa/trace", timeout=30).json()["entries"]
    (granted,) = [entry for entry in entries if entry["title"] == "Alexa: AcceptGrant"]
    assert granted["response"]["event"]["header"]["name"] == "AcceptGrant.Response"
    assert granted["request"]["directive"]["payload"]["grant"]["code"] == "•••"


def test_nobody_but_amazon_asks_the_skill(demo: Program) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    application = {"applicationId": "amzn1.ask.skill.demo"}
    body = {
        "version": "1.0",
        "context": {"System": {"application": application, "user": {"userId": "u"}}},
        "request": {"type": "LaunchRequest", "requestId": "r", "timestamp": now, "locale": "en-US"},
    }
    for headers in ({}, {"SignatureCertChainUrl": "https://s3.amazonaws.com/echo.api/x.pem", "Signature-256": "eA=="}):
        answer = requests.post(
            f"{demo.web}/alexa/skill",
            json.dumps(body),
            headers={"Content-Type": "application/json", **headers},
            timeout=10,
        )
        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "application/problem+json"
