"""A camera that sends more than displays decode, where nothing is transcoded: what they are shown, what is learnt."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from showcam.engine.grants import Protocol
from showcam.engine.messages import NoPicture
from showcam.engine.sessions.transcodes import unplayed
from showcam.engine.source import Format
from tests.doubles.hls_camera import FPS, Camera, Household, Vendor, recording
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.waiting import LONG_S, until
from tests.media.conftest import World
from tests.media.test_pictures import resolution
from tests.media.test_webrtc import watching

WHOLE, SMALL = "320x180", "160x90"


pytestmark = [
    pytest.mark.usefixtures("on_loopback"),
    pytest.mark.proves("A display gets no video that it can't decode", leans_on="second stack: FFmpeg (PyAV)"),
]


@pytest.mark.parametrize(
    ("codec", "b_frames", "protocol", "surface", "expected"),
    [
        ("avc1.42c01f", False, "hls", "google", ""),
        ("avc1.4d0028", False, "webrtc", "alexa", ""),
        ("avc1.64002a", False, "hls", "google", ""),  # High at 4.2
        ("avc1.640032", False, "hls", "google", "beyond_displays"),  # at 5.0
        ("avc1.640033", False, "webrtc", "alexa", "beyond_displays"),
        ("avc1.6e0028", False, "hls", "google", "beyond_displays"),  # High 10
        ("avc1.f40028", False, "hls", "alexa", "beyond_displays"),  # High 4:4:4
        ("avc1.640033", False, "hls", "page", ""),
        ("avc1.640033", False, "still", "alexa", ""),
        ("avc1.640033", False, "snapshot", "google", ""),
        ("avc1.640033", False, "hls", "video", "too_large"),
        ("avc1.42c01f", False, "hls", "video", "too_large"),
        ("avc1.640028", True, "hls", "google", ""),
        ("avc1.640028", True, "webrtc", "google", "no_common_protocol"),
        ("avc1.640028", True, "webrtc", "page", "no_common_protocol"),
        ("avc1.640028", True, "snapshot", "alexa", ""),
        ("hvc1.1.6.L93.B0", False, "hls", "page", "not_playable"),
        ("hvc1.1.6.L93.B0", True, "webrtc", "alexa", "not_playable"),
        ("hvc1.1.6.L93.B0", False, "hls", "video", "not_playable"),
        ("hvc1.1.6.L93.B0", False, "still", "google", ""),
    ],
)
def test_what_is_not_played_and_why(
    codec: str, b_frames: bool, protocol: Protocol, surface: str, expected: str
) -> None:
    assert unplayed(Format(1920, 1080, codec, b_frames=b_frames), surface, protocol) == expected


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(1920, 1080, ""), (1080, 1920, ""), (1440, 1440, ""), (2048, 1088, ""), (2560, 1440, "beyond_displays")],
)
def test_a_level_is_not_believed_of_a_larger_picture(width: int, height: int, expected: str) -> None:
    assert unplayed(Format(width, height, "avc1.640028"), "google", "hls") == expected


@pytest.fixture
def world(start: Callable[..., World]) -> World:
    return start(transcodes=0)


def send(vendor: Vendor, sub: bool = True, **whole: object) -> None:
    vendor.cameras["garden"] = Camera(recording(**whole))
    if sub:
        vendor.cameras["garden-sub"] = Camera(recording(size=(160, 90)))


@pytest.mark.parametrize(
    "whole", [{"deep": True}, {"codec": "libx265", "audio": False, "length_s": 20}], ids=["High 10", "H.265"]
)
def test_the_smaller_picture_comes_in_place_of_one_that_displays_don_t_decode(
    world: World, vendor: Vendor, household: Household, whole: dict[str, Any]
) -> None:
    send(vendor, **whole)
    master = world.master(surface="google")
    assert resolution(master) == SMALL
    assert [claims.picture for claims in household.opened] == ["main", "sub"]
    assert world.request(world.variant_url(master)).status == 200


def test_videoapp_gets_the_smaller_one_of_a_camera_whose_whole_picture_has_grown(world: World, vendor: Vendor) -> None:
    send(vendor, size=(1312, 738), length_s=20, gop_s=2)
    assert resolution(world.master(surface="video")) == SMALL


def test_both_are_listed_so_that_the_right_one_is_asked_for_at_once(
    world: World, vendor: Vendor, household: Household, eventually: Callable[..., None]
) -> None:
    send(vendor, deep=True)
    world.master(surface="google")
    eventually(lambda: len(household.learned) == 2)
    assert sorted(household.learned) == [("garden", "main", 320, 180), ("garden", "sub", 160, 90)]


def test_a_cut_stream_goes_on_as_the_smaller_picture(
    world: World, vendor: Vendor, household: Household, eventually: Callable[..., None]
) -> None:
    send(vendor, deep=True)
    world.master(surface="alexa")
    vendor.cameras["garden-sub"].cut()
    eventually(lambda: len(household.opened) > 2)
    assert [claims.picture for claims in household.opened[1:]] == ["sub"] * (len(household.opened) - 1)


@pytest.mark.parametrize("sub", [None, {"deep": True}, {"codec": "libx265", "audio": False, "length_s": 20}])
def test_where_there_is_no_smaller_one_either_the_first_reason_is_answered(
    world: World, vendor: Vendor, household: Household, sub: dict[str, Any] | None
) -> None:
    send(vendor, sub=False, deep=True)
    if sub:
        vendor.cameras["garden-sub"] = Camera(recording(size=(160, 90), **sub))
    refused = world.master(surface="google")
    assert (refused.status, '"reason": "beyond_displays"' in refused.text) == (502, True)
    assert len(household.opened) == 2


def test_a_browser_and_a_still_picture_take_the_whole_one(world: World, vendor: Vendor, household: Household) -> None:
    send(vendor, deep=True)
    assert resolution(world.master(surface="page")) == WHOLE
    vendor.cameras["shed"] = Camera(recording(deep=True))
    assert world.request(f"/s/{world.grant('shed', 'snapshot')}/snapshot.jpg").status == 200
    assert {claims.picture for claims in household.opened} == {"main"}


def test_b_frames_go_out_by_hls_and_by_webrtc_the_smaller_picture_does(
    world: World, vendor: Vendor, household: Household, eventually: Callable[..., None]
) -> None:
    send(vendor, b_frames=2)
    assert resolution(world.master(surface="google")) == WHOLE
    eventually(lambda: household.out_of_order == {("garden", "main")})
    vendor.cameras |= {"shed": Camera(recording(b_frames=2)), "shed-sub": vendor.cameras["garden-sub"]}

    async def scene() -> set[tuple[int, int]]:
        async with watching(world, world.grant("shed", "webrtc")) as viewer:
            await viewer.until(lambda: len(viewer.pictures) >= FPS)
            return viewer.sizes

    assert asyncio.run(scene()) == {(160, 90)}


def test_who_comes_by_webrtc_to_b_frames_that_others_watch_is_refused(world: World, vendor: Vendor) -> None:
    send(vendor, b_frames=2)
    assert world.master(surface="google").status == 200

    async def scene() -> None:
        async with watching(world, world.grant(protocol="webrtc")):
            pass

    with pytest.raises(AssertionError, match="no_common_protocol"):
        asyncio.run(scene())
    assert world.master(surface="google").status == 200


@pytest.mark.parametrize("protocol", ["hls", "webrtc"])
def test_who_comes_to_more_than_a_display_decodes_that_a_browser_watches_is_refused(
    world: World, vendor: Vendor, protocol: Protocol
) -> None:
    send(vendor, sub=False, deep=True)
    assert world.master(surface="page").status == 200

    async def offered() -> None:
        async with watching(world, world.grant(protocol=protocol, surface="alexa")):
            pass

    if protocol == "webrtc":
        with pytest.raises(AssertionError, match="beyond_displays"):
            asyncio.run(offered())
    else:
        assert '"reason": "beyond_displays"' in world.master(surface="google").text
    assert world.master(surface="page").status == 200


@pytest.mark.parametrize("leaves", [True, False])
def test_a_display_that_opened_a_camera_ends_no_other_viewer_when_the_video_becomes_too_much_for_it(
    world: World, vendor: Vendor, leaves: bool
) -> None:
    send(vendor, sub=False)
    display = world.variant_url(world.master(surface="google"))
    page = world.variant_url(world.master(surface="page"))
    if leaves:
        world.request(f"/s/{display.split('/s/')[1].split('/')[0]}", "DELETE")
    send(vendor, sub=False, deep=True)  # the vendor ends the session, and the next has another format
    until(lambda: world.request(page).status == 410)
    assert "reason" not in world.request(page).text, "it asks for the camera again only to learn of the other format"
    again, refused = [world.request(url.rsplit("/", 2)[0] + "/master.m3u8") for url in (page, display)]
    assert (again.status, "avc1.6e" in again.text) == (200, True)
    assert refused.status == (410 if leaves else 502)
    assert leaves or '"reason": "beyond_displays"' in refused.text


def test_the_other_processes_are_answered_why(world: World, vendor: Vendor) -> None:
    send(vendor, sub=False, deep=True)

    async def offer() -> str:
        viewer = Viewer()
        try:
            return await viewer.offer()
        finally:
            await viewer.close()

    with pytest.raises(NoPicture) as caught:
        world.plane.client().answer(
            world.claims(protocol="webrtc", surface="google"), None, asyncio.run(offer()), within_s=LONG_S
        )
    assert caught.value.reason == "beyond_displays"
