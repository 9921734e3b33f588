"""The page of a camera in Chromium: its settings are saved when they change, and its buttons turn the camera."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.browser import test_console_pages
from tests.browser.test_console_pages import address
from tests.browser.test_home import MOVING
from tests.browser.test_player import TOUCH, moving
from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "A camera's page saves each setting when it is changed, and says what the camera confirmed",
    leans_on="second stack: Chromium; double: EZVIZ's cloud",
    also=("tests/console/test_camera_page.py",),
)

linked, session, signed_in = test_console_pages.linked, test_console_pages.session, test_console_pages.signed_in

LONG_MS = LONG_S * 1000

# As Chromium sends it for a finger: the click comes in a task after the one in which the finger left.
TAP = """async button => {
    const touch = { pointerType: 'touch', bubbles: true, cancelable: true };
    const send = (type, more) => button.dispatchEvent(new PointerEvent(type, { ...touch, ...more }));
    ['pointerdown', 'pointerup', 'pointerleave'].forEach(type => send(type));
    await new Promise(done => setTimeout(done, 20));
    send('click', { detail: 1 });
}"""


@pytest.fixture
def player(signed_in: Callable[..., Page], linked: Program) -> Page:
    """The page of Garden, whose video moves, in a window of the test's own."""
    return moving(signed_in(), linked)


@pytest.mark.parametrize("name", ["Garden", "Garage", "Barn"])
def test_the_page_is_short_while_its_settings_are_closed(
    signed_in: Callable[..., Page], linked: Program, name: str
) -> None:
    page = signed_in()
    page.goto(address(page, linked, name))
    page.wait_for_load_state("load")
    page.locator(".banner").evaluate_all("banners => banners.forEach(banner => banner.remove())")
    assert page.evaluate("document.documentElement.scrollHeight") <= 1400


@pytest.mark.parametrize(
    ("way", "swipe", "leads"),
    [("ArrowRight", [[[700, 300]], [[500, 310]]], "next"), ("ArrowLeft", [[[500, 300]], [[700, 310]]], "prev")],
)
def test_keys_and_a_swipe_lead_to_the_camera_beside_it(player: Page, way: str, swipe: Any, leads: str) -> None:
    here, there = player.url, player.locator(f".others [rel={leads}]").evaluate("link => link.href")
    player.keyboard.press(way)
    player.wait_for_url(there, timeout=LONG_MS)
    player.go_back()
    player.wait_for_url(here, timeout=LONG_MS)
    player.wait_for_load_state("load")
    player.evaluate(TOUCH, swipe)
    player.wait_for_url(there, timeout=LONG_MS)


def opened(page: Page) -> None:
    page.locator("#settings > summary").press("Enter")
    page.wait_for_selector(".settings")


def test_a_setting_is_saved_when_it_is_changed_and_the_video_goes_on(player: Page) -> None:
    opened(player)
    player.evaluate("() => { window.stays = true; }")
    assert player.get_by_role("button", name=re.compile("^Set ")).count() == 0
    chosen = player.locator("#set-date_format")
    before = chosen.input_value()
    for value in ("dmy" if before != "dmy" else "mdy", before):
        chosen.select_option(value)
        expect(player.locator("#date_format .note")).to_have_text("confirmed", timeout=LONG_MS)
        expect(chosen).to_have_value(value, timeout=LONG_MS)
        player.locator("#date_format .note").evaluate("note => note.remove()")
    assert player.evaluate("() => window.stays")
    player.wait_for_function(MOVING, arg=player.locator("video").element_handle(), timeout=LONG_MS)


def test_a_second_press_on_a_switch_whose_first_is_on_its_way_changes_nothing(player: Page) -> None:
    opened(player)
    held: list[Route] = []
    player.route("**/settings", lambda route: route.fallback() if held else held.append(route))
    switch = player.locator("#set-status_light")
    before = switch.get_attribute("aria-checked")
    switch.evaluate("button => { button.click(); button.click(); }")
    until(lambda: bool(player.title()) and len(held) == 1)
    held[0].continue_()
    expect(switch).to_have_attribute("aria-checked", "false" if before == "true" else "true", timeout=LONG_MS)
    player.wait_for_timeout(500)  # for another request
    expect(player.locator("#settings [role=alert]")).to_have_count(0)
    switch.press("Enter")
    expect(switch).to_have_attribute("aria-checked", str(before), timeout=LONG_MS)


def test_where_the_vendor_can_not_be_read_after_a_change_the_page_is_opened_again(player: Page) -> None:
    """The answer then lacks the changed setting, and all others of the camera."""

    def unread(route: Route) -> None:
        answer = route.fetch()
        rest = re.sub(r'<section class="group" data-renewed="device".*?</section>', "", answer.text(), flags=re.DOTALL)
        route.fulfill(response=answer, body=rest)

    opened(player)
    player.route("**/settings", unread)
    switch = player.locator("#set-status_light")
    with player.expect_navigation(timeout=LONG_MS):
        switch.press("Enter")
    player.unroute("**/settings")
    opened(player)
    before = switch.get_attribute("aria-checked")
    switch.press("Enter")
    expect(switch).to_have_attribute("aria-checked", "false" if before == "true" else "true", timeout=LONG_MS)


