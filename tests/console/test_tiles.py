"""What the page of cameras says above its tiles, and their still pictures."""

import re

import pytest

from showcam.drivers.errors import NoInternet, Refused
from showcam.registry.streams.grants import Questions
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld
from tests.doubles.linking_world import CAREFUL
from tests.doubles.ready_driver import camera


@pytest.mark.parametrize(
    ("cameras", "says"),
    [
        (["Garden"], "Alexa is ready: 1 Google is ready: 1"),
        (
            ["Garden", "Nursery"],
            (
                "Alexa is ready: 2 Google can't show Nursery Audio is off for Nursery. Google "
                "shows only cameras with sound. Change that here. Switch Audio on"
            ),
        ),
        (
            ["Attic"],
            "Alexa can show no camera See each camera. Google can show no camera See each camera.",
        ),
    ],
)
def test_above_the_tiles_each_assistant_is_ready_or_says_why_not(
    world: HomeWorld, cameras: list[str], says: str
) -> None:
    changes = {"Nursery": {"audio": "off"}, "Attic": {"online": "off"}}
    world.home.driver.set([camera(name, **changes.get(name, {})) for name in cameras])
    world.home.another_link("google")
    assert says in world.signed_in().text


def test_only_an_assistant_whose_link_has_a_camera_is_said_to_be_set_up(world: HomeWorld) -> None:
    browser = world.signed_in()
    assert "Alexa is ready: 3 Set up Google" in browser.text
    assert browser.answer is not None
    assert 'href="/home/google"' in browser.answer.text
    world.home.another_link("google", (world.home.id("Front Door"),))
    assert "Alexa is ready: 3 Google is ready: 1" in browser.get().text
    world.home.store.end_link(world.home.link.id, world.clock())
    assert "Set up Alexa Google is ready: 1" in browser.get().text


def test_audio_is_switched_on_where_it_is_said_to_be_missing(world: HomeWorld) -> None:
    world.home.another_link("google")
    browser = world.signed_in().post("sound-on", camera=world.home.id("Nursery"))
    assert (browser.status, world.home.driver.applied) == (200, [("Nursery", "audio", "on", "")])
    assert "Alexa is ready: 3 Google is ready: 3" in browser.text


def test_audio_that_comes_on_late_is_said_to_be_asked_for(world: HomeWorld) -> None:
    world.home.another_link("google")
    world.home.driver.lags = True
    browser = world.signed_in().post("sound-on", camera=world.home.id("Nursery"))
    assert "Nursery is changing." in browser.text
    assert "Audio is off for Nursery" not in browser.text


@pytest.mark.parametrize(
    ("cameras", "summary"),
    [
        ([camera("Garden"), camera("Barn")], "2 live"),
        ([camera("Garden"), camera("Attic", online="off")], "1 live · 1 needs you"),
        ([camera("Attic", online="off"), camera("Loft", online="off")], "2 need you"),
        ([camera("Garden"), camera("Bedroom", asleep="on"), camera("Porch", battery=80)], "1 live · 2 asleep"),
    ],
)
def test_the_summary_counts_each_camera_once(world: HomeWorld, cameras: list[object], summary: str) -> None:
    world.home.driver.set(cameras)  # type: ignore[arg-type]
    browser = world.signed_in()
    assert browser.answer is not None
    assert f'<p class="summary" role="status">{summary}</p>' in browser.answer.text


def test_what_ends_by_itself_needs_nobody(world: HomeWorld) -> None:
    world.home.driver.set([camera("Bedroom", asleep="on")])
    world.home.driver.lags = True
    browser = world.signed_in().post("wake", camera=world.home.id("Bedroom"))
    assert "1 coming" in browser.text
    assert "needs you" not in browser.text


def test_tiles_stand_in_the_order_in_which_people_count(world: HomeWorld) -> None:
    names = ["Door 10", "door 9", "Door 2", "Attic", "Porch 1b", "Porch 1a"]
    world.home.driver.set([camera(name, online="off" if name == "Attic" else "on") for name in names])
    browser = world.signed_in()
    assert browser.answer is not None
    shown = re.findall('data-name="([^"]+)"', browser.answer.text)
    assert shown == ["Attic", "Door 2", "door 9", "Door 10", "Porch 1a", "Porch 1b"]


