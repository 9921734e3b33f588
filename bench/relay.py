"""Sixteen cameras in full HD by RTSP, 3 Mbit/s each, served as HLS by copy: CPU and memory of the picture process."""

import re
import threading
import time
from urllib.parse import urljoin

from bench.picture_process import PictureProcess, picture_process
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, Row

CAMERAS = 16
BITS = 3_000_000
SETTLE_S, MEASURE_S = 10.0, 20.0


def measure(run: Run) -> Results:
    count = 2 if run.quick else CAMERAS
    say(f"Relay: {count} cameras in full HD")
    share, memory = _relayed(run, count, malloc=True)
    yield Row(f"relay of {count} cameras 1080p, of a core", "%", 100 * share, bound=Bound(most=6))
    yield Row(f"relay of {count} cameras 1080p, memory", "MB", memory, bound=Bound(most=110))
    say("Relay: the same without “malloc”")
    _, without = _relayed(run, count, malloc=False)
    yield Row(f"relay of {count} cameras 1080p, memory, beside without “malloc”", "MB", memory, "without:", without)


def _relayed(run: Run, count: int, *, malloc: bool) -> tuple[float, float]:
    """Of a core, and MB."""
    with picture_process(count, heavy_bits=BITS, malloc=malloc) as home:
        over = threading.Event()
        viewers = [threading.Thread(target=watch, args=(home, number, over), daemon=True) for number in range(count)]
        for viewer in viewers:
            viewer.start()
        time.sleep(3 if run.quick else SETTLE_S)
        began, cpu = time.monotonic(), home.cpu_s()
        time.sleep(3 if run.quick else MEASURE_S)
        share = (home.cpu_s() - cpu) / (time.monotonic() - began)
        memory = home.own_mb()
        over.set()
        for viewer in viewers:
            viewer.join(20)
    return share, memory


def watch(home: PictureProcess, number: int, over: threading.Event) -> None:
    """Plays as a player does: the playlist every two seconds, each new segment once."""
    start = f"/s/{home.grant(number, 'hls')}/master.m3u8"
    variant = urljoin(start, next(row for row in home.get(start).splitlines() if row and row[0] != "#"))
    fetched: set[str] = set()
    while not over.wait(2):
        for name in re.findall(r"^\d+\.ts$", home.get(variant), re.MULTILINE):
            if name not in fetched:
                fetched.add(name)
                home.get_bytes(urljoin(variant, name))
