"""A place for whoever is handed an address: told when there is none, kept until that lapses, given to the next."""

import asyncio
import itertools
import time
from collections.abc import Callable
from contextlib import nullcontext

import pytest

from media.errors import MediaBusy, MediaFull
from media.grants import Claims
from media.plane.outputs.ice import DEAD_S
from media.source import Denied
from tests.doubles.hls_camera import FPS, HEIGHT, WIDTH, Camera, Household, Vendor, recording
from tests.doubles.rtc_viewer import Viewer
from tests.media.conftest import World


@pytest.fixture
def two(start: Callable[..., World], vendor: Vendor) -> World:
    """A household may watch two, all together three."""
    vendor.cameras |= {name: Camera(recording()) for name in ("yard", "shed")}
    return start(live_per_account=2, live_per_process=3)


links = (f"asker-{number}" for number in itertools.count())


def ask(world: World, camera: str = "garden", protocol: str = "hls", **changes: str | int) -> Claims:
    """As the web process does for an address, by default for a link of its own; the claims of its grant."""
    claims = world.claims(camera, protocol, **({"link": next(links)} | changes))
    world.plane.client().warm(claims, world.vendor.open(camera))
    return claims


def fetch(world: World, claims: Claims) -> int:
    return world.request(f"/s/{world.grants.sign(claims)}/master.m3u8").status


@pytest.mark.parametrize("protocol", ["hls", "webrtc"])
def test_a_full_house_is_told_when_the_address_is_asked_for(two: World, protocol: str) -> None:
    for _ in range(2):
        ask(two, protocol=protocol)
    with pytest.raises(MediaBusy) as household:
        ask(two, protocol=protocol)
    ask(two, protocol=protocol, account="neighbours")
    with pytest.raises(MediaFull):
        ask(two, protocol=protocol, account="others")
    assert type(household.value) is MediaBusy, "another process has no room for it either"


def test_whoever_was_handed_an_address_finds_the_place_kept(two: World) -> None:
    handed = [ask(two, camera) for camera in ("garden", "yard")]
    with pytest.raises(MediaBusy):
        ask(two, "shed")
    assert [fetch(two, each) for each in handed] == [200, 200]
    assert two.stats()["live"] == 2
    with pytest.raises(MediaBusy):
        ask(two)


def test_an_address_asked_for_twice_takes_one_place(two: World) -> None:
    claims = ask(two)
    for _ in range(3):
        two.plane.client().warm(claims, two.vendor.open("garden"))
    assert fetch(two, ask(two)) == 200
    assert fetch(two, claims) == 200


# a link that only asks


def test_who_only_asks_holds_one_place_for_each_camera_and_protocol(two: World) -> None:
    for _ in range(4):
        ask(two, link="link-1")
    handed = ask(two, link="link-2")
    with pytest.raises(MediaBusy):
        ask(two, link="link-3")
    assert fetch(two, handed) == 200


@pytest.mark.parametrize("other", [{"camera": "yard"}, {"protocol": "webrtc"}, {"link": "link-2"}], ids=str)
def test_what_another_asks_for_or_of_another_camera_or_protocol_has_a_place_of_its_own(
    two: World, other: dict[str, str]
) -> None:
    ask(two, **({"link": "link-1"} | other))
    ask(two, link="link-1")
    with pytest.raises(MediaBusy):
        ask(two, link="link-3")


def test_a_place_that_somebody_came_for_is_not_taken_over(two: World) -> None:
    assert fetch(two, ask(two, link="link-1")) == 200
    handed = ask(two, link="link-1")
    with pytest.raises(MediaBusy):
        ask(two, link="link-3")
    assert fetch(two, handed) == 200
    assert two.stats()["live"] == 2


def test_the_address_before_still_opens_where_there_is_room(two: World) -> None:
    first, second = (ask(two, link="link-1") for _ in range(2))
    assert [fetch(two, first), fetch(two, second)] == [200, 200]
    ask_again = [ask(two, link="link-1", account="neighbours") for _ in range(2)]
    assert [fetch(two, each) for each in ask_again] == [429, 200], "all three places of this process are taken"


def test_two_displays_that_ask_at_once_use_up_two_openings(start: Callable[..., World]) -> None:
    world = start(opens_per_minute=2)
    both = [ask(world, link="link-1") for _ in range(2)]
    assert [fetch(world, each) for each in both] == [200, 200]


