"""HLS as displays get it: opened with PyAV, and its playlists read by their rules."""

import itertools
import re
import time
from typing import Any, cast

import av
import pytest

from tests.doubles.hls_camera import FPS, HEIGHT, WIDTH, Camera, Household, Vendor, recording
from tests.doubles.waiting import LONG_S
from tests.media.conftest import World

pytestmark = pytest.mark.proves("HLS plays", leans_on="second stack: FFmpeg (PyAV)")


def watch(url: str, frames: int) -> dict[str, list[float]]:
    """Decode so many pictures; times in seconds."""
    seen: dict[str, list[float]] = {"video": [], "audio": []}
    with av.open(url, timeout=LONG_S) as container:
        for packet in container.demux():
            decoded: list[Any] = packet.decode() if packet.size else []
            for frame in decoded:
                seen[packet.stream.type].append(float(frame.pts * packet.stream.time_base))
            if len(seen["video"]) >= frames:
                break
        seen["rates"] = [stream.rate for stream in container.streams.audio]
    return seen


def number_in(pattern: str, text: str) -> int:
    """What the pattern's group holds."""
    found = re.search(pattern, text)
    assert found is not None
    return int(found[1])


def test_a_player_sees_every_picture_and_hears_the_sound(world: World) -> None:
    seen = watch(f"{world.plane.url}/s/{world.grant()}/master.m3u8", 4 * FPS)
    steps = [round((b - a) * FPS, 3) for a, b in itertools.pairwise(seen["video"])]
    assert set(steps) == {1.0}
    assert seen["audio"][-1] - seen["audio"][0] > 2
    assert world.stats()["minted"] == 1


def test_the_master_playlist_tells_what_there_is(world: World) -> None:
    master = world.master()
    assert master.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    assert master.headers["Cache-Control"] == "no-store"
    line = next(line for line in master.text.splitlines() if line.startswith("#EXT-X-STREAM-INF:"))
    assert re.search(r'CODECS="avc1\.42c0[0-9a-f]{2},mp4a\.40\.2"', line)
    assert f"RESOLUTION={WIDTH}x{HEIGHT}" in line
    url = world.variant_url(master)
    segment = world.request(url.replace("index.m3u8", "0.ts"))
    assert segment.headers["Content-Type"] == "video/mp2t"
    assert segment.body[0] == 0x47
    measured = number_in(r"BANDWIDTH=(\d+)", line)
    assert 8 * len(segment.body) <= measured < 16 * len(segment.body)


def test_playlists_keep_their_rules_while_they_grow(world: World) -> None:
    url = world.variant_url(world.master())
    before, last = -1, -1
    known: dict[int, bytes] = {}
    ends = time.monotonic() + LONG_S
    while last < 7:
        assert time.monotonic() < ends, last
        text = world.request(url).text
        first = number_in(r"MEDIA-SEQUENCE:(\d+)", text)
        numbers = [int(found) for found in re.findall(r"^(\d+)\.ts$", text, re.MULTILINE)]
        target = number_in(r"TARGETDURATION:(\d+)", text)
        assert first >= before
        assert numbers == list(range(first, first + len(numbers)))
        durations = [float(found) for found in re.findall(r"EXTINF:([\d.]+)", text)]
        assert first == 0 or sum(durations) >= max(6, 4 * target) - 0.1, "RFC 8216 sections 6.2.2 and 6.3.3"
        assert sum(durations[1:]) < max(6, 4 * target), "and no more is listed than that takes"
        assert all(round(float(found)) <= target for found in durations)
        for number in numbers:
            segment = world.request(url.replace("index.m3u8", f"{number}.ts"))
            if segment.status == 404 and number in known:  # asked for again after it had left the list
                assert number < number_in(r"MEDIA-SEQUENCE:(\d+)", world.request(url).text)
                continue
            assert segment.status == 200
            assert known.setdefault(number, segment.body) == segment.body, "a segment never changes"
        before, last = first, numbers[-1]
        time.sleep(0.3)
    assert before > 0


@pytest.mark.parametrize(("surface", "expected"), [("google", True), ("alexa", True), ("video", True), ("page", False)])
def test_a_page_that_says_itself_where_it_begins_is_given_no_start(world: World, surface: str, expected: bool) -> None:
    text = world.request(world.variant_url(world.master(surface=surface))).text
    assert ("#EXT-X-START:TIME-OFFSET=-3\n" in text) is expected


@pytest.mark.parametrize(
    ("sound", "surface", "codecs", "rates"),
    [
        ("none", "google", "mp4a.40.2", [16_000]),
        ("none", "alexa", None, []),
        ("off", "google", None, []),
        ("off", "alexa", None, []),
    ],
)
def test_a_camera_without_sound(
    world: World, vendor: Vendor, sound: str, surface: str, codecs: str | None, rates: list[int]
) -> None:
    vendor.cameras["garden"] = Camera(recording(audio=False), sound=sound)
    master = world.master(surface=surface)
    assert ("mp4a.40.2" in master.text) == (codecs is not None)
    seen = watch(world.variant_url(master), 2 * FPS)
    assert seen["rates"] == rates
    if rates:
        steps = {round(b - a, 4) for a, b in itertools.pairwise(seen["audio"])}
        assert steps == {1024 / 16_000}


def test_sound_that_is_off_stays_off_even_if_the_vendor_sends_it(world: World, vendor: Vendor) -> None:
    vendor.cameras["garden"].sound = "off"
    seen = watch(world.variant_url(world.master()), FPS)
    assert seen["rates"] == []


def test_one_pull_serves_every_viewer_of_an_account_and_none_of_another(world: World, household: Household) -> None:
    for _ in range(3):
        assert world.master().status == 200
    assert world.master(surface="google", link="link-2").status == 200
    assert len(household.opened) == 1
    assert world.stats()["pulls"] == 1
    assert world.master(account="other-home").status == 200
    assert world.stats()["pulls"] == 2


def test_a_grant_fetched_twice_is_one_session(world: World) -> None:
    grant = world.grant()
    first, second = (world.request(f"/s/{grant}/master.m3u8") for _ in range(2))
    assert world.variant_url(first) == world.variant_url(second)
    assert world.stats()["sessions"] == 1


def test_a_slow_reader_keeps_nobody_waiting(world: World) -> None:
    url = world.variant_url(world.master())
    with av.open(url, timeout=LONG_S) as container:
        packets = container.demux(video=0)
        next(packets)
        time.sleep(3)  # it reads nothing for three segments, then goes on
        seen = watch(f"{world.plane.url}/s/{world.grant()}/master.m3u8", 2 * FPS)
        times = [cast("int", packet.pts) for _, packet in zip(range(2 * FPS), packets, strict=False)]
    assert len(seen["video"]) == 2 * FPS
    assert times == sorted(times)
