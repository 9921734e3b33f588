"""One encrypted camera of EZVIZ's cloud, watched at once by all that can watch it: its vendor gives one session."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from scripts.deploy_local.emulator import free_ports
from tests.browser import test_home
from tests.browser.test_console_pages import address
from tests.browser.test_home import MOVING, let_in, watched
from tests.doubles.libav import Libav
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until
from tests.whole.test_cloud_stream import USER, decide
from tests.whole.test_players import OPENED, added

context = test_home.context
CAMERA = "Driveway"  # Image Encryption is on


@pytest.fixture(scope="module")
def rtsp_port() -> int:
    return free_ports()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, rtsp_port: int) -> Iterator[Program]:
    folder: Path = tmp_path_factory.mktemp("one")
    with running(folder, troubled=True, SHOWCAM_EXPLAIN="no", SHOWCAM_RTSP_PORT=str(rtsp_port)) as program:
        program.link("alexa", USER)
        decide(program, CAMERA, "code")
        yield program


@pytest.mark.proves(
    "One encrypted EZVIZ camera is watched at once by an Echo, by programs over RTSP and HLS, and by a browser, "
    "with one session at its vendor",
    leans_on="second stack: libavformat, Chromium and aiortc; double: EZVIZ's camera and cloud",
)
def test_all_that_can_watch_a_camera_share_one_session_of_its_vendor(
    program: Program, context: BrowserContext, rtsp_port: int
) -> None:
    player = added(program, "recorder", CAMERA)
    before = program.calls()
    by_hls = Libav(player["hls"]).start()
    by_rtsp = Libav(f"rtsp://recorder:{player['key']}@127.0.0.1:{rtsp_port}/{player['camera']}").start()
    try:
        until(lambda: min(by_hls.pictures, by_rtsp.pictures) >= OPENED or by_hls.ended or by_rtsp.ended)
        page, _ = watched(context)
        let_in(context, program, USER)
        page.goto(address(page, program, CAMERA))  # the page of all cameras would play others too
        page.wait_for_function(MOVING, arg=page.locator("video").element_handle(), timeout=2 * LONG_S * 1000)
        program.shown("alexa", "show the driveway camera")
        seen = by_hls.pictures, by_rtsp.pictures
        until(lambda: by_hls.pictures > seen[0] + OPENED and by_rtsp.pictures > seen[1] + OPENED)
        assert (by_hls.ended, by_rtsp.ended) == ("", "")
    finally:
        by_hls.stop()
        by_rtsp.stop()
    grown = program.calls() - before
    assert (grown["vtm"], grown["vtdu"]) == (1, 1)
