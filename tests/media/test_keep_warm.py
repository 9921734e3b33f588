"""A picture that is held open without viewers, so that whoever comes sees it at once."""

import asyncio
import time

import pytest

from media.client import MediaClient
from tests.doubles.rtsp_camera import RtspCamera
from tests.media.test_rtsp import House
from tests.media.test_webrtc import watching

pytestmark = pytest.mark.usefixtures("on_loopback")
AT_ONCE_S = 0.3


@pytest.fixture
def camera():
    made = RtspCamera(joins="middle")
    yield made
    made.close()


def keep(world) -> MediaClient:
    client = world.plane.client()
    client.keep(world.claims(protocol="snapshot", surface="page"))
    return client


class TestAtHome:
    @pytest.fixture
    def household(self, camera):
        """In place of a vendor's."""
        return House(camera)

    @pytest.fixture
    def warm(self, start, eventually):
        """Held for so long that there is something to show."""
        world = start(idle_s=1)
        keep(world)
        eventually(lambda: world.stats()["pulls_live"] == 1)
        time.sleep(5)
        return world

    def test_it_is_held_longer_than_an_unwatched_one(self, warm):
        assert (warm.stats()["pulls"], warm.stats()["live"]) == (1, 0)

    def test_by_hls_the_first_segment_comes_at_once(self, warm):
        began = time.monotonic()
        playlist = warm.ask(warm.variant_url(warm.master()))
        name = next(line for line in playlist.text.splitlines() if line.endswith(".ts"))
        assert warm.ask(playlist.url.replace("index.m3u8", name)).status == 200
        assert time.monotonic() - began < AT_ONCE_S

    def test_by_webrtc_the_first_picture_comes_at_once(self, warm):
        async def scene():
            began = time.monotonic()
            async with watching(warm, warm.grant(protocol="webrtc")) as viewer:
                await viewer.until(lambda: viewer.pictures)
                return viewer.pictures[0] - began

        assert asyncio.run(scene()) < AT_ONCE_S

    def test_a_still_comes_at_once(self, warm):
        began = time.monotonic()
        assert warm.ask(f"/s/{warm.grant(protocol='snapshot')}/snapshot.jpg").status == 200
        assert time.monotonic() - began < AT_ONCE_S

    def test_nobody_holds_it_any_more_and_it_ends(self, start, eventually, monkeypatch):
        monkeypatch.setattr("media.plane.viewing.warming.KEEP_S", 2.0)
        world = start(idle_s=1)
        keep(world)
        eventually(lambda: world.stats()["pulls_live"] == 1)
        eventually(lambda: world.stats()["pulls"] == 0)

    def test_a_link_that_ends_takes_it_along(self, warm, eventually):
        warm.plane.client().end_link("link-1")
        eventually(lambda: warm.stats()["pulls"] == 0, 2)

    def test_a_battery_camera_is_not_held(self, start, household, eventually):
        household.changes = {"lasts_s": 60}
        world = start(idle_s=30)
        keep(world)
        eventually(lambda: household.opened == 1 and world.stats()["pulls"] == 0)


def test_from_a_vendors_cloud_it_is_not_held(start, household, eventually):
    world = start(idle_s=30)
    keep(world)
    eventually(lambda: len(household.released) == 1 and world.stats()["pulls"] == 0)


def test_what_came_from_a_vendors_cloud_is_not_opened_again_with_each_turn(start, household, eventually):
    """The list may go on saying that the camera is at home, where it does not answer."""
    world = start(idle_s=30)
    keep(world)
    eventually(lambda: len(household.released) == 1 and world.stats()["pulls"] == 0)
    for _ in range(3):
        keep(world)
    assert (world.stats()["pulls"], len(household.opened)) == (0, 1)
    world.master()  # whoever asks to see it is shown it
    assert len(household.opened) == 2
