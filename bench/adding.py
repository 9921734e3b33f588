"""A camera of one's own: found in a house of thirty, tried at its address, and its first frame after “Add”.

The house is an empty network of the bench's own, in which thirty devices answer WS-Discovery. The camera sends RTSP
with a keyframe every two seconds and is joined on one; its ONVIF answers in this process.
"""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench import cores
from bench.lan_cameras import lan_cameras
from bench.practice import WITHIN_MS, chromium
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from bench.timing import percentile
from showcam.drivers.lan.search import LISTENS_S
from showcam.simulator.lan.onvif import Picture
from tests.browser.conftest import FLAGS
from tests.doubles.onvif_device import served
from tests.doubles.own_network import NETWORK
from tests.doubles.program import Program, running
from tests.doubles.rtsp_camera import PATH
from tests.doubles.rtsp_recording import CODE

TIMES = 6
NO_NETWORK = "no empty network can be made here (ip, unshare)"

# Ends with the first frame in the tile of that id.
PLAYS = """([id, withinMs]) => new Promise((resolve, reject) => {
    const frames = () => document.querySelector(`[id="${id}"] video`)?.getVideoPlaybackQuality().totalVideoFrames;
    const look = () => frames() > 0 ? resolve() : requestAnimationFrame(look);
    look();
    setTimeout(() => reject(new Error("no frame arrived")), withinMs);
})"""


def measure(run: Run) -> Results:
    times = 2 if run.quick else TIMES
    found = [_found_s() for _ in range(times)]
    if None in found:
        yield LeftOut("thirty devices found in the house", NO_NETWORK)
    else:
        spent = [spent_s for spent_s in found if spent_s is not None]
        yield Row("find → list, 30 devices, p95", "s", percentile(spent, 0.95), bound=Bound(most=3), runs=spent)
    path = chromium()
    if path is None:
        yield LeftOut("a camera tried and added", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    tried, added = _added(path, times)
    yield Row("a camera tried at its address, p95", "s", percentile(tried, 0.95), bound=Bound(most=3), runs=tried)
    yield Row("add → first frame in its tile, p95", "s", percentile(added, 0.95), bound=Bound(most=2), runs=added)


def _found_s() -> float | None:
    say("Found: thirty devices")
    command = [*NETWORK, sys.executable, "-P", "-m", "tests.doubles.lan_house", "thirty", str(LISTENS_S)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        return None
    answer = json.loads(done.stdout)
    if len(answer["found"]) != 30:
        raise RuntimeError(f"{len(answer['found'])} of 30 devices were found")
    return float(answer["spent_s"])


def _added(path: str, times: int) -> tuple[list[float], list[float]]:
    """Seconds from the press of “Try” to what the camera sends, and from that of “Add” to its picture."""
    tried, added = [], []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cameras = stack.enter_context(lan_cameras(times))
        with cores.beside():
            playwright = stack.enter_context(sync_playwright())
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            stack.callback(browser.close)
        program = stack.enter_context(running(folder, forked=False))
        page = browser.new_page()
        page.set_default_timeout(WITHIN_MS)
        sign_in(program, page, "other@example.com")
        for number in range(times):
            say(f"Added: {number + 1} of {times}")
            pictures = [Picture("whole", PATH, "h264", 1920, 1080)]
            with served(rtsp=f"127.0.0.1:{cameras.ports[number]}", password=CODE, pictures=pictures) as device:
                device.device.serial = f"BENCH{number:05}"
                tried.append(_try_s(page, f"http://127.0.0.1:{device.port}"))
                added.append(_add_s(page, f"Shed {number}"))
    return tried, added


def sign_in(program: Program, page: Page, user: str) -> None:
    address = program.command("home", "--demo").stdout.split("Your cameras: ")[-1].split()[0]
    page.goto(address)
    page.fill("#user", user)
    page.fill("#password", "showcam-demo")
    page.keyboard.press("Enter")
    page.wait_for_selector(".tiles")


def _try_s(page: Page, address: str) -> float:
    page.goto(f"{page.url.partition('/home')[0]}/home/cameras/add?other")
    page.fill("#user", "admin")
    page.fill("#password", CODE)
    page.fill("#address", address)
    began = time.monotonic()
    page.keyboard.press("Enter")
    page.wait_for_selector("#name")
    return time.monotonic() - began


def _add_s(page: Page, name: str) -> float:
    page.fill("#name", name)
    began = time.monotonic()
    page.locator("button[value=add]").click(no_wait_after=True)
    page.wait_for_url("**/home#lan-*", wait_until="commit")
    page.evaluate(PLAYS, [page.url.partition("#")[2], WITHIN_MS])
    return time.monotonic() - began
