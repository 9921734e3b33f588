"""A picture that is held open without viewers, so that whoever comes sees it at once."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from showcam.engine.client import MediaClient
from tests.doubles.hls_camera import FPS, Household
from tests.doubles.rtsp_camera import Frame, RtspCamera
from tests.media.conftest import World
from tests.media.test_rtsp import House
from tests.media.test_webrtc import watching

pytestmark = [
    pytest.mark.usefixtures("on_loopback"),
    pytest.mark.proves("A camera that is kept warm is shown within 0.3 s", leans_on="second stack: aiortc"),
]


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    made = RtspCamera(joins="middle")
    yield made
    made.close()


def keep(world: World) -> MediaClient:
    client = world.plane.client()
    client.keep(world.claims(protocol="snapshot", surface="page"))
    return client


class TestAtHome:
    @pytest.fixture
    def household(self, camera: RtspCamera) -> House:
        """In place of a vendor's."""
        return House(camera)

    @pytest.fixture
    def warm(self, start: Callable[..., World], camera: RtspCamera, eventually: Callable[..., None]) -> World:
        """Held for so long that there is something to show."""
        sent: list[bytes] = []

        def counted(frames: list[Frame]) -> list[Frame]:
            sent.extend({data[4:8] for channel, data in frames if channel == 0})  # the times of pictures
            return frames

        camera.does.wire = counted
        world = start(idle_s=1)
        keep(world)
        eventually(lambda: world.stats()["pulls_live"] == 1)
        eventually(lambda: len(sent) > 5 * FPS)
        time.sleep(1)  # for what is on its way
        return world

    @pytest.fixture
    def mute(self, warm: World, camera: RtspCamera) -> None:
        """From now on the camera sends nothing: what is shown was there before anybody asked."""
        camera.does.wire = lambda frames: []

    def test_it_is_held_longer_than_an_unwatched_one(self, warm: World) -> None:
        assert (warm.stats()["pulls"], warm.stats()["live"]) == (1, 0)

    def test_by_hls_the_first_segment_is_there(self, warm: World, mute: None) -> None:
        playlist = warm.request(warm.variant_url(warm.master()))
        name = next(line for line in playlist.text.splitlines() if line.endswith(".ts"))
        assert warm.request(playlist.url.replace("index.m3u8", name)).status == 200

    def test_by_webrtc_the_first_picture_is_there(self, warm: World, mute: None) -> None:
        async def scene() -> None:
            async with watching(warm, warm.grant(protocol="webrtc")) as viewer:
                await viewer.until(lambda: viewer.pictures)

        asyncio.run(scene())

    def test_a_still_is_there(self, warm: World, mute: None) -> None:
        assert warm.request(f"/s/{warm.grant(protocol='snapshot')}/snapshot.jpg").status == 200

    def test_nobody_holds_it_any_more_and_it_ends(
        self, start: Callable[..., World], eventually: Callable[..., None]
    ) -> None:
        world = start(idle_s=1, keep_s=2)
        keep(world)
        eventually(lambda: world.stats()["pulls_live"] == 1)
        eventually(lambda: world.stats()["pulls"] == 0)

    def test_a_link_that_ends_takes_it_along(
        self, start: Callable[..., World], eventually: Callable[..., None]
    ) -> None:
        warm = start(idle_s=1, keep_s=3600)
        keep(warm)
        eventually(lambda: warm.stats()["pulls_live"] == 1)
        warm.plane.client().end_link("link-1")
        eventually(lambda: warm.stats()["pulls"] == 0)

    def test_a_battery_camera_is_not_held(
        self, start: Callable[..., World], household: House, eventually: Callable[..., None]
    ) -> None:
        household.changes = {"lasts_s": 60}
        world = start(idle_s=30)
        keep(world)
        eventually(lambda: household.opened == 1 and world.stats()["pulls"] == 0)


def test_from_a_vendors_cloud_it_is_not_held(
    start: Callable[..., World], household: Household, eventually: Callable[..., None]
) -> None:
    world = start(idle_s=30)
    keep(world)
    eventually(lambda: len(household.released) == 1 and world.stats()["pulls"] == 0)


def test_what_came_from_a_vendors_cloud_is_not_opened_again_with_each_turn(
    start: Callable[..., World], household: Household, eventually: Callable[..., None]
) -> None:
    """The list may go on saying that the camera is at home, where it does not answer."""
    world = start(idle_s=30)
    keep(world)
    eventually(lambda: len(household.released) == 1 and world.stats()["pulls"] == 0)
    for _ in range(3):
        keep(world)
    assert (world.stats()["pulls"], len(household.opened)) == (0, 1)
    world.master()  # whoever asks to see it is shown it
    assert len(household.opened) == 2
