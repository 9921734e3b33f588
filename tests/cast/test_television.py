"""The simulator's television plays what a picture process serves through a lent door, and keeps a receiver's rules."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from showcam.cast.device import Device, Over, Picture
from showcam.cast.errors import CastFailed
from showcam.cast.on_change import SHOWN_S
from showcam.cast.screen import Screen
from showcam.drivers.driver import Hint
from tests.cast.conftest import WAIT_S, TelevisionThread
from tests.cast.test_screens import chosen
from tests.doubles.hls_camera import FPS
from tests.doubles.ready_screens import House
from tests.media.conftest import World

pytestmark = pytest.mark.realtime


def until(facts: Callable[[], dict[str, Any]], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + WAIT_S
    while not wanted(found := facts()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


@pytest.fixture
def shown() -> Iterator[Callable[..., tuple[Screen, list[Over]]]]:
    screens: list[Screen] = []

    def show(television: TelevisionThread, url: str) -> tuple[Screen, list[Over]]:
        over: list[Over] = []
        screens.append(Screen(television.device, over.append, connect_s=WAIT_S, play_s=WAIT_S))
        screens[-1].show(at(url))
        return screens[-1], over

    yield show
    for screen in screens:
        screen.stop()


def at(url: str) -> Picture:
    parts = urlsplit(url)
    return Picture("hls", (f"http://{parts.netloc}",), parts.path, "Garden")


def lent(world: World) -> str:
    claims = world.claims(surface="google")
    at = world.plane.client().lend(claims.link, "127.0.0.1")
    return f"{at}/s/{world.grants.sign(claims)}/master.m3u8"


def test_a_camera_plays_with_sound_past_the_receivers_idle_time(
    world: World, television: Callable[..., TelevisionThread], shown: Callable[..., tuple[Screen, list[Over]]]
) -> None:
    there = television(idle_out_s=6.0)
    _, over = shown(there, lent(world))
    begun = until(there.facts, lambda facts: facts["frames"] > 0)
    assert (begun["state"], begun["title"], begun["sound"]) == ("PLAYING", "Garden", True)
    later = until(there.facts, lambda facts: facts["frames"] > begun["frames"] + 8 * FPS)
    assert later["state"] == "PLAYING"
    assert over == []


def test_stop_ends_the_application(
    world: World, television: Callable[..., TelevisionThread], shown: Callable[..., tuple[Screen, list[Over]]]
) -> None:
    there = television()
    screen, over = shown(there, lent(world))
    screen.stop()
    assert until(there.facts, lambda facts: facts["app"] == "")["frames"] == 0
    assert over == []


@pytest.mark.parametrize("what", ["take_over", "press_home"])
def test_a_person_at_the_tv_ends_it(
    world: World,
    television: Callable[..., TelevisionThread],
    shown: Callable[..., tuple[Screen, list[Over]]],
    what: str,
) -> None:
    there = television()
    _, over = shown(there, lent(world))
    there.do(getattr(there.television, what))
    deadline = time.monotonic() + WAIT_S
    while not over:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert over == ["taken"]


class WatchedHouse(House):
    """A household whose one TV is the simulator's; what it fetches is a picture process' garden."""

    def __init__(self, folder: Path, there: TelevisionThread, world: World) -> None:
        self._there, self._world = there, world
        super().__init__(folder)

    def _connect(self, device: Device, over: Callable[[Over], None]) -> "Played":
        return Played(Screen(self._there.device, over, connect_s=WAIT_S, play_s=WAIT_S), self._world)


class Played:
    def __init__(self, screen: Screen, world: World) -> None:
        self._screen, self._world = screen, world

    def show(self, picture: Picture) -> None:
        self._screen.show(replace(at(lent(self._world)), title=picture.title))

    def wake(self, name: str) -> None:
        self._screen.wake(name)

    def stop(self) -> None:
        self._screen.stop()


def test_who_rings_is_on_the_television_for_a_minute_and_then_off_it(
    tmp_path: Path, world: World, television: Callable[..., TelevisionThread]
) -> None:
    there = television()
    house = WatchedHouse(tmp_path, there, world)
    on_change = chosen(house)
    house.home.noticing.refresh(house.account)
    house.home.adapter.changes.subscribe(on_change.take)
    threading.Thread(target=on_change.run, daemon=True).start()
    house.home.noticing.noticed(house.account, [Hint("F00000002", 1, "doorbell", house.clock.now)])
    begun = until(there.facts, lambda facts: facts["state"] == "PLAYING")
    assert begun["title"] == "Front Door"
    house.clock.now += SHOWN_S - 1
    house.screens.turn()
    until(there.facts, lambda facts: facts["frames"] > begun["frames"] + 25)
    house.clock.now += 1
    house.screens.turn()
    assert there.facts()["app"] == ""
    house.home.store.close()


def test_an_application_that_plays_nothing_is_closed_after_the_idle_time(
    television: Callable[..., TelevisionThread],
) -> None:
    there = television(idle_out_s=3.0)
    screen = Screen(there.device, lambda over: None, connect_s=WAIT_S, play_s=WAIT_S)
    try:
        with pytest.raises(CastFailed, match="not_played"):
            screen.show(Picture("hls", ("http://127.0.0.1:9",), "/master.m3u8", "Garden"))
        assert there.facts()["why"] == "nobody answers there"
        assert until(there.facts, lambda facts: facts["app"] == "")["frames"] == 0
    finally:
        screen.stop()


class _Answers(BaseHTTPRequestHandler):
    """`status`, headers and text of every answer are the server's."""

    def do_GET(self) -> None:
        status, headers, text = self.server.answers  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


KIND, OPEN = {"Content-Type": "application/vnd.apple.mpegurl"}, {"Access-Control-Allow-Origin": "*"}


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ((404, OPEN, b""), "it is answered 404"),
        ((200, KIND, b"#EXTM3U\n"), "it may not be read from another origin (CORS)"),
        ((200, OPEN | {"Content-Type": "text/html"}, b"<html>"), "a playlist has another content type"),
        ((200, OPEN | KIND, b"<html>"), "the playlist is not M3U8"),
        (
            (200, OPEN | KIND, b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n"),
            "the master playlist names no CODECS",
        ),
        ((200, OPEN | KIND, b"#EXTM3U\n#EXT-X-ENDLIST\n"), "the stream has ended"),
    ],
)
def test_the_television_refuses_what_a_receiver_refuses(
    television: Callable[..., TelevisionThread], answers: tuple[int, dict[str, str], bytes], why: str
) -> None:
    there = television()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        server.answers = answers  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        screen = Screen(there.device, lambda over: None, connect_s=WAIT_S, play_s=WAIT_S)
        try:
            with pytest.raises(CastFailed, match="not_played"):
                screen.show(Picture("hls", (f"http://127.0.0.1:{server.server_address[1]}",), "/master.m3u8", "Garden"))
            assert there.facts()["why"] == why
        finally:
            screen.stop()
            server.shutdown()
