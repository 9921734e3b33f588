"""H.265 by HLS for players that say that they decode it: as the camera sends it, in fragmented MP4."""

import re
import subprocess
from typing import Any
from urllib.parse import urljoin

import av
import pytest

from tests.doubles.clapping import by_libav, clapping
from tests.doubles.hls_camera import FPS
from tests.doubles.needs import ROOT
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.rtsp_recording import recorded
from tests.media.conftest import Answer, World
from tests.media.test_rtsp import House


@pytest.fixture
def household(camera: RtspCamera) -> House:
    camera.does.recording = recorded(codec="libx265")
    return House(camera)


def master(world: World, codecs: str = "hvc1", **changes: Any) -> Answer:
    address = f"/s/{world.grant(**({'surface': 'page'} | changes))}/master.m3u8?codecs={codecs}"
    while (answer := world.request(address)).status == 503:
        pass
    return answer


def decoded(url: str, pictures: int) -> tuple[str, int, int]:
    """The codec, the pictures and the samples of sound that libav's player of HLS gets."""
    shown = heard = 0
    with av.open(url, options={"allowed_extensions": "ALL", "extension_picky": "0"}, timeout=30) as container:
        codec = container.streams.video[0].codec_context.name
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                shown += 1
            else:
                heard += frame.samples
            if shown >= pictures and heard:
                break
    return codec, shown, heard


@pytest.mark.proves(
    "A player that says it decodes H.265 gets the camera's own by HLS, and nothing is transcoded for it",
    leans_on="second stack: ffmpeg's libav",
)
@pytest.mark.parametrize("sound", ["aac", "pcmu"])
def test_a_player_that_decodes_h265_gets_it_untouched(world: World, camera: RtspCamera, sound: Any) -> None:
    camera.does.recording = recorded(codec="libx265", sound=sound)
    answer = master(world)
    assert re.search(r'CODECS="hvc1\.1\.6\.L\d+\.\w+,mp4a\.40\.2"', answer.text)
    codec, shown, heard = decoded(answer.url, 6 * FPS)
    assert codec == "hevc"
    assert shown >= 6 * FPS
    assert heard > 0
    assert world.stats()["transcodes"] == 0


def test_sound_and_picture_of_one_moment_come_together(world: World, camera: RtspCamera) -> None:
    camera.does.recording = clapping("h265")
    found = by_libav(master(world).url, 6.0, allowed_extensions="ALL", extension_picky="0")
    assert len(found) >= 4
    assert max(map(abs, found)) <= 0.04


def test_a_list_names_what_comes_before_its_segments_once(world: World) -> None:
    answer = world.request(world.variant_url(master(world)))
    assert answer.text.count("#EXT-X-MAP") == 1
    names = re.findall(r"^\d+\.m4s$", answer.text, re.MULTILINE)
    head = re.findall(r'#EXT-X-MAP:URI="(\d+\.mp4)"', answer.text)
    for name in names + head:
        file = world.request(urljoin(answer.url, name))
        assert (file.status, file.headers["Content-Type"]) == (200, "video/mp4")
    assert world.request(urljoin(answer.url, "999.mp4")).status == 404


@pytest.mark.parametrize("codecs", ["", "avc1", "hvc2"])
def test_whoever_does_not_say_so_gets_h264(world: World, codecs: str) -> None:
    answer = master(world, codecs)
    assert 'CODECS="avc1.' in answer.text
    assert world.stats()["transcodes"] == 1


def test_h264_stays_as_it_is_for_a_player_of_both(world: World, camera: RtspCamera) -> None:
    camera.does.recording = recorded()
    answer = master(world, "avc1,hvc1")
    assert 'CODECS="avc1.' in answer.text
    assert ".ts" in world.request(world.variant_url(answer)).text
    assert world.stats()["transcodes"] == 0


def test_both_kinds_of_player_are_served_at_once(world: World) -> None:
    assert "hvc1" in master(world).text
    assert "avc1" in master(world, "").text
    assert decoded(master(world).url, FPS)[0] == "hevc"
    assert decoded(master(world, "").url, FPS)[0] == "h264"


@pytest.mark.parametrize(
    ("decodes", "address"), [("true", "/s/g/master.m3u8?codecs=hvc1"), ("false", "/s/g/master.m3u8")]
)
def test_our_pages_player_says_so_if_the_browser_decodes_it(decodes: str, address: str) -> None:
    script = (
        f"globalThis.MediaSource = {{ isTypeSupported: () => {decodes} }};"
        f"const {{ listed }} = await import('{(ROOT / 'showcam/console/static/playing.js').as_uri()}');"
        "console.log(listed('/s/g/master.m3u8'));"
    )
    run = subprocess.run(["node", "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == address
