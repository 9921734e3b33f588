"""A reason written into a picture: what a display gets in place of a camera that can't be shown."""

import asyncio
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import av
import pytest

from showcam.engine.source import Card, Denied, SourceSpec
from showcam.engine.sources import card
from tests.doubles.hls_camera import Household
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.waiting import LONG_S
from tests.media.conftest import World

LINES = ("Garage", "Image Encryption is on for Garage. Switch it off.", "showcam · cam.example")
SPEC = Card(card=LINES)


pytestmark = pytest.mark.usefixtures("on_loopback")


def begin(world: World, spec: SourceSpec = SPEC, **changes: Any) -> str:
    """The grant of a card that is warm."""
    claims = world.claims("garage", explains=True, **changes)
    world.plane.client().warm(claims, spec)
    return world.grants.sign(claims)


def frames(url: str, count: int) -> list[av.VideoFrame]:
    with av.open(url, timeout=LONG_S) as container:
        return [frame for _, frame in zip(range(count), container.decode(video=0), strict=False)]


def test_it_plays_by_hls_at_once(world: World) -> None:
    master = world.request(f"/s/{begin(world)}/master.m3u8")
    assert master.status == 200
    assert "RESOLUTION=1280x720" in master.text
    assert "avc1.42c0" in master.text
    assert "mp4a" not in master.text
    listed = world.request(world.variant_url(master)).text
    assert sum(map(float, re.findall(r"#EXTINF:([\d.]+)", listed))) >= 4
    seen = frames(world.variant_url(master), 30)
    assert {(frame.width, frame.height) for frame in seen} == {(1280, 720)}
    times = [frame.time for frame in seen]
    assert [round(b - a, 3) for a, b in pairwise(times)] == [0.2] * 29


def test_a_google_display_gets_silence_beside_it(world: World) -> None:
    master = world.request(f"/s/{begin(world, surface='google')}/master.m3u8")
    assert "mp4a.40.2" in master.text


@pytest.mark.parametrize("surface", ["alexa", "google"])
def test_it_plays_by_webrtc_with_silence_beside_it(world: World, surface: str) -> None:
    async def scene() -> Viewer:
        viewer = Viewer()
        claims = world.claims("garage", "webrtc", surface=surface, explains=True)
        client = world.plane.client()
        answer = await asyncio.to_thread(client.answer, claims, SPEC, await viewer.offer(), replaces="session")
        await viewer.accept(answer.sdp)
        await viewer.until(lambda: len(viewer.pictures) > 12 and len(viewer.loud) > 20)
        await viewer.close()
        return viewer

    viewer = asyncio.run(scene())
    assert viewer.sizes == {(1280, 720)}
    assert max(viewer.loud) < 1


def test_its_still_is_the_card(world: World) -> None:
    begin(world)
    got = world.request(f"/s/{world.grant('garage', 'snapshot', explains=True)}/snapshot.jpg")
    assert (got.status, got.headers["Content-Type"]) == (200, "image/jpeg")


def test_it_is_over_by_itself_and_for_good(start: Callable[..., World], eventually: Callable[..., None]) -> None:
    world = start(card_s=8.0)  # begun before it is over, on a busy machine too
    grant = begin(world)
    variant = world.variant_url(world.request(f"/s/{grant}/master.m3u8"))
    eventually(lambda: world.request(variant).status == 410)
    assert world.request(f"/s/{grant}/master.m3u8").status == 410
    assert world.stats()["pulls"] == 0


def test_it_is_nobody_elses_picture(world: World, household: Household) -> None:
    """Whoever may see the camera sees the camera, at the same time."""
    world.vendor.cameras["garage"] = world.vendor.cameras["garden"]
    card_grant = begin(world)
    assert "1280x720" in world.request(f"/s/{card_grant}/master.m3u8").text
    assert "1280x720" not in world.master("garage", link="link-2").text
    assert world.stats()["pulls"] == 2


def test_another_reason_is_another_card(world: World) -> None:
    first = world.request(f"/s/{begin(world)}/master.m3u8")
    still = f"/s/{world.grant('garage', 'snapshot', explains=True)}/snapshot.jpg"
    before = world.request(still).body
    other = Card(card=("Garage", "Garage is in Sleep Mode.", "showcam"))
    assert world.request(f"/s/{begin(world, other)}/master.m3u8").status == 200
    assert world.request(still).body != before
    assert world.request(world.variant_url(first)).status == 410
    assert world.stats()["pulls"] == 1


def test_after_a_restart_it_is_asked_for_again(
    world: World, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    household.denied["garage"] = Denied("encryption_on")
    assert world.master("garage", explains=True).status == 502
    monkeypatch.setattr(household.vendor, "open", lambda camera, **_: SPEC)
    household.denied.clear()
    assert "1280x720" in world.master("garage", explains=True).text
    assert all(claims.explains for claims in household.opened)


@pytest.mark.parametrize(
    "lines",
    [
        ("x", "", ""),
        ("only",),
        ("N" * 300, "word " * 800, "showcam"),
        ("車庫 📷", "Kjøkkenet på Åsen er på. 車庫", "Łódź · Αθήνα · Київ"),
        ("a", "b" * 5000, "c"),
    ],
    ids=["empty", "one line", "long", "scripts", "one word"],
)
def test_any_text_makes_a_picture(lines: tuple[str, ...]) -> None:
    image = card.draw(lines)
    assert image.size == (1280, 720)
    ink = image.convert("L").point(lambda value: 255 if value > 100 else 0).getbbox()
    assert ink[2] <= 1280 - 40
    assert ink[3] <= 720, "nothing runs off the card"


def test_a_film_of_a_text_stands_still() -> None:
    film = card.film(("N" * 300, "word " * 800, "showcam"))
    assert len(film.pictures) == 10
    assert all(len(picture) < 2000 for picture in film.pictures[1:]), "the picture stands still"
