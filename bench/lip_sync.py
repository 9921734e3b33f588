"""How far sound and picture are apart at a viewer of a camera that shows white and beeps in the same moment."""

import asyncio

from bench import cores
from bench.lan_cameras import lan_cameras
from bench.picture_process import PictureProcess, master, picture_process, whep
from bench.progress import say
from bench.relay import fetch
from bench.run import Results, Run
from bench.table import Bound, Row
from tests.doubles.clapping import by_hls, by_webrtc, clapping

WATCHED_S = 10.0
BOUND = Bound(most=40)


def measure(run: Run) -> Results:
    say("Lip sync: HLS and WebRTC")
    with lan_cameras(make=clapping) as cameras, picture_process(cameras.ports) as home, cores.beside():
        watched_s = 6.0 if run.quick else WATCHED_S
        hls, webrtc = asyncio.run(_late(home, watched_s))
    for name, late_s in (("HLS", hls), ("WebRTC", webrtc)):
        late = [1000 * sound_s for sound_s in late_s]  # the sound is late, or early where it is negative
        farthest = max(map(abs, late))
        yield Row(f"sound and picture apart, {name}, the farthest", "ms", farthest, bound=BOUND, runs=late)


async def _late(home: PictureProcess, watched_s: float) -> tuple[list[float], list[float]]:
    """Seconds that the sound is late by HLS and by WebRTC, watched at the same time."""
    hls = asyncio.create_task(asyncio.to_thread(by_hls, fetch, master(home, 0), watched_s))
    webrtc = await by_webrtc(whep(home, 0), watched_s)
    return await hls, webrtc
