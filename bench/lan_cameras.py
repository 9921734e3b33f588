"""Cameras in the house, in a process of their own beside what is measured: real RTSP servers on loopback."""

import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from bench import cores
from tests.doubles.behind_life import Clapper
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE, Recording, recorded

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

    def cut(self, numbers: Iterable[int], seconds: float) -> None:
        """Pulls their plugs, and puts them in again."""
        for number in numbers:
            self._do("stop", number)
        time.sleep(seconds)
        for number in numbers:
            self._do("start", number)

    def sent(self, number: int) -> list[float]:
        """When it sent each picture to its latest viewer, epoch s."""
        return list(self._do("sent", number))

    def _do(self, what: str, number: int) -> Any:
        self._pipe.send((what, number))
        return self._pipe.recv()


@contextmanager
def lan_cameras(
    count: int = 1, *, make: Make = recorded, joins: str = "keyframe", notes: bool = False
) -> Iterator[LanCameras]:
    """`make`: what they show; `joins`: where in its GOP it is opened; `notes`: whether `sent` is asked for."""
    ours, theirs = _spawn.Pipe()
    process = _spawn.Process(target=_film, args=(count, make, joins, notes, theirs), daemon=True)
    with cores.beside():
        process.start()
    theirs.close()  # so that it is seen here when the process dies
    try:
        yield LanCameras(ours.recv(), ours)
    finally:
        ours.send(None)
        process.join(10)
        if process.is_alive():
            process.kill()


def _film(count: int, make: Make, joins: str, notes: bool, pipe: Connection) -> None:
    recording = make()
    clappers = [Clapper() if notes else None for _ in range(count)]
    cameras = [RtspCamera(joins=joins, wire=clapper, recording=recording) for clapper in clappers]
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
