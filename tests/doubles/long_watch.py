"""A picture process whose cameras lose their plug again and again, and those who watch them all the time."""

import asyncio
import http.client
import itertools
import multiprocessing
import re
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from media.grants import Grants
from media.source import Codec, Denied, SourceSpec
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.rtsp_camera import RtspCamera, recorded

CAMERAS = ("yard", "barn")
GRANTS = Grants([b"grant key of the tests, 32 bytes"])
LOOK_S = 0.2  # between two looks at a playlist
SAMPLE_S = 5.0
SEGMENT = re.compile(r"#EXTINF:([\d.]+),\n(?:#[^\n]*\n)*(\d+)\.ts")


@dataclass
class Size:
    """Of the picture process, at a time."""

    at: float
    mib: float
    descriptors: int


@dataclass
class Watched:
    """`gaps`: by viewer, for each cut of its camera, the longest time in seconds for which nothing new came."""

    cuts: dict[str, list[float]]
    gaps: dict[str, list[float]]
    reloads: list[str]
    sizes: list[Size]

    def late(self, viewer: str) -> float:
        """The gap that one in twenty is longer than."""
        return statistics.quantiles(self.gaps[viewer], n=20)[-1]

    def growth(self) -> tuple[float, int]:
        """MiB and descriptors, from the second quarter to the last; the first is for filling caches."""
        quarter = len(self.sizes) // 4
        before, after = self.sizes[quarter : 2 * quarter], self.sizes[-quarter:]
        grown = statistics.median([each.mib for each in after]) - statistics.median([each.mib for each in before])
        opened = max(each.descriptors for each in after) - max(each.descriptors for each in before)
        return grown, opened


class _Home:
    def __init__(self, cameras: dict[str, RtspCamera]) -> None:
        self._cameras = cameras

    async def open(self, claims: Any) -> SourceSpec | Denied:
        return self._cameras[claims.camera].spec()

    async def check(self, claims: list[Any]) -> list[Denied | None]:
        return [None for _ in claims]

    async def admits(self, claims: Any, bearer: str) -> bool:
        return False

    async def learnt(
        self, claims: Any, width: int, height: int, *, codec: Codec, b_frames: bool, lacks_sub: bool
    ) -> None:
        pass

    async def closed(self, claims: Any, release: str) -> None:
        pass


def _serve(every_s: float, session_s: int, pipe: Connection) -> None:
    with ExitStack() as stack:
        cameras = {name: RtspCamera(recording=recorded()) for name in CAMERAS}
        for camera in cameras.values():
            stack.callback(camera.close)
        settings = replace(SETTINGS, session_s=session_s)
        plane = stack.enter_context(PlaneThread(GRANTS, _Home(cameras), settings))
        pipe.send(plane.port)
        while True:
            for name, camera in cameras.items():
                if pipe.poll(every_s / len(cameras)):
                    return
                pipe.send((name, time.time()))
                camera.stop()
                camera.start()


