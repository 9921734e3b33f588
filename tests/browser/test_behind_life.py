"""How long after the camera sent it a picture is on Chromium's screen, by WebRTC and by HLS in two players."""

import statistics
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.doubles.behind_life import GRANTS, SHAKA, Clapper, Player, behind, grant, late, opened, play
from tests.doubles.hls_camera import FPS
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtsp_camera import RtspCamera
from tests.media.test_rtsp import House


@pytest.fixture
def clapper() -> Clapper:
    return Clapper()


@pytest.fixture
def plane(clapper: Clapper) -> Iterator[PlaneThread]:
    camera = RtspCamera(wire=clapper)
    with PlaneThread(GRANTS, House(camera), SETTINGS) as plane:
        yield plane
    camera.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = opened(chromium)
    yield page
    page.close()


def test_webrtc_is_three_tenths_of_a_second_behind_at_most(
    chromium: Browser, plane: PlaneThread, clapper: Clapper
) -> None:
    pages = [opened(chromium) for _ in range(2)]
    found = []
    for page in pages:  # the second joins in the middle of a group of pictures, and must not stay behind
        play(page, plane, "webrtc")
        page.wait_for_timeout(5000)
        found.append(behind(page.evaluate("seen"), clapper.sent))
    for page in pages:
        page.close()
    assert all(len(run) > 2 * FPS for run in found), [len(run) for run in found]
    assert max(statistics.median(run) for run in found) <= 0.3


@pytest.mark.parametrize(
    ("player", "waits_s", "most_s"),
    [
        ("hls.js by default", 0, 4.0),
        ("hls.js, as our pages set it", 9, 4.0),
        pytest.param(
            "Shaka Player by default",
            9,
            6.0,
            marks=pytest.mark.skipif(not SHAKA.exists(), reason="shaka-player is not installed: npm ci"),
        ),
    ],
)
def test_hls_is_so_far_behind_at_most(
    page: Page, plane: PlaneThread, clapper: Clapper, player: Player, waits_s: int, most_s: float
) -> None:
    """`waits_s`: it comes so long after another opened the camera; with 0 it opens the camera itself."""
    if waits_s:
        page.evaluate("fetch", f"{plane.url}/s/{grant('hls')}/master.m3u8")
        page.wait_for_timeout(waits_s * 1000)
    play(page, plane, player)
    page.wait_for_timeout(15_000)
    assert late(page, clapper) <= most_s
