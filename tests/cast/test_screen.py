"""A device is shown an address and tells when it is over: against npm's castv2, which nobody here wrote."""

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from showcam.cast.device import Device, Over, Picture
from showcam.cast.errors import CastFailed
from showcam.cast.screen import Screen
from tests.cast.conftest import WAIT_S, Receiver

PICTURE = Picture("hls", ("http://192.168.1.5:40123", "https://cam.example"), "/s/grant/master.m3u8", "Garden")
pytestmark = [
    pytest.mark.process,
    pytest.mark.proves(
        "A Cast device that vanishes, is silent, stops in mid-message or speaks another protocol ends "
        "in a sentence that says so",
        leans_on="second stack: npm castv2 as the receiver",
    ),
]


def shown(device: Device, play_s: float = WAIT_S) -> tuple[Screen, "queue.Queue[Over]"]:
    over: queue.Queue[Over] = queue.Queue()
    return Screen(device, over.put, connect_s=WAIT_S, play_s=play_s), over


@pytest.mark.parametrize("behaves", ["plays", "has something on"])
def test_a_camera_is_loaded_as_live_hls_in_a_session_of_our_own_and_stopped(
    receiver: Callable[[str], Receiver], behaves: str
) -> None:
    there = receiver(behaves)
    screen, over = shown(there.device)
    screen.show(PICTURE)
    assert there.next() == {
        "contentId": "http://192.168.1.5:40123/s/grant/master.m3u8",
        "streamType": "LIVE",
        "contentType": "application/vnd.apple.mpegurl",
        "hlsSegmentFormat": "ts",
        "hlsVideoSegmentFormat": "mpeg2_ts",
        "metadata": {"title": "Garden", "metadataType": 0},
    }
    screen.stop()
    assert there.next() == "stop"
    assert over.empty(), "no end is reported to the one who stops it"


@pytest.mark.parametrize(
    ("behaves", "why"),
    [("is taken over", "taken"), ("is loaded by another", "taken"), ("gives up", "ended")],
)
def test_the_end_of_a_picture_is_reported_once_with_what_ended_it(
    receiver: Callable[[str], Receiver], behaves: str, why: Over
) -> None:
    there = receiver(behaves)
    screen, over = shown(there.device)
    screen.show(PICTURE)
    assert over.get(timeout=WAIT_S) == why
    there.next()
    screen.stop()
    assert over.empty()


@pytest.mark.parametrize("behaves", ["announces a gigabyte", "floods", "nests deeply"])
def test_a_device_that_sends_more_than_one_does_loses_its_connection(
    receiver: Callable[[str], Receiver], behaves: str
) -> None:
    there = receiver(behaves)
    screen, over = shown(there.device)
    with closing_screen(screen):
        screen.show(PICTURE)
        assert over.get(timeout=WAIT_S) == "gone"


def test_what_another_shows_is_left_alone(receiver: Callable[[str], Receiver]) -> None:
    there = receiver("is taken over")
    screen, over = shown(there.device)
    screen.show(PICTURE)
    over.get(timeout=WAIT_S)
    there.next()
    screen.stop()
    with pytest.raises(queue.Empty):
        there.heard.get(timeout=0.3)


@pytest.mark.parametrize(
    ("behaves", "said"),
    [
        ("refuses", True),
        ("vanishes", False),
        ("is silent", False),
        ("launches nothing", False),
        ("holds half a message back", False),
    ],
)
def test_a_device_that_does_not_play_is_distinguished(
    receiver: Callable[[str], Receiver], behaves: str, said: bool
) -> None:
    there = receiver(behaves)
    screen, over = shown(there.device, play_s=WAIT_S if said else 1.0)
    with closing_screen(screen), pytest.raises(CastFailed, match="not_played") as raised:
        screen.show(PICTURE)
    assert raised.value.said is said, "refused by the device itself"
    assert over.empty()


def serving(talk: Callable[[socket.socket], None]) -> tuple[Device, socket.socket]:
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            while True:
                connection, _ = listening.accept()
                with connection:
                    talk(connection)
        except OSError:
            pass

    threading.Thread(target=serve, daemon=True).start()
    return Device("tv", "Bedroom TV", "127.0.0.1", listening.getsockname()[1]), listening


def _says_nothing(connection: socket.socket) -> None:
    connection.recv(4096)
    threading.Event().wait(2.0)


@pytest.mark.parametrize(
    "talk",
    [
        _says_nothing,
        lambda connection: connection.close(),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n<html>"),
    ],
    ids=["accepts and is silent", "hangs up", "is a web server"],
)
def test_what_is_no_cast_device_is_reported_in_time(talk: Callable[[socket.socket], None]) -> None:
    device, listening = serving(talk)
    with closing(listening):
        screen = Screen(device, lambda why: None, connect_s=0.5)
        with closing_screen(screen), pytest.raises(CastFailed, match="unreachable"):
            screen.show(PICTURE)


class closing_screen:  # noqa: N801
    """Stops it at the end."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self._screen.stop()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if type(thread).__name__ == "SocketClient":
            thread.join(WAIT_S)
            assert not thread.is_alive()
