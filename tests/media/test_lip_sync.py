"""Sound and picture of one moment are shown together by WebRTC, by the times that the senders' reports give them."""

import asyncio
from collections import deque

import pytest

from tests.doubles.clapping import by_webrtc, clapping
from tests.doubles.rtsp_camera import Frame, RtspCamera
from tests.media.conftest import World
from tests.media.test_rtsp import House

pytestmark = [
    pytest.mark.usefixtures("on_loopback"),
    pytest.mark.proves(
        "By WebRTC sound and video of one moment are at most 40 ms apart",
        leans_on="second stack: aiortc, by the times in senders' reports",
    ),
]

WATCHED_S = 9.0
MOST_S = 0.04
SOUND = 2  # the channel of the camera's sound, whose reports are on the next one


class Late:
    """Sound is on its way so many packets longer than pictures, as where a camera or a network sends it in lots."""

    def __init__(self, packets: int) -> None:
        self._packets = packets
        self._held: deque[Frame] = deque()
        self._reports: list[Frame] = []  # of sound, which say nothing to somebody who has heard none yet

    def __call__(self, frames: list[Frame]) -> list[Frame]:
        out = []
        for frame in frames:
            if frame[0] == SOUND:
                self._held.append(frame)
                if len(self._held) > self._packets:
                    out += [self._held.popleft(), *self._reports]
                    self._reports.clear()
            elif frame[0] == SOUND + 1:
                self._reports.append(frame)
            else:
                out.append(frame)
        return out


@pytest.fixture
def household(camera: RtspCamera) -> House:
    return House(camera)


def farthest(world: World) -> float:
    address = f"{world.plane.url}/s/{world.grant(protocol='webrtc')}/whep"
    return max(map(abs, asyncio.run(by_webrtc(address, WATCHED_S))))


@pytest.mark.parametrize("packets", [0, 4], ids=["as it is made", "a quarter of a second later"])
def test_sound_that_comes_late_is_shown_with_its_picture(world: World, camera: RtspCamera, packets: int) -> None:
    camera.does.recording, camera.does.wire = clapping(), Late(packets)
    assert farthest(world) <= MOST_S


def test_a_picture_that_is_transcoded_is_shown_with_its_sound(world: World, camera: RtspCamera) -> None:
    camera.does.recording = clapping("h265")
    assert farthest(world) <= MOST_S
