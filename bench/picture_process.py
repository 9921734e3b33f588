"""A picture process and the LAN cameras that it pulls, in two processes."""

import functools
import http.client
import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import av

from media.grants import Claims, Grants
from media.process_auth import HEADER
from media.source import Codec, Denied, SourceSpec
from simulator.lan.description import Tracks
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtsp_camera import RATES, Recording, RtspCamera, Sample, slope, tone

GRANTS = Grants([b"grant key of a measurement, long"])
WITHOUT_DEV = str(Path(__file__).with_name("without_dev"))
RATE, GOP_S, LENGTH_S = 15, 2, 8
H265_RATE = 25
_spawn = multiprocessing.get_context("spawn")


@functools.cache
def full_hd(bits: int) -> Recording:
    """1920×1080 at exactly `bits` a second, with a keyframe every two seconds, and a tone."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 1920, 1080, "yuv420p", Fraction(1, RATE)
    encoder.framerate = Fraction(RATE)
    rate = f"bitrate={bits // 1000}:vbv-maxrate={bits // 1000}:vbv-bufsize={bits // 1000}:nal-hrd=cbr"
    gop = f"keyint={GOP_S * RATE}:min-keyint={GOP_S * RATE}:scenecut=0"
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": f"{rate}:{gop}"}
    samples = []
    for number in range(LENGTH_S * RATE):
        for packet in encoder.encode(slope(number, 1920, 1080)):
            samples.append(Sample("video", bytes(packet), packet.pts / RATE, bool(packet.is_keyframe)))
    keyframe = samples[0].data
    tones, config = tone("aac")
    samples += [sample for sample in tones if sample.at < LENGTH_S]
    tracks = Tracks("h264", keyframe, "aac", RATES["aac"], config)
    return Recording(tuple(sorted(samples, key=lambda sample: sample.at)), tracks, LENGTH_S)


@functools.cache
def h265_full_hd(bits: int) -> Recording:
    """1920×1080 in H.265 at 25 pictures a second, with noise as a lens at dusk has it; no B-frames, and a tone."""
    graph = av.filter.Graph()
    source = graph.add("testsrc2", "size=1920x1080:rate=25")
    noise, form, sink = graph.add("noise", "alls=8:allf=t"), graph.add("format", "yuv420p"), graph.add("buffersink")
    for before, after in ((source, noise), (noise, form), (form, sink)):
        before.link_to(after)
    graph.configure()
    encoder: Any = av.CodecContext.create("libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 1920, 1080, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, H265_RATE), Fraction(H265_RATE)
    rate = f"bitrate={bits // 1000}:vbv-maxrate={bits // 1000}:vbv-bufsize={bits // 1000}"
    gop = f"keyint={GOP_S * H265_RATE}:min-keyint={GOP_S * H265_RATE}:scenecut=0:bframes=0:log-level=none"
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x265-params": f"{rate}:{gop}"}
    samples = []
    for number in range(LENGTH_S * H265_RATE):
        frame: Any = sink.pull()
        frame.pts, frame.time_base, frame.pict_type = number, encoder.time_base, 0
        for packet in encoder.encode(frame):
            samples.append(Sample("video", bytes(packet), packet.pts / H265_RATE, bool(packet.is_keyframe)))
    tones, config = tone("aac")
    samples += [sample for sample in tones if sample.at < LENGTH_S]
    tracks = Tracks("h265", b"", "aac", RATES["aac"], config)
    return Recording(tuple(sorted(samples, key=lambda sample: sample.at)), tracks, LENGTH_S)


class _Home:
    """The Sources of the picture process: cameras by their ports."""

    def __init__(self, ports: tuple[int, ...]) -> None:
        self._ports = {f"camera-{number}": port for number, port in enumerate(ports)}

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        port = self._ports[claims.camera]
        at = f"127.0.0.1:{port}"
        url = f"rtsp://{at}/Streaming/Channels/101"
        return SourceSpec("rtsp", url, (at,), "on", user="admin", password="ABCDEF")

    async def check(self, claims: list[Claims]) -> list[Denied | None]:
        return [None for _ in claims]

    async def admits(self, claims: Claims, bearer: str) -> bool:
        return True

    async def learnt(self, claims: Claims, width: int, height: int, *, codec: Codec, b_frames: bool) -> None:
        pass

    async def closed(self, claims: Claims, release: str) -> None:
        pass


def _film(count: int, joins: str, heavy_bits: int, h265_bits: int, pipe: Connection) -> None:
    recording = {"recording": full_hd(heavy_bits)} if heavy_bits else {}
    if h265_bits:
        recording = {"recording": h265_full_hd(h265_bits)}
    cameras = [RtspCamera(joins=joins, **recording) for _ in range(count)]
    pipe.send(tuple(camera.port for camera in cameras))
    pipe.recv()
    for camera in cameras:
        camera.close()


def _serve(ports: tuple[int, ...], idle_s: float, malloc: bool, pipe: Connection) -> None:
    settings = replace(SETTINGS, idle_s=idle_s, malloc=malloc)
    with PlaneThread(GRANTS, _Home(ports), settings) as plane:
        pipe.send(plane.port)
        pipe.recv()


@dataclass(frozen=True)
class PictureProcess:
    port: int
    pid: int

    def grant(self, camera: int, protocol: Any) -> str:
        nonce = str(time.monotonic_ns())
        expires = int(time.time()) + 60
        return GRANTS.sign(Claims("home", "link", f"camera-{camera}", protocol, "page", expires, nonce))

    def get(self, path: str) -> str:
        return self.get_bytes(path).decode()

    def get_bytes(self, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request("GET", path, headers={HEADER: GRANTS.proof().make(path, b"", time.time())})
            return connection.getresponse().read()
        finally:
            connection.close()

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
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def own_mb(self) -> float:
        """Memory that the picture process does not share, in MB."""
        rows = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return sum(int(row.split()[1]) for row in rows if row.startswith("Private_")) / 1024


@contextmanager
def picture_process(
    count: int = 1,
    *,
    joins: str = "keyframe",
    heavy_bits: int = 0,
    h265_bits: int = 0,
    idle_s: float = 30,
    malloc: bool = True,
) -> Iterator[PictureProcess]:
    ours, theirs = _spawn.Pipe()
    cameras = _spawn.Process(target=_film, args=(count, joins, heavy_bits, h265_bits, theirs), daemon=True)
    cameras.start()
    ports = ours.recv()
    plane_ours, plane_theirs = _spawn.Pipe()
    plane = _spawn.Process(target=_serve, args=(ports, idle_s, malloc, plane_theirs), daemon=True)
    # it searches for modules where this process does: those that only the tests' tools bring are hidden from it
    sys.path.insert(0, WITHOUT_DEV)
    try:
        plane.start()
    finally:
        sys.path.remove(WITHOUT_DEV)
    try:
        port = plane_ours.recv()
        assert plane.pid is not None
        yield PictureProcess(port, plane.pid)
    finally:
        for connection, process in ((plane_ours, plane), (ours, cameras)):
            connection.send("over")
            process.join(10)
            if process.is_alive():
                process.kill()
