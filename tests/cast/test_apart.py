"""A Cast device has a process of its own: what it costs beyond the limits, its own picture pays."""

import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from showcam.cast.apart import DEVICE, WITHIN_S, ApartScreen, browse
from showcam.cast.device import Over, Picture
from showcam.cast.errors import CastFailed
from showcam.cast.screen import NAMESPACE
from showcam.net.child import Limits
from showcam.simulator.television.receiver import Page
from tests.cast.conftest import WAIT_S, Receiver, TelevisionThread
from tests.doubles.listening import runs
from tests.doubles.waiting import LONG_S, until

PICTURE = Picture("hls", ("http://192.168.1.5:40123",), "/s/grant/master.m3u8", "Garden")
SMALL = Limits(memory=8 * 1024 * 1024)  # no process starts with this
pytestmark = pytest.mark.process

type Show = Callable[..., tuple[ApartScreen, "queue.Queue[Over]"]]


@pytest.fixture
def screens() -> Iterator[Show]:
    with ExitStack() as stack:

        def made(receiver: Receiver, limits: Limits = DEVICE) -> tuple[ApartScreen, "queue.Queue[Over]"]:
            over: queue.Queue[Over] = queue.Queue()
            screen = ApartScreen(receiver.device, over.put, limits=limits)
            stack.callback(screen.stop)
            return screen, over

        yield made


def test_a_picture_is_shown_and_stopped_by_the_device_s_own_process(
    receiver: Callable[[str], Receiver], screens: Show
) -> None:
    there = receiver("plays")
    screen, over = screens(there)
    screen.show(PICTURE)
    assert there.next()["contentId"] == PICTURE.url
    screen.stop()
    assert there.next() == "stop"
    assert over.empty(), "no end is reported to the one who stops it"
    assert not runs(screen.pid)


@pytest.mark.parametrize("behaves", ["gives up", "is taken over", "announces a gigabyte"])
def test_what_ended_it_is_reported_once(receiver: Callable[[str], Receiver], screens: Show, behaves: str) -> None:
    screen, over = screens(receiver(behaves))
    screen.show(PICTURE)
    expected = {"gives up": "ended", "is taken over": "taken", "announces a gigabyte": "gone"}[behaves]
    assert over.get(timeout=WAIT_S) == expected
    screen.stop()
    assert over.empty()


@pytest.mark.proves(
    "A Cast device that costs too much of the processor loses its own video, and another device keeps playing",
    leans_on="double: the TV",
)
def test_a_device_that_costs_more_cpu_than_it_may_loses_its_picture_and_another_keeps_it(
    receiver: Callable[[str], Receiver], screens: Show
) -> None:
    well, costly = receiver("plays"), receiver("is costly")
    screen, over = screens(well)
    screen.show(PICTURE)
    expensive, its_over = screens(costly, Limits(cpu_s=1, memory=DEVICE.memory))
    expensive.show(PICTURE)
    assert its_over.get(timeout=4 * LONG_S) == "gone"  # a busy machine gives it little time to spend
    until(lambda: not runs(expensive.pid), WAIT_S)
    assert over.empty()
    screen.show(PICTURE)


def test_a_process_beyond_its_memory_is_a_device_that_does_not_play(
    receiver: Callable[[str], Receiver], screens: Show
) -> None:
    screen, over = screens(receiver("plays"), SMALL)
    with pytest.raises(CastFailed, match="not_played"):
        screen.show(PICTURE)
    assert over.empty()


def test_a_process_that_has_ended_is_not_waited_for_again(receiver: Callable[[str], Receiver], screens: Show) -> None:
    screen, _ = screens(receiver("plays"), SMALL)
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(CastFailed, match="not_played") as raised:
            screen.show(PICTURE)
        assert raised.value.is_final
    with pytest.raises(CastFailed, match="not_played"):
        screen.wake("Garden")
    assert time.monotonic() - began < WITHIN_S


def test_a_search_beyond_its_memory_ends_as_one_without_a_network() -> None:
    with pytest.raises(OSError, match="broke"):
        browse(0.1, SMALL)


def test_a_device_that_refuses_says_so_across_the_process(receiver: Callable[[str], Receiver], screens: Show) -> None:
    screen, _ = screens(receiver("refuses"))
    with pytest.raises(CastFailed, match="not_played") as raised:
        screen.show(PICTURE)
    assert raised.value.said is True


def test_what_showcam_s_own_receiver_is_told_and_says_goes_across_the_process(
    television: Callable[..., TelevisionThread],
) -> None:
    heard: list[str] = []

    def hear(message: dict[str, str]) -> None:
        heard.append(message["type"])
        if message["type"] == "show":
            state = "unpaired" if message["protocol"] == "webrtc" else "playing"
            there.do(lambda: there.television.say_from_page({"type": "state", "id": message["id"], "state": state}))

    there = television(pages={"0123ABCD": Page(NAMESPACE, hear)})
    screen = ApartScreen(there.device, lambda why: None, app="0123ABCD")
    try:
        screen.wake("Garden")
        until(lambda: heard == ["waking"], WAIT_S)
        with pytest.raises(CastFailed, match="not_played") as raised:
            screen.show(Picture("webrtc", ("http://192.168.1.5:1",), "/s/one/whep", "Garden"))
        assert raised.value.unpaired is True
        screen.show(Picture("hls", ("http://192.168.1.5:1",), "/s/two/master.m3u8", "Garden"))
        assert heard == ["waking", "show", "show"]
    finally:
        screen.stop()


WORKER = """
import sys
from showcam.cast.apart import ApartScreen
from showcam.cast.device import Device
screen = ApartScreen(Device("tv", "TV", "127.0.0.1", 9), print)
print(screen.pid, flush=True)
sys.stdin.read()
"""


def test_the_process_of_a_device_ends_with_the_worker_that_was_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-P", "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdout is not None
        pid = int(worker.stdout.readline())
        assert runs(pid)
        os.kill(worker.pid, signal.SIGKILL)
    until(lambda: not runs(pid), WAIT_S)