def test_to_ask_again_is_an_opening_of_its_own(start: Callable[..., World]) -> None:
    world = start(opens_per_minute=2)
    for _ in range(2):
        ask(world, link="link-1")
    with pytest.raises(MediaBusy):
        ask(world, link="link-1")


@pytest.mark.parametrize(("surface", "opened"), [("alexa", False), ("page", True)])
def test_an_owners_page_counts_the_openings_of_each_camera_by_itself(
    start: Callable[..., World], vendor: Vendor, surface: str, opened: bool
) -> None:
    """It opens all its cameras, and is opened again soon."""
    vendor.cameras["yard"] = Camera(recording())
    world = start(opens_per_minute=2)
    for _ in range(2):
        ask(world, link="link-1", surface=surface)
    with pytest.raises(MediaBusy):
        ask(world, link="link-1", surface=surface)
    with nullcontext() if opened else pytest.raises(MediaBusy):
        ask(world, "yard", link="link-1", surface=surface)


def test_an_address_that_gave_its_place_up_is_ended_like_any_other(two: World) -> None:
    first, second = (ask(two, link="link-1") for _ in range(2))
    two.plane.client().end_session("link-1", first.nonce)
    assert [fetch(two, first), fetch(two, second)] == [410, 200]


def test_an_address_nobody_fetches_gives_its_place_back_when_it_lapses(two: World) -> None:
    soon = int(time.time()) + 2
    for _ in range(2):
        ask(two, expires=soon)
    with pytest.raises(MediaBusy):
        ask(two)
    time.sleep(soon - time.time() + 0.05)
    assert fetch(two, ask(two)) == 200


def test_a_camera_somebody_is_coming_for_does_not_give_way(two: World, household: Household) -> None:
    handed = [ask(two, camera) for camera in ("garden", "yard")]
    still = two.request(f"/s/{two.grant('shed', 'snapshot')}/snapshot.jpg")
    assert still.status == 429
    assert [fetch(two, each) for each in handed] == [200, 200]
    assert household.opened == [], "both were still being pulled"


@pytest.mark.parametrize("how", ["delete", "end_link", "gate", "silence"])
def test_when_an_hls_viewer_leaves_the_next_ask_gets_the_place(
    two: World, household: Household, eventually: Callable[..., None], how: str
) -> None:
    leaving, staying = (
        two.variant_url(two.request(f"/s/{two.grants.sign(ask(two, camera, link=link))}/master.m3u8"))
        for camera, link in (("garden", "link-1"), ("yard", "link-2"))
    )
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
    eventually(lambda: world.stats()["live"] == 0, 12)  # by the length of segments it would take longer
    assert time.monotonic() - died > 4, "a moment without a word is no death"
    assert fetch(world, ask(world, "yard")) == 200


