"""Chromium behind a wire that loses, delays or is narrow, showing a camera of this machine by WebRTC.

`python -m tests.doubles.far_display '{"loss": 0.05, …}'`, started in an empty network of its own
(tests.doubles.own_network.NETWORK), prints a line of JSON for each run: a Run.
"""

import http.client
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from playwright.sync_api import Page, sync_playwright

from showcam.engine.grants import Claims, Grants
from showcam.engine.source import Denied, SourceSpec
from showcam.simulator.lan.server import Tracks
from tests.doubles.far_away import network
from tests.doubles.made_once import made_once
from tests.doubles.open_gate import OpenGate
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.rtsp_recording import Recording, Sample
from tests.doubles.stopwatch import Stopwatch
from tests.doubles.waiting import LONG_S
from tests.doubles.wire import HOUSE

FPS, GOP_S, LENGTH_S = 25, 2, 8
FLAGS = (
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-sandbox",
)
PAGE = """<!doctype html><video id="video" autoplay playsinline muted></video><script>
window.seen = [];
window.offer = async () => {
  const pc = (window.pc = new RTCPeerConnection());
  const video = document.getElementById("video");
  pc.ontrack = ({ track }) => { video.srcObject = new MediaStream([track]); };
  pc.addTransceiver("video", { direction: "recvonly" });
  const look = (now, { width, height }) => { seen.push([now, width, height]); video.requestVideoFrameCallback(look); };
  video.requestVideoFrameCallback(look);
  await pc.setLocalDescription();
  await new Promise((done) => {
    const end = () => pc.iceGatheringState === "complete" && done();
    pc.onicegatheringstatechange = end;
    end();
  });
  return pc.localDescription.sdp;
};
window.accept = async (sdp) => {
  window.began = performance.now();
  await pc.setRemoteDescription({ type: "answer", sdp });
};
window.stats = async () => {
  for (const row of (await pc.getStats()).values())
    if (row.type === "inbound-rtp" && row.kind === "video") return row;
  return {};
};
</script>"""


@dataclass(frozen=True)
class Way:
    """How a viewer is connected, and for how long it watches how often."""

    loss: float = 0.0
    rtt_s: float = 0.0
    bits_s: int = 0
    queue: int = 64_000  # bytes
    sub: bool = False  # whether the camera has a smaller picture
    lasts_s: float = 20.0
    runs: int = 1


@dataclass(frozen=True)
class Run:
    """What a display saw, times in seconds; `heights`: of the picture, in the order in which they were seen.

    `stood_s`: for how long the machine let this process stand meanwhile.
    """

    first_s: float
    frozen_s: float
    longest_s: float
    frames: int
    heights: list[int]
    stats: dict[str, Any]
    stood_s: float = 0.0


@made_once
def recording(bits: int, height: int) -> Recording:
    """A picture that moves and rustles at `bits` a second, with a keyframe every two seconds and no sound."""
    width = height * 16 // 9
    source = f"testsrc2=size={width}x{height}:rate={FPS}:duration={LENGTH_S},noise=alls=12:allf=t,format=yuv420p"
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = width, height, "yuv420p", Fraction(1, FPS)
    encoder.framerate = Fraction(FPS)
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "x264-params": f"bitrate={bits // 1000}:vbv-maxrate={bits // 1000}:vbv-bufsize={bits // 1000}"
        f":keyint={GOP_S * FPS}:min-keyint={GOP_S * FPS}:scenecut=0",
    }
    samples = []
    with av.open(source, format="lavfi") as container:
        for number, frame in enumerate(container.decode(video=0)):
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, FPS), 0
            for packet in encoder.encode(frame):
                samples.append(Sample("video", bytes(packet), packet.pts / FPS, bool(packet.is_keyframe)))
    return Recording(tuple(samples), Tracks("h264", samples[0].data, None, 8000, b""), LENGTH_S)


class Home(OpenGate):
    """The Sources of the picture process: a camera, with or without a smaller picture."""

    def __init__(self, main: RtspCamera, sub: RtspCamera | None) -> None:
        self._cameras = {"main": main, "sub": sub}

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        camera = self._cameras[claims.picture]
        return camera.spec(sound="none") if camera else Denied("too_large")


