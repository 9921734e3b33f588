"""The household's own programs at a running showcam: added by the command, they watch at home, and are ended."""

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
import requests

from scripts.deploy_local.emulator import free_ports
from showcam.app import keys
from showcam.app.settings import Settings
from showcam.engine.client import MediaClient
from showcam.engine.grants import Grants, Picture
from tests.doubles import gstreamer
from tests.doubles.libav import Libav
from tests.doubles.program import Program, running
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.waiting import LONG_S, until

USER = "real@example.com"  # whose cameras come by EZVIZ's cloud only
CAMERA = "Terrace"
OPENED = 25  # pictures: some two seconds of the camera


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder: Path = tmp_path_factory.mktemp("players")
    more: dict[str, Any] = {"SHOWCAM_IDLE_S": "10", "SHOWCAM_RTSP_PORT": str(free_ports(1))}
    with running(folder, troubled=True, SHOWCAM_EXPLAIN="picture", **more) as program:
        program.login(USER)
        yield program


def added(program: Program, name: str, wanted: str = CAMERA) -> dict[str, Any]:
    """The facts of a new player: its key, and its addresses of the camera."""
    done = program.command("players", "add", name, "--user", USER, "--demo", "--json")
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    camera: dict[str, Any] = next(camera for camera in facts["cameras"] if camera["name"] == wanted)
    return facts | camera


def end(program: Program, name: str) -> None:
    done = program.command("players", "end", name, "--user", USER, "--demo")
    assert done.returncode == 0, done.stderr


def listed(program: Program) -> dict[str, int]:
    done = program.command("players", "list", "--user", USER, "--demo", "--json")
    return {player["name"]: player["uses"] for player in json.loads(done.stdout)["players"]}


async def watched(address: str) -> int:
    """The status of the answer to a WHEP client that follows redirects, once a picture was decoded."""
    viewer = Viewer()
    try:
        offer = await viewer.offer()
        headers = {"Content-Type": "application/sdp"}
        answer = await asyncio.to_thread(requests.post, address, offer, headers=headers, timeout=LONG_S)
        await viewer.accept(answer.text)
        await viewer.until(lambda: viewer.pictures, LONG_S)
        return answer.status_code
    finally:
        await viewer.close()


@pytest.mark.proves(
    "A household's own programs watch one camera at once by HLS, WebRTC and RTSP, with one session at its vendor",
    leans_on="second stack: libavformat, GStreamer and aiortc; double: EZVIZ's camera and cloud",
)
def test_programs_watch_one_camera_at_once_by_one_session_at_the_vendor(program: Program) -> None:
    gstreamer.needed()
    recorder, other = added(program, "recorder"), added(program, "other")
    before = program.calls()
    first, second, by_rtsp = (Libav(player).start() for player in (recorder["hls"], other["hls"], other["rtsp"]))
    all_of_libav = (first, second, by_rtsp)
    try:
        until(lambda: all(shown.pictures >= OPENED or shown.ended for shown in all_of_libav))
        assert [shown.ended for shown in all_of_libav] == ["", "", ""]
        with gstreamer.player(recorder["hls"]) as third:
            third.until(lambda shown: "pts" in shown)
        assert asyncio.run(watched(other["whep"])) == 201
        still = requests.get(recorder["still"], timeout=LONG_S)
    finally:
        for shown in all_of_libav:
            shown.stop()
    with av.open(io.BytesIO(still.content)) as picture:
        size = picture.streams.video[0].width, picture.streams.video[0].height
    assert (still.status_code, still.headers["Content-Type"], {size}) == (200, "image/jpeg", first.sizes)
    grown = program.calls() - before
    assert (grown["vtm"], grown["vtdu"]) == (1, 1)
    assert listed(program).keys() >= {"recorder", "other"}
    end(program, "recorder")
    end(program, "other")


@pytest.mark.proves(
    "A program that is ended while it watches sees no more, and its address opens nothing",
    leans_on="second stack: libavformat",
)
@pytest.mark.parametrize("way", ["hls", "rtsp"])
def test_a_program_that_is_ended_while_it_watches_sees_no_more(program: Program, way: str) -> None:
    facts = added(program, "ended")
    watching = Libav(facts[way]).start()
    until(lambda: watching.pictures >= OPENED or watching.ended)
    assert watching.ended == ""
    end(program, "ended")
    until(lambda: watching.ended)
    assert requests.get(facts["hls"], timeout=LONG_S).status_code == 404
    again = Libav(facts["rtsp"]).start()
    until(lambda: again.ended)
    assert "401" in again.ended
    assert "ended" not in listed(program)


@pytest.mark.proves("A camera that no program watches any more is let go, though the program stays added")
def test_a_camera_that_no_program_watches_any_more_is_let_go(program: Program) -> None:
    facts = added(program, "at-rest")
    watching = Libav(facts["hls"]).start()
    until(lambda: watching.pictures >= OPENED or watching.ended)
    assert "main" in pulled(program, facts)
    watching.stop()
    until(lambda: pulled(program, facts) == ())
    end(program, "at-rest")


def pulled(program: Program, facts: dict[str, Any]) -> tuple[Picture, ...]:
    """The camera's pictures that showcam fetches now."""
    grants = Grants(keys.grant_of(Settings(data=program.data, demo=True)))
    client = MediaClient(f"http://127.0.0.1:{program.media_port}", grants.proof())
    try:
        return client.flows(facts["player"].split("-")[1], facts["camera"], LONG_S)
    finally:
        client.close()


def test_no_log_holds_a_key_or_a_name(program: Program) -> None:
    facts = added(program, "whisper")
    requests.get(facts["hls"], timeout=LONG_S)
    requests.get(facts["hls"].replace(facts["key"], facts["key"][:-1] + "_"), timeout=LONG_S)
    text = program.log.read_text()
    assert (facts["key"] in text, "whisper" in text) == (False, False)
    end(program, "whisper")


def test_a_name_that_is_taken_is_refused_with_what_to_do(program: Program) -> None:
    added(program, "twice")
    done = program.command("players", "add", "TWICE", "--user", USER, "--demo")
    assert (done.returncode, "players end TWICE" in done.stderr) == (1, True)
    end(program, "twice")
    done = program.command("players", "end", "twice", "--user", USER, "--demo")
    assert (done.returncode, "There is no player twice" in done.stderr) == (1, True)
