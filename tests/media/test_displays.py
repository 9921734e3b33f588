"""A camera that sends more than displays decode: what they are shown in its place, and what is learnt of it."""

import asyncio

import pytest

from media.grants import Claims
from media.plane.displays import play
from media.plane.units import Format
from tests.doubles.hls_camera import FPS, Camera, recording
from tests.media.test_pictures import resolution
from tests.media.test_webrtc import watching

WHOLE, SMALL = "320x180", "160x90"


@pytest.fixture(autouse=True)
def _loopback(monkeypatch):
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


@pytest.mark.parametrize(
    ("codec", "b_frames", "protocol", "surface", "expected"),
    [
        ("avc1.42c01f", False, "hls", "google", True),
        ("avc1.4d0028", False, "webrtc", "alexa", True),
        ("avc1.64002a", False, "hls", "google", True),  # High at 4.2
        ("avc1.640032", False, "hls", "google", False),  # at 5.0
        ("avc1.640033", False, "webrtc", "alexa", False),
        ("avc1.6e0028", False, "hls", "google", False),  # High 10
        ("avc1.f40028", False, "hls", "alexa", False),  # High 4:4:4
        ("avc1.640033", False, "hls", "page", True),
        ("avc1.640033", False, "still", "alexa", True),
        ("avc1.640033", False, "snapshot", "google", True),
        ("avc1.640033", False, "hls", "video_scaled", True),
        ("avc1.640033", False, "hls", "video", False),
        ("avc1.640028", True, "hls", "google", True),
        ("avc1.640028", True, "webrtc", "google", False),
        ("avc1.640028", True, "webrtc", "page", False),
        ("avc1.640028", True, "snapshot", "alexa", True),
    ],
)
def test_what_is_played(codec: str, b_frames: bool, protocol: str, surface: str, expected: bool) -> None:
    form = Format(3840, 2160, codec, audio=False, b_frames=b_frames)
    assert play(form, Claims("home", "link", "garden", protocol, surface, 0, "n")) is expected


def send(vendor, sub: bool = True, **whole: object) -> None:
    vendor.cameras["garden"] = Camera(recording(**whole))
    if sub:
        vendor.cameras["garden-sub"] = Camera(recording(size=(160, 90)))


@pytest.mark.parametrize("whole", [{"level": 51}, {"codec": "libx265", "audio": False}], ids=["level 5.1", "H.265"])
def test_the_smaller_picture_comes_in_place_of_one_that_displays_don_t_decode(world, vendor, household, whole):
    send(vendor, **whole)
    master = world.master(surface="google")
    assert resolution(master) == SMALL
    assert [each.picture for each in household.opened] == ["main", "sub"]
    assert world.ask(world.variant_url(master)).status == 200


def test_both_are_told_so_that_the_right_one_is_asked_for_at_once(world, vendor, household, eventually):
    send(vendor, level=51)
    world.master(surface="google")
    eventually(lambda: len(household.learned) == 2)
    assert sorted(household.learned) == [("garden", "main", 320, 180), ("garden", "sub", 160, 90)]


def test_a_cut_stream_goes_on_as_the_smaller_picture(world, vendor, household, eventually):
    send(vendor, level=51)
    world.master(surface="alexa")
    vendor.cameras["garden-sub"].cut()
    eventually(lambda: len(household.opened) > 2)
    assert [each.picture for each in household.opened[1:]] == ["sub"] * (len(household.opened) - 1)


@pytest.mark.parametrize("sub", [None, {"level": 51}, {"codec": "libx265", "audio": False}])
def test_where_there_is_no_smaller_one_either_the_first_reason_is_told(world, vendor, household, sub):
    send(vendor, sub=False, level=51)
    if sub:
        vendor.cameras["garden-sub"] = Camera(recording(size=(160, 90), **sub))
    refused = world.master(surface="google")
    assert (refused.status, '"reason": "not_playable"' in refused.text) == (502, True)
    assert len(household.opened) == 2


def test_a_browser_and_a_still_picture_take_the_whole_one(world, vendor, household):
    send(vendor, level=51)
    assert resolution(world.master(surface="page")) == WHOLE
    vendor.cameras["shed"] = Camera(recording(level=51))
    assert world.ask(f"/s/{world.grant('shed', 'snapshot')}/snapshot.jpg").status == 200
    assert {each.picture for each in household.opened} == {"main"}


def test_b_frames_go_out_by_hls_and_by_webrtc_the_smaller_picture_does(world, vendor, household, eventually):
    send(vendor, b_frames=2)
    assert resolution(world.master(surface="google")) == WHOLE
    eventually(lambda: household.out_of_order == {("garden", "main")})
    vendor.cameras |= {"shed": Camera(recording(b_frames=2)), "shed-sub": vendor.cameras["garden-sub"]}

    async def scene():
        async with watching(world, world.grant("shed", "webrtc")) as viewer:
            await viewer.until(lambda: len(viewer.pictures) >= FPS)
            return viewer.sizes

    assert asyncio.run(scene()) == {(160, 90)}


def test_who_comes_by_webrtc_to_b_frames_that_others_watch_is_refused(world, vendor):
    send(vendor, b_frames=2)
    assert world.master(surface="google").status == 200

    async def scene():
        async with watching(world, world.grant(protocol="webrtc")):
            pass

    with pytest.raises(AssertionError, match="not_playable"):
        asyncio.run(scene())
    assert world.master(surface="google").status == 200
