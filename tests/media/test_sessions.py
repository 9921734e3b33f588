"""How long things last, and how many there may be."""

import asyncio
import io
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import av
import pytest

from scripts.deploy_local.emulator import free_ports
from showcam.engine.client import MediaClient
from showcam.engine.grants import Claims, Grants
from showcam.engine.messages import MediaBusy, MediaUnavailable
from showcam.engine.source import Denied, SourceSpec
from tests.doubles.hls_camera import Camera, Household, Vendor, recording
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.waiting import LONG_S
from tests.media.conftest import World

pytestmark = pytest.mark.proves(
    "Watching has no end while the gate holds, and goes on over cuts of the source",
    leans_on="second stack: FFmpeg (PyAV) and aiortc; double: the cameras",
    also=(
        "tests/soak/test_minute.py",
        "tests/soak/test_watching.py",
    ),
)


def test_an_idle_session_and_its_pull_end_and_the_place_is_given_back(
    start: Callable[..., World], household: Household, eventually: Callable[..., None]
) -> None:
    world = start(idle_s=4)
    url = world.variant_url(world.master())
    for _ in range(8):
        time.sleep(0.8)
        assert world.request(url).status == 200, "whoever asks goes on watching"
    assert household.released == []
    eventually(lambda: world.stats()["pulls"] == 0)
    assert world.stats()["sessions"] == 0
    eventually(lambda: len(household.released) == 1)
    assert world.request(url).status == 410


def test_who_waits_longer_for_a_first_segment_than_a_session_may_idle_is_shown_it(
    start: Callable[..., World], vendor: Vendor
) -> None:
    vendor.cameras["garden"] = Camera(recording(), takes_s=0.6)
    since = time.monotonic()
    assert start(idle_s=0.5).master().status == 200
    assert time.monotonic() - since > 1.5


def test_a_stream_nobody_comes_for_ends_too(
    start: Callable[..., World], household: Household, eventually: Callable[..., None]
) -> None:
    world = start(idle_s=5)
    spec = world.vendor.open("garden")
    world.plane.client().warm(world.claims(), spec)
    assert world.stats()["pulls"] == 1
    eventually(lambda: world.stats()["pulls"] == 0)
    eventually(lambda: household.released == [spec.lease])
    assert household.opened == []


def test_a_place_handed_over_for_nothing_is_given_back(
    world: World, household: Household, eventually: Callable[..., None]
) -> None:
    first, second = world.vendor.open("garden"), world.vendor.open("garden")
    client = world.plane.client()
    client.warm(world.claims(), first)
    client.warm(world.claims(), first)
    client.warm(world.claims(), second)
    eventually(lambda: household.released == [second.lease])
    assert world.master().status == 200


def test_a_warm_camera_is_there_at_once(world: World, household: Household) -> None:
    world.plane.client().warm(world.claims(), world.vendor.open("garden"))
    assert world.master().status == 200
    assert household.opened == [], "the address handed over was used"


def test_the_cap_ends_a_stream_however_busy(start: Callable[..., World]) -> None:
    world = start(stream_cap_s=6)
    url = world.variant_url(world.master())
    began = time.monotonic()
    while world.request(url).status == 200:
        assert time.monotonic() - began < LONG_S, "else it goes on for as long as somebody watches"
        time.sleep(0.1)
    assert world.request(url).status == 410


def test_while_somebody_watches_the_gate_renews_the_grant_under_the_same_address(
    start: Callable[..., World], household: Household
) -> None:
    world = start(session_s=4)
    master = world.master()
    url = world.variant_url(master)
    began = time.monotonic()
    while time.monotonic() - began < 6:
        assert world.request(url).status == 200
        time.sleep(0.1)
    household.denied["garden"] = Denied("encryption_on")
    eventually_over = time.monotonic() + LONG_S  # else it goes on for ever
    while world.request(url).status == 200:
        assert time.monotonic() < eventually_over
        time.sleep(0.1)
    over = world.request(url)
    assert (over.status, "encryption_on" in over.text) == (410, True), (
        "the reason is given also for a grant that is over by itself"
    )


def test_a_grant_that_nobody_renews_is_over(
    start: Callable[..., World], household: Household, eventually: Callable[..., None]
) -> None:
    world = start(session_s=1)
    url = world.variant_url(world.master())
    household.is_away = True
    eventually(lambda: world.request(url).status == 410)


