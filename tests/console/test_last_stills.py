"""The last still of each camera: kept sealed, bounded, and never longer than its owner wants."""

from pathlib import Path

import pytest

from showcam.accounts import households
from showcam.registry.owner.last_stills import KEPT_S, LARGEST, MOST
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld
from tests.doubles.linking_world import CAREFUL
from tests.doubles.ready_driver import camera

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"


def send(browser: HomeBrowser, camera_id: str, data: bytes = JPEG, token: str | None = None) -> int:
    headers = {"X-CSRFToken": browser.token if token is None else token}
    path = f"/home/cameras/{camera_id}/last"
    return browser.ask("POST", path, data=data, headers=headers, content_type="image/jpeg").status_code


def kept(browser: HomeBrowser, camera_id: str) -> bytes | None:
    answer = browser.ask("GET", f"/home/cameras/{camera_id}/last.jpg")
    return answer.data if answer.status_code == 200 else None


def names(world: HomeWorld) -> list[str]:
    """What the store has of stills, for any camera."""
    return sorted(world.home.store.account_secrets(world.home.account.id, "still"))


def test_what_a_page_shows_stands_on_the_next_page_with_its_age(world: HomeWorld) -> None:
    browser, garden = world.signed_in(), world.home.id("Garden")
    assert (send(browser, garden), kept(browser, garden)) == (204, JPEG)
    world.clock.wait(3 * 60)
    assert "3 min ago" in browser.get().tile("Garden")
    assert browser.answer is not None
    assert f'src="/home/cameras/{garden}/last.jpg?' in browser.answer.text
    assert send(browser, garden, JPEG + JPEG) == 204
    assert kept(browser, garden) == JPEG + JPEG
    answer = browser.ask("GET", f"/home/cameras/{garden}/last.jpg")
    assert (answer.content_type, answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == (
        "image/jpeg",
        "nosniff",
        "no-store",
    )


def test_the_store_holds_it_sealed(world: HomeWorld, tmp_path: Path) -> None:
    assert send(world.signed_in(), world.home.id("Garden")) == 204
    files = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert [file for file, data in files.items() if b"still-at/" in data]
    assert [file for file, data in files.items() if b"a picture" in data] == []


@pytest.mark.parametrize(
    "data",
    [b"", b"<svg/>", JPEG[:-1], b"\xff\xd8\xff" + b"x" * LARGEST + b"\xff\xd9"],
    ids=["nothing", "no JPEG", "cut off", "too large"],
)
def test_what_is_no_small_jpeg_is_not_kept(world: HomeWorld, data: bytes) -> None:
    browser = world.signed_in()
    assert (send(browser, world.home.id("Garden"), data), names(world)) == (409, [])


def test_no_more_cameras_have_one_than_a_household_may(world: HomeWorld) -> None:
    many = [camera(f"Camera {number}", f"F{number:08}") for number in range(MOST + 1)]
    world.home.driver.set(many)
    browser = world.signed_in()
    answers = [send(browser, world.home.id(each.name)) for each in many]
    assert answers == [204] * MOST + [409]
    assert send(browser, world.home.id("Camera 0")) == 204


def test_only_who_is_signed_in_to_the_household_sends_and_sees_one(world: HomeWorld) -> None:
    garden = world.home.id("Garden")
    browser = world.signed_in()
    assert send(browser, garden, token="another") == 400
    assert names(world) == []
    send(browser, garden)
    for stranger in (world.browser().get(), world.browser().enter(world.code.renew())):
        assert kept(stranger, garden) is None
        assert send(stranger, garden) != 204
    other = world.signed_in(CAREFUL)
    assert (kept(other, garden), send(other, garden)) == (None, 409)


def test_of_an_encrypted_camera_none_is_kept_without_its_owners_decision(world: HomeWorld) -> None:
    browser, garden = world.signed_in(), world.home.id("Garden")
    send(browser, garden)
    world.home.driver.change("Garden", encryption="on")
    world.clock.wait(60)
    assert "Still picture of" not in browser.get().text
    assert (kept(browser, garden), names(world)) == (None, [])
    assert send(browser, garden) == 409
    for other in ("no", "lan"):
        world.home.decide("Garden", other)
        assert send(browser, garden) == 409
    world.home.decide("Garden", "code")
    assert (send(browser, garden), kept(browser, garden)) == (204, JPEG)


def test_it_goes_with_the_decision(world: HomeWorld) -> None:
    world.home.driver.change("Garage", ways=("cloud",))
    browser, garage = world.signed_in(), world.home.id("Garage")
    browser.post("picture-code", camera=garage, picture_code="ABCDEF", deciphered="1")
    assert send(browser, garage) == 204
    browser.post("forget-code", camera=garage)
    assert names(world) == []


def test_it_goes_with_its_camera_and_with_its_age(world: HomeWorld) -> None:
    browser = world.signed_in()
    for name in ("Garden", "Front Door"):
        send(browser, world.home.id(name))
    gone = world.home.id("Garden")
    world.home.driver.set([camera("Front Door", "E00000002")])
    world.clock.wait(60)
    browser.get()
    assert [name for name in names(world) if gone in name] == []
    world.clock.wait(KEPT_S)
    world.signed_in()
    assert names(world) == []


def test_it_goes_with_its_account(world: HomeWorld) -> None:
    send(world.signed_in(), world.home.id("Garden"))
    households.remove(world.home.store, world.home.pictures, world.home.account.id)
    assert names(world) == []


def test_the_switch_forgets_all_and_keeps_none_until_it_is_on_again(world: HomeWorld) -> None:
    browser, garden = world.signed_in(), world.home.id("Garden")
    send(browser, garden)
    browser.post("stills-off")
    assert names(world) == ["stills-off"]
    assert (kept(browser, garden), send(browser, garden)) == (None, 409)
    assert browser.answer is not None
    assert "data-keeps" not in browser.answer.text
    browser.post("stills-on")
    assert (names(world), send(browser, garden)) == ([], 204)
