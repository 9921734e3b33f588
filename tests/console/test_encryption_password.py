"""The encryption password on a camera's page: consent, the old one, what the vendor lists then, and each refusal."""

import pytest

from showcam.drivers.errors import SetRefused, VendorDown
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld

pytestmark = pytest.mark.proves(
    "A camera's encryption password is changed with consent and read back", leans_on="double: EZVIZ's cloud"
)

OLD, NEW = "ABCDEF", "secret12"  # OLD: of every camera of the driver
FILLED = {"old": OLD, "new": NEW, "again": NEW, "consent": "1"}


def at(world: HomeWorld, name: str, more: str = "") -> str:
    return f"/home/cameras/{world.home.id(name)}{more}"


def sent(world: HomeWorld, name: str = "Garage", **fields: str) -> HomeBrowser:
    return world.signed_in().visit(at(world, name)).send(at(world, name, "/password"), **fields)


@pytest.mark.parametrize("name", ["Garage", "Garden"])  # with Image Encryption on, and off
def test_it_is_changed_and_read_back(world: HomeWorld, name: str) -> None:
    browser = sent(world, name, **FILLED)
    assert browser.answer is not None
    assert (browser.status, 'role="status">confirmed<' in browser.answer.text) == (200, True)
    assert world.home.driver.applied == [(name, "password", NEW, OLD)]
    assert world.home.driver.calls["is_code"] == 1


def test_what_the_vendor_does_not_list_yet_is_said(world: HomeWorld) -> None:
    world.home.driver.lags = True
    browser = sent(world, **FILLED)
    assert (browser.status, "not confirmed yet" in browser.text) == (200, True)
    assert world.home.driver.applied == [("Garage", "password", NEW, OLD)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"old": ""}, "Give the current password."),
        ({"again": "secret13"}, "The two differ"),
        ({"consent": ""}, "Tick that all viewers need it."),
        ({"new": "short", "again": "short"}, "It has 6 to 12 letters and digits"),
        ({"new": "with blank", "again": "with blank"}, "It has 6 to 12 letters and digits"),
        ({"new": "x" * 13, "again": "x" * 13}, "It has 6 to 12 letters and digits"),
        ({"old": "ABCDEG"}, "Wrong code. Use the label's"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_changed(world: HomeWorld, fields: dict[str, str], said: str) -> None:
    filled = {name: value for name, value in (FILLED | fields).items() if value or name != "consent"}
    browser = sent(world, **filled)
    assert (browser.status, said in browser.text, world.home.driver.applied) == (403, True, [])
    assert browser.answer is not None
    assert f'value="{filled["new"]}"' not in browser.answer.text  # a password stands in no page
    assert '<details class="mending" id="password" open>' in browser.answer.text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SetRefused("unsupported"), "Garage has no such setting, or showcam can't reach it."),
        (SetRefused("not_permitted"), "Garage belongs to another EZVIZ account"),
        (SetRefused("silent"), "EZVIZ can't reach the camera. Wake it, or check its power"),
        (VendorDown(), "The EZVIZ service does not answer just now."),
    ],
)
def test_a_vendor_that_refuses_is_heard(world: HomeWorld, error: Exception, said: str) -> None:
    browser = world.signed_in().visit(at(world, "Garage"))
    world.home.driver.password_error = error
    browser.send(at(world, "Garage", "/password"), **FILLED)
    assert (browser.status, said in browser.text, world.home.driver.applied) == (403, True, [])


def test_wrong_ones_are_counted_with_the_wrong_codes_of_the_household(world: HomeWorld) -> None:
    browser = world.signed_in().visit(at(world, "Garage"))
    for number in range(10):
        browser.send(at(world, "Garage", "/password"), **FILLED | {"old": f"ABCDE{number}"})
        assert "Wrong code. Use the label's" in browser.text
    browser.send(at(world, "Garage", "/password"), **FILLED)
    assert (browser.status, "Too many wrong codes. Wait an hour" in browser.text) == (403, True)
    assert world.home.driver.applied == []


def test_a_camera_that_another_account_shares_has_no_form_and_no_change(world: HomeWorld) -> None:
    world.home.driver.change("Garage", owner="shared")
    browser = world.signed_in().visit(at(world, "Garage"))
    assert browser.answer is not None
    assert "/password" not in browser.answer.text
    browser.send(at(world, "Garage", "/password"), **FILLED)
    assert (browser.status, world.home.driver.applied) == (403, [])
