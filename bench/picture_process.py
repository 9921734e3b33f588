"""A picture process of its own, which pulls cameras in the house."""

import http.client
import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from bench import cores, wire
from media.grants import Claims, Grants
from media.process_auth import HEADER
from media.source import Denied, SourceSpec
from tests.doubles.open_gate import OpenGate
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.program import AS_INSTALLED
from tests.doubles.rtsp_camera import PATH
from tests.doubles.rtsp_recording import CODE

GRANTS = Grants([b"grant key of a measurement, long"])
LOOPBACK = "127.0.0.1"
_spawn = multiprocessing.get_context("spawn")


class _Home(OpenGate):
    """The Sources of the picture process: cameras by their ports. `minted` are given out first, each once."""

    def __init__(self, ports: tuple[int, ...], minted: tuple[SourceSpec, ...]) -> None:
        self._ports = {f"camera-{number}": port for number, port in enumerate(ports)}
        self._minted = list(minted)

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        if self._minted:
            return self._minted.pop(0)
        port = self._ports[claims.camera]
        at = f"127.0.0.1:{port}"
        return SourceSpec("rtsp", f"rtsp://{at}{PATH}", (at,), "on", user="admin", password=CODE)

    async def admits(self, claims: Claims, bearer: str) -> bool:
        return True

    async def closed(self, claims: Claims, release: str) -> None:
        pass


def _serve(
    ports: tuple[int, ...],
    minted: tuple[SourceSpec, ...],
    idle_s: float,
    malloc: bool,
    host: str,
    pipe: Connection,
) -> None:
    settings = replace(SETTINGS, idle_s=idle_s, malloc=malloc, ice_addresses=(host,))
    with PlaneThread(GRANTS, _Home(ports, minted), settings, bind=host) as plane:
        pipe.send(plane.port)
        pipe.recv()


@dataclass(frozen=True)
class PictureProcess:
    port: int
    pid: int
    host: str

    def grant(self, camera: int, protocol: Any) -> str:
        nonce = str(time.monotonic_ns())
        expires = int(time.time()) + 60
        return GRANTS.sign(Claims("home", "link", f"camera-{camera}", protocol, "page", expires, nonce))

    def get(self, path: str) -> str:
        return self.get_bytes(path).decode()

    def get_bytes(self, path: str) -> bytes:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=15)
        try:
            connection.request("GET", path, headers={HEADER: GRANTS.proof().make(path, b"", time.time())})
            return connection.getresponse().read()
        finally:
            connection.close()

    def stats(self) -> dict[str, int]:
        counted: dict[str, int] = json.loads(self.get("/internal/stats"))
        return counted

    def cooled(self, within_s: float = 30) -> None:
        """Waits until nothing is pulled. Raises TimeoutError."""
        deadline = time.monotonic() + within_s
        while self.stats()["pulls"]:
            if time.monotonic() > deadline:
                raise TimeoutError("a pull did not end after its last viewer")
            time.sleep(0.1)

    def cpu_s(self) -> float:
        """CPU seconds of the picture process since its start."""
        return wire.cpu_s(self.pid)

    def own_mb(self) -> float:
        """Memory that the picture process does not share, in MB."""
        return wire.own_mb(self.pid)


def master(home: PictureProcess, number: int) -> str:
    """A new address of a camera's master playlist."""
    return f"http://{home.host}:{home.port}/s/{home.grant(number, 'hls')}/master.m3u8"


def whep(home: PictureProcess, number: int) -> str:
    """A new address that takes an offer."""
    return f"http://{home.host}:{home.port}/s/{home.grant(number, 'webrtc')}/whep"


@contextmanager
def picture_process(
    ports: tuple[int, ...],
    *,
    minted: tuple[SourceSpec, ...] = (),
    idle_s: float = 30,
    malloc: bool = True,
    host: str = LOOPBACK,
) -> Iterator[PictureProcess]:
    """`ports`: of the cameras that it pulls; `minted`: what its first pulls open; `host`: the address it serves at."""
    ours, theirs = _spawn.Pipe()
    process = _spawn.Process(target=_serve, args=(ports, minted, idle_s, malloc, host, theirs), daemon=True)
    # it searches for modules where this process does: those that only the tests' tools bring are hidden from it
    sys.path.insert(0, AS_INSTALLED["PYTHONPATH"])
    try:
        with cores.measured():
            process.start()
        theirs.close()  # so that it is seen here when the process dies
    finally:
        sys.path.remove(AS_INSTALLED["PYTHONPATH"])
    try:
        port = ours.recv()
        assert process.pid is not None
        yield PictureProcess(port, process.pid, host)
    finally:
        ours.send("over")
        process.join(10)
        if process.is_alive():
            process.kill()