@pytest.mark.parametrize(
    ("camera", "limit", "expected"),
    [
        ("", 1, 200),  # nobody wanted the place
        ("garden", 2, 200),  # another place is free
        ("garden", 1, 429),  # somebody else has the place
        ("yard", 2, 200),
        ("yard", 1, 429),  # and its pull is gone too
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
def test_an_offer_finds_the_place_kept_and_leaves_it_when_its_viewer_goes(
    two: World, eventually: Callable[..., None]
) -> None:
    handed = [ask(two, protocol="webrtc") for _ in range(2)]

    async def scene() -> None:
        client, viewers = two.plane.client(), [Viewer(), Viewer()]
        for claims, viewer in zip(handed, viewers, strict=True):
            answer = await asyncio.to_thread(client.answer, claims, None, await viewer.offer(), replaces=claims.nonce)
            await viewer.accept(answer.sdp)
            await viewer.until(lambda viewer=viewer: viewer.pictures)
        with pytest.raises(MediaBusy):
            await asyncio.to_thread(ask, two, protocol="webrtc")
        for viewer in viewers:
            await viewer.close()

    asyncio.run(scene())
    eventually(lambda: two.stats()["live"] == 0)
    assert fetch(two, ask(two)) == 200


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
    ask(two)

    async def scene() -> None:
        client, viewer = two.plane.client(), Viewer()
        answer = await asyncio.to_thread(client.answer, claims, None, await viewer.offer(), replaces=claims.nonce)
        await viewer.accept(answer.sdp)
        await viewer.until(lambda: viewer.pictures)
        await asyncio.sleep(6)
        assert await asyncio.to_thread(two.stats) | {"live": 1} == await asyncio.to_thread(two.stats), "it is alive"
        pull_the_plug(viewer, monkeypatch)
        died = time.monotonic()
        # DEAD_S, which is less than five; the rest is for a busy machine
        await asyncio.to_thread(eventually, lambda: two.stats()["live"] == 0, 8)
        assert time.monotonic() - died > 2, "a moment without a word is no death"
        await viewer.close()

    asyncio.run(scene())
    assert fetch(two, ask(two)) == 200


def pull_the_plug(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes and nothing goes any more, and no socket is closed."""
    for transceiver in viewer.connection.getTransceivers():
        for protocol in transceiver.sender.transport.transport._connection._protocols:
            monkeypatch.setattr(protocol.transport, "sendto", lambda *_: None)
            monkeypatch.setattr(protocol, "datagram_received", lambda *_: None)


@pytest.mark.parametrize("link", ["link-1", "another"])
def test_an_address_that_is_ended_before_anybody_came_opens_nothing_and_frees_its_place(two: World, link: str) -> None:
    claims = ask(two, link="link-1")
    ask(two)
    two.plane.client().end_session(link, claims.nonce)
    if link == "link-1":
        assert fetch(two, claims) == 410
        assert fetch(two, ask(two)) == 200
    else:
        assert fetch(two, claims) == 200


def test_an_ended_link_keeps_no_place(two: World) -> None:
    for camera in ("garden", "yard"):
        ask(two, camera, link="link-1")
    two.plane.client().end_link("link-1")
    assert fetch(two, ask(two, link="link-2")) == 200


def test_a_card_is_no_opening_of_the_camera(start: Callable[..., World], vendor: Vendor) -> None:
    world = start(opens_per_minute=2, card_s=0.1)
    for number in range(3):
        claims = world.claims("garden", explains=True, link="link-1", nonce=f"card-{number}")
        spec = vendor.open("garden", kind="card", card=("Garden", "Image Encryption is on."), release="")
        if number == 2:
            with pytest.raises(MediaBusy):
                world.plane.client().warm(claims, spec)
        else:
            world.plane.client().warm(claims, spec)
    for _ in range(2):
        ask(world, link="link-1")
    with pytest.raises(MediaBusy):
        ask(world, link="link-1")


# a look: opened for nobody, to be told what it is like


def test_a_look_tells_the_size_takes_no_place_and_leaves_at_once(
    two: World, household: Household, eventually: Callable[..., None]
) -> None:
    ask(two, "yard")
    spec = two.vendor.open("garden")
    two.plane.client().warm(two.claims("garden", "snapshot"), spec)
    eventually(lambda: ("garden", "main", WIDTH, HEIGHT) in household.learned)
    eventually(lambda: household.released == [spec.release])
    assert two.stats()["pulls"] == 1, "the one that somebody is coming for"
    assert fetch(two, ask(two, "shed")) == 200


def test_a_look_at_what_is_watched_leaves_it_to_its_viewer(
    two: World, household: Household, eventually: Callable[..., None]
) -> None:
    watched, spec = two.variant_url(two.master()), two.vendor.open("garden")
    two.plane.client().warm(two.claims("garden", "snapshot"), spec)
    eventually(lambda: household.released == [spec.release])
    time.sleep(1)
    assert two.request(watched).status == 200
    assert two.stats()["pulls"] == 1


def test_a_viewer_who_comes_while_it_is_looked_at_keeps_the_pull(
    two: World, household: Household, vendor: Vendor
) -> None:
    vendor.cameras["garden"].takes_s = 0.3
    two.plane.client().warm(two.claims("garden", "snapshot"), two.vendor.open("garden"))
    claims = two.claims("garden")
    two.plane.client().warm(claims, two.vendor.open("garden"))
    assert fetch(two, claims) == 200
    time.sleep(0.5)
    assert fetch(two, claims) == 200
    assert household.opened == [], "nobody had to be asked for another address"


def test_a_look_displaces_nobody(two: World) -> None:
    for camera in ("garden", "yard"):
        ask(two, camera)
    with pytest.raises(MediaBusy):
        two.plane.client().warm(two.claims("shed", "snapshot"), two.vendor.open("shed"))
