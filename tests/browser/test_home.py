"""The console's page in a real browser: from an empty data folder to a live tile, and how it looks and is used."""

import functools
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import playwright.sync_api
import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.conftest import LONGEST_WORDS, looks, picture, pictured, steadily
from tests.browser.test_linking_pages import OUT_OF_ITS_BOX, TOO_WIDE, UNLABELLED
from tests.doubles import console_browser
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S

TARGETS = "button, summary, a.button, input:not([type=hidden]):not([type=checkbox]), label.tick, footer a"
TOO_SMALL = """targets => [...document.querySelectorAll(targets)].filter(each => each.checkVisibility())
    .map(each => [each.outerHTML, each.getBoundingClientRect().height]).filter(([, height]) => height < 44)"""
TOO_TALL = """[...document.querySelectorAll("button")].filter(each => each.checkVisibility())
    .map(each => [each.outerHTML, each.getBoundingClientRect().height]).filter(([, height]) => height > 100)"""
WITHIN_S = 120  # from the start of showcam in an empty folder to a picture that moves
MOVING = "video => video.getVideoPlaybackQuality().totalVideoFrames > 5"
FOCUSED = "document.activeElement.name || document.activeElement.textContent.trim()"


def printed(text: str) -> str:
    """The last address of the page, with its code."""
    found: list[str] = re.findall(r"Your cameras: (http://\S+/home#\S+)", text)
    return found[-1]


def at_start(program: Program) -> str:
    """Of a program that just started: it serves a moment before it prints."""
    deadline = time.monotonic() + LONG_S
    while "Your cameras: " not in program.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    return printed(program.log.read_text())


def another(program: Program) -> str:
    return f"{program.web}/home#{program.entry()}"


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Of a phone's size: only what is on the screen plays, and each picture takes a good part of a core."""
    made = chromium.new_context(viewport={"width": 360, "height": 640}, locale="en-US")
    yield made
    made.close()


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and what its console complains of."""
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    return page, complaints


def sign_in(page: Page, address: str, user: str) -> None:
    page.goto(address)
    page.wait_for_selector("input[name=user]")
    page.fill("input[name=user]", user)
    page.fill("input[name=password]", "showcam-demo")
    page.press("input[name=password]", "Enter")


@functools.cache
def cookies(program: Program, user: str) -> dict[str, str]:
    """Of a session that serves all tests of a program."""
    console = console_browser.Page(program)
    console.enter(user, "showcam-demo")
    return {each.name: each.value or "" for each in console.session.cookies}


def let_in(context: BrowserContext, program: Program, user: str = "demo@example.com") -> None:
    """Signs a browser in without a page."""
    kept = cookies(program, user)
    context.add_cookies([{"name": name, "value": value, "url": program.web} for name, value in kept.items()])


def enter(page: Page, program: Program, user: str = "demo@example.com") -> None:
    """Opens the page of cameras in a browser that is signed in."""
    let_in(page.context, program, user)
    page.goto(f"{program.web}/home")


def tile(page: Page, name: str) -> Any:
    """Of the page of all cameras, or of the camera's own."""
    return page.locator(f'.tile[data-name="{name}"]')


def plays(page: Page, name: str, timeout_s: float = 2 * LONG_S) -> None:
    """Wait until a camera's video moves; a failure says what its tile shows instead."""
    shown = tile(page, name)
    shown.scroll_into_view_if_needed()  # only what is on the screen plays
    try:
        page.wait_for_function(MOVING, arg=shown.locator("video").element_handle(), timeout=timeout_s * 1000)
    except playwright.sync_api.TimeoutError:
        raise AssertionError(f"{name} does not play: {shown.inner_text()!r}") from None


def open_settings(page: Page, name: str) -> None:
    """Follow the link of a camera's tile, by keyboard: a page that fills moves what a mouse is pressing."""
    tile(page, name).locator("a[href^='/home/cameras/']").press("Enter")


@pytest.mark.proves(
    "An empty folder becomes a live tile on `/home` with two typed values, within two minutes",
    leans_on="second stack: Chromium; double: EZVIZ's cloud and camera",
)
def test_from_an_empty_folder_to_a_live_tile(context: BrowserContext, tmp_path: Path) -> None:
    """Two values are typed, and nothing else is done."""
    began = time.monotonic()
    page, complaints = watched(context)
    with running(tmp_path) as program:
        sign_in(page, at_start(program), "real@example.com")
        plays(page, "Terrace", WITHIN_S)
        took = time.monotonic() - began
        assert "#" not in page.url  # the code is out of the address
        why = tile(page, "Driveway").locator(".why")
        assert "Image Encryption is on for Driveway." in why.inner_text()
        picture(page, "home-real")
    assert took < WITHIN_S
    assert complaints == []


