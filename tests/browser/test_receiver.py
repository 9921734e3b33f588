"""showcam's own Cast receiver in Chromium: what it plays, how late, and what it tells; Google's framework is a double.

What only a real Cast device can tell is not here: that it takes the page, and plain http from a page of https.
"""

import queue
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from showcam.cast.device import Over, Picture
from showcam.cast.errors import CastFailed
from showcam.cast.screen import NAMESPACE, OwnScreen
from showcam.simulator.television.receiver import Page
from tests.browser.conftest import ALL_PICTURES, FAILED, picture
from tests.cast.conftest import WAIT_S, TelevisionThread, television
from tests.doubles.behind_life import GRANTS, Clapper, behind, grant
from tests.doubles.hls_camera import FPS
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.receiver_page import BROWSER, LOOK, ReceiverPage, served
from tests.doubles.rtsp_camera import RtspCamera
from tests.media.test_rtsp import House

pytestmark = pytest.mark.proves(
    "showcam's own TV page plays WebRTC, else HLS, and says while a battery camera wakes",
    leans_on="second stack: Chromium; double: Google's Cast framework",
    also=("tests/cast/test_own_screen.py",),
)

__all__ = ["television"]  # a fixture

APP = "0123ABCD"
CLOSED = "http://127.0.0.1:9"


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
def receiver(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[ReceiverPage]:
    with served() as address:
        made = ReceiverPage(chromium, address)
        yield made
        picture(made.page, "receiver", wanted=ALL_PICTURES or request.node.stash[FAILED])
        made.close()
    assert made.complaints == []


def show(plane: PlaneThread, protocol: Any = "webrtc", *before: str, its_id: str = "1") -> dict[str, Any]:
    path = f"/s/{grant(protocol, 'google')}/{'whep' if protocol == 'webrtc' else 'master.m3u8'}"
    at = [*before, plane.url]
    return {"type": "show", "id": its_id, "protocol": protocol, "at": at, "path": path, "title": "Garden"}


def state(word: str, its_id: str = "1") -> dict[str, str]:
    return {"type": "state", "id": its_id, "state": word}


def test_by_webrtc_it_is_less_than_a_second_behind_life(
    receiver: ReceiverPage, plane: PlaneThread, clapper: Clapper
) -> None:
    receiver.hear(show(plane))
    receiver.until(lambda: receiver.said == [state("playing")])
    assert receiver.page.inner_text("#name") == "Garden"
    receiver.page.evaluate(LOOK)
    receiver.until(lambda: receiver.page.evaluate("seen.length") > 4 * FPS)
    found = behind(receiver.page.evaluate("seen"), clapper.sent)
    assert len(found) > 2 * FPS
    assert statistics.median(found) <= 1.0
    receiver.until(lambda: receiver.page.locator("#name").is_hidden())


@pytest.mark.parametrize("protocol", ["webrtc", "hls"])
def test_it_plays_from_the_first_address_that_answers(
    receiver: ReceiverPage, plane: PlaneThread, protocol: str
) -> None:
    receiver.hear(show(plane, protocol, CLOSED))
    receiver.until(lambda: receiver.said == [state("playing")])


@pytest.mark.parametrize("protocol", ["webrtc", "hls"])
def test_an_address_that_is_refused_fails_at_once_and_the_next_may_follow(
    receiver: ReceiverPage, plane: PlaneThread, protocol: str
) -> None:
    asked = show(plane, protocol)
    receiver.hear(asked | {"path": f"/s/nonsense/{asked['path'].rpartition('/')[2]}"})
    receiver.until(lambda: receiver.said == [state("failed")])
    receiver.hear(show(plane, "hls", its_id="2"))
    receiver.until(lambda: receiver.said == [state("failed"), state("playing", "2")])


@pytest.mark.parametrize(
    ("locale", "says"),
    [
        ("en-GB", "Porch is waking …"),
        ("nb-NO", "Porch våkner …"),
        ("de-AT", "Porch wacht auf …"),
        ("fr-FR", "Porch is waking …"),
    ],
)
def test_a_camera_on_battery_is_waking_until_its_first_picture(
    chromium: Browser, plane: PlaneThread, locale: str, says: str
) -> None:
    """Before there is a picture to fetch, between two tries, and while it is fetched."""
    with served() as address:
        receiver = ReceiverPage(chromium, address, locale=locale)
        receiver.hear({"type": "waking", "title": "Porch"})
        assert receiver.page.inner_text("#name") == says
        asked = {"title": "Porch", "waking": True}
        receiver.hear(show(plane) | asked | {"path": "/s/nonsense/whep"})
        receiver.until(lambda: receiver.said == [state("failed")])
        assert receiver.page.inner_text("#name") == says

        def later(route: Route) -> None:
            receiver.page.wait_for_timeout(500)
            route.continue_()

        receiver.page.route("**/whep", later)
        receiver.hear(show(plane, its_id="2") | asked)
        assert receiver.page.inner_text("#name") == says
        receiver.until(lambda: receiver.said == [state("failed"), state("playing", "2")])
        assert receiver.page.inner_text("#name") == "Porch"
        assert receiver.complaints == []
        receiver.close()


def test_it_stays_as_long_as_it_hears_that_a_camera_is_waking(receiver: ReceiverPage) -> None:
    receiver.page.clock.install()
    receiver.page.reload()
    receiver.ready()
    for _ in range(14):
        receiver.hear({"type": "waking", "title": "Porch"})
        receiver.page.clock.fast_forward(5_000)
    assert receiver.said == []
    receiver.page.clock.fast_forward(60_000)
    receiver.until(lambda: receiver.said == [{"type": "left"}])


@pytest.mark.proves(
    "showcam's TV page gives up WebRTC after two seconds without a connection", leans_on="second stack: Chromium"
)
def test_webrtc_that_finds_no_way_is_given_up_after_two_seconds(receiver: ReceiverPage, plane: PlaneThread) -> None:
    def misled(route: Route) -> None:
        answer = route.fetch()
        # every check of the TV's is refused, as where nothing leads to showcam
        wrong = re.sub(r"(?<=a=ice-pwd:)\S+", "x" * 24, answer.text())
        route.fulfill(response=answer, body=wrong)

    receiver.page.route("**/whep", misled)
    receiver.hear(show(plane))
    began = time.monotonic()
    receiver.until(lambda: receiver.said == [state("unpaired")])
    assert time.monotonic() - began < 5, "half the time that a first picture has"
    receiver.hear(show(plane, "hls", its_id="2"))
    receiver.until(lambda: receiver.said == [state("unpaired"), state("playing", "2")])


def test_a_picture_that_is_lost_is_reported(receiver: ReceiverPage, plane: PlaneThread) -> None:
    receiver.hear(show(plane))
    receiver.until(lambda: receiver.said == [state("playing")])
    plane.client().end_link("l")
    receiver.until(lambda: receiver.said == [state("playing"), state("ended")])
    assert receiver.page.locator("#picture").is_hidden()


def test_what_google_loads_takes_the_place_and_is_given_the_kind_of_its_segments(
    receiver: ReceiverPage, plane: PlaneThread
) -> None:
    receiver.hear(show(plane))
    receiver.until(lambda: receiver.said == [state("playing")])
    request = receiver.page.evaluate("framework.load({ media: { contentId: 'https://cam.example/master.m3u8' } })")
    assert request["media"] == {
        "contentId": "https://cam.example/master.m3u8",
        "hlsSegmentFormat": "ts",
        "hlsVideoSegmentFormat": "mpeg2_ts",
    }
    receiver.until(lambda: receiver.said == [state("playing"), state("taken")])
    assert receiver.page.evaluate("framework.options.disableIdleTimeout"), "the framework takes WebRTC for idle"


def test_it_leaves_the_tv_when_nothing_is_shown_for_a_minute(receiver: ReceiverPage) -> None:
    receiver.page.clock.install()
    receiver.page.reload()
    receiver.ready()
    receiver.page.clock.fast_forward(59_000)
    assert receiver.said == []
    receiver.page.clock.fast_forward(2_000)
    receiver.until(lambda: receiver.said == [{"type": "left"}])


def test_it_leaves_the_tv_when_it_is_asked_to(receiver: ReceiverPage) -> None:
    receiver.hear({"type": "stop"})
    receiver.until(lambda: receiver.said == [{"type": "left"}])


def test_a_browser_that_is_no_cast_device_loads_nothing_from_elsewhere(chromium: Browser) -> None:
    with served() as address:
        receiver = ReceiverPage(chromium, address, BROWSER)
        receiver.page.locator("#name").wait_for(state="visible")
        assert receiver.page.inner_text("#name") == "This page is for a TV, which showcam opens on it."
        assert receiver.elsewhere == []
        assert receiver.complaints == []
        receiver.close()


# from the worker's connection to the picture


class OwnTelevision:
    """The simulator's television with that page on it."""

    def __init__(self, start: Callable[..., TelevisionThread], receiver: ReceiverPage) -> None:
        self._receiver, self._messages = receiver, queue.Queue[dict[str, Any]]()
        self.there = start(pages={APP: Page(NAMESPACE, self._messages.put)})
        receiver.when_said = lambda message: self.there.do(lambda: self.there.television.say_from_page(message))

    def pass_on(self) -> None:
        """Gives the page what the television has heard."""
        while not self._messages.empty():
            self._receiver.hear(self._messages.get())

    def says(self) -> str:
        """The words on the page, after all that the television has heard."""
        self.pass_on()
        return self._receiver.page.inner_text("#name")

    def run(self, work: Callable[[], None]) -> None:
        """Does the work in another thread, as the worker does; the page is served meanwhile."""
        failed: list[BaseException] = []

        def do() -> None:
            try:
                work()
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=do)
        thread.start()
        while thread.is_alive():
            self.pass_on()
            self._receiver.page.wait_for_timeout(10)
        if failed:
            raise failed[0]


