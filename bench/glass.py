"""A camera in the house on Chromium's screen: how far behind life, and through a cut, beside Home Assistant's `stream`.

Both show the same cameras by HLS, which have a keyframe every two seconds, each in a player as its own page
has it. The camera's pictures are as bright as their number, so the page knows which one it shows.
"""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from bench import cores
from bench.lan_cameras import LanCameras, lan_cameras
from bench.peer import environment
from bench.picture_process import master, picture_process, whep
from bench.practice import chromium
from bench.progress import say
from bench.run import NoPeer, Results, Run
from bench.screen import HOME_ASSISTANT_HLS, SHOWCAM_HLS, Screen, screen
from bench.table import Bound, LeftOut, Row
from scripts.deploy_local.emulator import free_ports
from tests.doubles.hls_camera import FPS
from tests.doubles.rtsp_recording import recorded

CAMERAS = 3
# Home Assistant writes the codec of what is smaller in a way that hls.js does not read: "avc1.42c0c"
SIZED = partial(recorded, size=(640, 360))
FIRST_WITHIN_S = 40.0
PLAYS_S = 10.0
CUT_S, RECOVERS_S = 3.0, 13.0
FROZEN_S = 0.5
LEVELS, LENGTH = 190, 180  # brightnesses, and pictures of the recording
LATEST_S = 11.5  # behind life: the recording's brightnesses come again after twelve seconds


type Begin = Callable[[Screen, int], None]


def measure(run: Run) -> Results:
    path = chromium()
    if path is None:
        yield LeftOut("behind life", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    count = 2 if run.quick else CAMERAS
    peer: Shown | None = None
    try:
        run.need_peer()
        say("Glass: Home Assistant's stream")
        with lan_cameras(count, make=SIZED, notes=True) as cameras, _home_assistant(cameras) as begin:
            peer = _shown(path, cameras, [begin] * count)
    except (NoPeer, TimeoutError) as error:
        yield LeftOut("Home Assistant's stream, on the glass", str(error))
    say("Glass: showcam by HLS and by WebRTC")
    with lan_cameras(2 * count, make=SIZED, notes=True) as cameras, picture_process(cameras.ports) as home:

        def by_hls(on: Screen, number: int) -> None:
            on.follow(master(home, number), SHOWCAM_HLS)

        def by_webrtc(on: Screen, number: int) -> None:
            on.play(whep(home, number))

        shown = _shown(path, cameras, [by_hls] * count + [by_webrtc] * count)
        ours, webrtc = shown.part(0, count), shown.part(count, 2 * count)
    row = partial(_row, ours, peer)
    yield row("first frame, a camera in the house, HLS, cold", lambda run: run.first_s)
    yield row("behind life, HLS", lambda run: run.behind_s, Bound(most=4))
    yield row(f"standstill of a camera away for {CUT_S:.0f} s, HLS", lambda run: run.still_s)
    late = [1000 * behind_s for behind_s in webrtc.behind_s]
    hls = 1000 * statistics.median(ours.behind_s)
    yield Row("behind life, WebRTC", "ms", statistics.median(late), "HLS", hls, Bound(most=300), late)
    still = webrtc.still_s
    name = f"standstill of a camera away for {CUT_S:.0f} s, WebRTC"
    yield Row(name, "s", statistics.median(still), "HLS", statistics.median(ours.still_s), runs=still)


class Shown:
    """What each player did."""

    def __init__(self) -> None:
        self.first_s: list[float] = []
        self.behind_s: list[float] = []
        self.still_s: list[float] = []  # the longest after the cut

    def part(self, first: int, end: int) -> "Shown":
        found = Shown()
        found.first_s, found.behind_s = self.first_s[first:end], self.behind_s[first:end]
        found.still_s = self.still_s[first:end]
        return found


def _row(
    ours: Shown, peer: Shown | None, name: str, of: Callable[[Shown], list[float]], bound: Bound | None = None
) -> Row:
    runs = of(ours)
    other = statistics.median(of(peer)) if peer else None
    return Row(f"{name}, median", "s", statistics.median(runs), "HA stream", other, bound, runs)


def _shown(path: str, cameras: LanCameras, begins: Sequence[Begin]) -> Shown:
    """A player of each camera, through a cut."""
    shown = Shown()
    with screen(path) as on:
        began = []
        for number, begin in enumerate(begins):
            began.append(time.time())
            begin(on, number)
        shown.first_s = on.first_s(began, FIRST_WITHIN_S)
        on.wait(PLAYS_S)
        for number, seen in enumerate(on.seen()):
            shown.behind_s.append(statistics.median(behind(seen[-5 * FPS :], cameras.sent(number))))
        at = time.time()
        cameras.cut(range(len(begins)), CUT_S)
        on.wait(RECOVERS_S)
        shown.still_s = [standstill(seen, at) for seen in on.seen()]
    return shown


def behind(seen: list[tuple[float, int]], sent: list[float]) -> list[float]:
    """Seconds, of pictures whose number is found by their brightness among those sent lately."""
    out = []
    for at, green in seen:
        level = green * 219 / 255 + 16
        lately = [number for number, when in enumerate(sent) if at - LATEST_S < when <= at]
        near = min(lately, key=lambda number: _far(number, level), default=None)
        out += [at - sent[near]] if near is not None else []
    return out


def _far(number: int, level: float) -> float:
    return abs(30 + number % LENGTH * 7 % LEVELS - level)


def standstill(seen: list[tuple[float, int]], since: float) -> float:
    """The longest time between two pictures, up to the last that was counted."""
    times = [at for at, _ in seen if at >= since]
    times = [since, *times, since + CUT_S + RECOVERS_S] if not times else [since, *times]
    return max(later - earlier for earlier, later in itertools.pairwise(times))


@contextmanager
def _home_assistant(cameras: LanCameras) -> Iterator[Begin]:
    with ExitStack() as stack:
        with cores.measured():
            streams = stack.enter_context(environment.streaming(free_ports()))

        def begin(on: Screen, number: int) -> None:
            on.follow(streams.open(cameras.url_for_libav(number)), HOME_ASSISTANT_HLS)

        yield begin