def test_what_is_ticked_is_kept_also_while_the_tick_before_is_on_its_way(player: Page, linked: Program) -> None:
    opened(player)
    player.locator("#by-voice > summary").click()
    ticks = player.locator("[name=voice_may]")
    for number in range(ticks.count()):
        expect(ticks.nth(number)).not_to_be_checked()
    player.evaluate("""() => {
        const [first, second] = document.querySelectorAll('[name=voice_may]');
        first.click();
        second.click();
    }""")
    expect(player.locator("[data-renewed=preferences] .note")).to_have_text("Kept.", timeout=LONG_MS)
    player.reload()
    assert ticks.evaluate_all("all => all.map(tick => tick.checked)")[:3] == [True, True, False]
    opened(player)
    player.locator("#by-voice > summary").click()
    for number in (0, 1):
        ticks.nth(number).press("Space")
        expect(player.locator("[data-renewed=preferences] .note")).to_have_text("Kept.", timeout=LONG_MS)
        expect(ticks.nth(number)).to_be_focused(timeout=LONG_MS)
        player.locator("[data-renewed=preferences] .note").evaluate("note => note.remove()")


def test_what_was_changed_before_the_script_was_there_keeps_its_button(player: Page) -> None:
    held: list[Route] = []
    player.route("**/settings.js", lambda route: held.append(route))
    with player.expect_request("**/settings.js"):
        player.goto(player.url, wait_until="commit")
    opened(player)
    keep = player.get_by_role("button", name="Save", exact=True)
    player.locator("#room").fill("Porch")
    player.locator("#room").press("Tab")
    expect(keep).to_be_visible()
    held.pop().continue_()
    expect(player.get_by_role("button", name=re.compile("^Set "))).to_have_count(0, timeout=LONG_MS)
    expect(keep).to_be_visible()
    keep.press("Enter")
    expect(player.locator("[data-renewed=preferences] .note")).to_have_text("Kept.", timeout=LONG_MS)
    expect(keep).to_be_hidden()
    player.locator("[data-renewed=preferences] .note").evaluate("note => note.remove()")
    player.locator("#room").fill("")
    player.locator("#room").press("Tab")
    expect(player.locator("[data-renewed=preferences] .note")).to_have_text("Kept.", timeout=LONG_MS)


def test_what_is_refused_is_said_beside_it_and_what_was_typed_stays(player: Page) -> None:
    opened(player)
    player.locator("#announcements > summary").click()
    player.locator("#ring-pause").fill("soon")
    player.locator("#ring-pause").press("Tab")
    alert = player.locator("[data-renewed=preferences] [role=alert]")
    expect(alert).to_contain_text("A pause is 0 to", timeout=LONG_MS)
    assert player.locator("#ring-pause").input_value() == "soon"


def test_where_showcam_does_not_answer_that_is_said(player: Page) -> None:
    opened(player)
    player.route("**/preferences", lambda route: route.abort())
    player.locator("#room").fill("Porch")
    player.locator("#room").press("Tab")
    alert = player.locator("[data-renewed=preferences] [role=alert]")
    expect(alert).to_have_text("Not saved. Try again.", timeout=LONG_MS)
    assert player.locator("#room").input_value() == "Porch"


def test_whose_session_is_over_is_led_to_the_sign_in(player: Page) -> None:
    opened(player)
    player.context.clear_cookies()
    player.locator("#room").fill("Porch")
    player.locator("#room").press("Tab")
    player.wait_for_url(re.compile(r"/home$"), timeout=LONG_MS)
    assert player.locator(".settings").count() == 0


@pytest.mark.parametrize("name", ["Barn", "Nursery"])
def test_while_a_button_is_held_down_the_camera_turns_step_by_step(
    signed_in: Callable[..., Page], linked: Program, name: str
) -> None:
    """By ONVIF and by EZVIZ's account. A stop follows each step, also when the page is closed meanwhile."""
    page = signed_in()
    page.goto(address(page, linked, name))
    page.wait_for_load_state("load")
    asked, before = list[Any](), len(turned(linked, name))
    page.on("request", lambda made: asked.append(made))
    left = page.get_by_role("button", name="Turn left", exact=True)
    left.dispatch_event("pointerdown", {"button": 0})
    until(lambda: len(turned(linked, name)) >= before + 6)
    page.evaluate("() => dispatchEvent(new PointerEvent('pointerup'))")
    expect(page.locator(".pad[aria-busy=false]")).to_be_attached(timeout=LONG_MS)
    steps = turned(linked, name)
    assert steps[before:] == ["left", "stop"] * len(turns(asked))
    page.get_by_role("button", name="Turn up", exact=True).press("Enter")
    until(lambda: turned(linked, name)[len(steps) :] == ["up", "stop"])
    expect(page.locator(".pad[aria-busy=false]")).to_be_attached(timeout=LONG_MS)
    left.dispatch_event("pointerdown", {"button": 0})
    until(lambda: turned(linked, name)[-1] == "left")
    page.close()  # a step that was asked for just before may still follow
    until(lambda: turned(linked, name)[-1] == "stop" and not row(linked, name)["turning"])


