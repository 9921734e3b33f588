"""One camera by EZVIZ's cloud stream, 768x432 with fifteen pictures a second, and viewers of it: CPU of one core.

It comes encrypted and is deciphered, in clumps, as an MPEG program stream; all viewers share its one session.
"""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from bench import cores, rtc_viewers
from bench.peer.environment import NoPeer
from bench.picture_process import PictureProcess, master, picture_process, whep
from bench.progress import say
from bench.relay import watched
from bench.run import Results, Run
from bench.table import LeftOut, Row
from showcam.engine.source import SourceSpec
from tests.doubles.rtsp_recording import recorded
from tests.doubles.stream_cloud import USER, StreamCloud

SIZE = (768, 432)
KEY = b"ABCDEF".ljust(16, b"\0")
CLUMP_S = 2.0
VIEWERS = 8
SETTLE_S, MEASURE_S = 6.0, 8.0  # from the first segment, or the first frame
NAME = "EZVIZ's cloud stream 768x432, deciphered"
SESSIONS = 6
_spawn = multiprocessing.get_context("spawn")


def measure(run: Run) -> Results:
    say("Cloud: a viewer by HLS")
    with _camera() as minted, picture_process((), minted=minted) as home, watched([master(home, 0)]):
        by_hls = _share(run, home)
    yield Row(f"{NAME}, one viewer by HLS, transcoded, of a core", "%", 100 * by_hls)
    try:
        say("Cloud: viewers by WebRTC")
        one, many = _by_webrtc(run)
    except NoPeer as error:
        yield LeftOut(f"{NAME}, WebRTC", str(error))
        return
    a_viewer = max((many - one) / VIEWERS, 1e-5)
    yield Row(f"{NAME}, one viewer by WebRTC, of a core", "%", 100 * one)
    yield Row(f"{NAME}, a viewer more by WebRTC, of a core", "%", 100 * a_viewer, "the first:", 100 * one)
    yield Row(f"{NAME}, viewers by WebRTC that a core has time for", "", 1 + (1 - one) // a_viewer)


def _by_webrtc(run: Run) -> tuple[float, float]:
    """The shares with one viewer, and with VIEWERS more. Raises NoPeer."""
    with (
        _camera() as minted,
        picture_process((), minted=minted) as home,
        rtc_viewers.watching([whep(home, 0)]),
    ):
        one = _share(run, home)
        with rtc_viewers.watching([whep(home, 0) for _ in range(VIEWERS)]):
            return one, _share(run, home)


def _share(run: Run, home: PictureProcess) -> float:
    """Of a core."""
    time.sleep(SETTLE_S)
    began, cpu = time.monotonic(), home.cpu_s()
    time.sleep(3 if run.quick else MEASURE_S)
    return (home.cpu_s() - cpu) / (time.monotonic() - began)


@contextmanager
def _camera() -> Iterator[tuple[SourceSpec, ...]]:
    """Cloud and camera in a process of their own. What opens the camera a few times: sessions follow each other."""
    ours, theirs = _spawn.Pipe()
    process = _spawn.Process(target=_film, args=(theirs,), daemon=True)
    with cores.beside():
        process.start()
    theirs.close()  # so that it is seen here when the process dies
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join(10)
        if process.is_alive():
            process.kill()


def _film(pipe: Connection) -> None:
    cloud = StreamCloud()
    cloud.studio.recording = recorded(size=SIZE, gop_s=4)
    cloud.camera.encryption = True
    cloud.set(clump_s=CLUMP_S)
    pipe.send(tuple(cloud.spec(key=KEY, token=token) for token in cloud.tokens_of(USER)[:SESSIONS]))
    pipe.recv()
    cloud.close()
