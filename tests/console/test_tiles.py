"""What a tile shows beside its live picture: which assistants can show the camera, what mends that, and a still."""

import pytest

from showcam.drivers.errors import Refused
from showcam.registry.streams.grants import Questions
from tests.doubles.home_world import HomeWorld
from tests.doubles.linking_world import CAREFUL
from tests.doubles.ready_driver import camera


@pytest.mark.parametrize(
    ("name", "shows", "why"),
    [
        ("Garden", "Alexa ✓ can show it Google ✓ can show it", ""),
        (
            "Nursery",
            "Alexa ✓ can show it Google ✗ can't show it",
            "Audio is off for Nursery, and Google shows only cameras with sound. "
            "Switch Audio on here, or in the EZVIZ app. Switch Audio on",
        ),
        ("Attic", "Alexa ✗ can't show it Google ✗ can't show it", "Attic is offline."),
    ],
)
def test_a_tile_says_which_assistants_can_show_it_and_why_one_cant(
    world: HomeWorld, name: str, shows: str, why: str
) -> None:
    world.home.another_link("google")
    tile = world.signed_in().tile(name)
    assert f"{shows} {why}".strip() in tile


def test_only_an_assistant_whose_link_has_the_camera_is_said_to_show_it(world: HomeWorld) -> None:
    browser = world.signed_in()
    assert "Alexa ✓ can show it Google: not linked" in browser.tile("Garden")
    world.home.another_link("google", (world.home.id("Front Door"),))
    browser.get()
    assert "Alexa ✓ can show it Google: not linked" in browser.tile("Garden")
    assert "Alexa ✓ can show it Google ✓ can show it" in browser.tile("Front Door")
    world.home.store.end_link(world.home.link.id, world.clock())
    assert "Alexa: not linked Google ✓ can show it" in browser.get().tile("Front Door")


def test_audio_is_switched_on_at_the_tile(world: HomeWorld) -> None:
    world.home.another_link("google")
    browser = world.signed_in().post("sound-on", camera=world.home.id("Nursery"))
    assert (browser.status, world.home.driver.applied) == (200, [("Nursery", "audio", "on", "")])
    assert "Alexa ✓ can show it Google ✓ can show it" in browser.tile("Nursery")


def test_audio_that_comes_on_late_is_said_to_be_asked_for(world: HomeWorld) -> None:
    world.home.driver.lags = True
    browser = world.signed_in().post("sound-on", camera=world.home.id("Nursery"))
    assert "Audio is being switched on for Nursery." in browser.tile("Nursery")
    assert "Switch Audio on here" not in browser.tile("Nursery")


@pytest.mark.parametrize(
    ("cameras", "summary"),
    [
        ([camera("Garden"), camera("Barn")], "2 of 2 can be shown."),
        ([camera("Garden"), camera("Attic", online="off")], "1 of 2 can be shown. One needs you."),
        (
            [camera("Garden"), camera("Attic", online="off"), camera("Nursery", audio="off")],
            "2 of 3 can be shown. 2 need you.",
        ),
    ],
)
def test_above_the_tiles_stands_how_many_can_be_shown(world: HomeWorld, cameras: list[object], summary: str) -> None:
    world.home.driver.set(cameras)  # type: ignore[arg-type]
    browser = world.signed_in()
    assert browser.answer is not None
    assert f'<p class="summary">{summary}</p>' in browser.answer.text


def test_what_ends_by_itself_needs_nobody(world: HomeWorld) -> None:
    world.home.driver.set([camera("Bedroom", asleep="on")])
    world.home.driver.lags = True
    browser = world.signed_in().post("wake", camera=world.home.id("Bedroom"))
    assert "0 of 1 can be shown." in browser.text
    assert "needs you" not in browser.text


# still pictures


def still(world: HomeWorld, name: str) -> tuple[int, str]:
    answer = world.signed_in().ask("GET", f"/home/cameras/{world.home.id(name)}/still.jpg")
    return answer.status_code, answer.headers.get("Location", "")


def test_a_still_is_fetched_at_the_address_the_page_came_by_for_a_minute(world: HomeWorld) -> None:
    status, location = still(world, "Garden")
    assert (status, location.startswith("http://192.168.1.5:8081/s/")) == (302, True)
    grant = location.removeprefix("http://192.168.1.5:8081/s/").removesuffix("/snapshot.jpg")
    claims = world.home.grants.verify(grant, "snapshot", world.clock())
    assert (claims.camera, claims.surface) == (world.home.id("Garden"), "page")
    assert claims.expires == int(world.clock()) + 60
    questions: Questions = world.home.questions
    assert not hasattr(questions.source_for(claims), "reason")
    world.home.driver.change("Garden", encryption="on")
    world.clock.wait(3)
    assert getattr(questions.source_for(claims), "reason", "") == "encryption_on"


@pytest.mark.parametrize("changes", [{"battery": 80}, {"charging": "on"}, {"online": "off"}, {"encryption": "on"}])
def test_a_camera_on_battery_and_one_that_cant_be_shown_has_no_still(
    world: HomeWorld, changes: dict[str, object]
) -> None:
    world.home.driver.set([camera("Terrace", "F00000009", **changes)])
    assert still(world, "Terrace") == (404, "")
    browser = world.signed_in()
    assert browser.answer is not None
    assert "data-still" not in browser.answer.text


def test_a_still_is_for_who_is_signed_in_to_its_household(world: HomeWorld) -> None:
    path = f"/home/cameras/{world.home.id('Garden')}/still.jpg"
    for stranger in (world.browser().get(), world.browser().enter(world.code.renew())):
        answer = stranger.ask("GET", path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/home")
    assert world.signed_in(CAREFUL).ask("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("owner", "wrong", "mend"),
    [
        ("own", "on as many screens as", "Close it on one of them. This page asks again by itself."),
        ("shared", "is watched by others at the moment", "This page asks again by itself."),
    ],
)
def test_a_camera_that_is_busy_says_who_can_end_that(world: HomeWorld, owner: str, wrong: str, mend: str) -> None:
    """What another household watches nobody here can close."""
    world.home.driver.change("Garden", owner=owner, ways=("cloud",))
    world.home.driver.mint_error = Refused("busy")
    said = world.signed_in().open(world.home.id("Garden")).json
    assert said is not None
    assert (said["reason"], wrong in said["wrong"], said["mend"]) == ("busy", True, mend)
