"""GStreamer's webrtcbin as a display and its RTSP server as a camera, in processes on the system's Python."""

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

import pytest

PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("gstreamer_peer.py")
CAMERA = Path(__file__).with_name("gstreamer_camera.py")
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
)
_NEEDS = "import gi\nfor name in ('Gst', 'GstWebRTC', 'GstRtspServer'): gi.require_version(name, '1.0')\n" + (
    "from gi.repository import Gst, GstRtspServer, GstWebRTC; Gst.init(None)\n"
    f"exit(not all(Gst.ElementFactory.find(name) for name in {_ELEMENTS}))"
)


def needed() -> None:
    """Skips the test, or fails it where SHOWCAM_TEST_BROWSER=required, as for a missing browser."""
    found = Path(PYTHON).exists() and subprocess.run([PYTHON, "-c", _NEEDS], capture_output=True, check=False)
    if found and found.returncode == 0:
        return
    why = "GStreamer is not installed, and apt needs root or sudo to bring it: scripts/gstreamer.sh"
    if os.environ.get("SHOWCAM_TEST_BROWSER") == "required":
        pytest.fail(why)
    pytest.skip(why)


class Display:
    """The display's process and its messages."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.offer = str(self.until(lambda message: "offer" in message)["offer"])

    def accept(self, answer: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"answer": answer}) + "\n")
        self._process.stdin.flush()

    def until(self, holds: Callable[[dict[str, Any]], object], within_s: float = 15.0) -> dict[str, Any]:
        """The first message for which the condition holds."""
        deadline, latest = time.monotonic() + within_s, None
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                latest = self._messages.get(timeout=left_s)
            except queue.Empty:
                break
            assert latest is not None, "the display's process ended"
            assert "error" not in latest, latest
            if holds(latest):
                return latest
        raise AssertionError(f"no such message within {within_s} s; the latest: {latest}")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._messages.put(json.loads(line))
        self._messages.put(None)


@contextmanager
def display(
    *sections: str, policy: str = "max-compat", address: str = "127.0.0.1", within: tuple[str, ...] = ()
) -> Iterator[Display]:
    """`sections` are the media it requests, in order; `within` is a command that runs it in another network."""
    command = [*within, PYTHON, str(SCRIPT), address, policy, *(sections or ("audio", "video"))]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield Display(process)
    finally:
        process.kill()
        process.communicate()


@contextmanager
def camera(launch: str, *, protocol: str = "tcp") -> Iterator[int]:
    """Its port; the picture is at /live."""
    process = subprocess.Popen(
        [PYTHON, str(CAMERA), protocol, launch], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["port"]
    finally:
        process.kill()
        process.communicate()
