"""GStreamer's webrtcbin as a display, its HLS player and its RTSP server, in processes on the system's Python."""

import contextlib
import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.doubles.made_once import made_once
from tests.doubles.needs import GST_PYTHON, GSTREAMER
from tests.doubles.waiting import LONG_S

PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("gstreamer_peer.py")
CAMERA = Path(__file__).with_name("gstreamer_camera.py")
SPEAKER = Path(__file__).with_name("gstreamer_speaker.py")
PLAYER = Path(__file__).with_name("gstreamer_player.py")
UNPACKED = Path(__file__).parents[2] / "build/gstreamer"  # by scripts/gstreamer.sh, where apt may not install
OVERRIDES = Path(__file__).parents[2] / "build/gst-python"  # by the same
PACKAGES = "usr/lib/python3/dist-packages"
POLICIES = ("none", "balanced", "max-compat", "max-bundle")
_ELEMENTS = (
    "webrtcbin",
    "nicesrc",
    "avdec_h264",
    "opusdec",
    "x264enc",
    "x265enc",
    "avenc_aac",
    "opusenc",
    "rtph264pay",
    "hlsdemux2",
    "souphttpsrc",
)
_NEEDS = "import gi\nfor name in ('Gst', 'GstWebRTC', 'GstRtspServer'): gi.require_version(name, '1.0')\n" + (
    "from gi.repository import Gst, GstRtspServer, GstWebRTC; Gst.init(None)\n"
    f"exit(not all(Gst.ElementFactory.find(name) for name in {_ELEMENTS}))"
)


def environment(unpacked: Path = UNPACKED, *, overrides: bool = False) -> dict[str, str] | None:
    """Of the processes on GStreamer; None: this process's own."""
    if overrides:
        environ = environment(unpacked) or dict(os.environ)
        paths = [str(OVERRIDES / PACKAGES), *filter(None, [environ.get("PYTHONPATH")])]
        return environ | {"PYTHONPATH": ":".join(paths)}
    complete = unpacked / "complete"
    if not complete.exists():
        return None
    usr = unpacked / "usr"
    library = next((usr / "lib").glob("*-linux-gnu*"))
    return os.environ | {
        "LD_LIBRARY_PATH": complete.read_text().strip(),
        "GI_TYPELIB_PATH": str(library / "girepository-1.0"),
        "GST_PLUGIN_PATH": str(library / "gstreamer-1.0"),
        "GST_PLUGIN_SCANNER": str(library / "gstreamer1.0/gstreamer-1.0/gst-plugin-scanner"),
        "GST_REGISTRY": str(unpacked / "registry"),
        "PYTHONPATH": str(unpacked / PACKAGES),
    }


def needed() -> None:
    """Skips the test if GStreamer is neither installed nor unpacked."""
    if not is_there():
        GSTREAMER.skip()


def overrides_needed() -> None:
    """Skips the test if Debian's python3-gst-1.0 is neither installed nor unpacked."""
    installed = Path("/") / PACKAGES / "gi/overrides/Gst.py"
    if not (OVERRIDES / "complete").exists() and not installed.exists():
        GST_PYTHON.skip()


@made_once
def is_there() -> bool:
    """True if it has all elements; found out once for all tests, since each answer takes a process."""
    if not Path(PYTHON).exists():
        return False
    return subprocess.run([PYTHON, "-c", _NEEDS], capture_output=True, check=False, env=environment()).returncode == 0


class Player:
    """A viewer's process and its messages."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def until(self, holds: Callable[[dict[str, Any]], object], within_s: float = LONG_S) -> dict[str, Any]:
        """The first message for which the condition holds."""
        deadline, latest = time.monotonic() + within_s, None
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                latest = self._messages.get(timeout=left_s)
            except queue.Empty:
                break
            assert latest is not None, "the viewer's process ended"
            assert "error" not in latest, latest
            if holds(latest):
                return latest
        raise AssertionError(f"no such message within {within_s} s; the latest: {latest}")

    def come(self) -> list[dict[str, Any]]:
        """The messages that have come since the last one that was taken."""
        found = []
        with contextlib.suppress(queue.Empty):
            while message := self._messages.get_nowait():
                found.append(message)
        return found

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # the test has ended, and closed the file
            for line in self._process.stdout:
                self._messages.put(json.loads(line))
        self._messages.put(None)


class Display(Player):
    """One that shows WebRTC."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__(process)
        self.offer = str(self.until(lambda message: "offer" in message)["offer"])

    def accept(self, answer: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"answer": answer}) + "\n")
        self._process.stdin.flush()


@contextmanager
def player(address: str, *, paced: bool = False, overrides: bool = False) -> Iterator[Player]:
    """Plays HLS or RTSP. `paced`: at life's speed, as a screen does, and else as fast as it can.

    `overrides`: with what Debian's python3-gst-1.0 adds to GStreamer's Python.
    """
    words = [address, *(["paced"] if paced else [])]
    with _running(str(PLAYER), *words, overrides=overrides) as process:
        yield Player(process)


@contextmanager
def display(
    *sections: str,
    policy: str = "max-compat",
    address: str = "127.0.0.1",
    within: tuple[str, ...] = (),
    latency_ms: int = 0,
    overrides: bool = False,
) -> Iterator[Display]:
    """`sections` are the media it requests, in order; `within` is a command that runs it in another network.

    `latency_ms`: how long it holds packets back, for those that are late. `overrides`: as of `player`.
    """
    arguments = (str(SCRIPT), address, policy, str(latency_ms), *(sections or ("audio", "video")))
    with _running(*arguments, within=within, overrides=overrides) as process:
        yield Display(process)


@contextmanager
def camera(launch: str, *, protocol: str = "tcp") -> Iterator[int]:
    """Its port; the picture is at /live."""
    with _running(str(CAMERA), protocol, launch) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["port"]


@contextmanager
def speaker(recording: Path, encoding: str = "PCMU") -> Iterator[int]:
    """A camera with a speaker, whose sound `recording` gets; its port. The picture is at /live."""
    with _running(str(SPEAKER), encoding, str(recording)) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["port"]


@contextmanager
def _running(*arguments: str, within: tuple[str, ...] = (), overrides: bool = False) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*within, PYTHON, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(overrides=overrides),
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
