"""Firefox as a display, in an empty network of its own, whose one address is both the display's and the camera's.

`python -m tests.doubles.firefox`, started in `NETWORK`, offers as a page does and prints as JSON the offer and how the
connection turned out. It gathers no candidates of loopback, so that it can't do so in this machine's own network.
"""

import contextlib
import http.server
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from showcam.engine.grants import Grants
from tests.doubles.far_away import run
from tests.doubles.hls_camera import Authority, Camera, Household, Vendor, recording
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.waiting import LONG_S

ADDRESS = "192.168.7.2"
WITHIN_S = 90.0
PREFERENCES = {
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.type": 0,
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.unified": False,
}
# Debian's Firefox has no H.264 without a download, so that it is named in place of VP8: what is under test is that the
# two find and trust each other.
PAGE = """<!doctype html><html lang="en"><title>Display</title><script>
(async () => {
  const tell = (body) => fetch("/found", { method: "POST", body: JSON.stringify(body) });
  try {
    const pc = new RTCPeerConnection();
    for (const kind of ["audio", "video"]) pc.addTransceiver(kind, { direction: "recvonly" });
    await pc.setLocalDescription();
    await new Promise((done) => {
      const look = () => pc.iceGatheringState === "complete" && done();
      pc.onicegatheringstatechange = look;
      look();
    });
    const offer = pc.localDescription.sdp;
    pc.onconnectionstatechange = () =>
      ["connected", "failed"].includes(pc.connectionState) && tell({ offer, state: pc.connectionState });
    const body = offer.includes("H264/90000") ? offer : offer.replaceAll("VP8/90000", "H264/90000");
    const answer = await fetch("%s", { method: "POST", headers: { "Content-Type": "application/sdp" }, body });
    const sdp = await answer.text();
    if (answer.status !== 201) return tell({ offer, state: `${answer.status}: ${sdp}` });
    const known = sdp.replaceAll("H264/90000", "VP8/90000").replace(/^a=fmtp.*packetization.*\\r\\n/gm, "");
    await pc.setRemoteDescription({ type: "answer", sdp: body === offer ? sdp : known });
  } catch (error) {
    tell({ offer: "", state: String(error) });
  }
})();
</script></html>"""


@contextlib.contextmanager
def served(page: str) -> Iterator[tuple[str, "queue.Queue[dict[str, Any]]"]]:
    """The page's address, and what it finds."""
    found: queue.Queue[dict[str, Any]] = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(page.encode())

        def do_POST(self) -> None:
            found.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", found
        server.shutdown()


@contextlib.contextmanager
def browser(folder: Path, url: str) -> Iterator[None]:
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (folder / "user.js").write_text("\n".join(lines))
    command = [program(), "--headless", "--no-remote", "--profile", str(folder), url]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env={**os.environ, "HOME": str(folder)}, stdout=quiet, stderr=quiet) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(LONG_S)


def program() -> str:
    """Where Firefox is installed; "" where it is not."""
    return shutil.which("firefox-esr") or shutil.which("firefox") or ""


def connect() -> dict[str, Any]:
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "display0", "type", "veth", "peer", "name", "nobody0")
    run("ip", "link", "set", "nobody0", "up")
    run("ip", "addr", "add", f"{ADDRESS}/24", "dev", "display0")
    run("ip", "link", "set", "display0", "up")
    run("ip", "route", "add", "default", "dev", "display0")
    with tempfile.TemporaryDirectory() as made, contextlib.ExitStack() as stack:
        folder = Path(made)
        authority = Authority(folder)
        vendor = Vendor(authority)
        stack.callback(vendor.close)
        vendor.cameras["garden"] = Camera(recording())
        grants = Grants([b"grant key of the tests, 32 bytes"])
        settings = replace(SETTINGS, ca_file=authority.ca_file, ice_addresses=(ADDRESS,))
        plane = stack.enter_context(PlaneThread(grants, Household(vendor), settings))
        grant, _ = grants.issue(
            account="home",
            link="link-1",
            camera="garden",
            protocol="webrtc",
            surface="page",
            now=time.time(),
            life_s=120,
        )
        url, found = stack.enter_context(served(PAGE % f"{plane.url}/s/{grant}/whep"))
        profile = folder / "profile"
        profile.mkdir()
        with browser(profile, url):
            return found.get(timeout=WITHIN_S)


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(connect()) + "\n")
    sys.stdout.flush()
    os._exit(0)  # libraries in C that still run when the interpreter is taken apart have ended it by SIGSEGV
