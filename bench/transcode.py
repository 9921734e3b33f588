"""One camera in full HD, H.265 at 25 pictures a second and 4 Mbit/s, watched by HLS as 720p in H.264.

The floor is PyAV alone: the same recording decoded, made smaller and encoded in one thread.
"""

import time
from fractions import Fraction
from functools import partial
from typing import Any

import av

from bench.lan_cameras import lan_cameras
from bench.picture_process import master, picture_process
from bench.progress import say
from bench.recordings import h265_full_hd
from bench.relay import watched
from bench.run import Results, Run
from bench.table import Bound, Row

BITS = 4_000_000
SETTLE_S, MEASURE_S = 5.0, 10.0


def measure(run: Run) -> Results:
    say("Transcode: making a camera's recording in H.265")
    recording = h265_full_hd(BITS)
    say("Transcode: one camera")
    share, left_out = _transcoded(run)
    floor = _floor([sample.data for sample in recording.samples if sample.kind == "video"], recording.length_s)
    name = "transcode of a camera 1080p25 H.265 to 720p H.264"
    yield Row(f"{name}, of a core", "%", 100 * share, "floor", 100 * floor, Bound(most=50))
    yield Row(f"{name}, pictures left out", "", left_out)


def _transcoded(run: Run) -> tuple[float, int]:
    """Of a core, all of the process with one viewer; and how many pictures it had no time for."""
    with (
        lan_cameras(make=partial(h265_full_hd, BITS)) as cameras,
        picture_process(cameras.ports) as home,
        watched([master(home, 0)]),
    ):
        time.sleep(4 if run.quick else SETTLE_S)
        began, cpu, before = time.monotonic(), home.cpu_s(), home.stats()["left_out"]
        time.sleep(3 if run.quick else MEASURE_S)
        share = (home.cpu_s() - cpu) / (time.monotonic() - began)
        stats = home.stats()
        assert stats["transcodes"] == 1, "nothing was transcoded"
    return share, stats["left_out"] - before


def _floor(pictures: list[bytes], length_s: float) -> float:
    """CPU seconds for each second of the camera."""
    decoder = av.CodecContext.create("hevc", "r")
    decoder.thread_count = 1
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 1280, 720, "yuv420p", Fraction(1, 25)
    encoder.options = {"preset": "superfast", "tune": "zerolatency", "threads": "1", "crf": "24", "g": "50"}
    began = time.thread_time()
    for data in pictures:
        for frame in decoder.decode(av.Packet(data)):
            encoder.encode(frame.reformat(1280, 720, "yuv420p"))
    return (time.thread_time() - began) / length_s
