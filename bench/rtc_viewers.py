"""Displays by WebRTC, each a process of GStreamer's webrtcbin that takes what comes and decodes nothing.

aiortc's receiver would take more of the other core than sixteen cameras in full HD leave.
"""

import http.client
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from bench import cores
from bench.peer.environment import ROOT, NoPeer
from tests.doubles.gstreamer import PYTHON

_COMMAND = (PYTHON, "-P", "-m", "bench.peer.display", "127.0.0.1", "max-bundle")


@contextmanager
def watching(addresses: list[str]) -> Iterator[None]:
    """One at each address (WHEP). Raises NoPeer."""
    with ExitStack() as stack, cores.beside():
        displays = [stack.enter_context(_display()) for _ in addresses]
        for display, address in zip(displays, addresses, strict=True):
            _connect(display, address)
        yield


@contextmanager
def _display() -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        _COMMAND, cwd=ROOT, env=environ, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _connect(display: subprocess.Popen[str], address: str) -> None:
    assert display.stdin is not None
    assert display.stdout is not None
    line = display.stdout.readline()
    if not line:
        raise NoPeer("GStreamer's webrtcbin does not start: scripts/gstreamer.sh")
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    connection.request("POST", parts.path, json.loads(line)["offer"], {"Content-Type": "application/sdp"})
    answer = connection.getresponse()
    sdp = answer.read().decode()
    connection.close()
    assert answer.status == 201, f"{answer.status} {sdp[:200]}"
    display.stdin.write(json.dumps({"answer": sdp}) + "\n")
    display.stdin.flush()