@contextmanager
def serving(every_s: float, session_s: int) -> Iterator[tuple[int, int, Connection]]:
    """Port and process id, and a pipe that tells of each cut."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(every_s, session_s, theirs))
    process.start()
    try:
        assert process.pid is not None
        yield ours.recv(), process.pid, ours
    finally:
        ours.send("enough")
        process.join(20)
        assert process.exitcode == 0


def _grant(camera: str, protocol: Any) -> str:
    grant, _ = GRANTS.issue(
        account="home", link="link-1", camera=camera, protocol=protocol, surface="page", now=time.time(), life_s=60
    )
    return grant


@dataclass
class _Hls(threading.Thread):
    """Follows a playlist under the address it was once told, and notes when each second of picture came."""

    port: int
    camera: str
    over: threading.Event
    came: list[tuple[float, float]] = field(default_factory=list)  # when, and how many seconds of picture
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        threading.Thread.__init__(self, name=f"hls {self.camera}")

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        master = f"/s/{_grant(self.camera, 'hls')}/master.m3u8"
        _, text = self._get(connection, master)
        playlist = urljoin(master, [line for line in text.splitlines() if not line.startswith("#")][-1])
        last: int | None = None
        while not self.over.wait(LOOK_S):
            status, text = self._get(connection, playlist)
            if status != 200:
                self.faults.append(f"{self.camera} by HLS: {status}")
                return
            for seconds, number in SEGMENT.findall(text):
                if last is not None and int(number) <= last:
                    continue
                if last is not None and int(number) != last + 1:
                    self.faults.append(f"{self.camera} by HLS: {number} after {last}")
                last = int(number)
                self.came.append((time.time(), float(seconds)))
                self._get(connection, urljoin(playlist, f"{number}.ts"))
        connection.close()

    def _get(self, connection: http.client.HTTPConnection, path: str) -> tuple[int, str]:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode("latin-1")


async def _webrtc(port: int, camera: str, over: threading.Event, times: list[float], faults: list[str]) -> None:
    viewer = Viewer()
    shift = time.time() - time.monotonic()
    offer = await viewer.offer()

    def post() -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        path = f"/s/{_grant(camera, 'webrtc')}/whep"
        connection.request("POST", path, offer, {"Content-Type": "application/sdp"})
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    await viewer.accept(await asyncio.to_thread(post))
    while not over.is_set():
        await asyncio.sleep(0.5)
        viewer.loud.clear()
        if viewer.connection.connectionState in ("failed", "closed"):
            faults.append(f"{camera} by WebRTC: {viewer.connection.connectionState}")
            break
    times += [each + shift for each in viewer.pictures]
    await viewer.close()


def _size(pid: int) -> Size:
    status = Path(f"/proc/{pid}/status").read_text()
    resident = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])  # type: ignore[index]
    return Size(time.time(), resident / 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def watch(lasts_s: float, every_s: float, session_s: int) -> Watched:
    """Each camera is cut each `every_s`, and a session's grant would be over after `session_s`."""
    with serving(every_s, session_s) as (port, pid, pipe):
        over = threading.Event()
        faults: list[str] = []
        followers = [_Hls(port, camera, over) for camera in CAMERAS]
        pictures: dict[str, list[float]] = {camera: [] for camera in CAMERAS}

        async def displays() -> None:
            await asyncio.gather(*[_webrtc(port, each, over, pictures[each], faults) for each in CAMERAS])

        threads = [*followers, threading.Thread(target=asyncio.run, args=(displays(),), name="displays")]
        for thread in threads:
            thread.start()
        sizes, ends = [], time.monotonic() + lasts_s
        while time.monotonic() < ends:
            time.sleep(min(SAMPLE_S, lasts_s / 40))
            sizes.append(_size(pid))
        over.set()
        for thread in threads:
            thread.join(30)
        cuts: dict[str, list[float]] = {camera: [] for camera in CAMERAS}
        while pipe.poll():
            camera, at = pipe.recv()
            cuts[camera].append(at)
    gaps = {f"{each} by WebRTC": _pauses(cuts[each], [(at, 0.0) for at in pictures[each]]) for each in CAMERAS}
    gaps |= {f"{each.camera} by HLS": _pauses(cuts[each.camera], each.came) for each in followers}
    return Watched(cuts, gaps, faults + [fault for each in followers for fault in each.faults], sizes)


def _pauses(cuts: list[float], came: list[tuple[float, float]]) -> list[float]:
    """After each cut but the last the longest pause up to the next, less what came with its end."""
    out = []
    for cut, following in itertools.pairwise(cuts):
        within = [at for at, _ in came if cut <= at < following]
        lengths = dict(came)
        earlier = max((at for at, _ in came if at < cut), default=cut)
        pauses = [later - before - lengths[later] for before, later in itertools.pairwise([earlier, *within])]
        out.append(max([*pauses, 0.0]) if within else following - earlier)
    return out
