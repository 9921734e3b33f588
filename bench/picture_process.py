"""A picture process of its own, which pulls cameras in the house."""

import contextlib
import http.client
import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from bench import cores, wire
from scripts.deploy_local.emulator import free_ports
from showcam.engine.grants import HEADER, Claims, Grants
from showcam.engine.source import Rtsp, SourceSpec
from tests.doubles.plane_thread import SETTINGS
from tests.doubles.program import AS_INSTALLED
from tests.doubles.rtsp_camera import PATH
from tests.doubles.rtsp_player import KEY as PLAYER_KEY
from tests.doubles.rtsp_player import NAME as PLAYER
from tests.doubles.rtsp_recording import CODE

KEY = b"grant key of a measurement, long"
GRANTS = Grants([KEY])
LOOPBACK = "127.0.0.1"
STARTED_S = 60.0


@dataclass(frozen=True)
class PictureProcess:
    port: int
    pid: int
    host: str
    rtsp_port: int | None = None

    def grant(self, camera: int, protocol: Any, surface: str = "page") -> str:
        nonce = str(time.monotonic_ns())
        expires = int(time.time()) + 60
        return GRANTS.sign(Claims("home", "link", f"camera-{camera}", protocol, surface, expires, nonce))

    def get(self, path: str) -> str:
        return self.get_bytes(path).decode()

    def get_bytes(self, path: str) -> bytes:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=15)
        try:
            connection.request("GET", path, headers={HEADER: GRANTS.proof().make(path, b"", time.time())})
            return connection.getresponse().read()
        finally:
            connection.close()

    def started(self) -> None:
        """Waits until it serves. Raises TimeoutError."""
        deadline = time.monotonic() + STARTED_S
        while True:
            try:
                self.get("/healthz")
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise TimeoutError("the media process does not serve") from None
                time.sleep(0.1)

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


def master(home: PictureProcess, number: int, surface: str = "page") -> str:
    """A new address of a camera's master playlist."""
    return f"http://{home.host}:{home.port}/s/{home.grant(number, 'hls', surface)}/master.m3u8"


def whep(home: PictureProcess, number: int, surface: str = "page") -> str:
    """A new address that takes an offer."""
    return f"http://{home.host}:{home.port}/s/{home.grant(number, 'webrtc', surface)}/whep"


def rtsp(home: PictureProcess, number: int) -> str:
    """A camera's address for a program of the household's, with the program's name and key."""
    return f"rtsp://{PLAYER}:{PLAYER_KEY}@{home.host}:{home.rtsp_port}/camera-{number}"


@contextmanager
def picture_process(
    ports: tuple[int, ...],
    *,
    minted: tuple[SourceSpec, ...] = (),
    idle_s: float = 30,
    host: str = LOOPBACK,
    by_rtsp: bool = False,
) -> Iterator[PictureProcess]:
    """`ports`: the ports of the cameras to pull; `minted`: the sources that the first pulls open; `host`: its address.

    `by_rtsp`: it also serves the household's programs by RTSP.
    """
    rtsp_port = free_ports() if by_rtsp else None
    settings = replace(
        SETTINGS, bind=host, port=free_ports(), idle_s=idle_s, ice_addresses=(host,), rtsp_port=rtsp_port
    )
    cameras = {f"camera-{number}": _spec(port) for number, port in enumerate(ports)}
    command = [sys.executable, "-P", "-m", "bench.measured"]
    with cores.measured():
        process = subprocess.Popen(
            command, env=os.environ | AS_INSTALLED, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
    assert process.stdin is not None
    try:
        pickle.dump((settings, KEY, cameras, list(minted)), process.stdin)
        process.stdin.flush()
        home = PictureProcess(settings.port, process.pid, host, rtsp_port)
        home.started()
        yield home
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _spec(port: int) -> SourceSpec:
    at = f"127.0.0.1:{port}"
    return Rtsp(url=f"rtsp://{at}{PATH}", hosts=(at,), sound="on", user="admin", password=CODE)
