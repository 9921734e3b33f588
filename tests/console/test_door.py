"""Signing in without the printed code, where the started program can't be asked: by the clock, through a proxy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from showcam.accounts.console_sessions import KEPT_S, ConsoleSessions
from showcam.store.records import DAY_S
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import NEW, HomeWorld, home_world
from tests.doubles.linking_world import CAREFUL, USER
from tests.doubles.ready_vendor import CODE, PASSWORD


@pytest.fixture
def public(tmp_path: Path) -> Iterator[HomeWorld]:
    made = home_world(tmp_path, public=True)
    yield made
    made.home.store.close()


def test_outside_the_house_there_is_only_the_printed_codes_form(public: HomeWorld) -> None:
    outside = {"host": "home.example", "peer": "203.0.113.7", "scheme": "https"}
    browser = public.browser(**outside).get()
    assert browser.step == "enter"
    browser.post("door", user=USER, password=PASSWORD)
    assert (browser.status, browser.step, browser.cookie) == (403, "enter", "")
    assert public.vendor.calls == {}


def test_where_the_browser_was_signed_in_before_it_comes_in_again_from_anywhere(public: HomeWorld) -> None:
    inside = {"host": "home.example", "peer": "192.168.1.20", "proxy": "127.0.0.1", "scheme": "https"}
    browser = public.browser(**inside).get().sign_in()
    assert browser.step == ""
    browser.peer = "203.0.113.7"
    assert browser.get().post("sign-out").step == "door"
    assert browser.sign_in().step == ""


def test_the_code_of_the_vendor_is_waited_for_five_minutes(world: HomeWorld) -> None:
    browser = world.browser().get().sign_in(CAREFUL)
    assert browser.step == "code"
    for path in ("/home/setup", "/home/assistants"):
        assert browser.ask("GET", path).location == "/home"
    world.clock.wait(301)
    assert browser.get().step == "door"
    assert browser.sign_in(CAREFUL).post("code", code=CODE).step == ""


def test_nobody_new_comes_in(world: HomeWorld) -> None:
    households = list(world.home.store.accounts())
    assert world.browser().get().sign_in(NEW).step == "door"
    assert (list(world.home.store.accounts()), world.vendor.calls) == (households, {})


def test_after_too_many_wrong_passwords_the_right_one_waits(world: HomeWorld) -> None:
    for _ in range(3):
        assert world.browser().get().sign_in(password="wrong").status == 403
    browser = world.browser().get().sign_in()
    assert (browser.status, browser.step) == (403, "door")
    assert world.vendor.calls == {"password": 3}


def uses(world: HomeWorld, browser: HomeBrowser, days: float) -> str:
    """The page's main step when the browser opens it after so many days."""
    world.clock.wait(days * DAY_S)
    return browser.get().step


def test_a_session_lasts_thirty_days_from_its_last_use(world: HomeWorld) -> None:
    used, unused = world.signed_in(), world.signed_in()
    assert [uses(world, used, 20) for _ in range(4)] == [""] * 4
    assert unused.get().step == "door"
    assert uses(world, used, KEPT_S / DAY_S + 1) == "door"


def test_the_cookie_is_sent_again_once_a_day(world: HomeWorld) -> None:
    browser = world.signed_in()

    def is_renewed() -> bool:
        answer = browser.ask("GET", "/home")
        return any(cookie.startswith("showcam-home=") for cookie in answer.headers.getlist("Set-Cookie"))

    seen = [is_renewed()]
    for hours in (23, 2, 1, 25):
        world.clock.wait(hours * 3600)
        seen.append(is_renewed())
    assert seen == [False, False, True, False, True]


def test_what_was_signed_out_meanwhile_stays_signed_out(world: HomeWorld) -> None:
    browser = world.signed_in()
    sessions = ConsoleSessions(world.home.store, world.clock)
    read = sessions.read(browser.cookie)
    assert read is not None
    world.clock.wait(2 * DAY_S)
    sessions.end(read)  # between a request's reading and its use
    assert not sessions.use(read)
    assert sessions.read(browser.cookie) is None