@pytest.mark.proves(
    "A battery camera that takes 34 s to wake is shown on `/home`, which says meanwhile that it is waking",
    leans_on="second stack: Chromium; double: EZVIZ's battery camera",
)
def test_a_battery_camera_has_seventy_seconds_to_wake_and_is_said_to_meanwhile(
    context: BrowserContext, tmp_path: Path
) -> None:
    """It waits for a press, since a picture wakes it. Two pages wait for it at once, by WebRTC and by HLS."""
    pages = {by: watched(context)[0] for by in ("webrtc", "hls")}
    pages["hls"].add_init_script("delete window.RTCPeerConnection")
    with steadily(tmp_path) as program:
        program.configure(wake_s=34, wake_spread_s=0)
        program.change("Terrace", dozes=True)
        sign_in(pages["webrtc"], at_start(program), "real@example.com")
        pages["webrtc"].wait_for_selector(".tiles")
        pages["hls"].goto(f"{program.web}/home")
        began = time.monotonic()
        for page in pages.values():
            button = tile(page, "Terrace").get_by_role("button", name="Wake it and show it")
            button.wait_for()
            page.wait_for_load_state("load")  # a press before the script is there does nothing
            button.press("Enter")
            expect(tile(page, "Terrace").locator(".state")).to_have_text(
                "On battery: waking takes up to 70 seconds.", timeout=90_000
            )
        for page in pages.values():
            plays(page, "Terrace")
            assert time.monotonic() - began > 30
            expect(tile(page, "Terrace").locator(".state")).to_be_hidden()


def test_where_webrtc_brings_nothing_hls_does(context: BrowserContext, program: Program) -> None:
    page, complaints = watched(context)
    page.add_init_script("delete window.RTCPeerConnection")
    enter(page, program)
    plays(page, "Garden")
    video = tile(page, "Garden").locator("video")
    assert video.get_attribute("src", timeout=1000)
    assert complaints == []


@pytest.mark.proves(
    "A camera of the house is live on `/home` next to EZVIZ's cameras",
    leans_on="second stack: Chromium; double: camera and EZVIZ",
)
def test_a_camera_of_ones_own_is_live_beside_ezvizs(context: BrowserContext, program: Program) -> None:
    page, complaints = watched(context)
    enter(page, program)
    for name in ("Garden", "Barn"):
        plays(page, name)
    assert complaints == []


@pytest.fixture
def linked(program: Program) -> Iterator[None]:
    """A tile says that an assistant can show a camera only if it is linked."""
    for assistant in ("alexa", "google"):
        program.link(assistant)
    yield
    for assistant in ("alexa", "google"):
        program.assistant(assistant, "unlink")


@pytest.mark.proves(
    "A tile's video gives way to its reason and comes back without a reload",
    leans_on="second stack: Chromium; double: EZVIZ's cloud",
)
@pytest.mark.usefixtures("linked")
def test_a_picture_gives_way_to_its_reason_and_comes_back(context: BrowserContext, program: Program) -> None:
    page, _ = watched(context)
    enter(page, program)
    garden = tile(page, "Garden")
    video = garden.locator("video").element_handle()
    plays(page, "Garden")
    states, before = page.locator(".states"), page.locator(".summary").inner_text()
    expect(states).to_contain_text("Alexa is ready: 5")
    program.change("Garden", asleep=True)
    try:
        garden.get_by_text("Garden is in Sleep Mode.").wait_for(timeout=90_000)
        expect(states).to_contain_text("Alexa is ready: 4")
        expect(page.locator(".summary")).not_to_have_text(before)
        picture(page, "home-refused")
    finally:
        program.change("Garden", asleep=False)
    page.wait_for_function(MOVING, arg=video, timeout=LONG_S * 1000)  # without a press: it was woken elsewhere
    expect(states).to_contain_text("Alexa is ready: 5")
    expect(page.locator(".summary")).to_have_text(before)


def test_a_camera_that_fell_asleep_is_woken_at_its_tile(context: BrowserContext, program: Program) -> None:
    page, complaints = watched(context)
    enter(page, program)
    plays(page, "Garden")
    program.change("Garden", asleep=True)
    try:
        tile(page, "Garden").get_by_role("button", name="Wake it").click(timeout=90_000)
        page.wait_for_url("**/home#*")
        plays(page, "Garden")
    finally:
        program.change("Garden", asleep=False)
    assert complaints == []


@pytest.mark.proves(
    "Image Encryption is switched off at a tile by keyboard, and the video comes",
    leans_on="second stack: Chromium; double: EZVIZ's cloud",
    also=("tests/console/test_tile_switches.py",),
)
def test_encryption_is_switched_off_at_the_tile_by_keyboard_and_the_picture_comes_by_itself(
    context: BrowserContext, program: Program
) -> None:
    page, complaints = watched(context)
    sign_in(page, another(program), "real@example.com")  # by its form, which allows the open connection
    try:
        tile(page, "Driveway").locator("[data-mends] summary").first.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED) == "step"
        page.keyboard.press("Enter")
        tile(page, "Driveway").get_by_text("Enter the four digits").wait_for(timeout=90_000)
        page.locator("[name=encryption_code]:focus").wait_for()
        fits(page, "mailed-code")
        program.configure(encryption_delay_s=15)  # longer than the page waits, on a busy machine too
        page.keyboard.type(program.cameras()["Driveway"]["mailed"])
        page.keyboard.press("Enter")
        tile(page, "Driveway").get_by_text("Driveway is changing.").wait_for(timeout=90_000)
        plays(page, "Driveway")
    finally:
        program.configure(encryption_delay_s=2)
        program.change("Driveway", encryption=True)
    assert complaints == []


