"""A household's own programs at showcam: their first frame, and how far behind life they are, by each output.

Each program is the first that watches its camera at home, whose pictures are as bright as their number. libavformat has
a picture once it is decoded, as a recorder does; the other programs show each picture in its time. In the same run
each program that knows RTSP also watches such a camera without showcam.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from bench import cores
from bench.glass import SIZED, behind
from bench.lan_cameras import LanCameras, lan_cameras
from bench.peer import environment
from bench.picture_process import PictureProcess, master, picture_process, rtsp, whep
from bench.practice import chromium
from bench.progress import say
from bench.run import NoPeer, Results, Run
from bench.screen import HOME_ASSISTANT_HLS, Screen, screen
from bench.table import LeftOut, Row
from scripts.deploy_local.emulator import free_ports
from tests.doubles import gstreamer
from tests.doubles.hls_camera import FPS
from tests.doubles.libav import Libav

TIMES = 3
APART_S = 0.5  # between two players that begin
FIRST_WITHIN_S, PLAYS_S = 40.0, 8.0
DIRECT = "the camera itself"

type Seen = list[tuple[float, int]]  # epoch s and brightness, as a screen measures it, of each picture


class Programs(Protocol):
    """Players of one stack. Each player notes the time and the brightness of its pictures."""

    def begin(self, way: str, address: str) -> None: ...

    def wait(self, seconds: float) -> None: ...

    def seen(self) -> Sequence[Seen]: ...


class Figures(NamedTuple):
    """The figures of one output, from the players that showed a picture."""

    first_s: list[float]
    behind_s: list[float]


def measure(run: Run) -> Results:
    yield from _rows_of(run, "Chromium", ("WHEP", "HLS in hls.js"), _chromium)
    # their figures are whole seconds, which others on the same cores do not change
    with ThreadPoolExecutor(2) as both:
        ours = both.submit(_of_libraries, run)
        peer = both.submit(_of_home_assistant, run)
        yield from [*ours.result(), *peer.result()]


def _of_libraries(run: Run) -> list[Row | LeftOut]:
    return [
        *_rows_of(run, "libavformat", ("RTSP", "HLS", DIRECT), _libavformat),
        *_rows_of(run, "GStreamer", ("RTSP", "HLS", DIRECT), _gstreamer),
    ]


def _of_home_assistant(run: Run) -> list[Row | LeftOut]:
    try:
        run.need_peer()
    except NoPeer as error:
        return [LeftOut("players, HA stream", str(error))]
    return [*_rows_of(run, "HA stream", ("RTSP", "HLS", DIRECT), _home_assistant)]


def _rows_of(
    run: Run, stack: str, ways: Sequence[str], make: Callable[[], AbstractContextManager[Programs]]
) -> Results:
    say(f"Players: {stack}")
    try:
        yield from rows(stack, _watched(ways, make, 1 if run.quick else TIMES))
    except NoPeer as error:
        yield LeftOut(f"players, {stack}", str(error))


def rows(stack: str, found: dict[str, Figures]) -> Results:
    itself = found.pop(DIRECT, Figures([], []))
    for way, figures in found.items():
        name = f"{stack} by {way}"
        if not figures.first_s:
            yield LeftOut(name, f"no picture within {FIRST_WITHIN_S:.0f} s")
            continue
        beside = DIRECT if itself.first_s else ""
        for what, runs, other in (
            ("first frame", figures.first_s, itself.first_s),
            ("behind life", figures.behind_s, itself.behind_s),
        ):
            floor = statistics.median(other) if other else None
            yield Row(f"{name}, {what}, the median", "s", statistics.median(runs), beside, floor, runs=runs)


def _watched(
    ways: Sequence[str], make: Callable[[], AbstractContextManager[Programs]], times: int
) -> dict[str, Figures]:
    """By way, `times` players each; the ways take turns. Raises NoPeer."""
    turns = [*ways] * times
    with (
        lan_cameras(len(turns), make=SIZED, notes=True) as cameras,
        picture_process(cameras.ports, by_rtsp=True) as home,
        cores.beside(),
        make() as programs,
    ):
        began = []
        for number, way in enumerate(turns):
            began.append(time.time())
            programs.begin(way, _address(way, number, home, cameras))
            programs.wait(APART_S)
        until = time.monotonic() + FIRST_WITHIN_S
        while not all(programs.seen()) and time.monotonic() < until:
            programs.wait(0.2)
        programs.wait(PLAYS_S)
        found = {way: Figures([], []) for way in ways}
        for number, (way, seen) in enumerate(zip(turns, programs.seen(), strict=True)):
            if seen:
                found[way].first_s.append(seen[0][0] - began[number])
                found[way].behind_s.append(statistics.median(behind(seen[-5 * FPS :], cameras.sent(number))))
        return found


def _address(way: str, number: int, home: PictureProcess, cameras: LanCameras) -> str:
    if way == DIRECT:
        return cameras.url_for_libav(number)
    if way == "RTSP":
        return rtsp(home, number)
    return whep(home, number, "player") if way == "WHEP" else master(home, number, "player")


def as_on_a_screen(seen: Seen) -> Seen:
    """The brightness of YUV, 16 to 235, as a screen has it in RGB."""
    return [(at, round((level - 16) * 255 / 219)) for at, level in seen]


@dataclass
class _Libavformat:
    players: list[Libav] = field(default_factory=list)

    def begin(self, way: str, address: str) -> None:
        self.players.append(Libav(address).start())

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def seen(self) -> Sequence[Seen]:
        return [as_on_a_screen(player.seen) for player in self.players]


@contextmanager
def _libavformat() -> Iterator[Programs]:
    """As Frigate and Home Assistant have it, which are on PyAV or ffmpeg."""
    programs = _Libavformat()
    try:
        yield programs
    finally:
        for player in programs.players:
            player.stop()


@dataclass
class _Gstreamer:
    stack: ExitStack
    players: list[tuple[gstreamer.Player, Seen]] = field(default_factory=list)

    def begin(self, way: str, address: str) -> None:
        self.players.append((self.stack.enter_context(gstreamer.player(address, paced=True)), []))

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def seen(self) -> Sequence[Seen]:
        for player, seen in self.players:
            shown = [message for message in player.come() if "level" in message]
            seen += [(message["at"], message["level"]) for message in shown]
        return [as_on_a_screen(seen) for _, seen in self.players]


@contextmanager
def _gstreamer() -> Iterator[Programs]:
    """Raises NoPeer."""
    if not gstreamer.is_there():
        raise NoPeer("GStreamer is not installed: scripts/gstreamer.sh")
    with ExitStack() as stack:
        yield _Gstreamer(stack)


@dataclass
class _Chromium:
    on: Screen

    def begin(self, way: str, address: str) -> None:
        if way == "WHEP":
            self.on.play(address)
        else:
            self.on.follow(address, {})  # hls.js by its own defaults, as another page has it

    def wait(self, seconds: float) -> None:
        self.on.wait(seconds)

    def seen(self) -> Sequence[Seen]:
        return self.on.seen()


@contextmanager
def _chromium() -> Iterator[Programs]:
    """Raises NoPeer."""
    with screen(_needed()) as on:
        yield _Chromium(on)


def _needed() -> str:
    if (path := chromium()) is None:
        raise NoPeer("Chromium is not installed (apt install chromium-headless-shell)")
    return path


@dataclass
class _HomeAssistant:
    """Opens Home Assistant's own page in Chromium, with a camera that comes from showcam's address."""

    on: Screen
    streams: environment.Streams

    def begin(self, way: str, address: str) -> None:
        self.on.follow(self.streams.open(address), HOME_ASSISTANT_HLS)

    def wait(self, seconds: float) -> None:
        self.on.wait(seconds)

    def seen(self) -> Sequence[Seen]:
        return self.on.seen()


@contextmanager
def _home_assistant() -> Iterator[Programs]:
    """Raises NoPeer."""
    with environment.streaming(free_ports()) as streams, screen(_needed()) as on:
        yield _HomeAssistant(on, streams)
