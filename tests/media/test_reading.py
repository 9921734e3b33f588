"""How often a camera's connection is read: in lots, which are larger if nobody is shown each picture as it comes."""

import asyncio
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from contextvars import Context
from typing import Any

import pytest

from showcam.engine.grants import Grants
from showcam.engine.outputs.hls import Segments
from showcam.engine.rtsp.connection import Connection
from showcam.engine.rtsp.login import Login
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.rtsp_recording import recorded
from tests.media.conftest import World
from tests.media.test_rtsp import House
from tests.media.test_webrtc import watching

pytestmark = [
    pytest.mark.usefixtures("on_loopback"),
    pytest.mark.proves(
        "A camera that only HLS viewers watch is read ten times a second", leans_on="system: Linux's sockets"
    ),
]

SHORT_S, LONG_S = 0.01, 0.08


class _Counter(selectors.DefaultSelector):
    """Counts for each peer's port how often its socket woke the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.woken: dict[int, int] = {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(timeout)
        for key, events in ready:
            if events & selectors.EVENT_READ:
                port = _peer(key.fd)
                self.woken[port] = self.woken.get(port, 0) + 1
        return ready


def _peer(fd: int) -> int:
    found = socket.socket(fileno=fd)
    try:
        return int(found.getpeername()[1])
    except (OSError, IndexError):
        return 0
    finally:
        found.detach()


class _Loop(asyncio.SelectorEventLoop):
    """Keeps for how long cameras' connections were not to be read."""

    def __init__(self) -> None:
        self.counter = _Counter()
        super().__init__(self.counter)
        self.pauses: list[float] = []

    def call_later[*Given](
        self, delay: float, callback: Callable[[*Given], object], *args: *Given, context: Context | None = None
    ) -> asyncio.TimerHandle:
        if getattr(callback, "__name__", "") == "_go_on":
            self.pauses.append(delay)
        return super().call_later(delay, callback, *args, context=context)


@pytest.fixture
def household(camera: RtspCamera) -> House:
    return House(camera)


@pytest.fixture
def loop() -> _Loop:
    return _Loop()


@pytest.fixture
def world(grants: Grants, household: House, loop: _Loop) -> Iterator[World]:
    with PlaneThread(grants, household, SETTINGS, loop) as plane:
        yield World(plane, None, household, grants)  # type: ignore[arg-type]


def test_a_camera_that_is_watched_by_hls_only_is_read_ten_times_a_second(
    world: World, camera: RtspCamera, loop: _Loop
) -> None:
    camera.does.recording = recorded(sound="pcmu")  # 50 packets of sound a second, and 15 pictures
    assert world.master().status == 200, "its first segment is whole"
    time.sleep(0.3)
    woken, began = loop.counter.woken[camera.port], time.monotonic()

    time.sleep(3)

    reads = loop.counter.woken[camera.port] - woken
    assert reads <= (time.monotonic() - began) / LONG_S + 5, "and its keyframes take a few more"
    assert reads > 3, "it is read"


def test_a_camera_is_read_as_it_comes_while_somebody_watches_by_webrtc(
    world: World, loop: _Loop, eventually: Callable[..., None]
) -> None:
    assert world.master().status == 200
    eventually(lambda: loop.pauses and loop.pauses[-1] >= LONG_S)

    async def scene() -> list[float]:
        async with watching(world, world.grant(protocol="webrtc")) as viewer:
            await viewer.until(lambda: viewer.pictures)
            await asyncio.sleep(0.2)  # the pause that was begun before
            known, seen = len(loop.pauses), len(viewer.pictures)
            await viewer.until(lambda: len(viewer.pictures) > seen + 30)
            return loop.pauses[known:]

    assert all(pause <= SHORT_S for pause in asyncio.run(scene()))
    known = len(loop.pauses)
    eventually(lambda: any(pause >= LONG_S for pause in loop.pauses[known:]))


def test_the_first_segment_does_not_wait_for_large_lots(
    world: World, loop: _Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses, add = list[list[float]](), Segments.add

    def noted(segments: Segments, *given: Any) -> None:
        pauses.append(list(loop.pauses))
        add(segments, *given)

    monkeypatch.setattr(Segments, "add", noted)
    assert world.master().status == 200
    assert all(pause <= SHORT_S for pause in pauses[0])


@pytest.mark.parametrize(("frames", "least_s", "most_s"), [(1, LONG_S, 0.12), (180, SHORT_S, SHORT_S)])
def test_a_camera_that_has_much_to_send_is_soon_read_again(frames: int, least_s: float, most_s: float) -> None:
    """One that can't send would drop pictures."""
    frame = b"$\0" + (1000).to_bytes(2) + bytes(1000)
    received: list[int] = []

    async def scene(camera: socket.socket, ours: socket.socket) -> None:
        camera.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(camera, frame * frames)  # there is room for all of it
        connection = Connection(Login("", ""), lambda channel, data: received.append(len(data)), lambda _: None)
        connection.batch(lambda: True)
        await loop.create_connection(lambda: connection, sock=ours)
        async with asyncio.timeout(30):
            while len(received) < frames:
                await asyncio.sleep(0.01)
        connection.close()

    with closing(_Loop()) as loop, socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.socket()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)  # room for all that is sent
        ours.connect(server.getsockname())
        camera, _ = server.accept()
        with camera:
            loop.run_until_complete(scene(camera, ours))
        assert loop.pauses
        assert all(least_s <= pause <= most_s for pause in loop.pauses)
