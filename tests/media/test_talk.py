"""What a viewer says at a display is heard at the camera: by an Echo-like offer of aiortc, at GStreamer's ONVIF camera."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from showcam.engine.grants import Claims, Grants
from showcam.engine.source import Denied, Rtsp, SourceSpec, TalkPhase
from tests.doubles import gstreamer
from tests.doubles.open_gate import OpenGate
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtc_talker import TalkingViewer, tone_of
from tests.doubles.waiting import LONG_S

TONE_HZ = 700
NEAR_HZ = 10

pytestmark = [pytest.mark.usefixtures("on_loopback")]


class TalkGate(OpenGate):
    """A gate with one camera, whose owner lets people talk as long as `allows`."""

    def __init__(self, port: int) -> None:
        self.port, self.allows = port, True
        self.phases: list[tuple[str, TalkPhase, str]] = []  # by the name of the viewer's link

    def _spec(self) -> Rtsp:
        at = f"127.0.0.1:{self.port}"
        return Rtsp(url=f"rtsp://{at}/live", hosts=(at,), sound="on")

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        return self._spec()

    async def talk(self, claims: Claims, phase: TalkPhase, reason: str = "") -> SourceSpec | Denied:
        self.phases.append((claims.link, phase, reason))
        return self._spec() if self.allows else Denied("talk_off")

    def ended(self, link: str) -> list[str]:
        """Why talks of the viewer ended."""
        return [reason for of, phase, reason in self.phases if (of, phase) == (link, "ended")]


class House:
    """A media process and a camera."""

    def __init__(self, plane: PlaneThread, gate: TalkGate, grants: Grants) -> None:
        self.plane, self.gate, self._grants = plane, gate, grants

    async def show(
        self, viewer: TalkingViewer, link: str = "kitchen", *, talks: bool = True, codec: str = "opus"
    ) -> str:
        """The answer to the viewer's offer, once its picture is there."""
        claims = Claims("home", link, "door", "webrtc", "alexa", int(time.time()) + 600, f"n{link}", talks=talks)
        client = self.plane.client()
        answer = await asyncio.to_thread(client.answer, claims, None, await viewer.offer(codec), timeout_s=LONG_S)
        await viewer.accept(answer.sdp)
        await viewer.until(lambda: viewer.pictures)
        return answer.sdp


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return tmp_path / "heard.raw"


@pytest.fixture
def house_of(grants: Grants) -> Iterator[Callable[..., House]]:
    """Starts a media process for the camera at a port; keyword arguments are its settings."""
    with ExitStack() as stack:

        def made(port: int, **settings: Any) -> House:
            gate = TalkGate(port)
            plane = stack.enter_context(PlaneThread(grants, gate, replace(SETTINGS, **settings)))
            return House(plane, gate, grants)

        yield made


def audio_of(answer: str) -> str:
    return next(part for part in answer.split("m=") if part.startswith("audio"))


@pytest.mark.proves(
    "What is said at an Echo is heard at a camera with a speaker, and nobody hears their own voice back",
    leans_on="second stack: GStreamer's ONVIF camera, and aiortc as the Echo",
)
@pytest.mark.parametrize(("codec", "encoding"), [("opus", "PCMU"), ("opus", "PCMA"), ("PCMU", "PCMA")])
def test_a_tone_said_at_an_echo_is_heard_at_the_camera(
    house_of: Callable[..., House], recording: Path, codec: str, encoding: str
) -> None:
    gstreamer.needed()

    async def scene(house: House) -> None:
        viewer = TalkingViewer(TONE_HZ)
        try:
            answer = await house.show(viewer, codec=codec)
            assert "a=sendrecv" in audio_of(answer)
            await viewer.until(lambda: abs(tone_of(recording) - TONE_HZ) <= NEAR_HZ)
            viewer.loud.clear()
            await viewer.until(lambda: len(viewer.loud) > 25)
            assert max(viewer.loud[-10:]) < 100, "while they speak they do not hear the camera"
            viewer.microphone.is_open = False
            await viewer.until(lambda: viewer.loud[-1] > 1_000)
            await viewer.until(lambda: house.gate.ended("kitchen") == [""])
        finally:
            await viewer.close()

    with gstreamer.speaker(recording, encoding) as port:
        asyncio.run(scene(house_of(port)))
