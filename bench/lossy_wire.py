"""A camera on a screen behind a wire that loses packets: how long the picture stands still, beside Home Assistant.

`python -P -m bench.lossy_wire LOSS SECONDS [no-peer]`, started in an empty network of its own, prints JSON: by name,
the seconds that a picture stood still of those that were watched.
"""

import itertools
import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from functools import partial

from bench import cores
from bench.lan_cameras import lan_cameras
from bench.peer import environment
from bench.picture_process import PictureProcess, master, picture_process, whep
from bench.progress import say
from bench.run import NoPeer, Results, Run
from bench.screen import HOME_ASSISTANT_HLS, SHOWCAM_HLS, Screen, screen
from bench.table import LeftOut, Row
from scripts.deploy_local.emulator import free_ports
from tests.doubles.far_display import Way, recording, wired
from tests.doubles.own_network import NETWORK
from tests.doubles.wire import HOUSE

LOSS = 0.05
RTT_S = 0.04
WATCHED_S = 15.0
SHOWN = partial(recording, 2_000_000, 720)
FIRST_WITHIN_S = 40.0
FROZEN_S = 0.5
HOUR_S = 3600
HLS, WEBRTC, PEER = "HLS", "WebRTC", "HA stream"
NEEDED = ("ip", "nsenter", "chromium-headless-shell")


def measure(run: Run) -> Results:
    name = "standing still behind a wire"
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        yield LeftOut(name, f"{', '.join(missing)} is not installed: scripts/browser.sh, scripts/gstreamer.sh")
        return
    try:
        run.need_peer()
        words = []
    except NoPeer as error:
        yield LeftOut(f"{name}, Home Assistant", str(error))
        words = ["no-peer"]
    say(f"Wire: {100 * LOSS:g} % of packets lost")
    watched_s = 8.0 if run.quick else WATCHED_S
    command = [*NETWORK, sys.executable, "-P", "-m", "bench.lossy_wire", str(LOSS), str(watched_s), *words]
    done = subprocess.run(command, cwd=environment.ROOT, env=os.environ, capture_output=True, text=True)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["it wrote no message"])[-1]
        yield LeftOut(name, why)
        return
    still: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    an_hour = {protocol: HOUR_S * still_s / watched_s for protocol, still_s in still.items()}
    named = f"standing still, {100 * LOSS:g} % of packets lost, {RTT_S * 1000:g} ms, of an hour"
    for protocol in (HLS, WEBRTC):
        yield Row(f"{named}, {protocol}", "s", an_hour[protocol], PEER, an_hour.get(PEER))


def main(loss: str, watched_s: str, *rest: str) -> None:
    way = Way(loss=float(loss), rtt_s=RTT_S)
    still = {}
    with ExitStack() as stack:
        chromium = stack.enter_context(wired(way))
        cameras = stack.enter_context(lan_cameras(make=SHOWN))
        home = stack.enter_context(picture_process(cameras.ports, host=HOUSE))
        for name, begin in ((HLS, _by_hls), (WEBRTC, _by_webrtc)):
            with screen(chromium) as on:
                begin(on, home)
                still[name] = _still_s(on, float(watched_s))
        if not rest:
            with cores.measured():
                streams = stack.enter_context(environment.streaming(free_ports(), HOUSE))
            with screen(chromium) as on:
                on.follow(streams.open(cameras.url_for_libav(0)), HOME_ASSISTANT_HLS)
                still[PEER] = _still_s(on, float(watched_s))
    print(json.dumps(still), flush=True)


def _by_hls(on: Screen, home: PictureProcess) -> None:
    on.follow(master(home, 0), SHOWCAM_HLS)


def _by_webrtc(on: Screen, home: PictureProcess) -> None:
    on.play(whep(home, 0))


def _still_s(on: Screen, watched_s: float) -> float:
    """Of the time after the first picture; all of it where there was none."""
    try:
        on.first_s([0.0], FIRST_WITHIN_S)
    except TimeoutError:
        return watched_s
    on.wait(watched_s)
    (seen,) = on.seen()
    times = [seen[0][0], *(at for at, _ in seen), seen[0][0] + watched_s]
    return sum(gap for gap in (later - earlier for earlier, later in itertools.pairwise(times)) if gap > FROZEN_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
