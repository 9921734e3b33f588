"""The assistants' page: links and their cameras, which of its parts is open, and who gets no further."""

import re
import time
from typing import Any

import pytest

from showcam.accounts import households
from showcam.accounts.pins import Pins
from showcam.drivers.camera import StreamRequest
from showcam.drivers.errors import VendorDown
from showcam.registry.owner.sign_in import SignIn
from showcam.registry.owner.sign_in_outcome import SignInRefused
from showcam.store.records import DAY_S
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import NEW, HomeWorld
from tests.doubles.household import demo_cameras
from tests.doubles.linking_world import CAREFUL, USER
from tests.doubles.ready_vendor import PASSWORD

AT = "/home/assistants"


def page(world: HomeWorld) -> HomeBrowser:
    return world.signed_in().visit(AT)


def press(browser: HomeBrowser, step: str, **fields: Any) -> HomeBrowser:
    return browser.send(AT, step=step, **fields)


def offered(browser: HomeBrowser) -> list[str]:
    """The cameras that the form of the only link sends along, whether or not they are ticked."""
    assert browser.answer is not None
    return re.findall(r'<input type="hidden" name="offered" value="([^"]+)"', browser.answer.text)


# links


def test_a_link_is_listed_with_its_label_and_what_it_sees(world: HomeWorld) -> None:
    other = world.home.another_link("google", (world.home.id("Garden"), world.home.id("Attic"), "ezviz-gone"))
    text = page(world).text
    assert "Alexa, Kari’s Since" in text
    assert "Not used yet." in text
    assert "Sees all cameras." in text
    world.home.store.touch_link(other.id, time.time())
    assert "Google, Kari’s Since" in text
    assert "Sees: Attic, Garden." in text


@pytest.mark.proves("The cameras of a link are chosen again on its page")
def test_its_cameras_are_chosen_again(world: HomeWorld) -> None:
    link, garden = world.home.link, world.home.id("Garden")
    browser = press(page(world), "choose", link=link.id, cameras=[garden, "ezviz-of-others"])
    assert (browser.status, "Done." in browser.text, "Sees: Garden." in browser.text) == (200, True, True)
    kept = world.home.store.link(link.id)
    assert kept is not None
    assert kept.cameras == (garden,)
    assert [row.link for row in world.home.store.waiting(time.time())] == [link.id]  # its assistant is to be told
    refused = world.home.registry.open_stream(kept, world.home.id("Pond"), StreamRequest("alexa", ("hls",)))
    assert getattr(refused, "reason", "") == "not_found"


@pytest.mark.parametrize(("later", "cameras"), [({"later": "1"}, None), ({}, 7)])
def test_all_of_them_with_later_ones_only_if_that_is_ticked(
    world: HomeWorld, later: dict[str, str], cameras: int | None
) -> None:
    browser = page(world)
    everything = offered(browser)
    press(browser, "choose", link=world.home.link.id, offered=everything, cameras=everything, **later)
    kept = world.home.store.link(world.home.link.id)
    assert kept is not None
    assert (kept.cameras if cameras is None else len(kept.cameras or ())) == cameras


def test_a_camera_that_was_not_ticked_stays_unseen_though_it_is_away_when_the_form_comes(world: HomeWorld) -> None:
    browser, bedroom = page(world), world.home.id("Bedroom")
    shown = offered(browser)
    ticked = [camera for camera in shown if camera != bedroom]
    world.home.driver.set([camera for camera in demo_cameras() if camera.name != "Bedroom"])
    world.clock.wait(120)
    press(browser, "choose", link=world.home.link.id, offered=shown, cameras=ticked, later="1")
    kept = world.home.store.link(world.home.link.id)
    assert kept is not None
    assert kept.cameras == tuple(sorted(ticked))


@pytest.mark.parametrize("more", [{}, {"offered": ["ezviz-of-others"], "cameras": ["ezviz-of-others"]}])
def test_a_page_without_cameras_lets_a_link_see_no_more(world: HomeWorld, more: dict[str, list[str]]) -> None:
    link, garden = world.home.link, world.home.id("Garden")
    browser = press(page(world), "choose", link=link.id, cameras=[garden])
    world.home.driver.error = VendorDown("down")
    world.clock.wait(DAY_S + 1)
    assert offered(browser.visit(AT)) == []
    press(browser, "choose", link=link.id, later="1", **more)
    assert (browser.status, "Tick a camera, or end the link" in browser.text) == (403, True)
    kept = world.home.store.link(link.id)
    assert kept is not None
    assert kept.cameras == (garden,)


def test_a_page_that_was_open_before_an_update_chooses_only_what_is_ticked(world: HomeWorld) -> None:
    browser = page(world)
    everything = offered(browser)
    press(browser, "choose", link=world.home.link.id, cameras=everything, later="1")
    kept = world.home.store.link(world.home.link.id)
    assert kept is not None
    assert kept.cameras == tuple(sorted(everything))


