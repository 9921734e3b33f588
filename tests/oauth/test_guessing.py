"""The limits against guessing, which strangers meet and the owner's own browser does not."""

from collections.abc import Callable
from typing import Any

import pytest

from showcam.drivers.vendor import Rejected
from tests.doubles.linking_world import CAREFUL, USER, Browser, World, refusal_text
from tests.doubles.ready_vendor import CODE, PASSWORD
from tests.oauth.conftest import cookie


def tried(world: World, user: str, password: str, number: int, http: Any = None) -> Browser:
    """A sign-in from an address that no other try uses."""
    browser = world.browse(http=http)
    browser.address = f"203.0.113.{number}"
    return browser.sign_in(user, password)


def heard(browser: Browser) -> tuple[int, str, bool]:
    """What a stranger learns: status, text, and whether a wait is named."""
    assert browser.answer is not None
    return browser.status, browser.page.text("alert"), "Retry-After" in browser.answer.headers


def test_guessing_one_account_from_everywhere_stops_before_the_vendor(
    world: World, later: Callable[[float], None]
) -> None:
    known = [heard(tried(world, USER, "wrong", number)) for number in range(10)]
    unknown = [heard(tried(world, "nobody@example.com", "wrong", number)) for number in range(10, 20)]
    assert set(known) == set(unknown) == {(403, refusal_text("wrong"), False)}
    assert world.vendor.calls == {"password": 3}
    assert (
        tried(world, USER, PASSWORD, 30).status == 403
    )  # the right password, from a browser that the account does not know
    later(901)
    assert tried(world, USER, PASSWORD, 31).page.steps == ["switch", "agree", "cancel"]


def test_a_vendor_that_has_locked_the_account_is_not_shown_to_strangers(world: World) -> None:
    home = world.browse().sign_in()
    world.vendor.verdict = Rejected("locked")
    assert heard(tried(world, USER, "wrong", 1)) == (403, refusal_text("wrong"), False)
    own = tried(world, USER, PASSWORD, 2, home.http)
    assert heard(own) == (403, refusal_text("locked"), False)


def test_who_signs_in_rightly_is_never_counted(world: World) -> None:
    for number in range(12):
        assert tried(world, USER, PASSWORD, number).page.steps == ["switch", "agree", "cancel"]
        assert world.browse().sign_in().page.steps == ["switch", "agree", "cancel"]  # from one address, too


def test_a_browser_that_signed_in_before_gets_in_whatever_strangers_do(world: World) -> None:
    home, address = world.browse().sign_in(), "198.51.100.7"
    for number in range(30):
        stranger = world.browse()
        stranger.address = address if number % 2 else f"203.0.113.{number}"
        stranger.sign_in(USER, "wrong")
    before = world.vendor.calls["password"]
    for _ in range(2):  # a slip, also from the very address that strangers have used up
        slipped = world.browse(http=home.http)
        slipped.address = address
        assert heard(slipped.post("switch").sign_in(USER, "slip")) == (403, refusal_text("wrong"), False)
    assert slipped.sign_in().page.steps == ["switch", "agree", "cancel"]
    assert world.vendor.calls["password"] == before + 3


def test_a_known_browsers_own_tries_are_limited_and_the_wait_is_shown(world: World) -> None:
    home = world.browse().sign_in().post("switch")
    for _ in range(3):
        assert home.sign_in(USER, "wrong").status == 403
    assert home.sign_in().status == 429
    assert home.answer is not None
    assert 0 < int(home.answer.headers["Retry-After"]) <= 901
    assert "min." in home.page.text("alert")
    assert world.vendor.calls == {"password": 4}
    assert world.browse().sign_in().page.steps == ["switch", "agree", "cancel"]  # others have theirs


KNOWN = "__Host-showcam-known"


