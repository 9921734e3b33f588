"""The peers of the relay: programs that pull the same cameras and copy them into HLS segments in memory.

ffmpeg and GStreamer write files of a memory file system and serve nobody; Home Assistant serves what it keeps.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import cores, wire
from bench.lan_cameras import LanCameras
from bench.peer import debian, environment
from bench.peer.environment import NoPeer

_NULL = subprocess.DEVNULL
_IN_MEMORY = "/dev/shm"
BEGUN_S = 60.0  # libav looks at a stream for five seconds before it copies it, and longer on a busy machine
_GSTREAMER = ("/usr/bin/python3", str(Path(__file__).parent / "peer" / "gstreamer.py"))
# as showcam keeps them: a second at least, eight seconds in the list, ten more for those who know it
_HLS = ("-f", "hls", "-hls_time", "1", "-hls_list_size", "4", "-hls_delete_threshold", "5")
_TIDY = ("-hls_flags", "delete_segments")


@dataclass(frozen=True)
class Copy:
    """Processes that copy, and the folder their segments are in."""

    processes: tuple[int, ...]
    folder: Path

    def cpu_s(self) -> float:
        return sum(map(wire.cpu_s, self.processes))

    def own_mb(self) -> float:
        """What they share with no other process, and their files in memory."""
        files = sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())
        return sum(map(wire.own_mb, self.processes)) + files / 2**20

    def begun(self, cameras: int) -> None:
        """Wait until each camera has a segment. Raises TimeoutError."""
        until = time.monotonic() + BEGUN_S
        while len({segment.parent for segment in self.folder.rglob("*.ts")}) < cameras:
            if time.monotonic() > until:
                raise TimeoutError(f"not every camera was copied within {BEGUN_S:.0f} s")
            time.sleep(0.1)


@contextmanager
def by_ffmpeg(cameras: LanCameras) -> Iterator[Copy]:
    """A process for each camera. Raises NoPeer."""
    program, more = debian.ffmpeg()
    with _folder() as folder:
        commands = []
        for number in range(len(cameras.ports)):
            (folder / str(number)).mkdir()
            source = ["-loglevel", "quiet", "-rtsp_transport", "tcp", "-i", cameras.url_for_libav(number)]
            commands.append(
                [program, "-nostdin", *source, "-c", "copy", *_HLS, *_TIDY, f"{folder}/{number}/index.m3u8"]
            )
        with _running(commands, more, folder, len(commands)) as copy:
            yield copy


@contextmanager
def by_libav(cameras: LanCameras) -> Iterator[Copy]:
    """PyAV, a process for each camera."""
    with _folder() as folder:
        commands = []
        for number in range(len(cameras.ports)):
            (folder / str(number)).mkdir()
            words = [cameras.url_for_libav(number), f"{folder}/{number}"]
            commands.append([sys.executable, "-P", "-m", "bench.peer.libav_copy", *words])
        with _running(commands, {}, folder, len(commands)) as copy:
            yield copy


@contextmanager
def by_gstreamer(cameras: LanCameras) -> Iterator[Copy]:
    """One process for all. Raises NoPeer."""
    found = subprocess.run([_GSTREAMER[0], "-c", "import gi; gi.require_version('Gst', '1.0')"], capture_output=True)
    if found.returncode:
        raise NoPeer("GStreamer is not installed: scripts/gstreamer.sh")
    with _folder() as folder:
        urls = [cameras.url_for_libav(number) for number in range(len(cameras.ports))]
        with _running([[*_GSTREAMER, str(folder), *urls]], {}, folder, len(urls)) as copy:
            yield copy


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="showcam-bench-", dir=_IN_MEMORY) as folder:
        yield Path(folder)


@contextmanager
def _running(commands: list[list[str]], more: dict[str, str], folder: Path, cameras: int) -> Iterator[Copy]:
    with ExitStack() as stack:
        started = []
        with cores.measured():
            for command in commands:
                process = subprocess.Popen(
                    command, cwd=environment.ROOT, env=os.environ | more, stdout=_NULL, stderr=_NULL, stdin=_NULL
                )
                stack.callback(end, process)
                started.append(process.pid)
        copy = Copy(tuple(started), folder)
        copy.begun(cameras)
        yield copy


def end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
