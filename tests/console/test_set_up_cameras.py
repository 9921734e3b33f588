"""The first two steps of set-up: signing in to the vendor right there, and how many cameras are live."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from showcam.accounts import households
from showcam.drivers.errors import SignedOut, VendorDown
from showcam.drivers.ezviz import sessions
from tests.console.test_set_up import AT, said
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import NEW, HomeWorld, home_world
from tests.doubles.linking_world import CAREFUL, USER
from tests.doubles.ready_driver import camera
from tests.doubles.ready_vendor import CODE, PASSWORD

pytestmark = pytest.mark.proves(
    "Set-up signs in to EZVIZ, with EZVIZ's code, and shows the cameras in its next step",
    leans_on="double: EZVIZ's cloud",
)

FORM = "EZVIZ user name"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[HomeWorld]:
    made = home_world(tmp_path, own=True)
    yield made
    made.home.store.close()


def entered(world: HomeWorld) -> HomeBrowser:
    """Nobody is signed in yet."""
    return world.browser().enter(world.code.renew()).visit(AT)


def sign_in(browser: HomeBrowser, user: str = USER, password: str = PASSWORD) -> HomeBrowser:
    return browser.send(AT, step="sign-in", user=user, password=password)


def test_two_values_typed_in_the_step_bring_the_cameras_to_the_next(world: HomeWorld) -> None:
    browser = entered(world)
    assert FORM in said(browser, 1)
    assert said(browser, 2).startswith("2 See it")
    for _ in range(2):  # as it is after a reload
        browser.visit(AT)
        assert FORM in said(browser, 1)
    sign_in(browser)
    for _ in range(2):
        assert said(browser, 1).startswith("✓ Your cameras : Done. Add a camera")
        assert said(browser, 2).startswith("✓ See it : Done. 3 live · 1 asleep · 3 need you")
        assert FORM not in browser.text
        browser.visit(AT)


def test_a_vendors_code_is_asked_for_in_the_step(world: HomeWorld) -> None:
    browser = sign_in(entered(world), CAREFUL)
    for _ in range(2):
        assert "EZVIZ sent a code to" in said(browser, 1)
        browser.visit(AT)
    browser.send(AT, step="code", code="999999")
    assert (browser.status, "Wrong code." in said(browser, 1)) == (403, True)
    browser.send(AT, step="again")
    assert FORM in said(browser, 1)
    sign_in(browser, CAREFUL).send(AT, step="code", code=CODE)
    assert said(browser, 2).startswith("✓ See it")


@pytest.mark.parametrize(
    ("user", "password", "sentence"),
    [
        (USER, "guess", "These did not work."),
        (USER, "", "Enter user name and password."),
        ("", PASSWORD, "Enter user name and password."),
        ("x" * 201, PASSWORD, "These did not work."),
    ],
)
def test_a_wrong_sign_in_says_why_in_the_step(world: HomeWorld, user: str, password: str, sentence: str) -> None:
    browser = sign_in(entered(world), user, password)
    assert (browser.status, sentence in said(browser, 1)) == (403, True)
    assert browser.answer is not None
    if user == USER:
        assert f'name="user" type="text" value="{USER}"' in browser.answer.text
    assert PASSWORD not in browser.answer.text
    assert said(sign_in(browser), 1).startswith("✓ Your cameras")


def test_a_household_of_its_own_cameras_begins_in_the_step(world: HomeWorld) -> None:
    browser = entered(world).send(AT, step="own", own_user="kari", own_password="short")
    assert (browser.status, "Password: 10 to 200 characters." in said(browser, 1)) == (403, True)
    browser.send(AT, step="own", own_user="kari", own_password="four words of mine here")
    assert "No cameras yet." in said(browser, 1)
    assert "Add a camera" in said(browser, 1)
    browser.get().send(AT, step="own", own_user="ola", own_password="four words of mine here")
    assert browser.status == 400  # who is signed in begins no other


def test_where_the_vendor_has_signed_out_the_step_says_so_and_has_the_form(world: HomeWorld) -> None:
    world.home.driver.error = SignedOut()
    browser = sign_in(entered(world))
    assert "showcam is signed out of the EZVIZ account." in said(browser, 1)
    assert FORM in said(browser, 1)
    assert said(browser, 2).startswith("2 See it")
    world.home.driver.error = None
    assert said(sign_in(browser), 1).startswith("✓ Your cameras")


def test_where_the_cameras_cant_be_listed_the_step_says_why_and_counts_none(world: HomeWorld) -> None:
    world.home.driver.error = VendorDown()
    browser = sign_in(entered(world))
    assert "No cameras yet." not in browser.text
    assert "Try again" in said(browser, 1)
    assert FORM not in said(browser, 1)


def test_a_vendor_that_nobody_has_signed_in_to_is_asked_for(world: HomeWorld) -> None:
    account = households.add_of_lan(world.home.store)
    world.users.set(account.id, "kari", "barn door and two geese")
    households.add_to(world.home.store, account.id, "ezviz", NEW, sessions.Sessions.waiting(NEW))
    world.home.driver.error = SignedOut()
    browser = sign_in(entered(world), "kari", "barn door and two geese")
    assert "Cameras of EZVIZ are missing: sign in there." in said(browser, 1)
    assert "Add a camera" in said(browser, 1)
    world.home.driver.error = None
    sign_in(browser, NEW)
    assert "are missing: sign in there" not in said(browser, 1)
    assert world.vendor.calls["password"] == 1


def test_a_household_of_its_own_cameras_is_given_the_vendors_account_in_the_step(world: HomeWorld) -> None:
    account = households.add_of_lan(world.home.store)
    world.users.set(account.id, "kari", "barn door and two geese")
    browser = sign_in(entered(world), "kari", "barn door and two geese")
    assert f"Sign in to EZVIZ {FORM}" in said(browser, 1)
    sign_in(browser, NEW, "guess")
    assert (browser.status, "These did not work" in said(browser, 1)) == (403, True)
    sign_in(browser, NEW)
    assert "Sign in to" not in said(browser, 1)
    kinds = [source.kind for source in world.home.store.sources(account.id)]
    assert sorted(kinds) == ["ezviz", "lan"]
    assert len([*world.home.store.accounts()]) == 3  # the two that there were, and this one


def test_an_account_that_is_anothers_is_not_taken_from_it(world: HomeWorld) -> None:
    account = households.add_of_lan(world.home.store)
    world.users.set(account.id, "kari", "barn door and two geese")
    browser = sign_in(entered(world), "kari", "barn door and two geese")
    sign_in(browser)
    assert said(browser, 1).startswith("✓ Your cameras : Done. Add a camera")
    assert [source.kind for source in world.home.store.sources(account.id)] == ["lan"]


def test_with_the_vendors_code_the_household_is_given_it_too(world: HomeWorld) -> None:
    world.vendor.careful = (*world.vendor.careful, NEW)
    account = households.add_of_lan(world.home.store)
    world.users.set(account.id, "kari", "barn door and two geese")
    browser = sign_in(entered(world), "kari", "barn door and two geese")
    sign_in(browser, NEW).send(AT, step="code", code=CODE)
    assert sorted(source.kind for source in world.home.store.sources(account.id)) == ["ezviz", "lan"]


def test_a_sign_in_by_code_fetches_the_keys_that_were_decided_for_and_no_other(world: HomeWorld) -> None:
    names = ("Attic", "Barn")
    world.home.driver.set([camera(name, ways=("cloud",), encryption="on") for name in names])
    world.home.decide("Attic", "code")
    world.home.driver.is_elevated = True
    world.signed_in(CAREFUL)
    assert world.home.driver.key_requests == []  # that is another household's
    world.vendor.careful = (*world.vendor.careful, USER)
    world.signed_in(USER).post("code", code=CODE)
    assert world.home.driver.key_requests == [("Attic", "")]


def test_before_the_sign_in_no_step_shows_or_changes_a_camera(world: HomeWorld) -> None:
    browser = entered(world)
    for step in ("wake", "open-way", "encryption-off", "picture-code", "sound-on"):
        answer = browser.ask("POST", AT, data={"csrf_token": browser.token, "step": step, "camera": "ezviz-x"})
        assert answer.status_code == 400
    browser.visit(AT)
    assert world.home.driver.applied == []
    assert "Garden" not in browser.text
    assert "After part 1" in said(browser, 4)
    assert browser.answer is not None
    assert "/home/google" not in browser.answer.text


def test_a_stranger_is_led_to_the_entrance(world: HomeWorld) -> None:
    browser = world.browser().get()
    assert browser.ask("GET", AT).location == "/home"
    data = {"csrf_token": browser.token, "step": "sign-in", "user": USER, "password": PASSWORD}
    assert browser.ask("POST", AT, data=data).location == "/home"
    assert world.vendor.calls["password"] == 0
