"""`webrtc_ports` of the started program: real viewers by WebRTC, on named UDP ports only."""

import asyncio
import contextlib
import socket
from pathlib import Path

import requests

from scripts.deploy_local.emulator import free_ports
from tests.doubles.linking import link_tokens
from tests.doubles.program import Program, running
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.waiting import LONG_S, until
from tests.whole.test_live_backup import PASSWORD, USER, stream


def ports_of(sdp: str) -> set[int]:
    return {int(line.split()[5]) for line in sdp.splitlines() if line.startswith("a=candidate:")}


def are_free(*ports: int) -> bool:
    """Whether the viewers who left have given their ports back."""
    with contextlib.ExitStack() as stack:
        for port in ports:
            tried = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


async def posted(program: Program, token: str, viewer: Viewer) -> requests.Response:
    """The answer to an offer of the viewer's, by Google's door."""
    device, url = await asyncio.to_thread(stream, program, token, "webrtc")
    offer = {"action": "offer", "deviceId": device, "sdp": await viewer.offer()}
    return await asyncio.to_thread(requests.post, url, json=offer, timeout=LONG_S)


async def shown(program: Program, token: str, viewer: Viewer) -> set[int]:
    """The ports of the answer, once the viewer has seen pictures."""
    answer = await posted(program, token, viewer)
    assert answer.status_code == 200, answer.text
    sdp = answer.json()["sdp"]
    await viewer.accept(sdp)
    await viewer.until(lambda: len(viewer.pictures) > 5)
    return ports_of(sdp)


def test_each_viewer_has_a_port_of_the_range_and_one_too_many_is_told_so(tmp_path: Path) -> None:
    first = free_ports(2)

    async def scene(program: Program, token: str) -> None:
        viewers = [Viewer() for _ in range(3)]
        try:
            taken = [await shown(program, token, viewer) for viewer in viewers[:2]]
            assert taken == [{first}, {first + 1}]
            refused = await posted(program, token, viewers[2])
            assert refused.status_code == 429, refused.text
            # the media process writes its log in its own time
            await asyncio.to_thread(until, lambda: "no port of webrtc_ports is free" in program.log.read_text())
        finally:
            for viewer in viewers:
                await viewer.close()
        await asyncio.to_thread(until, lambda: are_free(first, first + 1))
        later = Viewer()
        try:
            assert await shown(program, token, later) <= {first, first + 1}
        finally:
            await later.close()

    named = f"{first}-{first + 1}"
    with running(tmp_path, SHOWCAM_WEBRTC_PORTS=named, SHOWCAM_OPENS_PER_MINUTE="60") as program:
        asyncio.run(scene(program, link_tokens(program.web, "google", USER, PASSWORD)["access_token"]))


def test_the_doctor_says_what_to_open(tmp_path: Path) -> None:
    first = free_ports(3)
    with running(tmp_path, SHOWCAM_WEBRTC_PORTS=f"{first}-{first + 2}") as program:
        said = program.command("doctor", "--demo", within_s=3 * LONG_S).stdout
    assert f"3 of the UDP ports {first}-{first + 2} are free; the firewall must let them in" in said
