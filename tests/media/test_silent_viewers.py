"""A viewer who dies or falls silent gives its place back, and one who comes again finds one."""

import asyncio
import time
from collections.abc import Callable

import pytest

from showcam.engine.messages import MediaBusy
from showcam.engine.outputs.ice import DEAD_S
from showcam.engine.source import Denied
from tests.doubles.hls_camera import FPS, Camera, Household, Vendor, recording
from tests.doubles.rtc_viewer import Viewer
from tests.media.conftest import World
from tests.media.test_places import ask, fetch

pytestmark = pytest.mark.proves(
    "A viewer that died gives its place back within five seconds", leans_on="second stack: aiortc"
)


@pytest.mark.parametrize("how", ["delete", "end_link", "gate", "silence"])
def test_when_an_hls_viewer_leaves_the_next_ask_gets_the_place(
    two: World, household: Household, eventually: Callable[..., None], how: str
) -> None:
    leaving, staying = (
        two.variant_url(two.request(f"/s/{two.grants.sign(ask(two, camera, link=link))}/master.m3u8"))
        for camera, link in (("garden", "link-1"), ("yard", "link-2"))
    )
    assert two.request(leaving).status == 200  # on a busy machine the other one's first picture takes seconds
    with pytest.raises(MediaBusy):
        ask(two, "shed", link="link-3")
    if how == "delete":
        assert two.request(f"/s/{leaving.split('/s/')[1].split('/')[0]}", "DELETE").status == 200
    elif how == "end_link":
        two.plane.client().end_link("link-1")
    elif how == "gate":
        household.denied["garden"] = Denied("encryption_on")
        eventually(lambda: two.request(leaving).status == 410)
    else:  # it asks no more, as a player that was closed
        eventually(lambda: two.request(staying).status == 200 and two.stats()["live"] == 1)
    assert two.request(staying).status == 200
    assert fetch(two, ask(two, "shed", link="link-3")) == 200


def long_segments(start: Callable[..., World], vendor: Vendor, **limits: int) -> World:
    """Of six seconds each, so that a player asks for a list once in six seconds."""
    vendor.cameras["garden"] = Camera(recording(gop_s=6))
    vendor.cameras["yard"] = Camera(recording())
    return start(transcodes=0, **limits)


def watched(world: World, camera: str, **changes: str) -> str:
    """The address of a list that somebody has fetched once."""
    url = world.variant_url(world.request(f"/s/{world.grants.sign(ask(world, camera, **changes))}/master.m3u8"))
    assert world.request(url).status == 200
    return url


def test_an_hls_viewer_that_dies_gives_its_place_back_within_five_seconds_however_long_segments_are(
    start: Callable[..., World], vendor: Vendor, eventually: Callable[..., None]
) -> None:
    world = long_segments(start, vendor, live_per_account=1)
    assert "TARGETDURATION:6" in world.request(watched(world, "garden")).text
    died = time.monotonic()
    with pytest.raises(MediaBusy):
        ask(world, "yard")
    eventually(lambda: world.stats()["live"] == 0, 17)  # by the length of segments it would take longer
    assert time.monotonic() - died > 4, "a moment without a word is no death"
    assert fetch(world, ask(world, "yard")) == 200


@pytest.mark.parametrize(
    ("camera", "limit", "expected"),
    [
        ("", 1, 200),  # nobody wanted the place
        ("garden", 1, 200),  # somebody else watches the same camera
        ("yard", 2, 200),  # another place is free
        ("yard", 1, 429),  # somebody watches another camera in its place
    ],
)
def test_a_viewer_that_was_silent_comes_back_where_there_is_a_place(
    start: Callable[..., World], vendor: Vendor, eventually: Callable[..., None], camera: str, limit: int, expected: int
) -> None:
    world = long_segments(start, vendor, live_per_account=limit)
    url = watched(world, "garden", link="slow")
    eventually(lambda: world.stats()["live"] == 0)
    if camera:
        watched(world, camera)
    assert world.request(url).status == expected


def test_a_viewer_whose_picture_made_room_sees_it_again_under_its_address(
    start: Callable[..., World], vendor: Vendor, eventually: Callable[..., None]
) -> None:
    world = long_segments(start, vendor, live_per_account=1)
    url = watched(world, "garden", link="slow")
    eventually(lambda: world.stats()["live"] == 0)
    taken = watched(world, "yard")
    assert world.request(url).status == 429
    assert world.request(f"/s/{taken.split('/s/')[1].split('/')[0]}", "DELETE").status == 200
    eventually(lambda: world.request(url).status == 200)
    assert world.stats()["live"] == 1


@pytest.mark.usefixtures("on_loopback")
def test_a_machine_that_stands_still_takes_no_display_for_dead(two: World) -> None:
    async def scene() -> None:
        client, viewer, claims = two.plane.client(), Viewer(), ask(two, protocol="webrtc")
        answer = await asyncio.to_thread(client.answer, claims, None, await viewer.offer(), replaces=claims.nonce)
        await viewer.accept(answer.sdp)
        await viewer.until(lambda: viewer.pictures)
        two.plane.stall(DEAD_S + 1)
        time.sleep(DEAD_S + 1)  # the display stands still too
        seen = len(viewer.pictures)
        await viewer.until(lambda: len(viewer.pictures) > seen + 4 * FPS)
        await viewer.close()

    asyncio.run(scene())


@pytest.mark.usefixtures("on_loopback")
def test_a_display_that_dies_gives_its_place_back_within_five_seconds(
    two: World, eventually: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = ask(two, protocol="webrtc")
    ask(two, "yard")

    async def scene() -> None:
        client, viewer = two.plane.client(), Viewer()
        answer = await asyncio.to_thread(client.answer, claims, None, await viewer.offer(), replaces=claims.nonce)
        await viewer.accept(answer.sdp)
        await viewer.until(lambda: viewer.pictures)
        await asyncio.sleep(6)
        assert (await asyncio.to_thread(two.stats))["live"] == 1, "it is alive"
        pull_the_plug(viewer, monkeypatch)
        died = time.monotonic()
        # DEAD_S, which is less than five; the rest is for a busy machine, and aioice itself would wait for thirty
        await asyncio.to_thread(eventually, lambda: two.stats()["live"] == 0, 20)
        assert time.monotonic() - died > 2, "a moment without a word is no death"
        await viewer.close()

    asyncio.run(scene())
    assert fetch(two, ask(two, "shed")) == 200


def pull_the_plug(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes and nothing goes any more, and no socket is closed."""
    for transceiver in viewer.connection.getTransceivers():
        for protocol in transceiver.sender.transport.transport._connection._protocols:
            monkeypatch.setattr(protocol.transport, "sendto", lambda *_: None)
            monkeypatch.setattr(protocol, "datagram_received", lambda *_: None)
