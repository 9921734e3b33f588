"""A viewer whose receiver says that it can't go on, or that its connection does not take the picture."""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable

import pytest

from tests.doubles.hls_camera import FPS, Camera, Household, Vendor, recording
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.seen import steady
from tests.doubles.waiting import LONG_S
from tests.media.conftest import World
from tests.media.test_webrtc import watching

pytestmark = [
    pytest.mark.usefixtures("on_loopback"),
    pytest.mark.proves("A narrow connection is sent less video", leans_on="second stack: aiortc"),
]
WHOLE, SUB, MADE = (1280, 720), (320, 180), (640, 360)


def test_a_keyframe_that_is_asked_for_comes_though_the_camera_sends_none(world: World, vendor: Vendor) -> None:
    vendor.cameras["garden"] = Camera(recording(gop_s=12), segment_s=12, head_start=3)

    async def scene() -> tuple[float, float]:
        async with watching(world, world.grant(protocol="webrtc")) as viewer:
            await viewer.until(lambda: steady(viewer.shown, FPS) < len(viewer.shown) - 2 * FPS)
            asked, keys = viewer.shown[-1], len(viewer.keys)
            await viewer.want_key()
            await viewer.until(lambda: len(viewer.keys) > keys)
            came = viewer.key_places[keys]
            await viewer.until(lambda: viewer.shown[-1] > came + 1)
            return came, asked

    came, asked = asyncio.run(scene())
    assert 0 < came - asked < 8, "the next one of the camera is ten seconds away"


async def _crowded(viewer: Viewer, until: Callable[[], object]) -> None:
    """Half of what is sent does not come, until something is so."""
    deadline = time.monotonic() + LONG_S
    while not until():
        assert time.monotonic() < deadline, viewer.changes
        await viewer.lose(16)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("has_sub", "is_alone", "changes"),
    [(False, False, [WHOLE, MADE]), (True, False, [WHOLE, MADE, SUB]), (True, True, [WHOLE, MADE])],
    ids=["made here", "the camera's own", "one that its driver says would not do"],
)
def test_a_connection_that_does_not_take_the_picture_gets_a_smaller_one(
    has_sub: bool,
    is_alone: bool,
    changes: list[tuple[int, int]],
    start: Callable[..., World],
    vendor: Vendor,
    household: Household,
) -> None:
    world = start(again_s=3600.0)  # on a busy machine this takes longer than the whole picture rests
    household.changes = {"alone": is_alone}
    vendor.cameras["garden"] = Camera(recording(size=WHOLE, gop_s=2, length_s=30))
    if has_sub:
        vendor.cameras["garden-sub"] = Camera(recording(size=SUB))

    async def scene() -> list[tuple[int, int]]:
        async with watching(world, world.grant(protocol="webrtc")) as viewer:
            await viewer.until(lambda: len(viewer.pictures) >= FPS)
            await _crowded(viewer, lambda: len(viewer.changes) > 1)
            await viewer.until(lambda: viewer.changes == changes)
            seen = len(viewer.pictures)
            await viewer.until(lambda: len(viewer.pictures) > seen + 2 * FPS)
            return viewer.changes

    assert asyncio.run(scene()) == changes
    assert [claims.picture for claims in household.opened][1:] == ([] if is_alone else ["sub"])


def test_the_whole_picture_comes_back_when_the_connection_takes_it(start: Callable[..., World], vendor: Vendor) -> None:
    world = start(again_s=2.0)
    vendor.cameras["garden"] = Camera(recording(size=WHOLE, gop_s=2, length_s=30))

    async def scene() -> list[float]:
        async with watching(world, world.grant(protocol="webrtc")) as viewer:
            await viewer.until(lambda: len(viewer.pictures) >= FPS)
            await _crowded(viewer, lambda: len(viewer.changes) > 1)
            await viewer.until(lambda: viewer.changes == [WHOLE, MADE, WHOLE])
            seen = len(viewer.pictures)
            await viewer.until(lambda: len(viewer.pictures) > seen + 2 * FPS)
            return [later - earlier for earlier, later in itertools.pairwise(viewer.shown)]

    assert max(asyncio.run(scene())[FPS:]) < 1.0


def test_other_viewers_keep_the_whole_picture(start: Callable[..., World], vendor: Vendor) -> None:
    world = start(again_s=3600.0)
    vendor.cameras["garden"] = Camera(recording(size=WHOLE, gop_s=2, length_s=30))

    async def scene() -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        async with (
            watching(world, world.grant(protocol="webrtc")) as poor,
            watching(world, world.grant(protocol="webrtc")) as rich,
        ):
            await poor.until(lambda: len(poor.pictures) >= FPS and len(rich.pictures) >= FPS)
            await _crowded(poor, lambda: len(poor.changes) > 1)
            seen = len(rich.pictures)
            await rich.until(lambda: len(rich.pictures) > seen + FPS)
            return poor.changes, rich.changes

    assert asyncio.run(scene()) == ([WHOLE, MADE], [WHOLE])


def test_a_smaller_picture_that_nobody_watches_is_not_made(
    world: World, vendor: Vendor, eventually: Callable[..., None]
) -> None:
    vendor.cameras["garden"] = Camera(recording(size=WHOLE, gop_s=2, length_s=30))

    async def scene() -> None:
        async with watching(world, world.grant(protocol="webrtc")) as viewer:
            await viewer.until(lambda: len(viewer.pictures) >= FPS)
            await _crowded(viewer, lambda: len(viewer.changes) > 1)
            assert _makers() == 1

    asyncio.run(scene())
    eventually(lambda: _makers() == 0)


def _makers() -> int:
    return sum(thread.name == "transcoding" for thread in threading.enumerate())
