"""What a viewer says is heard at the camera: at GStreamer's ONVIF camera, by aiortc with an offer like an Echo's."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from showcam.engine.grants import Claims, Grants
from showcam.engine.sessions.talk import BUSY, FAILED, LONG, QUIET_S
from showcam.engine.source import Denied, Rtsp, SourceSpec, TalkPhase
from tests.doubles import gstreamer
from tests.doubles.open_gate import OpenGate
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtc_talker import TalkingViewer, tone_of
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.waiting import LONG_S

TONE_HZ = 700
NEAR_HZ = 10

pytestmark = [pytest.mark.usefixtures("on_loopback")]


class TalkGate(OpenGate):
    """A gate with one camera, whose owner lets people talk as long as `allows`."""

    def __init__(self, camera: Rtsp) -> None:
        self.camera, self.allows = camera, True
        self.phases: list[tuple[str, TalkPhase, str]] = []  # by the name of the viewer's link

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        return self.camera

    async def talk(self, claims: Claims, phase: TalkPhase, reason: str = "") -> SourceSpec | Denied:
        self.phases.append((claims.link, phase, reason))
        return self.camera if self.allows else Denied("talk_off")

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
        """The answer to the viewer's offer, once its picture is there. A link named page is a page's."""
        surface = "page" if link == "page" else "alexa"
        claims = Claims("home", link, "door", "webrtc", surface, int(time.time()) + 600, f"n{link}", talks=talks)
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
    """Starts a media process for a camera; keyword arguments are its settings."""
    with ExitStack() as stack:

        def made(camera: Rtsp, **settings: Any) -> House:
            gate = TalkGate(camera)
            plane = stack.enter_context(PlaneThread(grants, gate, replace(SETTINGS, **settings)))
            return House(plane, gate, grants)

        yield made


def at(port: int) -> Rtsp:
    place = f"127.0.0.1:{port}"
    return Rtsp(url=f"rtsp://{place}/live", hosts=(place,), sound="on")


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
        asyncio.run(scene(house_of(at(port))))


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    made = RtspCamera(speaker=True)
    yield made
    made.close()


def test_who_may_not_talk_gets_an_answer_that_takes_no_sound(
    house_of: Callable[..., House], camera: RtspCamera
) -> None:
    async def scene(house: House) -> None:
        viewer = TalkingViewer(TONE_HZ)
        try:
            answer = await house.show(viewer, talks=False)
            assert "a=sendonly" in audio_of(answer)
            await viewer.until(lambda: len(viewer.loud) > 50)
        finally:
            await viewer.close()
        assert house.gate.phases == []
        assert camera.does.played == []

    asyncio.run(scene(house_of(camera.spec())))


def test_a_camera_without_a_microphone_can_be_talked_through_from_a_page(
    house_of: Callable[..., House], camera: RtspCamera
) -> None:
    async def scene(house: House) -> None:
        viewer = TalkingViewer(TONE_HZ)
        try:
            assert "a=recvonly" in audio_of(await house.show(viewer, "page"))
            await viewer.until(lambda: camera.does.played)
        finally:
            await viewer.close()

    asyncio.run(scene(house_of(camera.spec(sound="none"))))


def test_a_second_talker_is_refused_and_gets_the_place_after_a_pause(
    house_of: Callable[..., House], camera: RtspCamera
) -> None:
    async def scene(house: House) -> None:
        first, second = TalkingViewer(TONE_HZ), TalkingViewer(TONE_HZ)
        try:
            await house.show(first, "first")
            await first.until(lambda: camera.does.played)
            await house.show(second, "second")
            await second.until(lambda: house.gate.ended("second") == [BUSY])
            await first.close()
            await second.until(lambda: house.gate.ended("first") == [""])
            assert house.gate.ended("second") == [BUSY], "a voice that goes on does not begin by surprise"
            second.microphone.is_open = False
            await asyncio.sleep(QUIET_S + 1)
            second.microphone.is_open = True
            played = len(camera.does.played)
            await second.until(lambda: len(camera.does.played) > played)
        finally:
            await first.close()
            await second.close()

    asyncio.run(scene(house_of(camera.spec())))


@pytest.mark.proves(
    "A talk ends when its owner takes the permission back, after two minutes, and if the camera stalls or refuses",
    leans_on="second stack: aiortc as the display; double: a camera on RTSP",
)
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda house, _: setattr(house.gate, "allows", False), "talk_off"),
        (lambda _, camera: setattr(camera.does, "ignores", frozenset({"GET_PARAMETER"})), FAILED),
        (lambda _, camera: camera.call(lambda viewer: viewer.send(b"no RTSP" * 4096)), FAILED),
    ],
    ids=["taken back", "stalls", "breaks"],
)
def test_a_talk_ends_when_it_may_not_or_can_not_go_on_and_the_picture_stays(
    house_of: Callable[..., House],
    camera: RtspCamera,
    change: Callable[[House, RtspCamera], None],
    reason: str,
) -> None:
    async def scene(house: House) -> None:
        viewer = TalkingViewer(TONE_HZ)
        try:
            await house.show(viewer)
            await viewer.until(lambda: camera.does.played)
            await asyncio.to_thread(change, house, camera)
            await viewer.until(lambda: house.gate.ended("kitchen") == [reason])
            heard, seen = len(camera.does.played), len(viewer.pictures)
            await viewer.until(lambda: len(viewer.pictures) > seen + 10)
            assert len(camera.does.played) <= heard + 1, "a voice that goes on needs a pause first"
        finally:
            await viewer.close()

    asyncio.run(scene(house_of(camera.spec())))


def test_a_talker_that_never_stops_is_ended_after_the_time_for_one_talk(
    house_of: Callable[..., House], camera: RtspCamera
) -> None:
    async def scene(house: House) -> None:
        viewer = TalkingViewer(TONE_HZ)
        try:
            await house.show(viewer)
            await viewer.until(lambda: house.gate.ended("kitchen") == [LONG])
            heard = len(camera.does.played)
            assert heard > 25
            viewer.loud.clear()
            await viewer.until(lambda: len(viewer.loud) > 50 and viewer.loud[-1] > 1_000)  # hears the camera again
            assert (len(camera.does.played), house.gate.ended("kitchen")) == (heard, [LONG])
        finally:
            await viewer.close()

    asyncio.run(scene(house_of(camera.spec(), talk_s=1.5)))


@pytest.mark.parametrize(
    "refuses", [{"SETUP": ("461 Unsupported Transport",)}, {"DESCRIBE": ("551 Option not supported",)}], ids=str
)
def test_a_camera_that_refuses_its_speaker_shows_its_picture_all_the_same(
    house_of: Callable[..., House], camera: RtspCamera, refuses: dict[str, tuple[str, ...]]
) -> None:
    async def scene(house: House) -> None:
        viewer = TalkingViewer(TONE_HZ)
        viewer.microphone.is_open = False
        try:
            await house.show(viewer)
            camera.does.answers = refuses
            viewer.microphone.is_open = True
            await viewer.until(lambda: house.gate.ended("kitchen") == [FAILED])
            seen = len(viewer.pictures)
            await viewer.until(lambda: len(viewer.pictures) > seen + 10)
        finally:
            await viewer.close()

    asyncio.run(scene(house_of(camera.spec())))


def test_a_talk_ends_with_its_session(house_of: Callable[..., House], camera: RtspCamera) -> None:
    async def scene(house: House) -> None:
        viewer = TalkingViewer(TONE_HZ)
        try:
            await house.show(viewer)
            await viewer.until(lambda: camera.does.played)
            await asyncio.to_thread(house.plane.client().end_link, "kitchen")
            await viewer.until(lambda: house.gate.ended("kitchen") == [""])
        finally:
            await viewer.close()
        assert "TEARDOWN" in camera.does.methods

    asyncio.run(scene(house_of(camera.spec())))
