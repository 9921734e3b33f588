"""Talking through an owner's own camera, from nothing to what the camera plays, with the started program."""

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.doubles import gstreamer
from tests.doubles.linking import link
from tests.doubles.program import Program, running
from tests.doubles.rtc_talker import TalkingViewer, tone_of
from tests.doubles.waiting import LONG_S, until

TONE_HZ, NEAR_HZ = 620, 10


class Echo:
    """An Echo of the demo's household, with what Amazon's cloud sends for it."""

    def __init__(self, program: Program) -> None:
        self._web = program.web
        self._scope = {"type": "BearerToken", "token": link(program.web, "alexa", "demo@example.com", "showcam-demo")}

    def endpoint(self, name: str) -> dict[str, Any]:
        found = self._send("Alexa.Discovery", "Discover", {"scope": self._scope})
        return next(dict(each) for each in found["payload"]["endpoints"] if each["friendlyName"] == name)

    def is_full_duplex(self, name: str) -> bool:
        capabilities = self.endpoint(name)["capabilities"]
        rtc = next(each for each in capabilities if each["interface"] == "Alexa.RTCSessionController")
        return bool(rtc["configuration"]["isFullDuplexAudioSupported"])

    def answer(self, name: str, sdp: str) -> str:
        """The answer to an offer for the camera of that name."""
        endpoint = {"scope": self._scope, "endpointId": self.endpoint(name)["endpointId"], "cookie": {}}
        offer = {"sessionId": str(uuid.uuid4()), "offer": {"format": "SDP", "value": sdp}}
        found = self._send("Alexa.RTCSessionController", "InitiateSessionWithOffer", offer, endpoint)
        return str(found["payload"]["answer"]["value"])

    def _send(self, namespace: str, name: str, payload: dict[str, Any], endpoint: Any = None) -> dict[str, Any]:
        header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": str(uuid.uuid4())}
        directive = {"header": header | ({"correlationToken": "c"} if endpoint else {}), "payload": payload}
        directive |= {"endpoint": endpoint} if endpoint else {}
        answer = requests.post(f"{self._web}/alexa/smart-home", json={"directive": directive}, timeout=LONG_S)
        return dict(answer.json()["event"])


def added(program: Program, port: int, name: str) -> None:
    """Adds the camera with the speaker, whose name is then `name`."""
    words = ("cameras", "add", f"rtsp://127.0.0.1:{port}/live", "--name", name, "--demo")
    done = program.command(*words, text="\n", within_s=2 * LONG_S)
    assert done.returncode == 0, done.stderr


def allowed(program: Program, name: str, value: str) -> None:
    done = program.command("cameras", "set", name, "talk", value, "--demo")
    assert done.returncode == 0, done.stderr


@pytest.mark.proves(
    "Full duplex is declared to Alexa for a camera with a speaker whose owner allowed talking, and for no other",
    leans_on="second stack: GStreamer's ONVIF camera",
    also=("tests/media/test_talk.py",),
)
def test_an_echo_talks_to_the_door_as_soon_and_as_long_as_the_owner_allows_it(tmp_path: Path) -> None:
    gstreamer.needed()
    recording = tmp_path / "heard.raw"

    async def scene(program: Program, echo: Echo) -> None:
        viewer = TalkingViewer(TONE_HZ)
        try:
            await viewer.accept(await asyncio.to_thread(echo.answer, "Porch", await viewer.offer()))
            await viewer.until(lambda: viewer.pictures)
            await viewer.until(lambda: abs(tone_of(recording) - TONE_HZ) <= NEAR_HZ)
            await asyncio.to_thread(allowed, program, "Porch", "no")
            await viewer.until(lambda: "a talk ended" in program.log.read_text())
            size, seen = recording.stat().st_size, len(viewer.pictures)
            await viewer.until(lambda: len(viewer.pictures) > seen + 25)
            assert recording.stat().st_size == size
        finally:
            await viewer.close()

    with gstreamer.speaker(recording) as port, running(tmp_path) as program:
        program.login()
        added(program, port, "Porch")
        echo = Echo(program)
        assert not echo.is_full_duplex("Porch"), "off until the owner says so"
        allowed(program, "Porch", "yes")
        until(lambda: echo.is_full_duplex("Porch"))
        assert not echo.is_full_duplex("Garden"), "EZVIZ by its cloud: nobody knows how"
        asyncio.run(scene(program, echo))


def test_the_demo_has_a_camera_to_practise_talking_with(tmp_path: Path) -> None:
    async def scene(program: Program, echo: Echo) -> None:
        viewer = TalkingViewer(TONE_HZ)
        try:
            await viewer.accept(await asyncio.to_thread(echo.answer, "Barn", await viewer.offer()))
            await viewer.until(lambda: viewer.pictures)
            await viewer.until(lambda: len(viewer.loud) > 50)
            viewer.microphone.is_open = False
            await viewer.until(lambda: "a talk ended" in program.log.read_text())
        finally:
            await viewer.close()

    with running(tmp_path) as program:
        echo = Echo(program)
        program.login()
        allowed(program, "Barn", "yes")
        until(lambda: echo.is_full_duplex("Barn"))
        asyncio.run(scene(program, echo))
        [ended] = [line for line in program.log.read_text().splitlines() if "a talk ended" in line]
        assert "talk_" not in ended.partition("reason")[2], ended
