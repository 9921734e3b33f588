"""Displays by WebRTC, each a process of GStreamer's webrtcbin that takes what comes and decodes nothing.

aiortc's receiver would take more of the other core than sixteen cameras in full HD leave.
"""

import http.client
import json
import select
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench import cores
from bench.peer.environment import NoPeer
from tests.doubles.gstreamer import PYTHON

_COMMAND = (PYTHON, str(Path(__file__).parent / "peer" / "display.py"))
_WITHIN_S = 20
_TRIES = 3  # where others use this core too, an answer may come too late


@contextmanager
def watching(addresses: list[str]) -> Iterator[None]:
    """One at each address (WHEP). Raises NoPeer."""
    with ExitStack() as stack, cores.beside():
        displays = [stack.enter_context(_display()) for _ in addresses]
        for display, address in zip(displays, addresses, strict=True):
            _connect(display, address)
        for display in displays:
            assert display.stdout is not None
            came, _, _ = select.select([display.stdout], [], [], _WITHIN_S)
            if not came:
                raise NoPeer("a display is sent no picture")
        yield


@contextmanager
def _display() -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    process = subprocess.Popen(_COMMAND, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
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
    offer = json.loads(line)["offer"]
    for tries_left in reversed(range(_TRIES)):
        status, sdp = _post(address, offer)
        if status == 201:
            break
        if not tries_left:
            raise NoPeer(f"a display was not answered: {status} {sdp[:200]}")
    display.stdin.write(json.dumps({"answer": sdp}) + "\n")
    display.stdin.flush()


def _post(address: str, offer: str) -> tuple[int, str]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        connection.request("POST", parts.path, offer, {"Content-Type": "application/sdp"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
