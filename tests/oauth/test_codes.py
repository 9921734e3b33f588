"""Encrypted cameras at consent: switching Image Encryption off, or the code of a camera."""

from typing import Any

import pytest

from oauth import wording
from showcam.drivers.errors import VendorDown
from showcam.registry.owner.codes import WRONG_CODES
from tests.doubles.linking_world import World

TICK = "and Amazon or Google gets the video deciphered"


def encrypted(world: World, *, ways: tuple[str, ...] = ("open", "cloud_unasked")) -> str:
    """The id of the Garage, whose Image Encryption is on and which would come by the account's own way."""
    world.home.driver.change("Garage", ways=ways)
    return world.home.id("Garage")


def decided(world: World) -> str:
    return world.home.owner.preferences(world.home.account.id, world.home.id("Garage")).while_encrypted


def test_switching_image_encryption_off_is_offered_first_and_the_code_second(world: World) -> None:
    garage = encrypted(world)
    said = world.browse().sign_in().page.text()
    first, second = "Google can't show Garage while it is on. Switch it off", TICK
    third = "Or give the codes on their labels"
    assert said.index(first) < said.index(second) < said.index(third)
    assert f"code-{garage}" in dict(world.browse().sign_in().page.fields)


def test_a_code_that_would_show_nothing_is_not_asked_for(world: World) -> None:
    encrypted(world, ways=("open",))
    assert "Or give the codes" not in world.browse().sign_in().page.text()


@pytest.mark.parametrize("assistant", ["alexa", "google"])
def test_a_code_that_is_given_shows_the_camera(world: World, assistant: Any) -> None:
    garage = encrypted(world)
    browser = world.browse(assistant).sign_in()
    browser.post("agree", **{f"code-{garage}": " ABCDEF ", "deciphered": "1"})
    assert browser.returned["code"]
    assert (decided(world), world.home.driver.picture_codes) == ("code", {"Garage": "ABCDEF"})
    assert "Or give the codes" not in world.browse(assistant).sign_in().page.text()


@pytest.mark.parametrize(
    ("code", "tick", "sentence"),
    [
        ("ABCDEF", None, wording.NOT_CONSENTED),
        ("two words", "1", "Garage does not take that code"),
        ("x" * 400, "1", "Garage does not take that code"),
    ],
)
def test_a_code_without_consent_or_a_wrong_one_links_nothing(
    world: World, code: str, tick: str | None, sentence: str
) -> None:
    garage = encrypted(world)
    browser = world.browse().sign_in().post("agree", **{f"code-{garage}": code, "deciphered": tick})
    assert browser.status == 400
    assert sentence in browser.page.text("alert")
    assert (world.links(), decided(world), world.home.driver.picture_codes) == ([], "no", {})
    assert code not in browser.page.html
    assert browser.post("agree").returned["code"]
    assert decided(world) == "no"


def test_a_vendor_that_does_not_answer_keeps_no_code(world: World) -> None:
    garage = encrypted(world)
    browser = world.browse().sign_in()
    world.home.driver.code_error = VendorDown()
    browser.post("agree", **{f"code-{garage}": "ABCDEF", "deciphered": "1"})
    assert (browser.status, "does not answer just now" in browser.page.text("alert")) == (400, True)
    assert decided(world) == "no"


def test_too_many_wrong_codes_end_the_tries(world: World) -> None:
    garage = encrypted(world)
    browser = world.browse().sign_in()
    for _ in range(WRONG_CODES):
        world.home.owner.encrypted.decide(world.home.account.id, garage, "code", code="AAAAAA", consent=True)
    world.home.owner.encrypted.decide(world.home.account.id, garage, "no")
    browser.post("agree", **{f"code-{garage}": "ABCDEF", "deciphered": "1"})
    assert browser.page.text("alert") == wording.TOO_MANY_CODES
    assert decided(world) == "no"


def test_a_code_of_a_camera_that_was_not_offered_is_passed_over(world: World) -> None:
    browser = world.browse().sign_in()
    browser.post("agree", **{f"code-ezviz-{'a' * 20}": "ABCDEF", "deciphered": "1"})
    assert browser.returned["code"]
    assert world.home.driver.calls["set_picture_code"] == 0


# one decision for all own cameras


def test_unless_it_is_ticked_nobody_is_asked_for_a_key(world: World) -> None:
    """Not in a session that was signed in by a code either."""
    garage = encrypted(world)
    world.home.driver.is_elevated = True
    browser = world.browse().sign_in()
    assert dict(browser.page.fields).get("show_encrypted") is None, "it is unticked"
    browser.post("agree", encrypted=garage)
    assert browser.returned["code"]
    assert (decided(world), world.home.driver.key_requests) == ("no", [])


@pytest.mark.proves("Linking offers one tick that shows all own encrypted cameras", leans_on="double: EZVIZ's cloud")
def test_one_tick_at_consent_shows_the_cameras_that_it_names(world: World) -> None:
    garage = encrypted(world)
    world.home.driver.is_elevated = True
    browser = world.browse().sign_in()
    assert TICK in browser.page.text()
    browser.post("agree", show_encrypted="1", encrypted=garage)
    assert browser.returned["code"]
    assert (decided(world), world.home.driver.key_requests) == ("code", [("Garage", "")])


def test_a_shared_camera_is_in_no_such_tick(world: World) -> None:
    garage = encrypted(world)
    world.home.driver.change("Garage", owner="shared")
    world.home.driver.is_elevated = True
    browser = world.browse().sign_in()
    assert TICK not in browser.page.text()
    browser.post("agree", show_encrypted="1", encrypted=garage)
    assert (decided(world), world.home.driver.key_requests) == ("no", [])


def test_a_camera_that_was_not_offered_is_not_decided_for(world: World) -> None:
    encrypted(world)
    world.home.driver.is_elevated = True
    browser = world.browse().sign_in()
    browser.post("agree", show_encrypted="1", encrypted="ezviz-" + "a" * 20)
    assert (decided(world), world.home.driver.key_requests) == ("no", [])


def test_a_tick_without_a_session_that_was_signed_in_by_a_code_mails_nobody(world: World) -> None:
    garage = encrypted(world)
    browser = world.browse().sign_in().post("agree", show_encrypted="1", encrypted=garage)
    assert browser.returned["code"]
    assert (decided(world), world.home.driver.key_requests) == ("code", [])
