"""The worker's half of showcam's own receiver, on the simulator's television; a page's answers come from the test."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.cast.device import Over, Picture
from showcam.cast.errors import CastFailed
from showcam.cast.screen import NAMESPACE, OwnScreen
from showcam.simulator.television.receiver import OTHER, Page
from tests.cast.conftest import WAIT_S, TelevisionThread

APP = "0123ABCD"
AT = ("http://192.168.1.5:40123", "https://cam.example")
WEBRTC = Picture("webrtc", AT, "/s/one/whep", "Garden")
HLS = Picture("hls", AT, "/s/two/master.m3u8", "Garden")


class OwnTelevision:
    """`answers`: what the page says to each message, by the protocol that is asked for; more can be said later."""

    def __init__(self, start: Callable[..., TelevisionThread], play_s: float, **answers: str) -> None:
        self.heard: list[dict[str, Any]] = []
        self._answers = answers
        self.over: list[Over] = []
        self.ended = threading.Event()
        self.there = start(pages={APP: Page(NAMESPACE, self._hear)})
        self.screen = OwnScreen(self.there.device, self._tell, app=APP, connect_s=WAIT_S, play_s=play_s)

    def say(self, state: str, its_id: str = "") -> None:
        message = {"type": "state", "id": its_id or self.heard[-1]["id"], "state": state}
        self.there.do(lambda: self.there.television.say_from_page(message))

    def _hear(self, message: dict[str, Any]) -> None:
        self.heard.append(message)
        if answer := self._answers.get(message.get("protocol", "")):
            self.say(answer)

    def _tell(self, why: Over) -> None:
        self.over.append(why)
        self.ended.set()


@pytest.fixture
def own(television: Callable[..., TelevisionThread]) -> Iterator[Callable[..., OwnTelevision]]:
    made: list[OwnTelevision] = []

    def start(play_s: float = WAIT_S, **answers: str) -> OwnTelevision:
        made.append(OwnTelevision(television, play_s, **answers))
        return made[-1]

    yield start
    for screen in made:
        screen.screen.stop()


def test_the_page_is_given_what_to_show_and_where(own: Callable[..., OwnTelevision]) -> None:
    tv = own(webrtc="playing")
    tv.screen.show(WEBRTC)
    [message] = tv.heard
    assert len(message.pop("id")) == 16
    assert message == {
        "type": "show",
        "protocol": "webrtc",
        "at": list(AT),
        "path": "/s/one/whep",
        "title": "Garden",
        "waking": False,
    }
    assert tv.there.facts()["app"] == APP
    tv.screen.stop()
    assert tv.there.facts()["app"] == ""
    assert tv.over == []


def test_hls_follows_in_the_same_application_where_webrtc_fails(own: Callable[..., OwnTelevision]) -> None:
    tv = own(webrtc="failed", hls="playing")
    with pytest.raises(CastFailed, match="not_played"):
        tv.screen.show(WEBRTC)
    assert tv.there.television.application is not None
    session = tv.there.television.application.session
    tv.screen.show(HLS)
    assert tv.there.television.application.session == session
    assert [message["protocol"] for message in tv.heard] == ["webrtc", "hls"]
    assert len({message["id"] for message in tv.heard}) == 2


def test_a_camera_is_waking_until_its_picture_comes_in_the_same_application(own: Callable[..., OwnTelevision]) -> None:
    tv = own(hls="playing")
    tv.screen.wake("Porch")
    tv.screen.wake("Porch")
    assert tv.there.television.application is not None
    session = tv.there.television.application.session
    tv.screen.show(replace(HLS, title="Porch", waking=True))
    assert tv.there.television.application.session == session
    *signs, shown = tv.heard
    assert signs == [{"type": "waking", "title": "Porch"}] * 2
    assert (shown["type"], shown["waking"]) == ("show", True)
    assert tv.over == []


@pytest.mark.parametrize(("what", "then"), [("take_over", OTHER), ("press_home", "")])
def test_who_takes_the_tv_while_a_camera_wakes_keeps_it(
    own: Callable[..., OwnTelevision], what: str, then: str
) -> None:
    tv = own(hls="playing")
    tv.screen.wake("Porch")
    tv.there.do(getattr(tv.there.television, what))
    for again in (lambda: tv.screen.wake("Porch"), lambda: tv.screen.show(HLS)):
        with pytest.raises(CastFailed, match="taken"):
            until_raised(again)
    assert tv.there.facts()["app"] == then


def until_raised(again: Callable[[], None]) -> None:
    """The TV's status may come a moment later than the call."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        again()
        time.sleep(0.05)


@pytest.mark.parametrize(("state", "unpaired"), [("unpaired", True), ("failed", False)])
def test_that_no_address_of_the_device_was_reached_is_told_apart(
    own: Callable[..., OwnTelevision], state: str, unpaired: bool
) -> None:
    with pytest.raises(CastFailed, match="not_played") as failed:
        own(webrtc=state).screen.show(WEBRTC)
    assert failed.value.unpaired is unpaired


@pytest.mark.parametrize(("state", "why"), [("ended", "ended"), ("taken", "taken")])
def test_the_page_tells_what_ended_the_picture(own: Callable[..., OwnTelevision], state: str, why: Over) -> None:
    tv = own(webrtc="playing")
    tv.screen.show(WEBRTC)
    tv.say("ended", "of another picture")
    tv.say(state)
    assert tv.ended.wait(WAIT_S)
    assert tv.over == [why]


@pytest.mark.parametrize("what", ["take_over", "press_home"])
def test_a_person_at_the_tv_ends_it(own: Callable[..., OwnTelevision], what: str) -> None:
    tv = own(webrtc="playing")
    tv.screen.show(WEBRTC)
    tv.there.do(getattr(tv.there.television, what))
    assert tv.ended.wait(WAIT_S)
    assert tv.over == ["taken"]


def test_a_page_that_says_nothing_does_not_play(own: Callable[..., OwnTelevision]) -> None:
    tv = own(play_s=1.0)
    with pytest.raises(CastFailed, match="not_played"):
        tv.screen.show(WEBRTC)
    assert tv.over == []


def test_an_app_that_is_not_registered_is_not_launched(television: Callable[..., TelevisionThread]) -> None:
    there = television()
    screen = OwnScreen(there.device, lambda why: None, app=APP, connect_s=WAIT_S, play_s=WAIT_S)
    try:
        with pytest.raises(CastFailed, match="no_receiver"):
            screen.show(WEBRTC)
    finally:
        screen.stop()
