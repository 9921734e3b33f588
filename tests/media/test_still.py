"""The still behind a snapshot address of Alexa: fetched many times, for ten minutes, with a token of the link."""

import asyncio
import io
import time
from fractions import Fraction
from typing import TypedDict

import av
import pytest
from av.video.frame import VideoFrame
from PIL import Image, ImageChops, ImageStat

from showcam.engine.grants import Claims
from showcam.engine.keyframe import MOST_SMALL, jpeg
from showcam.engine.sessions.fanout import Stills
from showcam.engine.source import Denied, Unit
from tests.doubles.hls_camera import Household, recording
from tests.media.conftest import World


class Headers(TypedDict, total=False):
    """The headers of a request."""

    Authorization: str


SEEN = "event-doorbell-1800000000"  # the surface of a grant
BEARER: Headers = {"Authorization": "Bearer token-1"}


@pytest.fixture
def known(household: Household) -> None:
    household.bearers.add(("link-1", "token-1"))
    household.bearers.add(("link-2", "token-2"))


def size_of(data: bytes) -> tuple[int, int]:
    with av.open(io.BytesIO(data), "r") as container:
        return container.streams.video[0].width, container.streams.video[0].height


def test_the_links_own_token_opens_it_as_often_as_it_likes(world: World, known: None) -> None:
    address = f"/s/{world.grant(protocol='still', expires=int(time.time()) + 600)}/snapshot.jpg"
    for _ in range(3):
        got = world.request(address, **BEARER)
        assert (got.status, got.headers["Content-Type"]) == (200, "image/jpeg")
        assert got.headers["Cache-Control"] == "no-store"
    assert min(size_of(got.body)) >= 360
    assert len(got.body) < 100_000
    assert len(world.household.opened) == 1


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic token-1"},
        {"Authorization": "Bearer token-2"},
        {"Authorization": "Bearer invented"},
        {"Authorization": "Bearer " + "x" * 4000},
    ],
    ids=lambda header: str(header.get("Authorization"))[:16],
)
def test_nothing_else_opens_it_and_no_camera_is_woken(world: World, known: None, header: Headers) -> None:
    got = world.request(f"/s/{world.grant(protocol='still')}/snapshot.jpg", **header)
    assert got.status == 401
    assert got.headers["WWW-Authenticate"] == "Bearer"
    assert world.household.opened == []