@contextmanager
def wired(way: Way) -> Iterator[str]:
    """The path of a program that runs what it is given at the other end of the wire."""
    with network() as other, tempfile.TemporaryDirectory() as folder:
        namespace = other[1].removeprefix("--net=")
        command = (way.loss, way.rtt_s / 2, way.bits_s, way.queue, namespace)
        wire = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.doubles.wire", *map(str, command)], stdout=subprocess.PIPE
        )
        try:
            assert wire.stdout is not None
            assert wire.stdout.readline() == b"ready\n"
            program = Path(folder) / "chromium"
            program.write_text(f'#!/bin/sh\nexec {" ".join(other)} chromium-headless-shell "$@"\n')
            program.chmod(0o755)
            yield str(program)
        finally:
            wire.kill()
            wire.wait()


def play(way: Way) -> Iterator[Run]:
    grants = Grants([b"grant key of the tests, 32 bytes"])
    with ExitStack() as stack:
        chromium = stack.enter_context(wired(way))
        main = RtspCamera(recording=recording(4_000_000, 1080))
        stack.callback(main.close)
        sub = RtspCamera(recording=recording(500_000, 360)) if way.sub else None
        if sub:
            stack.callback(sub.close)
        settings = replace(SETTINGS, ice_addresses=(HOUSE,))
        plane = stack.enter_context(PlaneThread(grants, Home(main, sub), settings))
        browser = stack.enter_context(sync_playwright()).chromium.launch(executable_path=chromium, args=[*FLAGS])
        stack.callback(browser.close)
        ask(plane.port, grants, "snapshot", "GET", "snapshot.jpg")  # the camera is open
        for _ in range(way.runs):
            page = browser.new_page()
            page.set_content(PAGE)
            with Stopwatch() as machine:
                run = watch(page, plane.port, grants, way.lasts_s)
            yield replace(run, stood_s=machine.stood_s)
            page.close()


def watch(page: Page, port: int, grants: Grants, lasts_s: float) -> Run:
    answer, session = ask(port, grants, "webrtc", "POST", "whep", page.evaluate("offer()"))
    page.evaluate("accept", answer)
    page.wait_for_timeout(lasts_s * 1000)
    seen, stats, began = page.evaluate("async () => [seen, await stats(), began]")
    times = [now / 1000 for now, _, _ in seen]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    end = page.evaluate("performance.now()") / 1000
    ask(port, grants, "webrtc", "DELETE", "whep", at=session)
    if times:
        gaps.append(end - times[-1])
    heights = [height for _, _, height in seen]
    runs = [height for at, height in enumerate(heights) if at == 0 or heights[at - 1] != height]
    names = ("framesDecoded", "framesReceived", "freezeCount", "totalFreezesDuration", "packetsLost", "pliCount",
             "nackCount", "keyFramesDecoded", "retransmittedPacketsReceived", "framesPerSecond")  # fmt: skip
    return Run(
        first_s=times[0] - began / 1000 if times else lasts_s,
        frozen_s=sum(gap for gap in gaps if gap > FROZEN_S),
        longest_s=max(gaps, default=lasts_s),
        frames=len(seen),
        heights=runs,
        stats={name: stats.get(name) for name in names},
    )


FROZEN_S = 0.25  # a gap between two pictures that a person sees: Chromium counts what is 0.15 s over the mean


def ask(
    port: int, grants: Grants, protocol: Any, method: str, name: str, body: str | None = None, at: str = ""
) -> tuple[str, str]:
    """The answer's body, and the grant of the session it is in; `at`: the grant to ask by, "" for another one."""
    grant, _ = grants.issue(
        account="home", link="link-1", camera="yard", protocol=protocol, surface="page", now=time.time(), life_s=60
    )
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
    connection.request(method, f"/s/{at or grant}/{name}", body, {"Content-Type": "application/sdp"})
    response = connection.getresponse()
    data = response.read()
    assert response.status == (201 if method == "POST" else 200), data
    connection.close()
    location = response.getheader("Location", "")
    return data.decode("latin-1"), location.split("/")[1] if location else ""


if __name__ == "__main__":
    for run in play(Way(**json.loads(sys.argv[1]))):
        sys.stdout.write(json.dumps(asdict(run)) + "\n")
        sys.stdout.flush()