def test_a_link_ends_at_once_with_its_pictures(world: HomeWorld) -> None:
    browser = press(page(world), "end", link=world.home.link.id)
    assert "Nothing is linked yet." in browser.text
    assert world.home.store.links(world.home.account.id) == []
    assert world.home.pictures.ended == [(world.home.link.id, "")]


@pytest.mark.parametrize("step", ["end", "choose"])
@pytest.mark.parametrize("which", ["another household's", "ended", "none", "nonsense"])
def test_a_link_that_is_not_the_households_stays_as_it_is(world: HomeWorld, step: str, which: str) -> None:
    home = world.home
    ended = home.another_link("google")
    home.store.end_link(ended.id, time.time())
    other = households.find(home.store, "ezviz", CAREFUL)
    assert other is not None
    theirs = world.home.link
    browser = page(world)
    if which == "another household's":
        browser = world.signed_in(CAREFUL).visit(AT)
    link = {"another household's": theirs.id, "ended": ended.id, "none": "", "nonsense": "x" * 700}[which]
    press(browser, step, link=link, cameras=[home.id("Garden")])
    assert (browser.status, "It is gone already." in browser.text) == (403, True)
    assert home.store.link(theirs.id) == theirs


def test_without_a_camera_a_link_is_not_changed(world: HomeWorld) -> None:
    browser = press(page(world), "choose", link=world.home.link.id, later="1")
    assert (browser.status, "Tick a camera, or end the link" in browser.text) == (403, True)
    assert world.home.store.link(world.home.link.id) == world.home.link


def test_a_new_link_is_a_banner_on_every_page_until_it_is_acknowledged(world: HomeWorld) -> None:
    browser = world.signed_in()
    banner = "Alexa may show your cameras since"
    for path in ("/home", AT, f"/home/cameras/{world.home.id('Garden')}"):
        assert banner in browser.visit(path).text
    press(browser, "acknowledge", links=[world.home.link.id])
    assert banner not in browser.get().text
    world.home.another_link("google")
    assert "Google may show your cameras since" in browser.get().text
    assert banner not in browser.text


def test_a_link_that_came_while_the_page_was_open_stays_new(world: HomeWorld) -> None:
    browser = page(world)
    world.home.another_link("google")
    press(browser, "acknowledge", links=[world.home.link.id, "ezviz-x"])
    assert "Google may show your cameras since" in browser.get().text


# the parts of the page


@pytest.mark.parametrize(
    ("asked", "sent", "parts"),
    [
        ("", {}, []),
        ("?open=quiet", {}, ["quiet"]),
        ("?open=nonsense", {}, []),
        ("", {"step": "invite", "user": NEW}, ["who"]),
        ("", {"step": "invite", "user": ""}, ["who"]),
        ("", {"step": "renew-secret", "client": "alexa"}, ["clients"]),
        ("", {"step": "set-pin", "pin": "1", "again": "1"}, ["google-pin"]),
        ("", {"step": "set-quiet", "times": "noon", "zone": "Europe/Oslo"}, ["quiet"]),
        ("", {"step": "delete", "name": "somebody"}, ["kept"]),
    ],
)
def test_the_part_is_open_that_was_asked_for_or_answers(
    world: HomeWorld, asked: str, sent: dict[str, str], parts: list[str]
) -> None:
    browser = world.signed_in().visit(AT + asked)
    if sent:
        browser.send(AT, **sent)
    assert browser.answer is not None
    assert re.findall(r'<li class="part" id="([\w-]+)"><details open>', browser.answer.text) == parts


def test_quiet_times_and_an_open_door_are_said_though_their_parts_are_closed(world: HomeWorld) -> None:
    browser = page(world)
    assert "Open for 15 min." not in browser.text
    press(browser, "set-quiet", times="22:00-07:00", zone="Europe/Oslo")
    press(browser, "open-window")
    text = browser.visit(AT).text
    assert "Who may link Open for 15 min." in text
    assert "Quiet times 22:00-07:00" in text


# who may link


def linking(world: HomeWorld) -> SignIn:
    return SignIn(world.home.store, [world.vendor], "owner", clock=world.clock)


# who gets no further


@pytest.mark.parametrize(
    "step", ["end", "choose", "renew-secret", "remove-client", "set-pin", "invite", "open-window", "delete"]
)
def test_who_is_not_signed_in_changes_nothing(world: HomeWorld, step: str) -> None:
    home = world.home
    fields = {"link": home.link.id, "client": "alexa", "pin": "2468", "again": "2468", "user": NEW, "name": USER}
    for browser, led_to in ((world.browser().get(), "door"), (world.browser().enter(world.code.renew()), "sign-in")):
        browser.send(AT, step=step, **fields)
        assert browser.step == led_to
    assert home.store.link(home.link.id) == home.link
    assert home.store.account(home.account.id) is not None
    assert not Pins(home.store).is_set(home.account.id)
    assert linking(world).begin(NEW, PASSWORD, "203.0.113.7") == SignInRefused("stranger")


def test_a_step_that_there_is_not_is_a_bad_request(world: HomeWorld) -> None:
    assert press(page(world), "reboot").status == 400
