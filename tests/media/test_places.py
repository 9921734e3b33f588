"""How many cameras are pulled at once: by a household's limit and a process's, or by the load that was measured.

Whoever joins a picture that flows takes nothing, and a camera whose address was handed out does not give way.
"""

import asyncio
import itertools
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from showcam.engine.grants import Claims
from showcam.engine.messages import MediaBusy, MediaFull
from showcam.engine.sessions.pulls import FEW, Load
from showcam.engine.sessions.transcodes import OVER_S
from tests.doubles.hls_camera import Camera, Household, Vendor, recording
from tests.doubles.rtc_viewer import Viewer
from tests.media.conftest import World

pytestmark = [
    pytest.mark.proves(
        "Joining a video that flows takes no place and no opening, and in one house the measured load is the limit",
        leans_on="double: the cameras and the load's clock",
        also=("tests/registry/test_streams.py",),
    ),
]

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
    for camera in ("garden", "yard"):
        ask(two, camera, protocol)
    with pytest.raises(MediaBusy) as household:
        ask(two, "shed", protocol)
    ask(two, "shed", protocol, account="neighbours")
    with pytest.raises(MediaFull):
        ask(two, "shed", protocol, account="others")
    assert type(household.value) is MediaBusy, "another process has no room for it either"


def test_joining_a_picture_that_flows_takes_no_place(two: World) -> None:
    assert [fetch(two, ask(two, camera)) for camera in ("garden", "yard")] == [200, 200]
    joined = [fetch(two, ask(two, camera)) for _ in range(20) for camera in ("garden", "yard")]
    assert joined == [200] * 40
    assert (two.stats()["live"], two.stats()["pulls"]) == (42, 2)
    with pytest.raises(MediaBusy):
        ask(two, "shed")


def test_whoever_joins_needs_no_address_of_the_vendors(two: World, household: Household) -> None:
    ask(two)
    before = len(household.opened)
    claims = two.claims(link="another")
    two.plane.client().warm(claims, None)
    assert fetch(two, claims) == 200
    assert (len(household.opened), two.stats()["pulls"]) == (before, 1)


def test_the_media_process_says_which_pictures_flow(two: World) -> None:
    client = two.plane.client()
    assert client.flows("home", "garden") == ()
    ask(two)
    ask(two, picture="sub")
    assert client.flows("home", "garden") == ("main", "sub")
    assert (client.flows("home", "yard"), client.flows("neighbours", "garden")) == ((), ())


def test_whoever_was_handed_an_address_finds_the_place_kept(two: World) -> None:
    handed = [ask(two, camera) for camera in ("garden", "yard")]
    with pytest.raises(MediaBusy):
        ask(two, "shed")
    assert [fetch(two, claims) for claims in handed] == [200, 200]
    assert two.stats()["live"] == 2
    with pytest.raises(MediaBusy):
        ask(two, "shed")


