"""A picture process whose cameras lose their plug again and again, and those who watch them all the time."""

import asyncio
import bisect
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

from showcam.engine.grants import Grants
from showcam.engine.source import Denied, SourceSpec
from tests.doubles.fast_loop import FastLoop
from tests.doubles.open_gate import OpenGate
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.rtsp_recording import recorded
from tests.doubles.waiting import LONG_S

CAMERAS = ("yard", "barn")
GRANTS = Grants([b"grant key of the tests, 32 bytes"])
LOOK_S = 0.2  # between two looks at a playlist
LISTED_S = 6.0  # what a list holds at the least
FAST_LOOK_S = 0.5  # where time is fast: a look costs as much of a core as ever
SAMPLE_S = 5.0
SEGMENT = re.compile(r"#EXTINF:([\d.]+),\n(?:#[^\n]*\n)*(\d+)\.ts")


@dataclass
class Size:
    """The size of the picture process at a time."""

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
    pace: float = 1.0  # seconds of the picture process's time in one of life's

    def late(self, viewer: str) -> float:
        """The gap that one in twenty is longer than."""
        return statistics.quantiles(self.gaps[viewer], n=20)[-1]

    def figures(self) -> dict[str, object]:
        """What a report says."""
        sizes = self.sizes
        mib, descriptors = self.growth()
        return {
            "media_hours": round((sizes[-1].at - sizes[0].at) * self.pace / 3600, 2),
            "pace": self.pace,
            "cuts": {camera: len(cuts) for camera, cuts in self.cuts.items()},
            "gaps_p95_s": {viewer: round(self.late(viewer), 2) for viewer in self.gaps},
            "gaps_most_s": {viewer: round(max(gaps), 2) for viewer, gaps in self.gaps.items()},
            "reloads": self.reloads,
            "memory_mib": [round(size.mib, 1) for size in sizes[:: max(1, -(-len(sizes) // 24))]],
            "memory_growth_mib": round(mib, 1),
            "descriptors_growth": descriptors,
        }

    def growth(self) -> tuple[float, int]:
        """MiB and descriptors, from the second quarter to the last; the first is for filling caches."""
        quarter = len(self.sizes) // 4
        before, after = self.sizes[quarter : 2 * quarter], self.sizes[-quarter:]
        grown = statistics.median([process.mib for process in after]) - statistics.median(
            [process.mib for process in before]
        )
        opened = max(process.descriptors for process in after) - max(process.descriptors for process in before)
        return grown, opened


class _Home(OpenGate):
    def __init__(self, cameras: dict[str, RtspCamera]) -> None:
        self._cameras = cameras

    async def open(self, claims: Any) -> SourceSpec | Denied:
        return self._cameras[claims.camera].spec()


def _serve(every_s: float, session_s: int, pace: float, pipe: Connection) -> None:
    with ExitStack() as stack:
        cameras = {name: RtspCamera(recording=recorded(), loop=_loop(pace)) for name in CAMERAS}
        for camera in cameras.values():
            stack.callback(camera.close)
        # whoever watches lives at life's pace, and may be kept waiting by the machine
        settings = replace(SETTINGS, session_s=session_s, idle_s=SETTINGS.idle_s * pace)
        plane = stack.enter_context(PlaneThread(GRANTS, _Home(cameras), settings, _loop(pace)))
        pipe.send(plane.port)
        while True:
            for name, camera in cameras.items():
                if pipe.poll(every_s / len(cameras) / pace):
                    return
                pipe.send((name, time.time()))
                camera.stop()
                camera.start()


def _loop(pace: float) -> asyncio.AbstractEventLoop | None:
    return FastLoop(pace) if pace != 1 else None


@contextmanager
def serving(every_s: float, session_s: int, pace: float) -> Iterator[tuple[int, int, Connection]]:
    """Port and process id, and a pipe that tells of each cut."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(every_s, session_s, pace, theirs))
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
    """Follows a playlist under the address it was first given, and notes when each second of picture came."""

    port: int
    camera: str
    over: threading.Event
    look_s: float
    kept_s: float  # so long after a look it may be missing what a list held between: the machine kept it waiting
    came: list[tuple[float, float]] = field(default_factory=list)  # when, and how many seconds of picture
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        threading.Thread.__init__(self, name=f"hls {self.camera}")

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG_S)
        master = f"/s/{_grant(self.camera, 'hls')}/master.m3u8"
        _, text = self._get(connection, master)
        playlist = urljoin(master, [line for line in text.splitlines() if not line.startswith("#")][-1])
        last: int | None = None
        looked = time.time()
        while not self.over.wait(self.look_s):
            asked = time.time()
            status, text = self._get(connection, playlist)
            if status != 200:
                self.faults.append(f"{self.camera} by HLS: {status}")
                return
            # the list before is of no earlier time than its question, this one of no later time than its answer
            was_late, looked = time.time() - looked > self.kept_s, asked
            for seconds, number in SEGMENT.findall(text):
                if last is not None and int(number) <= last:
                    continue
                if last is not None and int(number) != last + 1 and not was_late:
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
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
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
    times += [picture + shift for picture in viewer.pictures]
    await viewer.close()


def _size(pid: int) -> Size:
    status = Path(f"/proc/{pid}/status").read_text()
    resident = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])  # type: ignore[index]
    return Size(time.time(), resident / 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def watch(lasts_s: float, every_s: float, session_s: int, pace: float = 1.0) -> Watched:
    """Each camera is cut each `every_s`, and a session's grant would be over after `session_s`.

    Where `pace` is not 1 the cameras and the picture process have `pace` seconds in one of life's. `lasts_s` and
    `every_s` are of theirs, `session_s` is of life's. Nobody watches by WebRTC then: a viewer's libraries read clocks
    of their own.
    """
    with serving(every_s, session_s, pace) as (port, pid, pipe):
        over = threading.Event()
        faults: list[str] = []
        look_s = LOOK_S if pace == 1 else FAST_LOOK_S / pace
        followers = [_Hls(port, camera, over, look_s, LISTED_S / pace) for camera in CAMERAS]
        pictures: dict[str, list[float]] = {camera: [] for camera in CAMERAS}

        async def displays() -> None:
            await asyncio.gather(*[_webrtc(port, camera, over, pictures[camera], faults) for camera in CAMERAS])

        threads: list[threading.Thread] = [*followers]
        if pace == 1:
            threads.append(threading.Thread(target=lambda: asyncio.run(displays()), name="displays"))
        for thread in threads:
            thread.start()
        cuts: dict[str, list[float]] = {camera: [] for camera in CAMERAS}
        sizes, ends = [], time.monotonic() + lasts_s / pace
        while time.monotonic() < ends:
            time.sleep(min(SAMPLE_S, lasts_s / pace / 40))
            sizes.append(_size(pid))
            _read_cuts(pipe, cuts)
        over.set()
        for thread in threads:
            thread.join(30)
        _read_cuts(pipe, cuts)
    by_webrtc = {name: _pauses(cuts[name], [(at, 0.0) for at in pictures[name]], pace) for name in CAMERAS}
    gaps = {f"{name} by WebRTC": by_webrtc[name] for name in CAMERAS if pace == 1}
    gaps |= {f"{follower.camera} by HLS": _pauses(cuts[follower.camera], follower.came, pace) for follower in followers}
    return Watched(cuts, gaps, faults + [fault for follower in followers for fault in follower.faults], sizes, pace)


def _read_cuts(pipe: Connection, cuts: dict[str, list[float]]) -> None:
    """Is called again and again: a pipe that nobody reads is full after some hundred cuts, and no other cut follows."""
    while pipe.poll():
        camera, at = pipe.recv()
        cuts[camera].append(at)


def _pauses(cuts: list[float], came: list[tuple[float, float]], pace: float) -> list[float]:
    """The longest pause after each cut but the last, up to the next one, less what came with the pause's end."""
    out = []
    times = [at for at, _ in came]
    for cut, following in itertools.pairwise(cuts):
        first, end = bisect.bisect_left(times, cut), bisect.bisect_left(times, following)
        earlier = times[first - 1] if first else cut
        pauses = [
            (later - before) * pace - seconds
            for (before, _), (later, seconds) in itertools.pairwise([(earlier, 0.0), *came[first:end]])
        ]
        out.append(max([*pauses, 0.0]) if end > first else (following - earlier) * pace)
    return out
