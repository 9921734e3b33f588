"""A household that is begun without a vendor's account, for cameras of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld, home_world
from tests.doubles.linking_world import USER
from tests.doubles.own_pages import House, Pages
from tests.doubles.rtsp_camera import RtspCamera


@pytest.fixture
def world(tmp_path: Path, house: House) -> Iterator[HomeWorld]:
    made = home_world(tmp_path, own=True, find=house.find)
    yield made
    made.home.store.close()


def begun(world: HomeWorld, name: str, password: str) -> HomeBrowser:
    browser = world.browser().enter(world.code.renew())
    return browser.post("own", own_user=name, own_password=password)


def test_without_a_vendors_account_a_household_is_begun_and_its_camera_shown(
    world: HomeWorld, camera: RtspCamera
) -> None:
    browser = begun(world, "kari", "barn door and two geese")
    assert "No cameras yet." in browser.text
    assert world.vendor.calls == {}
    pages = Pages(world)
    pages.browser = browser
    pages.attempt(camera)
    assert "Shed" in pages.post(step="add", name="Shed").tile("Shed")
    again = world.browser().enter(world.code.renew()).sign_in("kari", "barn door and two geese")
    assert "Shed" in again.tile("Shed")


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("k", "barn door and two geese", "User name: 2 to 100 characters."),
        ("kari", "short", "Password: 10 to 200 characters."),
        ("kari", "aaaaaaaaaaaa", "That password is easily guessed."),
        ("ola", "barn door and two geese", "That user name is taken."),
        (USER, "barn door and two geese", "That user name is taken."),
    ],
)
def test_a_user_that_can_not_be_is_answered_with_why_and_no_household_stays(
    world: HomeWorld, name: str, password: str, says: str
) -> None:
    begun(world, "ola", "another barn door and geese")
    before = len(list(world.home.store.accounts()))
    browser = begun(world, name, password)
    assert browser.answer is not None
    assert (browser.status, says in browser.answer.text) == (403, True)
    assert len(list(world.home.store.accounts())) == before


def test_who_has_a_household_begins_no_other_by_it(world: HomeWorld) -> None:
    browser = world.signed_in()
    before = len(list(world.home.store.accounts()))
    browser.post("own", own_user="kari", own_password="barn door and two geese")
    assert (browser.status, len(list(world.home.store.accounts()))) == (400, before)


def test_where_there_may_be_none_no_household_is_begun_for_them(tmp_path: Path) -> None:
    made = home_world(tmp_path)
    browser = begun(made, "kari", "barn door and two geese")
    assert (browser.status, made.home.store.has_owner_users()) == (400, False)
    made.home.store.close()
