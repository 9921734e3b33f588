"""Spoken requests with Amazon's signature, from a sentence to a picture, on the running demo."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until


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
    def is_said(answer: dict[str, Any]) -> bool:
        demo.assistant("alexa", "say", text="stop")
        assert not answer["outcome"]["shown"]
        assert not answer["outcome"]["broken"]
        return expected in answer["outcome"]["spoken"]

    demo.asked_until(is_said, "alexa", "watch", text=text)


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
    def is_answered() -> bool:
        demo.assistant("alexa", "watch", text=f"Alexa, ask my cameras {question}")
        outcome = demo.assistant("alexa", "watch", text=answered)["outcome"]
        demo.assistant("alexa", "say", text="stop")
        assert not outcome["broken"]
        return expected in outcome["spoken"]

    until(is_answered)  # an answer of the vendor's may come too late on a busy machine


def test_the_second_of_two_cameras_that_are_meant_is_chosen(tmp_path: Path) -> None:
    with running(tmp_path) as program:
        for before, name in (("Attic", "Gate Left"), ("Bedroom", "Gate Right")):
            program.change(before, name=name)
        program.link("alexa")

        def is_chosen() -> bool:
            asked = program.assistant("alexa", "watch", text="Alexa, ask my cameras why I can't see the gate")
            chosen = program.assistant("alexa", "watch", text="the second one")
            program.assistant("alexa", "say", text="stop")
            assert chosen["outcome"]["broken"] == asked["outcome"]["broken"] == []
            return [answer["outcome"]["spoken"] for answer in (asked, chosen)] == [
                "Do you mean Gate Left or Gate Right?",
                "Gate Right can't be shown: it is in Sleep Mode. Say: fix Gate Right.",
            ]

        until(is_chosen)  # an answer of the vendor's may come too late on a busy machine


def test_a_camera_is_shown_by_asking_the_skill(demo: Program) -> None:
    answer = demo.shown("alexa", "Alexa, ask my cameras to show the garden")
    assert answer["shown"]["protocol"] == "hls"
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
        answer = program.shown("alexa", "Alexa, ask my cameras to show the front door")
    assert (answer["shown"]["width"], answer["shown"]["height"]) == (768, 432)


def test_linking_brings_amazons_grant(tmp_path: Path) -> None:
    with running(tmp_path) as program:  # of the demo's messages, which many tests send, only the last 200 are kept
        program.link("alexa")
        entries = requests.get(f"{program.simulator}/assistants/alexa/trace", timeout=LONG_S).json()["entries"]
    *_, granted = [entry for entry in entries if entry["title"] == "Alexa: AcceptGrant"]
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
            timeout=LONG_S,
        )
        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "application/problem+json"