def test_an_address_nobody_fetches_gives_its_camera_up_when_it_lapses(
    two: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time
    lapses = int(now()) + 600
    for camera in ("garden", "yard"):
        ask(two, camera, expires=lapses)
    with pytest.raises(MediaBusy):
        ask(two, "shed")
    later = SimpleNamespace(time=lambda: now() + 600)
    monkeypatch.setattr("showcam.engine.sessions.pulls.time", later)
    assert fetch(two, ask(two, "shed", expires=lapses + 600)) == 200


def test_a_camera_somebody_is_coming_for_does_not_give_way(two: World, household: Household) -> None:
    handed = [ask(two, camera) for camera in ("garden", "yard")]
    still = two.request(f"/s/{two.grant('shed', 'snapshot')}/snapshot.jpg")
    assert still.status == 429
    assert [fetch(two, claims) for claims in handed] == [200, 200]
    assert household.opened == [], "both were still being pulled"


def test_an_address_that_was_ended_opens_nothing_and_another_of_the_same_link_does(two: World) -> None:
    first, second = (ask(two, link="link-1") for _ in range(2))
    two.plane.client().end_session("link-1", first.nonce)
    assert [fetch(two, first), fetch(two, second)] == [410, 200]


@pytest.mark.usefixtures("on_loopback")
def test_an_offer_finds_the_place_kept_and_leaves_it_when_its_viewer_goes(
    two: World, eventually: Callable[..., None]
) -> None:
    handed = [ask(two, camera, "webrtc") for camera in ("garden", "yard")]

    async def scene() -> None:
        client, viewers = two.plane.client(), [Viewer(), Viewer()]
        for claims, viewer in zip(handed, viewers, strict=True):
            answer = await asyncio.to_thread(client.answer, claims, None, await viewer.offer(), replaces=claims.nonce)
            await viewer.accept(answer.sdp)
            await viewer.until(lambda viewer=viewer: viewer.pictures)
        with pytest.raises(MediaBusy):
            await asyncio.to_thread(ask, two, "shed", "webrtc")
        for viewer in viewers:
            await viewer.close()

    asyncio.run(scene())
    eventually(lambda: two.stats()["live"] == 0)
    assert fetch(two, ask(two, "shed")) == 200


@pytest.mark.parametrize("link", ["link-1", "another"])
def test_only_its_own_link_ends_an_address_before_anybody_came(two: World, link: str) -> None:
    claims = ask(two, link="link-1")
    ask(two, "yard")
    two.plane.client().end_session(link, claims.nonce)
    if link == "link-1":
        assert fetch(two, claims) == 410
        assert fetch(two, ask(two, "shed")) == 200, "the camera gave way"
    else:
        assert fetch(two, claims) == 200


def test_an_ended_link_keeps_no_place(two: World) -> None:
    for camera in ("garden", "yard"):
        ask(two, camera, link="link-1")
    two.plane.client().end_link("link-1")
    assert fetch(two, ask(two, "shed", link="link-2")) == 200


# one house: no number, but what the machine carries


def test_at_home_a_household_watches_more_cameras_than_four(start: Callable[..., World], vendor: Vendor) -> None:
    cameras = [f"camera-{number}" for number in range(6)]
    vendor.cameras |= {name: Camera(recording()) for name in cameras}
    world = start()
    assert [fetch(world, ask(world, camera)) for camera in cameras] == [200] * 6


def test_a_machine_that_has_no_time_left_takes_no_further_camera_and_whoever_joins_is_shown_it(
    start: Callable[..., World], vendor: Vendor
) -> None:
    cameras = [f"camera-{number}" for number in range(FEW + 1)]
    vendor.cameras |= {name: Camera(recording()) for name in cameras}
    world = start(full_load=0.0)  # any work at all is too much
    assert [fetch(world, ask(world, camera)) for camera in cameras[:FEW]] == [200] * FEW
    with pytest.raises(MediaFull):
        ask(world, cameras[FEW])
    assert fetch(world, ask(world, cameras[0])) == 200


@pytest.mark.parametrize(("used", "admitted"), [(0.0, True), (0.8, True), (0.9, False)])
def test_the_load_is_what_the_loop_took_over_ten_seconds(used: float, admitted: bool) -> None:
    now = [0.0]
    load = Load(0.85, cpu=lambda: now[0] * used, clock=lambda: now[0])
    for _ in range(40):
        now[0] += 0.5
        load.sample()
    assert load.part == pytest.approx(used)
    assert (load.admits(FEW), load.admits(FEW - 1)) == (admitted, True)


def test_a_busy_second_is_no_load_and_a_load_is_over_after_ten_seconds() -> None:
    now, cpu = [0.0], [0.0]
    load = Load(0.85, cpu=lambda: cpu[0], clock=lambda: now[0])

    def pass_by(seconds: float, used: float) -> None:
        for _ in range(int(seconds / 0.5)):
            now[0] += 0.5
            cpu[0] += 0.5 * used
            load.sample()

    pass_by(OVER_S, 0.1)
    pass_by(2, 1.0)
    assert load.admits(FEW)
    pass_by(OVER_S, 1.0)
    assert not load.admits(FEW)
    pass_by(OVER_S, 0.1)
    assert load.admits(FEW)


def test_one_household_has_no_more_viewers_than_it_may(start: Callable[..., World]) -> None:
    world = start(sessions_of_one=3)
    assert [fetch(world, ask(world)) for _ in range(4)] == [200, 200, 200, 429]
    assert fetch(world, ask(world, account="neighbours")) == 200