def test_a_cast_of_a_sleeping_camera_says_so_on_the_tv_until_it_plays(
    receiver: ReceiverPage, plane: PlaneThread, television: Callable[..., TelevisionThread]
) -> None:
    tv, over = OwnTelevision(television, receiver), list[Over]()
    screen = OwnScreen(tv.there.device, over.append, app=APP, connect_s=WAIT_S)
    at = (plane.client().lend("l", "127.0.0.1"),)
    try:
        tv.run(lambda: screen.wake("Porch"))
        receiver.until(lambda: tv.says() == "Porch is waking …")
        path = f"/s/{grant('webrtc', 'google')}/whep"
        tv.run(lambda: screen.show(Picture("webrtc", at, path, "Porch", waking=True)))
        assert receiver.page.inner_text("#name") == "Porch"
    finally:
        tv.run(screen.stop)
    assert over == []


def test_a_cast_plays_by_webrtc_else_by_hls_and_stops(
    receiver: ReceiverPage, plane: PlaneThread, television: Callable[..., TelevisionThread]
) -> None:
    tv, over = OwnTelevision(television, receiver), list[Over]()
    screen = OwnScreen(tv.there.device, over.append, app=APP, connect_s=WAIT_S)
    at = (plane.client().lend("l", "127.0.0.1"),)
    try:
        with pytest.raises(CastFailed, match="not_played"):
            tv.run(lambda: screen.show(Picture("webrtc", at, "/s/nonsense/whep", "Garden")))
        tv.run(lambda: screen.show(Picture("hls", at, f"/s/{grant('hls', 'google')}/master.m3u8", "Garden")))
        tv.run(lambda: screen.show(Picture("webrtc", at, f"/s/{grant('webrtc', 'google')}/whep", "Garden")))
        assert [message["state"] for message in receiver.said] == ["failed", "playing", "playing"]
        assert tv.there.facts()["app"] == APP
    finally:
        tv.run(screen.stop)
    assert tv.there.facts()["app"] == ""
    assert over == []
