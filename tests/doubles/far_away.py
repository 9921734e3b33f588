"""A house behind a router that translates addresses, and a display on the internet, in three networks of this machine.

`python -m tests.doubles.far_away [no-stun|range|published]`, started in an empty network of its own (`NETWORK`), plays
a camera from the house to the display and prints as JSON the answer and the seconds until the first picture: of
DISPLAYS one after another the fewest, since what all wait for is no accident of a busy machine. With `range` the house
lets in only the UDP ports `PORTS`. With `published` the router leads these ports into the house, as the engine of a
container does, and the house is known only by the router's address.
"""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from showcam.engine.grants import Grants
from showcam.engine.outputs import ice
from tests.doubles import gstreamer
from tests.doubles.hls_camera import Authority, Camera, Household, Vendor, recording
from tests.doubles.own_network import NETWORK
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.stun_server import PORT
from tests.doubles.waiting import LONG_S

INSIDE, ROUTER, OUTSIDE = "192.168.7.2", "192.168.7.1", "9.9.9.1"
DISPLAY, STUN = "9.9.9.2", "9.9.9.3"  # they look public; nothing of these networks leaves the machine
PORTS = range(50000, 50002)
DISPLAYS = 4
_NAMED = f"{PORTS[0]}-{PORTS[-1]}"
CLOSED = f"table ip fence {{ chain in {{ type filter hook input priority 0; udp dport != {_NAMED} drop; }}; }}"
_IN = f"type nat hook prerouting priority -100; iifname outer udp dport {_NAMED} dnat to {INSIDE};"
LED = f"table ip led {{ chain pre {{ {_IN} }}; }}"
NAT = "table ip nat { chain post { type nat hook postrouting priority 100; oifname outer masquerade; }; }"


def without_networks() -> str:
    """Why this machine makes no networks of its own; "" where it does."""
    if not all(shutil.which(program) for program in ("ip", "nft", "nsenter")):
        return "ip, nft or nsenter is not installed"
    tried = subprocess.run([*NETWORK, "nft", "list", "ruleset"], capture_output=True, text=True, check=False)
    return (tried.stderr.strip() or "no network can be made") if tried.returncode else ""


def run(*command: str) -> None:
    subprocess.run(command, check=True)


@contextlib.contextmanager
def network() -> Iterator[tuple[str, ...]]:
    """The command that runs a program in an empty network."""
    own = Path("/proc/self/ns/net").readlink()
    held = subprocess.Popen(["unshare", "--net", "sleep", "300"])
    try:
        while Path(f"/proc/{held.pid}/ns/net").readlink() == own:
            time.sleep(0.01)
        yield ("nsenter", f"--net=/proc/{held.pid}/ns/net")
    finally:
        held.kill()
        held.wait()


@contextlib.contextmanager
def networks() -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Makes this process's network the house's; yields the commands that run a program on the router and beyond."""
    with network() as router, network() as internet:
        run("ip", "link", "add", "home0", "type", "veth", "peer", "name", "inner")
        run("ip", "link", "set", "inner", "netns", Path(router[1].removeprefix("--net=/proc/")).parts[0])
        run("ip", "link", "add", "outer", "type", "veth", "peer", "name", "world0")
        run("ip", "link", "set", "outer", "netns", Path(router[1].removeprefix("--net=/proc/")).parts[0])
        run("ip", "link", "set", "world0", "netns", Path(internet[1].removeprefix("--net=/proc/")).parts[0])
        for within, link, *addresses in (
            ((), "home0", INSIDE),
            (router, "inner", ROUTER),
            (router, "outer", OUTSIDE),
            (internet, "world0", DISPLAY, STUN),
        ):
            for address in addresses:
                run(*within, "ip", "addr", "add", f"{address}/24", "dev", link)
            for interface in ("lo", link):
                run(*within, "ip", "link", "set", interface, "up")
        run("ip", "route", "add", "default", "via", ROUTER)
        run(*router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        run(*router, "nft", NAT)
        yield router, internet


def play(how: str) -> dict[str, object]:
    with networks() as (router, internet), tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        server = subprocess.Popen(
            [*internet, sys.executable, "-m", "tests.doubles.stun_server", STUN], stdout=subprocess.PIPE
        )
        stack.callback(server.wait)
        stack.callback(server.kill)
        assert server.stdout is not None
        server.stdout.readline()
        authority = Authority(Path(folder))
        vendor = Vendor(authority)
        stack.callback(vendor.close)
        vendor.cameras["garden"] = Camera(recording())
        grants = Grants([b"grant key of the tests, 32 bytes"])
        stun = () if how in ("no-stun", "published") else (f"{STUN}:{PORT}",)
        settings = replace(SETTINGS, ca_file=authority.ca_file, ice_addresses=(), stun=stun)
        ice.ANSWER_S = ice.SERVERS_S = LONG_S  # the server answers, though on a busy machine late
        if how == "range":
            run("nft", CLOSED)
            settings = replace(settings, webrtc_ports=PORTS)
        elif how == "published":
            run(*router, "nft", LED)
            settings = replace(settings, webrtc_ports=PORTS, ice_addresses=(OUTSIDE,))
        plane = stack.enter_context(PlaneThread(grants, Household(vendor), settings))
        _, claims = grants.issue(
            account="home",
            link="link-1",
            camera="garden",
            protocol="webrtc",
            surface="alexa",
            now=time.time(),
            life_s=60,
        )
        plane.client().warm(claims, vendor.open("garden"))
        time.sleep(1)
        took: list[float] = []
        for _ in range(1 if how else DISPLAYS):
            with gstreamer.display(address=DISPLAY, within=internet) as display:
                began = time.monotonic()
                answer = plane.client().answer(claims, None, display.offer)
                display.accept(answer.sdp)
                display.until(lambda message: "video" in message)
                took.append(time.monotonic() - began)
        return {"answer": answer.sdp, "first_s": min(took)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(play("".join(sys.argv[1:]))) + "\n")