def test_by_keyboard_alone(context: BrowserContext, program: Program) -> None:
    page, _ = watched(context)
    page.goto(another(program))
    page.locator("[name=user]:focus").wait_for()
    visited = [page.evaluate(FOCUSED)]
    for _ in range(3):
        page.keyboard.press("Tab")
        visited.append(page.evaluate(FOCUSED))
    assert visited == ["user", "password", "open_way", "step"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("showcam-demo")
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("other@example.com")
    page.keyboard.press("Enter")
    page.wait_for_selector(".tiles")
    page.wait_for_load_state()  # a script that runs late may move the focus
    stops = page.locator("a, button, input, summary, video").count()
    while page.evaluate("document.activeElement.value") != "sign-out":
        page.keyboard.press("Tab")
        assert (stops := stops - 1) > 0
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('.tiles')", timeout=90_000)
    page.wait_for_load_state()
    assert page.locator("input[name=user]").count() == 1, page.inner_text("body")  # the form of the sign-in


def test_who_signs_out_gets_the_answer_also_if_the_page_learns_first_that_its_session_is_over(
    context: BrowserContext, program: Program
) -> None:
    """A reload at that moment would lose the new cookie, and the browser would need a new printed code."""
    page, _ = watched(context)
    sign_in(page, another(program), "other@example.com")
    page.wait_for_selector(".tiles")
    page.wait_for_load_state("load")  # a form that is sent before would leave the page without its scripts
    held: list[Route] = []
    page.route("**/home", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    token = page.locator("[name=csrf_token]").first.get_attribute("value")
    opened: list[str] = []
    page.on("framenavigated", lambda frame: opened.append(frame.url))
    page.evaluate("document.querySelector('[value=sign-out]').click()")
    with page.expect_response(lambda response: response.status == 401, timeout=90_000):
        signed_out_elsewhere(context, program, str(token))
    page.wait_for_timeout(1000)
    assert (len(held), opened) == (1, [])
    held[0].continue_()


def signed_out_elsewhere(context: BrowserContext, program: Program, token: str) -> None:
    """Ends the browser's session without an answer to that browser."""
    cookies = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
    form = {"step": "sign-out", "csrf_token": token}
    answer = requests.post(f"{program.web}/home", form, cookies=cookies, timeout=LONG_S, allow_redirects=False)
    assert answer.status_code == 303, answer.text


def fits(page: Page, name: str) -> None:
    with pictured(page, f"home-{name}"):
        assert page.evaluate(TOO_WIDE) <= 0
        assert page.evaluate(OUT_OF_ITS_BOX, TARGETS) == []
        assert page.evaluate(TOO_SMALL, TARGETS) == []
        assert page.evaluate(TOO_TALL) == []
        assert page.evaluate(UNLABELLED) == []


def test_of_a_camera_that_is_offline_it_is_switched_off_beside_its_setting(
    context: BrowserContext, program: Program
) -> None:
    page, _ = watched(context)
    enter(page, program, "real@example.com")
    page.get_by_role("link", name="Shed", exact=True).click()
    page.locator("#settings > summary").press("Enter")
    page.locator("#encryption summary").first.press("Enter")
    page.set_viewport_size({"width": 360, "height": 740})
    with pictured(page, "home-beside-its-setting"):
        assert (page.evaluate(TOO_WIDE) <= 0, page.evaluate(TOO_TALL)) == (True, [])
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "step"
    page.keyboard.press("Enter")
    expect(page.locator("main > .alert")).to_contain_text("Shed is offline.")


def test_it_fits(chromium: Browser, program: Program) -> None:
    context = chromium.new_context(locale=LONGEST_WORDS)
    page, complaints = watched(context)
    page.goto(f"{program.web}/home")
    for look in looks(page):
        fits(page, f"enter-{look}")
    page.locator("main summary").click()
    page.fill("input[name=entry]", "guess")
    page.press("input[name=entry]", "Enter")
    page.wait_for_selector("[role=alert]")
    for look in looks(page):
        fits(page, f"wrong-code-{look}")
    page.goto("about:blank")
    page.goto(another(program))
    page.wait_for_selector("input[name=user]")
    for look in looks(page):
        fits(page, f"sign-in-{look}")
    page.fill("input[name=user]", "demo@example.com")
    page.fill("input[name=password]", "wrong")
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("[role=alert]")
    for look in looks(page):
        fits(page, f"refused-{look}")
    page.fill("input[name=password]", "showcam-demo")
    page.press("input[name=password]", "Enter")
    page.wait_for_selector(".tiles")
    for look in looks(page):
        plays(page, "Barn")
        fits(page, f"tiles-{look}")
    context.close()
    assert [complaint for complaint in complaints if "403" not in complaint] == []  # of the refused sign-in
