"""The page of notices: an address is added, tried and removed, never shown; and what is refused is said in place."""

import pytest

from showcam.console.health.notices import TRIES, WINDOW_S
from showcam.registry.notices.notifier import MOST, Addresses
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld
from tests.doubles.linking_world import CAREFUL
from tests.doubles.notice_services import WebReceiver

pytestmark = pytest.mark.proves(
    "An address for notices is added, tested and removed on a page, and never shown", leans_on="second stack: Apprise"
)

AT = "/home/health/notices"


def page(world: HomeWorld) -> HomeBrowser:
    return world.signed_in().visit(AT)


def secret(web: WebReceiver) -> str:
    return f"json://kari:hemmelig@127.0.0.1:{web.server_port}/hook"


def kept(world: HomeWorld) -> list[tuple[str, str]]:
    addresses = Addresses(world.home.store).of(world.home.account.id)
    return [(address.service, address.name) for address in addresses.values()]


def only(world: HomeWorld) -> str:
    [address_id] = Addresses(world.home.store).of(world.home.account.id)
    return address_id


def put(world: HomeWorld, url: str, name: str = "") -> str:
    return Addresses(world.home.store).add(world.home.account.id, url, "ntfy", name)


def test_an_address_is_added_tried_and_removed_and_shown_nowhere(world: HomeWorld, web: WebReceiver) -> None:
    browser = page(world)
    assert "None yet" in browser.text
    browser.send(AT, step="add", url=f" {secret(web)} ", name=" Kari’s  phone ")
    assert (browser.status, kept(world)) == (200, [("JSON", "Kari’s phone")])
    assert "Kari’s phone JSON, since" in browser.text
    assert web.texts == []  # adding sends nothing
    browser.send(AT, step="test", address=only(world))
    assert (browser.status, "Kari’s phone took the test" in browser.text) == (200, True)
    assert [title for title, _ in web.texts] == ["A test by showcam"]
    assert browser.answer is not None
    for part in ("hemmelig", "127.0.0.1", "kari:", "/hook"):
        assert part not in browser.answer.text
    browser.send(AT, step="remove", address=only(world))
    assert (kept(world), "None yet" in browser.text) == ([], True)


def test_a_service_that_takes_nothing_is_named(world: HomeWorld, web: WebReceiver) -> None:
    put(world, secret(web), "Kari’s phone")
    web.status = 403
    browser = page(world).send(AT, step="test", address=only(world))
    assert "Kari’s phone did not take the test." in browser.text


@pytest.mark.parametrize(
    "url",
    ["", "nowhere", "syslog://_/", "nobody://kari:hemmelig@host", "ntfys://x\n/y", "ntfys://" + "x" * 3000, "json://"],
    ids=["empty", "no scheme", "of this machine", "unknown", "a line end", "long", "no host"],
)
def test_what_is_no_address_is_said_and_its_name_stays_typed(world: HomeWorld, url: str) -> None:
    browser = page(world).send(AT, step="add", url=url, name="Kari’s phone")
    assert browser.answer is not None
    assert (browser.status, kept(world)) == (403, [])
    assert "Begin as the examples do." in browser.text
    assert ('value="Kari’s phone"' in browser.answer.text, "hemmelig" in browser.answer.text) == (True, False)


def test_there_are_so_many_addresses_and_names_of_such_a_length_at_most(world: HomeWorld, web: WebReceiver) -> None:
    browser = page(world).send(AT, step="add", url=secret(web), name="x" * 61)
    assert (browser.status, "At most 60 characters" in browser.text) == (403, True)
    for number in range(MOST):
        put(world, f"ntfys://ntfy.sh/topic{number}")
    browser.send(AT, step="add", url=secret(web))
    assert (browser.status, f"At most {MOST} addresses" in browser.text) == (403, True)
    assert "One more address" not in browser.text


@pytest.mark.parametrize("step", ["test", "remove"])
@pytest.mark.parametrize("which", ["another household's", "gone", "none"])
def test_an_address_that_is_not_the_households_is_neither_tried_nor_removed(
    world: HomeWorld, web: WebReceiver, step: str, which: str
) -> None:
    address = put(world, secret(web))
    browser = (world.signed_in(CAREFUL) if which == "another household's" else world.signed_in()).visit(AT)
    browser.send(AT, step=step, address={"another household's": address, "gone": "0badc0de", "none": ""}[which])
    assert (browser.status, "It is gone already" in browser.text) == (403, True)
    assert (web.texts, len(kept(world))) == ([], 1)


def test_after_many_tries_none_more_is_sent_for_a_minute(world: HomeWorld, web: WebReceiver) -> None:
    put(world, "not an address")  # as one of another version might be: it is refused before anything is sent
    world.clock.now -= world.clock.now % WINDOW_S
    browser = page(world)
    for _ in range(TRIES):
        browser.send(AT, step="test", address=only(world))
        assert browser.status == 200
    browser.send(AT, step="test", address=only(world))
    assert (browser.status, "Too many tries. Wait a minute" in browser.text) == (403, True)
    browser.send(AT, step="add", url=secret(web))
    assert (browser.status, len(kept(world))) == (403, 1)
    world.clock.wait(WINDOW_S)
    browser.send(AT, step="test", address=only(world))
    assert browser.status == 200


def test_the_page_of_health_leads_there(world: HomeWorld) -> None:
    browser = world.signed_in().visit("/home/health")
    assert browser.answer is not None
    assert f'href="{AT}"' in browser.answer.text


@pytest.mark.parametrize("step", ["add", "test", "remove"])
def test_who_is_not_signed_in_changes_nothing(world: HomeWorld, web: WebReceiver, step: str) -> None:
    address = put(world, secret(web))
    for browser, led_to in ((world.browser().get(), "door"), (world.browser().enter(world.code.renew()), "sign-in")):
        browser.send(AT, step=step, address=address, url=secret(web))
        assert browser.step == led_to
    assert (web.texts, len(kept(world))) == ([], 1)
