"""The page of phones: the owner ticks what is sent, per camera, once there is an address to send it to."""

import re

import pytest

from showcam.accounts import households
from showcam.console.door.phone_rings import WHEN, PhoneRings
from showcam.net.web_push import armoured, new_key, public_of
from showcam.registry.notices.browsers import Browsers
from showcam.registry.notices.notifier import Addresses
from showcam.registry.preferences import Preferences
from showcam.registry.readings.changes import Change
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld
from tests.doubles.notice_services import PHONE

pytestmark = pytest.mark.proves(
    "An owner chooses per camera, on the page of phones, what is sent there; nobody else does"
)

AT = "/home/phones"


@pytest.fixture
def page(world: HomeWorld) -> HomeBrowser:
    Addresses(world.home.store).add(world.home.account.id, PHONE, "ntfy", "")
    world.home.driver.change("Garden", motion="off", person="off")
    world.home.noticing.refresh(world.home.account.id)
    return world.signed_in().visit(AT)


def ticks(browser: HomeBrowser) -> dict[str, bool]:
    assert browser.answer is not None
    found = re.findall(r'name="when" value="([^"]+)"( checked)?', browser.answer.text)
    return {value.partition("-")[0] and value: bool(chosen) for value, chosen in found}


def chosen(world: HomeWorld, name: str) -> tuple[str, ...]:
    return world.home.owner.preferences(world.home.account.id, world.home.id(name)).phone_when


def test_each_camera_stands_there_with_the_events_that_it_reports_and_none_is_ticked(
    world: HomeWorld, page: HomeBrowser
) -> None:
    garden, door = world.home.id("Garden"), world.home.id("Front Door")
    assert ticks(page) == dict.fromkeys((f"{garden}/person", f"{garden}/motion", f"{door}/doorbell"), False)
    assert "which your services then have" in page.text


def test_ticks_are_kept_and_shown_and_taken_away_again(world: HomeWorld, page: HomeBrowser) -> None:
    garden, door = world.home.id("Garden"), world.home.id("Front Door")
    page.send(AT, step="rings", camera=[garden, door], when=[f"{garden}/motion", f"{door}/doorbell"])
    assert (page.status, "Done." in page.text) == (200, True)
    assert (chosen(world, "Garden"), chosen(world, "Front Door")) == (("motion",), ("doorbell",))
    assert ticks(page)[f"{garden}/motion"]
    page.send(AT, step="rings", camera=[garden, door], when=[f"{door}/doorbell"])
    assert (chosen(world, "Garden"), chosen(world, "Front Door")) == ((), ("doorbell",))


def test_other_preferences_and_cameras_that_the_form_did_not_name_stay(world: HomeWorld, page: HomeBrowser) -> None:
    garden, door = world.home.id("Garden"), world.home.id("Front Door")
    world.home.owner.prefer(world.home.account.id, door, Preferences(room="Hall", phone_when=("doorbell",)))
    page.send(AT, step="rings", camera=[garden], when=[f"{garden}/person"])
    kept = world.home.owner.preferences(world.home.account.id, door)
    assert (kept.room, kept.phone_when) == ("Hall", ("doorbell",))


@pytest.mark.parametrize("when", ["{garden}/tamper", "{garden}/", "nowhere/motion", "../motion", "x" * 3000])
def test_anything_else_is_left_out(world: HomeWorld, page: HomeBrowser, when: str) -> None:
    garden = world.home.id("Garden")
    page.send(AT, step="rings", camera=[garden], when=[when.format(garden=garden)])
    assert (page.status, chosen(world, "Garden")) == (200, ())


def test_a_camera_that_is_gone_is_said_and_nothing_is_kept(world: HomeWorld, page: HomeBrowser) -> None:
    garden = world.home.id("Garden")
    page.send(AT, step="rings", camera=[garden, "ezviz-gone"], when=[f"{garden}/motion"])
    assert (page.status, "It is gone already." in page.text) == (403, True)
    assert chosen(world, "Garden") == ()


def test_without_an_address_it_leads_to_the_page_of_notices(world: HomeWorld) -> None:
    browser = world.signed_in().visit(AT)
    assert "First add an address there." in browser.text
    assert ticks(browser) == {}


def test_an_invited_household_has_none_of_it(world: HomeWorld, page: HomeBrowser) -> None:
    guest = households.add(world.home.store, "ezviz", "guest@example.com", b"{}", origin="invited")
    rings = PhoneRings(world.home.owner, world.home.store)
    assert (rings.may(guest.id), rings.may(world.home.account.id)) == (False, True)


@pytest.mark.parametrize(("took_s", "says"), [(1.42, "Sent to the phone after 1.4 s."), (None, "Sent to no phone.")])
def test_the_history_has_what_became_of_it(world: HomeWorld, took_s: float | None, says: str) -> None:
    home = world.home
    ring = Change(home.account.id, home.id("Front Door"), "doorbell", world.clock.now, "doorbell")
    home.adapter.history.note_sighting(ring)
    home.adapter.history.note_phone(ring, took_s)
    browser = world.signed_in().visit("/home/happened")
    assert f"Front Door {says}" in browser.text
    assert "Front Door Somebody rang" in browser.text
    assert set(WHEN) == {"doorbell", "person", "motion"}


GIVEN = {
    "address": "https://updates.push.services.mozilla.com/wpush/v2/abc",
    "key": armoured(public_of(new_key())),
    "secret": armoured(bytes(16)),
}


@pytest.fixture
def secure(world: HomeWorld) -> HomeBrowser:
    """A browser on this machine, to which a page by http is as good as one by https."""
    browser = world.browser(host="127.0.0.1:8080", peer="127.0.0.1")
    return browser.enter(world.code.renew()).sign_in().visit(AT)


def subscriptions(world: HomeWorld) -> list[str]:
    kept = Browsers(world.home.store, world.clock).of(world.home.account.id)
    return [each.address for each in kept.values()]


def test_a_browser_subscribes_and_ends_it_by_one_press_each(world: HomeWorld, secure: HomeBrowser) -> None:
    assert "Send it to this browser" in secure.text
    secure.send(AT, step="push", **GIVEN)
    assert (secure.status, subscriptions(world)) == (200, [GIVEN["address"]])
    assert "Send nothing to this browser" in secure.text
    assert ticks(secure) != {}  # without an address there is somebody to send to now
    secure.send(AT, step="end-push")
    assert (secure.status, subscriptions(world)) == (200, [])
    assert "Send it to this browser" in secure.text


@pytest.mark.parametrize("wrong", [{"address": "https://192.168.1.1/x"}, {"key": "x"}, {"secret": ""}])
def test_what_is_no_subscription_is_said(world: HomeWorld, secure: HomeBrowser, wrong: dict[str, str]) -> None:
    secure.send(AT, step="push", **(GIVEN | wrong))
    assert (secure.status, "That did not work." in secure.text, subscriptions(world)) == (403, True, [])


def test_a_page_by_http_in_the_house_offers_none(world: HomeWorld, page: HomeBrowser) -> None:
    assert "Send it to this browser" not in page.text
    assert world.home.store.account_secret(world.home.account.id, "push-key") is None


def test_the_worker_is_a_script_of_these_pages(secure: HomeBrowser) -> None:
    answer = secure.visit("/home/push-worker.js").answer
    assert answer is not None
    assert answer.content_type.startswith("text/javascript")
    assert b"showNotification" in answer.data