FORGED = {
    "none": lambda value: None,
    "empty": lambda value: "",
    "garbage": lambda value: "garbage",
    "cut short": lambda value: value[:-1],
    "another payload": lambda value: "eyJicm93c2VyIjoieCIsImFjY291bnRzIjpbIngiXX0" + value[value.index(".") :],
    "no signature": lambda value: value.split(".")[0],
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_cookie_is_a_strangers(world: World, forge: Callable[[str], str | None]) -> None:
    value = cookie(world.browse().sign_in(), KNOWN)
    assert value
    for number in range(3):
        tried(world, USER, "wrong", number)
    http = world.http()
    if (forged := forge(value)) is not None:
        http.set_cookie(KNOWN, forged, domain="home.example", secure=True)
    assert tried(world, USER, PASSWORD, 9, http).status == 403
    http.set_cookie(KNOWN, value, domain="home.example", secure=True)
    assert tried(world, USER, PASSWORD, 9, http).page.steps == ["switch", "agree", "cancel"]


def test_the_cookie_is_good_for_its_accounts_alone(world: World) -> None:
    other = world.browse().sign_in(CAREFUL).post("code", code=CODE)
    assert other.page.steps == ["switch", "agree", "cancel"]
    for number in range(3):
        tried(world, USER, "wrong", number)
    assert tried(world, USER, PASSWORD, 9, other.http).status == 403


def test_one_browser_is_known_to_several_accounts(world: World) -> None:
    browser = world.browse().sign_in().post("switch").sign_in(CAREFUL).post("code", code=CODE).post("switch")
    for number in range(4):
        for user in (USER, CAREFUL):
            tried(world, user, "wrong", number)
    assert tried(world, USER, PASSWORD, 9, browser.http).page.steps == ["switch", "agree", "cancel"]
    assert tried(world, CAREFUL, PASSWORD, 9, world.beside(browser).http).page.steps == ["code", "cancel", "switch"]


def test_a_cookie_that_is_copied_has_no_tries_beside_the_first(world: World) -> None:
    browser = world.browse().sign_in()
    windows = [world.beside(browser).http for _ in range(9)]
    for number, http in enumerate(windows):
        tried(world, USER, "wrong", number, http)
    assert world.vendor.calls == {"password": 4}


def test_a_browser_is_forgotten_after_400_days(world: World, later: Callable[[float], None]) -> None:
    browser = world.browse().sign_in()
    later(401 * 86_400)
    for number in range(3):
        tried(world, USER, "wrong", number)
    assert tried(world, USER, PASSWORD, 9, browser.http).status == 403


def test_a_wrong_code_is_counted_beyond_the_sign_in_it_belongs_to(world: World, later: Callable[[float], None]) -> None:
    code_pages = 0
    for _ in range(4):
        browser = world.browse().sign_in(CAREFUL)
        if browser.page.steps[0] == "code":
            code_pages += 1
            for _ in range(4):
                browser.post("code", code="999999")
    assert code_pages == 3
    assert world.vendor.calls == {"password": 3, "code": 5}
    later(901)
    browser = world.browse().sign_in(CAREFUL).post("code", code=CODE)
    assert browser.page.steps == ["switch", "agree", "cancel"]


def test_codes_that_nobody_enters_are_limited(world: World) -> None:
    statuses = [world.browse().sign_in(CAREFUL).status for _ in range(7)]
    assert statuses == [200] * 3 + [403] * 4
    assert world.vendor.calls == {"password": 3}


def test_codes_that_are_entered_are_not_limited(world: World) -> None:
    for _ in range(6):
        browser = world.browse().sign_in(CAREFUL).post("code", code=CODE)
        assert browser.page.steps == ["switch", "agree", "cancel"]


@pytest.mark.parametrize(
    "addresses", [["203.0.113.7"], [f"2001:db8:1:2:{number:x}::{number:x}" for number in range(25)]]
)
def test_guessing_many_accounts_from_one_network_is_throttled(world: World, addresses: list[str]) -> None:
    statuses = []
    for number in range(25):
        browser = world.browse()
        browser.address = addresses[number % len(addresses)]
        statuses.append(browser.sign_in(f"user{number}@example.com").status)
    assert statuses == [403] * 20 + [429] * 5
