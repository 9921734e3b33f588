"""Sixteen cameras in full HD by RTSP, 25 pictures a second and 4 Mbit/s each, copied into HLS: CPU and memory.

showcam serves a viewer of each camera besides. The programs take the same cameras one after another.
"""

import gzip
import http.client
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from urllib.parse import urljoin, urlsplit

from bench import copies, cores, rtc_viewers, rtsp_relay
from bench.lan_cameras import LanCameras, lan_cameras
from bench.picture_process import PictureProcess, master, picture_process, whep
from bench.progress import say
from bench.recordings import full_hd
from bench.run import NoPeer, Results, Run
from bench.table import Bound, LeftOut, Row
from bench.using import SOON_S, Measured, Used, use

CAMERAS = 16
BITS = 4_000_000
_SEGMENT = re.compile(r"^[^#\s]+\.(?:ts|m4s)$", re.MULTILINE)


def measure(run: Run) -> Results:
    count = 2 if run.quick else CAMERAS
    name = f"relay of {count} cameras 1080p25"
    say("Relay: making a recording in full HD")
    with lan_cameras(count, make=partial(full_hd, BITS)) as cameras:
        say(f"Relay: {count} cameras by HLS")
        ours = use(run, _showcam(cameras))
        try:
            ffmpeg, called = _used_by_ffmpeg(run, cameras)
        except NoPeer as error:
            yield LeftOut(f"{name}, ffmpeg", f"{error}; libav by PyAV stands in its place")
            say("Relay: libav by PyAV")
            ffmpeg, called = use(run, copies.by_libav(cameras)), "PyAV -c copy"
        within = Bound(share=1, beside=called)
        yield Row(f"{name}, HLS, of a core", "%", 100 * ours.share, called, 100 * ffmpeg.share, within)
        yield Row(f"{name}, HLS, memory", "MB", ours.memory, called, ffmpeg.memory, Bound(most=150))
        say("Relay: GStreamer")
        try:
            used = use(run, copies.by_gstreamer(cameras))
            yield Row(f"{name}, HLS, against GStreamer", "%", 100 * ours.share, "GStreamer", 100 * used.share)
            yield Row(f"{name}, HLS, memory, against GStreamer", "MB", ours.memory, "GStreamer", used.memory)
        except (NoPeer, TimeoutError) as error:
            yield LeftOut(f"{name}, GStreamer", str(error))
        try:
            yield from _webrtc(run, cameras, name)
        except NoPeer as error:
            yield LeftOut(f"{name}, WebRTC", str(error))
        yield from rtsp_relay.measure(run, cameras)


def _webrtc(run: Run, cameras: LanCameras, name: str) -> Results:
    """Raises NoPeer."""
    say("Relay: a viewer of each by WebRTC")
    used = use(run, _by_webrtc(cameras, range(len(cameras.ports))), SOON_S)
    yield Row(f"{name}, WebRTC with a viewer each, of a core", "%", 100 * used.share, bound=Bound(most=30))


def _used_by_ffmpeg(run: Run, cameras: LanCameras) -> tuple[Used, str]:
    say("Relay: ffmpeg")
    return use(run, copies.by_ffmpeg(cameras)), "ffmpeg -c copy"


@contextmanager
def _showcam(cameras: LanCameras) -> Iterator[Measured]:
    with picture_process(cameras.ports) as home:
        urls = [master(home, number) for number in range(len(cameras.ports))]
        with watched(urls):
            yield home


@contextmanager
def _by_webrtc(cameras: LanCameras, watched: Iterable[int]) -> Iterator[PictureProcess]:
    with picture_process(cameras.ports) as home, rtc_viewers.watching([whep(home, number) for number in watched]):
        yield home


@contextmanager
def watched(urls: list[str]) -> Iterator[None]:
    """A viewer of each by HLS, and each has a segment. Raises TimeoutError."""
    over = threading.Event()
    begun = [threading.Event() for _ in urls]
    until = time.monotonic() + copies.BEGUN_S
    with cores.beside(), ThreadPoolExecutor(len(urls)) as pool:
        viewers = [pool.submit(watch, url, over, event) for url, event in zip(urls, begun, strict=True)]
        try:
            if not all(event.wait(until - time.monotonic()) for event in begun):
                raise TimeoutError(f"a viewer was served no segment within {copies.BEGUN_S:.0f} s")
            yield
        finally:
            over.set()
        for viewer in viewers:
            viewer.result()


def watch(address: str, over: threading.Event, begun: threading.Event) -> None:
    """Plays as a player does: the playlist every two seconds, each new segment once."""
    get: Callable[[str], bytes] = fetch
    variant = urljoin(address, next(row for row in get(address).decode().splitlines() if row and row[0] != "#"))
    fetched: set[str] = set()
    while not over.wait(2):
        for name in _SEGMENT.findall(get(variant).decode()):
            if name not in fetched:
                fetched.add(name)
                get(urljoin(variant, name))
                begun.set()


def fetch(url: str) -> bytes:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=40)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        body = answer.read()
        return gzip.decompress(body) if answer.getheader("Content-Encoding") == "gzip" else body
    finally:
        connection.close()
