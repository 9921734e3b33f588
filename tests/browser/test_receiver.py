"""showcam's own Cast receiver in Chromium: what it plays, and what it tells; Google's framework is a double.

How late it plays is in tests/browser/test_behind_life.py. What only a real Cast device can tell is not here: that it
takes the page, and plain http from a page of https.
"""

import queue
import re
import threading
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
from tests.doubles.behind_life import GRANTS, grant
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.receiver_page import BROWSER, ReceiverPage, served
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.waiting import LONG_S
from tests.media.test_rtsp import House

pytestmark = pytest.mark.proves(
    "showcam's own TV page plays WebRTC, else HLS, and says while a battery camera wakes",
    leans_on="second stack: Chromium; double: Google's Cast framework",
    also=("tests/cast/test_own_screen.py",),
)

__all__ = ["television"]  # a fixture

APP = "0123ABCD"
CLOSED = "http://127.0.0.1:9"
NOTE_ANSWER = """() => {
    const { prototype } = RTCPeerConnection, take = prototype.setRemoteDescription;
    prototype.setRemoteDescription = async function (answer) {
        await take.call(this, answer);
        window.isAnswered = true;
    };
}"""


@pytest.fixture
def plane() -> Iterator[PlaneThread]:
    camera = RtspCamera()
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


def stop_clock(receiver: ReceiverPage) -> None:
    """Opens the page again under a clock that the test moves."""
    receiver.page.clock.install(time=0)
    receiver.page.clock.pause_at(3_600_000)
    receiver.page.reload()
    receiver.ready()


def test_the_cameras_name_is_shown_for_a_moment(receiver: ReceiverPage, plane: PlaneThread) -> None:
    receiver.hear(show(plane))
    receiver.until(lambda: receiver.said == [state("playing")])
    assert receiver.page.inner_text("#name") == "Garden"
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

        held: list[Route] = []
        receiver.page.route("**/whep", lambda route: held.append(route))
        receiver.hear(show(plane, its_id="2") | asked)
        receiver.until(lambda: bool(held))
        assert receiver.page.inner_text("#name") == says
        held[0].continue_()
        receiver.until(lambda: receiver.said == [state("failed"), state("playing", "2")])
        assert receiver.page.inner_text("#name") == "Porch"
        assert receiver.complaints == []
        receiver.close()


def test_it_stays_as_long_as_it_hears_that_a_camera_is_waking(receiver: ReceiverPage) -> None:
    stop_clock(receiver)
    for _ in range(14):
        receiver.hear({"type": "waking", "title": "Porch"})
        receiver.page.clock.run_for(5_000)
    assert receiver.said == []
    receiver.page.clock.run_for(60_000)
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

    stop_clock(receiver)
    receiver.page.evaluate(NOTE_ANSWER)
    receiver.page.route("**/whep", misled)
    receiver.hear(show(plane))
    receiver.until(lambda: bool(receiver.page.evaluate("window.isAnswered")))
    receiver.page.clock.run_for(1_900)
    receiver.page.wait_for_timeout(100)
    assert receiver.said == []
    receiver.page.clock.run_for(100)
    receiver.until(lambda: receiver.said == [state("unpaired")])
    receiver.page.clock.resume()
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
    stop_clock(receiver)
    receiver.page.clock.run_for(59_000)
    assert receiver.said == []
    receiver.page.clock.run_for(2_000)
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
    screen = OwnScreen(tv.there.device, over.append, app=APP, connect_s=WAIT_S, play_s=LONG_S)
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
    screen = OwnScreen(tv.there.device, over.append, app=APP, connect_s=WAIT_S, play_s=LONG_S)
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
