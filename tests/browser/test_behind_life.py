"""How long after the camera sent it a picture is on Chromium's screen, by WebRTC and by HLS in two players."""

import statistics
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from tests.doubles.behind_life import GRANTS, SHAKA, Clapper, Player, behind, grant, opened, play
from tests.doubles.hls_camera import FPS
from tests.doubles.needs import SHAKAS_PLAYER
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.receiver_page import LOOK, ReceiverPage, served
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.rtsp_recording import recorded
from tests.doubles.stopwatch import undisturbed
from tests.media.test_rtsp import House

pytestmark = pytest.mark.proves(
    "WebRTC is at most 0.3 s behind life, HLS 4 s in hls.js and 6 s in Shaka Player",
    leans_on="second stack: Chromium, hls.js and Shaka Player",
)

LATER_S = 9  # so long after the first player opened the camera, the others come to it
WATCHES_S = 15
SHAKAS: Player = "Shaka Player by default"
FIRST: Player = "hls.js by default"
LATER: tuple[Player, ...] = ("hls.js, as our pages set it", *([SHAKAS] if SHAKA.exists() else []))


@contextmanager
def clapped() -> Iterator[tuple[PlaneThread, Clapper]]:
    """A picture process with a camera that nobody has opened yet."""
    clapper = Clapper()
    with closing(RtspCamera(wire=clapper)) as camera, PlaneThread(GRANTS, House(camera), SETTINGS) as plane:
        yield plane, clapper


def test_webrtc_is_three_tenths_of_a_second_behind_at_most(chromium: Browser) -> None:
    def run() -> list[list[float]]:
        pages = [opened(chromium) for _ in range(2)]
        found = []
        with clapped() as (plane, clapper):
            for page in pages:  # the second joins in the middle of a group of pictures, and must not stay behind
                play(page, plane, "webrtc")
                page.wait_for_timeout(5000)
                found.append(behind(page.evaluate("seen"), clapper.sent))
            for page in pages:
                page.close()
        return found

    found = undisturbed(run)
    assert all(len(run) > 2 * FPS for run in found), [len(run) for run in found]
    assert max(statistics.median(run) for run in found) <= 0.3


def test_the_tv_page_is_less_than_a_second_behind(chromium: Browser) -> None:
    def run() -> list[float]:
        with clapped() as (plane, clapper), served() as address:
            receiver = ReceiverPage(chromium, address)
            path = f"/s/{grant('webrtc', 'google')}/whep"
            asked = {"type": "show", "id": "1", "protocol": "webrtc", "at": [plane.url], "path": path, "title": ""}
            receiver.hear(asked)
            receiver.until(lambda: receiver.said == [{"type": "state", "id": "1", "state": "playing"}])
            receiver.page.evaluate(LOOK)
            receiver.until(lambda: receiver.page.evaluate("seen.length") > 4 * FPS)
            found = behind(receiver.page.evaluate("seen"), clapper.sent)
            receiver.close()
        return found

    found = undisturbed(run)
    assert len(found) > 2 * FPS
    assert statistics.median(found) <= 1.0


@pytest.fixture(scope="module")
def seen(chromium: Browser) -> dict[Player, list[float]]:
    """How late each player of HLS showed each picture."""
    return undisturbed(lambda: one_and_later_others(chromium))


def one_and_later_others(chromium: Browser) -> dict[Player, list[float]]:
    """One opens the camera, and the others come to it later."""
    with clapped() as (plane, clapper):
        pages = {player: opened(chromium) for player in (FIRST, *LATER)}
        play(pages[FIRST], plane, FIRST)
        pages[FIRST].wait_for_timeout(LATER_S * 1000)
        for player in LATER:
            play(pages[player], plane, player)
        pages[FIRST].wait_for_timeout((WATCHES_S - LATER_S) * 1000)
        found = {FIRST: behind(pages[FIRST].evaluate("seen"), clapper.sent, 12.0)}
        pages[FIRST].wait_for_timeout(LATER_S * 1000)
        found |= {player: behind(pages[player].evaluate("seen"), clapper.sent, 12.0) for player in LATER}
        for page in pages.values():
            page.close()
    return found


@pytest.mark.parametrize(
    ("player", "most_s"),
    [
        (FIRST, 4.0),
        ("hls.js, as our pages set it", 4.0),
        pytest.param(
            SHAKAS,
            6.0,
            marks=SHAKAS_PLAYER.unless(SHAKA.exists()),
        ),
    ],
)
def test_hls_is_so_far_behind_at_most(seen: dict[Player, list[float]], player: Player, most_s: float) -> None:
    assert len(seen[player]) >= 5 * FPS, "so few pictures were seen"
    assert statistics.median(seen[player]) <= most_s


@pytest.mark.proves(
    "hls.js plays on while keyframes grow rare, and a new viewer begins with a keyframe",
    leans_on="second stack: hls.js in Chromium",
)
def test_hls_js_goes_on_where_keyframes_grow_rare_and_begins_there_with_one(chromium: Browser) -> None:
    """The camera's keyframes are 2, 2 and 8 seconds apart, of which its list promised two."""
    recording = recorded(gop_s=12, keys_s=(2, 4), sound=None)
    with (
        closing(RtspCamera(recording=recording)) as camera,
        PlaneThread(GRANTS, House(camera), replace(SETTINGS, transcodes=0)) as plane,
    ):
        pages = [opened(chromium) for _ in range(2)]
        play(pages[0], plane, LATER[0])
        pages[0].wait_for_function("seen.length", timeout=90_000)
        pages[0].wait_for_timeout(8_000)  # into the eight seconds
        play(pages[1], plane, LATER[0])
        for page in pages:
            page.wait_for_function(f"video.currentTime - video.played.start(0) > {WATCHES_S}", timeout=60_000)
        assert [page.evaluate("video.played.length") for page in pages] == [1, 1], "nothing was left out"
        errors = {error for page in pages for error in page.evaluate("errors")}
        for page in pages:
            page.close()
    assert not errors - {"bufferStalledError"}, "which it says on a machine that has more to do than it can"