@pytest.mark.parametrize(("later_s", "status"), [(86_400, 410), (86_400 + 130, 200)])
def test_an_ended_link_stays_refused_as_long_as_its_grants_verify(
    later_s: int, status: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.plane.client().end_link("link-1")
    now = time.time
    monkeypatch.setattr("showcam.engine.sessions.sessions.time", SimpleNamespace(time=lambda: now() + later_s))
    time.sleep(1)
    assert world.master(expires=int(now()) + later_s + 60).status == status


def test_a_battery_cameras_picture_ends_with_a_reason_and_goes_on_when_asked_again(
    world: World, household: Household, eventually: Callable[..., None]
) -> None:
    household.changes = {"lasts_s": 5}
    master = world.master()
    url = world.variant_url(master)
    eventually(lambda: world.request(url).status == 410)
    over = json.loads(world.request(url).text)
    assert (over["reason"], "battery" in over["detail"]) == ("rests", True)
    session = url.split("/s/")[1].split("/")[0]
    assert world.request(f"/s/{session}/master.m3u8").status == 200
    assert len(household.opened) == 2


@pytest.mark.parametrize("how", ["end_link", "gate", "delete"])
def test_hls_ends_when_it_must(world: World, household: Household, eventually: Callable[..., None], how: str) -> None:
    grant = world.grant()
    master = world.request(f"/s/{grant}/master.m3u8")
    url = world.variant_url(master)
    segment = url.replace("index.m3u8", "0.ts")
    assert world.request(segment).status == 200
    if how == "end_link":
        world.plane.client().end_link("link-1")
    elif how == "gate":
        household.denied["garden"] = Denied("encryption_on")
    else:
        world.request(f"/s/{url.split('/s/')[1].split('/')[0]}", "DELETE")
    eventually(lambda: world.request(url).status == 410)
    assert world.request(segment).status == 410
    assert world.request(f"/s/{grant}/master.m3u8").status == 410, "nor may it be started again"
    if how == "gate":
        assert "encryption_on" in world.request(url).text
        assert world.stats()["pulls"] == 0
    if how == "end_link":
        assert world.request(f"/s/{world.grant()}/master.m3u8").status == 410, "nor by another grant of that link"
        assert world.master(link="link-2").status == 200


@pytest.mark.parametrize(("unasked_s", "goes_on"), [(60.0, True), (0.5, False)])
def test_without_anybody_to_ask_a_stream_goes_on_for_a_while(
    start: Callable[..., World], household: Household, eventually: Callable[..., None], unasked_s: float, goes_on: bool
) -> None:
    world = start(unasked_s=unasked_s)
    url = world.variant_url(world.master())
    household.is_away = True
    asked = len(household.checked)
    if goes_on:
        eventually(lambda: len(household.checked) > asked + 3)
        assert world.request(url).status == 200
    else:
        eventually(lambda: world.request(url).status == 410)


def test_ending_one_link_leaves_the_others(world: World) -> None:
    one, two = world.variant_url(world.master()), world.variant_url(world.master(link="link-2"))
    world.plane.client().end_link("link-1")
    assert world.request(one).status == 410
    assert world.request(two).status == 200


@pytest.mark.parametrize("leaves", [True, False])
def test_a_shut_gate_of_one_viewer_ends_no_other_when_the_source_is_opened_again(
    start: Callable[..., World],
    vendor: Vendor,
    household: Household,
    eventually: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    leaves: bool,
) -> None:
    world = start(gate_check_s=LONG_S)  # the gate is asked at the opening, before it is asked about live viewers
    stays, shut = world.variant_url(world.master()), world.variant_url(world.master(link="link-2", surface="google"))
    opened = household.open

    async def by_link(claims: Claims) -> SourceSpec | Denied:
        return Denied("audio_off") if claims.link == "link-2" else await opened(claims)

    monkeypatch.setattr(household, "open", by_link)
    if leaves:
        world.request(f"/s/{shut.split('/s/')[1].split('/')[0]}", "DELETE")
    vendor.cameras["garden"].cut()
    eventually(lambda: len(household.opened) > 1)
    last = world.request(stays)
    assert last.status == 200
    eventually(lambda: world.request(stays).text != last.text)
    assert world.request(stays).status == 200
    over = world.request(shut)
    assert (over.status, json.loads(over.body).get("reason")) == (410, None if leaves else "audio_off")


def test_a_viewer_with_a_shut_gate_who_came_first_is_answered_why_and_the_next_is_shown_the_camera(
    start: Callable[..., World], household: Household, eventually: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, opened, asked, both = start(gate_check_s=LONG_S), household.open, threading.Event(), threading.Event()

    async def by_link(claims: Claims) -> SourceSpec | Denied:
        asked.set()
        while not both.is_set():
            await asyncio.sleep(0.01)
        return Denied("audio_off") if claims.link == "link-2" else await opened(claims)

    monkeypatch.setattr(household, "open", by_link)
    with ThreadPoolExecutor() as viewers:
        first = viewers.submit(world.master, link="link-2", surface="google")
        assert asked.wait(LONG_S)
        second = viewers.submit(world.master)
        eventually(lambda: world.stats()["sessions"] == 2)
        both.set()
        assert (first.result().status, json.loads(first.result().body)["reason"]) == (502, "audio_off")
        assert second.result().status == 200
    assert world.stats()["sessions"] == 1


def test_each_viewer_learns_the_own_reason_when_no_gate_is_open(
    start: Callable[..., World],
    vendor: Vendor,
    household: Household,
    eventually: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = start(gate_check_s=LONG_S)
    reasons = {"link-1": "encryption_on", "link-2": "audio_off"}
    urls = {link: world.variant_url(world.master(link=link)) for link in reasons}

    async def shut(claims: Claims) -> SourceSpec | Denied:
        return Denied(reasons[claims.link])

    monkeypatch.setattr(household, "open", shut)
    vendor.cameras["garden"].cut()
    for link, reason in reasons.items():
        eventually(lambda link=link: world.request(urls[link]).status == 410)
        assert json.loads(world.request(urls[link]).body)["reason"] == reason
    eventually(lambda: world.stats()["pulls"] == 0)


def test_too_many_streams_are_asked_to_wait(start: Callable[..., World], vendor: Vendor) -> None:
    vendor.cameras |= {name: Camera(recording()) for name in ("yard", "shed")}
    world = start(live_per_account=2, live_per_process=3)
    assert [world.master(c).status for c in ("garden", "yard", "shed")] == [200, 200, 429]
    refused = world.master("shed")
    assert int(refused.headers["Retry-After"]) > 0
    assert "busy" in refused.text
    assert world.master(account="second").status == 200
    assert world.master(account="third").status == 429
    with pytest.raises(MediaBusy):
        world.plane.client().answer(world.claims("shed", protocol="webrtc"), None, "v=0")


def test_an_idle_pull_makes_room_for_another(
    start: Callable[..., World], vendor: Vendor, eventually: Callable[..., None]
) -> None:
    vendor.cameras |= {name: Camera(recording()) for name in ("one", "two", "three")}
    world = start(live_per_account=2)
    for name in ("one", "two"):
        assert world.request(f"/s/{world.grant(name, 'snapshot')}/snapshot.jpg").status == 200
    world.plane.client().warm(world.claims("three"), vendor.open("three"))
    assert world.stats()["pulls"] == 2
    assert world.master("three").status == 200


def test_still_pictures(world: World, household: Household) -> None:
    grant = world.grant(protocol="snapshot", expires=int(time.time()) + 600)
    first = world.request(f"/s/{grant}/snapshot.jpg")
    assert first.status == 200
    assert first.headers["Content-Type"] == "image/jpeg"
    assert first.headers["Cache-Control"] == "no-store"
    assert _size(first.body) == (320, 180)
    assert world.request(f"/s/{grant}/snapshot.jpg").status == 200, "many reads"
    assert len(household.opened) == 1
    household.denied["shed"] = Denied("asleep")
    shed = world.request(f"/s/{world.grant('shed', 'snapshot')}/snapshot.jpg")
    assert (shed.status, "asleep" in shed.text) == (502, True)


def test_a_still_picture_is_of_now(world: World, eventually: Callable[..., None]) -> None:
    def level() -> int:
        body = world.request(f"/s/{world.grant(protocol='snapshot')}/snapshot.jpg").body
        with av.open(io.BytesIO(body), "r", format="jpeg_pipe") as container:
            return bytes(next(container.decode(video=0)).planes[0])[0]

    first = level()
    eventually(lambda: level() != first)


def _size(jpeg: bytes) -> tuple[int, int]:
    at = jpeg.index(b"\xff\xc0")
    return int.from_bytes(jpeg[at + 7 : at + 9]), int.from_bytes(jpeg[at + 5 : at + 7])


def test_the_client_outlives_a_restart_of_the_process(household: Household, grants: Grants) -> None:
    # not one that the system chooses: it gives that to somebody else while nobody listens there
    settings = replace(SETTINGS, port=free_ports())
    with PlaneThread(grants, household, settings) as first:
        client = MediaClient(first.url, grants.proof(), LONG_S)
        assert client.live("home") == 0
    with pytest.raises(MediaUnavailable):
        client.live("home")
    with PlaneThread(grants, household, settings):
        assert client.live("home") == 0
        client.close()