@pytest.mark.parametrize(("count", "searches"), [(11, False), (12, True)])
def test_many_cameras_can_be_searched(world: HomeWorld, count: int, searches: bool) -> None:
    world.home.driver.set([camera(f"Camera {number}") for number in range(count)])
    browser = world.signed_in()
    assert browser.answer is not None
    assert ('type="search"' in browser.answer.text) is searches


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
        ("own", "on as many screens as", "Close one."),
        ("shared", "is watched by others at the moment", "This page tries again."),
    ],
)
def test_a_camera_that_is_busy_says_who_can_end_that(world: HomeWorld, owner: str, wrong: str, mend: str) -> None:
    """What another household watches nobody here can close."""
    world.home.driver.change("Garden", owner=owner, ways=("cloud",))
    world.home.driver.mint_error = Refused("busy")
    said = world.signed_in().open(world.home.id("Garden")).json
    assert said is not None
    assert (said["reason"], wrong in said["wrong"], said["mend"]) == ("busy", True, mend)


def in_order(browser: HomeBrowser) -> list[str]:
    """The names of the cameras, as the page has them."""
    assert browser.answer is not None
    return re.findall(r'data-camera="[^"]+" data-name="([^"]+)"', browser.answer.text)


def test_favourites_stand_first_then_each_room_in_natural_order(world: HomeWorld) -> None:
    rooms = {"Door 10": "Yard", "Door 2": "yard", "Hall": "", "Sofa": "Room 10", "Oven": "Room 9", "Well": "Yard"}
    world.home.driver.set([camera(name, f"F{number:08}") for number, name in enumerate(rooms)])
    browser = world.signed_in()
    for name, room in rooms.items():
        form = {"room": room, "ring_pause_s": "60"}
        browser.send(f"/home/cameras/{world.home.id(name)}/preferences", **form)
    assert in_order(browser.get()) == ["Oven", "Sofa", "Door 2", "Door 10", "Well", "Hall"]
    for name in ("Well", "Hall"):
        assert browser.post("favourite-on", camera=world.home.id(name)).status == 200
    assert in_order(browser.get()) == ["Well", "Hall", "Oven", "Sofa", "Door 2", "Door 10"]
    browser.post("favourite-off", camera=world.home.id("Well"))
    assert in_order(browser.get()) == ["Hall", "Oven", "Sofa", "Door 2", "Door 10", "Well"]


def test_a_favourite_of_the_tile_and_of_the_settings_is_the_same(world: HomeWorld) -> None:
    nursery = world.home.id("Nursery")
    browser, path = world.signed_in(), f"/home/cameras/{nursery}/preferences"
    browser.send(path, ring_pause_s="5", favourite="1")
    assert in_order(browser.get())[0] == "Nursery"
    browser.post("favourite-off", camera=nursery)
    kept = world.home.owner.preferences(world.home.account.id, nursery)
    assert (kept.favourite, kept.ring_pause_s) == (False, 5)
    assert in_order(browser.get())[0] != "Nursery"


def test_a_camera_that_is_gone_is_no_favourite(world: HomeWorld) -> None:
    browser = world.signed_in().post("favourite-on", camera="ezviz-GONE")
    assert (browser.status, "There is no camera of that name here." in browser.text) == (403, True)


@pytest.mark.parametrize(("rooms", "chips"), [(["Hall", "hall", ""], []), (["Hall", "Attic", ""], ["Attic", "Hall"])])
def test_rooms_are_chosen_from_two_on(world: HomeWorld, rooms: list[str], chips: list[str]) -> None:
    browser = world.signed_in()
    for name, room in zip(("Front Door", "Garden", "Nursery"), rooms, strict=True):
        browser.send(f"/home/cameras/{world.home.id(name)}/preferences", room=room, ring_pause_s="60")
    browser.get()
    assert browser.answer is not None
    assert re.findall(r'<button data-room="[^"]+"[^>]*>([^<]+)<', browser.answer.text) == chips


def test_without_the_internet_the_page_of_known_cameras_stays_and_says_so_at_each_tile(world: HomeWorld) -> None:
    browser = world.signed_in()
    world.home.driver.error = NoInternet("x")
    world.clock.wait(3600)
    assert (browser.get().status, "3 live" in browser.text) == (200, True)
    answer = browser.open(world.home.id("Garden")).json
    assert answer is not None
    assert (answer["reason"], answer["wrong"]) == ("no_internet", "This showcam can't reach the internet just now.")
    assert "This page tries again." in answer["mend"]
