"""Cameras in the house, in a process of their own beside what is measured: real RTSP servers on loopback."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from bench import cores
from tests.doubles.rtsp_camera import CODE, PATH, Frame, Recording, RtspCamera

_spawn = multiprocessing.get_context("spawn")
type Make = Callable[[], Recording]


@dataclass(frozen=True)
class LanCameras:
    ports: tuple[int, ...]
    _pipe: Connection

    def url(self, number: int) -> str:
        return f"rtsp://127.0.0.1:{self.ports[number]}{PATH}"

    def url_for_libav(self, number: int) -> str:
        """With the sign-in in it."""
        return self.url(number).replace("//", f"//admin:{CODE}@")

    def cut(self, number: int, seconds: float) -> None:
        """Pulls its plug, and puts it in again."""
        self._do("stop", number)
        time.sleep(seconds)
        self._do("start", number)

    def sent(self, number: int) -> list[float]:
        """When it sent each picture to its latest viewer, epoch s."""
        return list(self._do("sent", number))

    def _do(self, what: str, number: int) -> Any:
        self._pipe.send((what, number))
        return self._pipe.recv()


@contextmanager
def lan_cameras(count: int = 1, *, make: Make | None = None, joins: str = "keyframe") -> Iterator[LanCameras]:
    """`make`: what they show, if not the small picture of the tests; `joins`: where in its GOP it is opened."""
    ours, theirs = _spawn.Pipe()
    process = _spawn.Process(target=_film, args=(count, make, joins, theirs), daemon=True)
    with cores.beside():
        process.start()
    try:
        yield LanCameras(ours.recv(), ours)
    finally:
        ours.send(None)
        process.join(10)
        if process.is_alive():
            process.kill()


class _Clapper:
    """Notes when the camera sent each picture, and the number of the first one."""

    def __init__(self) -> None:
        self.sent: list[float] = []

    def __call__(self, frames: list[Frame]) -> list[Frame]:
        video = [data for channel, data in frames if channel == 0]
        if video and video[-1][1] & 0x80:  # the marker of a picture's last packet
            self.sent.append(time.time())
        return frames


def _film(count: int, make: Make | None, joins: str, pipe: Connection) -> None:
    recording = {"recording": make()} if make else {}
    # a tap on each frame costs time: cameras in full HD have none
    clappers = [None if make else _Clapper() for _ in range(count)]
    cameras = [RtspCamera(joins=joins, wire=clapper, **recording) for clapper in clappers]
    pipe.send(tuple(camera.port for camera in cameras))
    while asked := pipe.recv():
        what, number = asked
        if what == "sent":
            clapper = clappers[number]
            pipe.send(clapper.sent if clapper else [])
        else:
            getattr(cameras[number], what)()
            pipe.send(None)
    for camera in cameras:
        camera.close()
