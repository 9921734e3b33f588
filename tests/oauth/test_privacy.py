"""The page about what is kept, and the deletion of everything by somebody who has just signed in."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.accounts import households
from showcam.store.records import Origin
from tests.doubles.linking_world import USER, Browser, World

PAGE = "/oauth/privacy"


def of(world: World, origin: Origin) -> World:
    """The world, whose household began so."""
    account, source = world.home.account, world.home.source
    session = world.store.read_session(account.id, source.id)
    assert session is not None
    world.store.drop_household(account.id)
    world.home.account = replace(account, origin=origin)
    assert world.store.add_household(world.home.account, source, session.secrets, "ok")
    return world


@pytest.fixture
def strangers(make: Callable[..., World]) -> World:
    """A household that began by linking."""
    return of(make(), "linking")


def pressed(browser: Browser, **fields: Any) -> Browser:
    return browser.get(PAGE).post("delete", **fields)


def is_there(world: World) -> bool:
    return world.store.account(world.home.account.id) is not None


def test_it_says_what_follows_when_the_last_link_ends(world: World) -> None:
    text = Browser(world.http()).get(PAGE).page.text()
    assert "showcam signs out at EZVIZ with your last link. 30 days later it deletes all of this" in text
    assert "Delete everything" not in text, "nobody has signed in"


def test_who_has_signed_in_deletes_everything_at_once(strangers: World) -> None:
    browser = strangers.browse().sign_in()
    visit = browser.get(PAGE)
    assert f"Delete everything of {USER} now" in visit.page.text()
    done = pressed(browser, sure="1")
    assert (done.status, done.page.text("h1")) == (200, "Everything is deleted")
    assert not is_there(strangers)
    assert households.find(strangers.store, "ezviz", USER) is None
    assert strangers.vendor.signed_out == [strangers.home.source.id]
    assert "Delete everything" not in browser.get(PAGE).page.text()


def test_after_linking_too_and_the_link_ends(strangers: World) -> None:
    browser = strangers.browse().sign_in().post("agree")
    access = strangers.redeem(browser.returned["code"]).get_json()["access_token"]
    assert strangers.works(access)
    assert pressed(browser, sure="1").status == 200
    assert not is_there(strangers)
    assert not strangers.works(access)


def test_without_the_tick_nothing_is_deleted(strangers: World) -> None:
    refused = pressed(strangers.browse().sign_in())
    assert (refused.status, "Tick what to delete." in refused.page.text()) == (400, True)
    assert is_there(strangers)


@pytest.mark.parametrize("origin", ["owner", "invited"])
def test_a_household_that_somebody_added_is_not_deleted_here(make: Callable[..., World], origin: Origin) -> None:
    world = of(make(), origin)
    browser = world.browse().sign_in()
    assert "Delete everything" not in browser.get(PAGE).page.text()
    browser.get(world.url())  # a page with a token for its forms
    browser.url = PAGE
    assert browser.post("delete", sure="1").status == 403
    assert is_there(world)


def test_a_stranger_or_another_site_deletes_nothing(strangers: World) -> None:
    signed_in = strangers.browse().sign_in()
    stranger = strangers.browse()
    stranger.url = PAGE
    assert stranger.post("delete", sure="1").status == 403
    forged = strangers.beside(signed_in, PAGE)
    assert forged.post_raw("sure=1").status == 400, "without the form's own token"
    signed_in.get(PAGE)
    signed_in.headers = {"Sec-Fetch-Site": "cross-site"}
    assert signed_in.post("delete", sure="1").status == 400
    assert is_there(strangers)