def test_a_token_is_no_use_where_nobody_can_be_asked_about_it(
    world: World, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(claims: Claims, bearer: str) -> bool:
        raise OSError

    monkeypatch.setattr(household, "admits", broken)
    assert world.request(f"/s/{world.grant(protocol='still')}/snapshot.jpg", **BEARER).status == 401


def test_it_is_gone_when_over_whoever_asks(world: World, known: None) -> None:
    address = f"/s/{world.grant(protocol='still', expires=int(time.time()))}/snapshot.jpg"
    tried: tuple[Headers, ...] = ({}, BEARER)
    assert [world.request(address, **headers).status for headers in tried] == [410, 410]


def test_it_opens_no_stream(world: World, known: None) -> None:
    grant = world.grant(protocol="still")
    assert world.request(f"/s/{grant}/master.m3u8", **BEARER).status == 403
    assert world.request(f"/s/{grant}/whep", "POST", b"v=0", Content_Type="application/sdp", **BEARER).status == 403


@pytest.mark.parametrize("protocol", ["still", "snapshot"])
def test_a_gate_that_closed_meanwhile_closes_it_too(
    world: World, known: None, household: Household, protocol: str
) -> None:
    address = f"/s/{world.grant(protocol=protocol)}/snapshot.jpg"
    assert world.request(address, **BEARER).status == 200
    household.denied["garden"] = Denied("encryption_on")
    got = world.request(address, **BEARER)
    assert got.status == 502
    assert "encryption_on" in got.text


def keyframe(width: int, height: int) -> bytes:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    packets = [*encoder.encode(VideoFrame(width, height, "yuv420p")), *encoder.encode(None)]
    return bytes(packets[0])


@pytest.mark.parametrize(
    ("sent", "taken"),
    [((320, 180), (640, 360)), ((640, 480), (640, 480)), ((1920, 1080), (960, 540)), ((720, 1280), (540, 960))],
)
def test_a_still_is_of_a_size_that_the_app_takes(sent: tuple[int, int], taken: tuple[int, int]) -> None:
    assert size_of(jpeg(keyframe(*sent), small=True)) == taken
    assert size_of(jpeg(keyframe(*sent))) == sent


def test_a_keyframe_is_decoded_once_for_all_who_ask_at_once() -> None:
    with av.open(io.BytesIO(recording()[0]), "r", format="mpegts") as container:
        data = next(bytes(packet) for packet in container.demux(video=0) if packet.is_keyframe)

    async def asked() -> list[bytes]:
        stills, newest = Stills(), Unit("video", data, 0, 0, key=True)
        first = asyncio.create_task(stills.of(newest, small=False))
        await asyncio.sleep(0)
        others = [stills.of(newest, small=False) for _ in range(5)]
        first.cancel()  # whoever asked first goes, and the others have it all the same
        return await asyncio.gather(*others)

    made = asyncio.run(asked())
    assert all(still is made[0] for still in made)
    assert size_of(made[0]) == (320, 180)


def test_a_still_that_the_vendor_makes_opens_nothing_and_goes_through_the_gate(
    world: World, household: Household, known: None
) -> None:
    made = io.BytesIO()
    Image.new("RGB", (1280, 720), "#336699").save(made, "JPEG")
    household.stills["garden"] = made.getvalue()
    address = f"/s/{world.grant(protocol='still')}/snapshot.jpg"
    got = [world.request(address, **BEARER) for _ in range(2)]
    assert [answer.status for answer in got] == [200, 200]
    assert size_of(got[0].body) == (960, 540)
    assert (len(household.stills_asked), household.opened) == (2, [])
    household.stills["garden"] = Denied("encryption_on")
    assert "encryption_on" in world.request(address, **BEARER).text


def test_a_camera_without_such_a_still_is_asked_for_one_once_a_minute(
    world: World, household: Household, known: None
) -> None:
    for _ in range(3):
        assert world.request(f"/s/{world.grant(protocol='still')}/snapshot.jpg", **BEARER).status == 200
    assert len(household.stills_asked) == 1


def test_a_small_still_of_much_detail_is_made_coarser_until_it_is_small_enough() -> None:
    drawn = Image.effect_noise((240, 135), 90).resize((1920, 1080), Image.Resampling.BICUBIC).convert("RGB")
    made = io.BytesIO()
    drawn.save(made, "JPEG", quality=95)
    small, whole = jpeg(made.getvalue(), small=True), jpeg(made.getvalue())
    assert (size_of(small), size_of(whole)) == ((960, 540), (1920, 1080))
    assert len(whole) > 2 * MOST_SMALL >= 2 * len(small)
    shown = Image.open(io.BytesIO(small)).convert("L").resize((240, 135))
    assert ImageStat.Stat(ImageChops.difference(shown, drawn.convert("L").resize((240, 135)))).mean[0] < 12


def test_a_still_of_an_event_is_asked_for_though_the_cameras_picture_is_open(
    world: World, known: None, household: Household
) -> None:
    made = io.BytesIO()
    Image.new("RGB", (1280, 720), (200, 30, 30)).save(made, "JPEG")
    now, event = (f"/s/{world.grant(protocol='still', surface=surface)}/snapshot.jpg" for surface in ("alexa", SEEN))
    assert world.request(now, **BEARER).status == 200
    household.stills["garden"] = made.getvalue()
    assert world.request(now, **BEARER).status == 200
    assert [claims.surface for claims in household.stills_asked] == ["alexa"]  # before the picture was open
    got = world.request(event, **BEARER)
    red, green, _ = Image.open(io.BytesIO(got.body)).convert("RGB").getpixel((100, 100))  # type: ignore[misc]
    assert (red > 150, green < 100) == (True, True)
    assert min(size_of(got.body)) == 540
    assert [claims.surface for claims in household.stills_asked] == ["alexa", SEEN]


def test_an_event_without_a_picture_gets_the_one_of_now_through_the_gate(
    world: World, known: None, household: Household
) -> None:
    address = f"/s/{world.grant(protocol='still', surface=SEEN)}/snapshot.jpg"
    assert world.request(address, **BEARER).status == 200
    assert world.request(address, **BEARER).status == 200
    household.denied["garden"] = Denied("encryption_on")
    assert world.request(address, **BEARER).status == 502
