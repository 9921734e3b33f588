"""A person with one camera and no vendor's account, in an empty network of this process's own.

`python -m tests.doubles.lan_page FOLDER`, started in `NETWORK`, starts showcam as its owner does, presses the buttons
of its pages over HTTP from this machine, and prints what came of it as JSON. The camera is at an address of a house.
"""

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from showcam.simulator.lan.onvif import Picture
from tests.doubles import lan_house
from tests.doubles.onvif_device import Served, served
from tests.doubles.program import running
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE, recorded
from tests.doubles.waiting import LONG_S

CAMERA = "192.168.7.10"
ONVIF, RTSP = 8000, 554
OWNER, PASSWORD = "kari", "barn door and two geese"


class Pages:
    """A browser on this machine, without script."""

    def __init__(self, web: str) -> None:
        self.http, self.web, self.text = requests.Session(), web, ""

    def get(self, path: str) -> str:
        self.text = self.http.get(f"{self.web}{path}", timeout=LONG_S).text
        return self.text

    def post(self, path: str, **form: str) -> requests.Response:
        [token, *_] = re.findall(r'name="csrf_token" value="([^"]+)"', self.text)
        answer = self.http.post(f"{self.web}{path}", data={"csrf_token": token} | form, timeout=LONG_S)
        self.text = answer.text
        return answer

    def opened(self, camera: str) -> dict[str, Any]:
        """What a tile of the page that was read last is answered when it asks for the camera's picture by HLS."""
        [token, *_] = re.findall(r'name="csrf-token" content="([^"]+)"', self.text)
        asked = {"session": "7", "sdp": ""}
        address = f"{self.web}/home/cameras/{camera}"
        return dict(self.http.post(address, json=asked, headers={"X-CSRFToken": token}, timeout=LONG_S).json())

    def found(self) -> list[str]:
        """The addresses of the list, once the search has ended."""
        deadline = time.monotonic() + LONG_S
        while "data-runs" in self.get("/home/cameras/add"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return re.findall(r'name="found" value="([^"]+)"', self.text)


@contextlib.contextmanager
def forwarded(port: int, to: int, address: str = CAMERA) -> Iterator[None]:
    """A port at an address, the camera's by default, whose connections go on to a port of this machine."""

    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def both_ways(taken: socket.socket, onward: socket.socket) -> None:
        with taken, onward:
            back = threading.Thread(target=copy, args=(onward, taken), daemon=True)
            back.start()
            copy(taken, onward)
            back.join()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                taken, _ = listening.accept()
                onward = socket.create_connection(("127.0.0.1", to))
                threading.Thread(target=both_ways, args=(taken, onward), daemon=True).start()

    with socket.create_server((address, port)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield


@contextlib.contextmanager
def house() -> Iterator[Served]:
    lines = ["link add house0 type veth peer name other0"]
    lines += [f"addr add {address}/24 dev house0" for address in (lan_house.OURS, CAMERA)]
    lines += ["link set other0 up", "link set house0 up", "link set lo up", "route add 224.0.0.0/4 dev house0"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
    camera = RtspCamera(recording=recorded(sound="pcmu", gop_s=1))
    pictures = [Picture("whole", PATH, "h264", 1920, 1080)]
    given: dict[str, Any] = {"rtsp": f"{CAMERA}:{RTSP}", "address": f"{CAMERA}:{ONVIF}", "password": CODE}
    answers = [lan_house.match(CAMERA, name="Shed")]
    with (
        served(pictures=pictures, **given) as device,
        forwarded(ONVIF, device.port),
        forwarded(RTSP, camera.port),
        lan_house.listening(answers),
    ):
        yield device
    camera.close()


def main(folder: Path) -> None:
    with house(), running(folder, demo=False) as program:
        printed = program.command("home").stdout
        pages = Pages(program.web)
        pages.get("/home")
        pages.post("/home", step="enter", entry=printed.partition("#")[2].split()[0])
        pages.post("/home", step="own", own_user=OWNER, own_password=PASSWORD)
        empty = pages.text
        pages.post("/home/cameras/add", step="find")
        found = pages.found()
        tried = pages.post("/home/cameras/add", step="try", found=CAMERA, user="admin", password=CODE).text
        added = pages.post("/home/cameras/add", step="add", name="Shed")
        camera = added.url.partition("#")[2]
        shown = pages.opened(camera)
        master = requests.get(shown["hls"], timeout=LONG_S) if "hls" in shown else None
    outcome = {
        "empty": "No cameras yet." in empty,
        "found": found,
        "tried": "Add this camera" in tried and "H.264, 320×180" in tried,
        "camera": camera,
        "shown": shown if master is None else master.text,
    }
    sys.stdout.write(json.dumps(outcome))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
