"""A place for whoever is handed an address: refused when there is none, kept until that lapses, given to the next."""

import asyncio
import itertools
import time
from collections.abc import Callable
from contextlib import nullcontext

import pytest

from media.errors import MediaBusy, MediaFull
from media.grants import Claims
from tests.doubles.hls_camera import Camera, Household, Vendor, recording
from tests.doubles.rtc_viewer import Viewer
from tests.media.conftest import World

links = (f"asker-{number}" for number in itertools.count())


def ask(world: World, camera: str = "garden", protocol: str = "hls", **changes: str | int) -> Claims:
    """Asks for an address as the web process does, by default for a new link; answers the claims of its grant."""
    claims = world.claims(camera, protocol, **({"link": next(links)} | changes))
    world.plane.client().warm(claims, world.vendor.open(camera))
    return claims


def fetch(world: World, claims: Claims) -> int:
    return world.request(f"/s/{world.grants.sign(claims)}/master.m3u8").status


@pytest.mark.parametrize("protocol", ["hls", "webrtc"])
def test_a_full_house_is_answered_when_the_address_is_asked_for(two: World, protocol: str) -> None:
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
    assert [fetch(two, claims) for claims in handed] == [200, 200]
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
    assert [fetch(two, claims) for claims in ask_again] == [429, 200], "all three places of this process are taken"


def test_two_displays_that_ask_at_once_use_up_two_openings(start: Callable[..., World]) -> None:
    world = start(opens_per_minute=2)
    both = [ask(world, link="link-1") for _ in range(2)]
    assert [fetch(world, claims) for claims in both] == [200, 200]


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
    """Such a page opens all its cameras, and is opened again soon."""
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
    assert [fetch(two, claims) for claims in handed] == [200, 200]
    assert household.opened == [], "both were still being pulled"


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
