"""The household's own programs by RTSP at a running showcam, beside those that fetch by HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
import requests

from scripts.deploy_local.emulator import free_ports
from tests.doubles import gstreamer
from tests.doubles.libav import Libav
from tests.doubles.program import Program, running
from tests.doubles.rtsp_player import Client
from tests.doubles.waiting import LONG_S, until

USER = "real@example.com"  # whose cameras come by EZVIZ's cloud only
CAMERA = "Terrace"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder: Path = tmp_path_factory.mktemp("players")
    with running(folder, troubled=True, SHOWCAM_RTSP_PORT=str(free_ports())) as program:
        program.login(USER)
        yield program


def added(program: Program, name: str) -> dict[str, Any]:
    """The facts of a new player: its key, and its addresses of the camera."""
    done = program.command("players", "add", name, "--user", USER, "--demo", "--json")
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    camera: dict[str, Any] = next(camera for camera in facts["cameras"] if camera["name"] == CAMERA)
    return facts | camera


def client(facts: dict[str, Any]) -> Client:
    _, _, at = facts["rtsp"].partition("@")
    return Client(int(at.partition("/")[0].rpartition(":")[2]), facts["camera"])


def shown(address: str) -> tuple[str, int]:
    with av.open(address, options={"rtsp_transport": "tcp"}, timeout=LONG_S) as container:
        frame = next(container.decode(video=0))
        return container.streams.video[0].codec_context.name, frame.width


@pytest.mark.proves(
    "Programs by RTSP and by HLS watch one camera at once, with one session at its vendor",
    leans_on="second stack: libavformat and GStreamer; double: EZVIZ's camera and cloud",
)
def test_programs_by_rtsp_and_hls_watch_by_one_session_at_the_vendor(program: Program) -> None:
    gstreamer.needed()
    facts = added(program, "recorder")
    before = program.calls()
    first = Libav(facts["hls"]).start()
    try:
        until(lambda: first.pictures or first.ended)
        assert first.ended == ""
        assert shown(facts["rtsp"])[0] == "h264"
        with gstreamer.player(facts["rtsp"]) as third:
            third.until(lambda message: "pts" in message)
    finally:
        first.stop()
    grown = program.calls() - before
    assert (grown["vtm"], grown["vtdu"]) == (1, 1)


@pytest.mark.proves("A player that is ended while it watches by RTSP loses its connection, and is let in no more")
def test_a_player_that_is_ended_loses_its_connection(program: Program) -> None:
    facts = added(program, "ended")
    with client(facts) as watching:
        assert watching.described(facts["key"], name="ended").status == 200
        assert watching.set_up().status == 200
        assert watching.play().status == 200
        assert watching.frames(3)
        done = program.command("players", "end", "ended", "--user", USER, "--demo")
        assert done.returncode == 0, done.stderr
        assert watching.is_ended()
    with client(facts) as again:
        assert again.described(facts["key"], name="ended").status == 401


def test_an_unknown_camera_and_a_wrong_key_are_refused_and_no_log_holds_the_key(program: Program) -> None:
    facts = added(program, "whisper")
    with client(facts | {"camera": "ezviz-nowhere"}) as asking:
        assert asking.described(facts["key"], name="whisper").status == 404
    with client(facts) as guessing:
        assert guessing.described(facts["key"][:-1] + "_", name="whisper").status == 401
    assert facts["key"] not in program.log.read_text()


def test_the_redirect_hands_on_that_a_player_decodes_h265(program: Program) -> None:
    facts = added(program, "hevc")
    answer = requests.get(f"{facts['hls']}?codecs=hvc1", timeout=LONG_S, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/master.m3u8?codecs=hvc1")