def test_a_finger_and_a_held_key_turn_the_camera_once_for_each_press(
    signed_in: Callable[..., Page], linked: Program
) -> None:
    page = signed_in()
    page.goto(address(page, linked, "Nursery"))
    page.wait_for_load_state("load")
    asked, before = list[Any](), turned(linked, "Nursery").count("down")
    page.on("request", lambda made: asked.append(made))
    down = page.get_by_role("button", name="Turn down", exact=True)
    down.evaluate(TAP)
    expect(page.locator(".pad[aria-busy=false]")).to_be_attached(timeout=LONG_MS)
    down.evaluate("button => { for (let repeat = 0; repeat < 20; repeat += 1) button.click(); }")
    expect(page.locator(".pad[aria-busy=false]")).to_be_attached(timeout=LONG_MS)
    assert len(turns(asked)) == 2
    assert turned(linked, "Nursery").count("down") == before + 2


def test_a_camera_turns_again_after_an_answer_that_broke_off(signed_in: Callable[..., Page], linked: Program) -> None:
    page = signed_in()
    page.goto(address(page, linked, "Nursery"))
    page.wait_for_load_state("load")
    page.evaluate("""() => {
        window.whole = Response.prototype.json;
        Response.prototype.json = () => Promise.reject(new TypeError("network error"));
    }""")
    up = page.get_by_role("button", name="Turn up", exact=True)
    up.press("Enter")
    failed = str(page.locator(".pad").get_attribute("data-failed"))
    expect(page.locator(".turned")).to_have_text(failed, timeout=LONG_MS)
    page.evaluate("() => { Response.prototype.json = window.whole; }")
    before = turned(linked, "Nursery").count("up")
    up.press("Enter")
    until(lambda: turned(linked, "Nursery").count("up") == before + 1)
    expect(page.locator(".turned")).to_have_text("", timeout=LONG_MS)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_camera_turns_to_a_position_by_its_name(
    signed_in: Callable[..., Page], linked: Program, script: bool
) -> None:
    page = signed_in(script=script)
    page.goto(address(page, linked, "Barn"))
    before = turned(linked, "Barn").count("preset 2")
    assert page.locator(".positions button").all_inner_texts() == ["Gate", "Paddock & pond"]
    page.get_by_role("button", name="Paddock & pond", exact=True).click()
    until(lambda: turned(linked, "Barn").count("preset 2") == before + 1)
    page.goto(address(page, linked, "Nursery"))  # EZVIZ's account has no call for its positions
    assert (page.locator(".pad").count(), page.locator(".positions").count()) == (1, 0)


def test_the_smaller_picture_is_shown_in_place_of_the_whole_one_and_back(player: Page) -> None:
    wide = "width => document.querySelector('video').videoWidth === width"
    player.wait_for_function(wide, arg=640, timeout=LONG_MS)
    # what a picture measures is known from its first showing on
    smaller = player.locator("[data-player=smaller]")
    until(lambda: bool(player.reload()) and smaller.count() == 1)
    for pressed, width in (("true", 320), ("false", 640)):
        expect(player.locator(".tools")).to_be_visible(timeout=LONG_MS)
        smaller.click()
        assert smaller.get_attribute("aria-pressed") == pressed
        player.wait_for_function(wide, arg=width, timeout=LONG_MS)


def test_without_script_each_press_is_one_step(signed_in: Callable[..., Page], linked: Program) -> None:
    page = signed_in(script=False)
    page.goto(address(page, linked, "Nursery"))
    before = turned(linked, "Nursery").count("right")
    page.get_by_role("button", name="Turn right", exact=True).click()
    assert page.locator("h1").inner_text() == "Nursery"
    assert turned(linked, "Nursery").count("right") == before + 1
    until(lambda: not row(linked, "Nursery")["turning"])


def turns(requests_made: list[Any]) -> list[str]:
    return [made.url for made in requests_made if made.url.endswith("/turn")]


def row(program: Program, name: str) -> dict[str, Any]:
    """What the simulator says of the camera."""
    said = requests.get(f"{program.simulator}/_control", timeout=LONG_S).json()
    return dict(next(row for row in [*said["cameras"], *said["own"]] if row["name"] == name))


def turned(program: Program, name: str) -> list[str]:
    return list(row(program, name)["turned"])


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
