"""The page of set-up in a real browser: signing in, seeing a camera, and what was found of the way to the house."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from showcam.accounts import households
from tests.browser.conftest import LONGEST_WORDS, looks
from tests.browser.test_console_pages import fits, found
from tests.browser.test_home import another, plays, tile, watched
from tests.doubles.home_world import NEW, HomeWorld, home_world
from tests.doubles.linking_world import USER
from tests.doubles.program import Program
from tests.doubles.ready_vendor import PASSWORD
from tests.doubles.served_app import served

pytestmark = pytest.mark.proves(
    "Set-up goes from its first form to live video, passes axe-core wide and narrow, and works without script",
    leans_on="second stack: Chromium and axe-core; double: EZVIZ's cloud",
)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 360, "height": 640}, locale="en-US")
    yield made
    made.close()


def entered(page: Page, program: Program) -> None:
    page.goto(another(program))
    page.wait_for_selector("input[name=user]")
    page.goto(f"{program.web}/home/setup")


def sign_in(page: Page, user: str) -> None:
    page.fill("input[name=user]", user)
    page.fill("input[name=password]", "showcam-demo")
    page.press("input[name=password]", "Enter")


def test_from_the_form_in_the_first_step_to_a_live_tile(context: BrowserContext, program: Program) -> None:
    page, complaints = watched(context)
    entered(page, program)
    for _ in range(2):  # and after a reload
        page.reload()
        page.locator("[name=user]:focus").wait_for()
    sign_in(page, "demo@example.com")
    expect(page.locator("li.step").nth(1)).to_contain_text("5 live · 1 asleep · 2 need you")
    assert page.url.startswith(f"{program.web}/home/setup")
    assert complaints == []
    page.get_by_role("link", name="Your cameras").press("Enter")
    plays(page, "Garden")


def test_a_vendors_code_is_typed_in_the_step(context: BrowserContext, program: Program) -> None:
    page, _ = watched(context)
    entered(page, program)
    sign_in(page, "mfa@example.com")
    page.wait_for_selector("input[name=code]")
    page.reload()
    page.locator("[name=code]:focus").wait_for()
    page.keyboard.type("999999")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    page.fill("input[name=code]", "012345")
    page.press("input[name=code]", "Enter")
    page.get_by_role("link", name="Your cameras").click()
    plays(page, "Porch")


def test_without_script_one_signs_in_and_sees_the_cameras(chromium: Browser, program: Program) -> None:
    scripted, without = chromium.new_context(), None
    try:
        page, _ = watched(scripted)
        entered(page, program)
        without = chromium.new_context(java_script_enabled=False, storage_state=scripted.storage_state())
        page = without.new_page()
        page.goto(f"{program.web}/home/setup")
        sign_in(page, "demo@example.com")
        page.get_by_role("link", name="Your cameras").click()
        page.wait_for_selector(".tiles")
        assert tile(page, "Garden").locator("img").last.get_attribute("src")
    finally:
        scripted.close()
        if without:
            without.close()


def test_axe_finds_nothing_in_the_form_and_its_refusal(chromium: Browser, program: Program) -> None:
    context = chromium.new_context(locale=LONGEST_WORDS)
    page, _ = watched(context)
    entered(page, program)
    nothing_found_and_fits(page, "set-up-entered")
    sign_in(page, "nobody@example.com")
    page.wait_for_selector("#error")
    nothing_found_and_fits(page, "set-up-refused")
    context.close()


def nothing_found_and_fits(page: Page, name: str) -> None:
    for look in looks(page):
        assert found(page) == [], look
        fits(page, f"{name}-{look}")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[str, HomeWorld]]:
    """Where it is served, and the world."""
    world = home_world(tmp_path)
    with served(world.app) as web:
        yield web, world
    world.home.store.close()


def signed_in(browser: Browser, house: tuple[str, HomeWorld]) -> Page:
    """A signed-in page in a context of its own."""
    web, world = house
    context = browser.new_context(locale=LONGEST_WORDS)
    page = context.new_page()
    page.goto(f"{web}/home#{world.code.renew()}")
    page.fill("input[name=user]", USER)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector(".tiles")
    return page


def test_axe_finds_nothing_in_any_part_of_the_roads(chromium: Browser, house: tuple[str, HomeWorld]) -> None:
    """Each part is opened by a key, and closes the one before; what was refused stays typed."""
    page = signed_in(chromium, house)
    for road, parts in (("alexa", 6), ("alexa/hand", 6), ("google", 4)):
        page.goto(f"{house[0]}/home/{road}")
        if road == "google":
            page.fill("input[name=project]", "my-cameras-123")
            page.press("input[name=project]", "Enter")
            page.wait_for_selector("#integration .copied")
        closed = page.locator(".part > details:not([open]) > summary")
        expect(closed).to_have_count(parts - 1)
        for number in range(parts):
            part = page.locator(".part > details").nth(number)
            if part.get_attribute("open") is None:
                part.locator("> summary").press("Enter")
            expect(closed).to_have_count(parts - 1)
            nothing_found_and_fits(page, f"{road.replace('/', '-')}-{number}")
    page.goto(f"{house[0]}/home/alexa/hand?open=linking")
    page.locator("#linking .mending > summary").press("Enter")
    page.fill("input[name=redirect]", "nonsense")
    page.press("input[name=redirect]", "Enter")
    page.wait_for_selector("[role=alert]")
    assert page.input_value("input[name=redirect]") == "nonsense"
    for look in looks(page):
        assert found(page) == [], look
    page.context.close()


@pytest.mark.parametrize("is_phone", [True, False])
def test_a_phone_links_google_by_one_press_and_reads_the_code_of_another_screen(
    chromium: Browser, house: tuple[str, HomeWorld], is_phone: bool
) -> None:
    web, world = house
    context = chromium.new_context(locale="en-US", has_touch=is_phone, is_mobile=is_phone)
    page = context.new_page()
    page.goto(f"{web}/home#{world.code.renew()}")
    page.fill("input[name=user]", USER)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector(".tiles")
    page.goto(f"{web}/home/google")
    page.fill("input[name=project]", "my-cameras-123")
    page.press("input[name=project]", "Enter")
    page.locator("#integration").get_by_role("link", name="Next").click()
    button, code = page.get_by_role("link", name="Link Google"), page.get_by_role("img", name="QR code")
    expect(button).to_be_visible(visible=is_phone)
    expect(code).to_be_visible(visible=not is_phone)
    context.close()


def test_axe_finds_nothing_in_the_three_ways_to_a_public_address(
    chromium: Browser, house: tuple[str, HomeWorld]
) -> None:
    page = signed_in(chromium, house)
    page.goto(f"{house[0]}/home/reachable")
    expect(page.locator(".seen li")).to_have_count(3)
    nothing_found_and_fits(page, "set-up-ways")
    page.context.close()


def test_axe_finds_nothing_where_the_vendors_account_is_added_to_cameras_of_ones_own(
    chromium: Browser, house: tuple[str, HomeWorld]
) -> None:
    web, world = house
    world.users.set(households.add_of_lan(world.home.store).id, "kari", "barn door and two geese")
    context = chromium.new_context(locale=LONGEST_WORDS)
    page = context.new_page()
    page.goto(f"{web}/home#{world.code.renew()}")
    page.fill("input[name=user]", "kari")
    page.fill("input[name=password]", "barn door and two geese")
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("header nav a[href='/home/setup']")
    page.goto(f"{web}/home/setup")
    page.locator(".step summary").first.press("Enter")
    nothing_found_and_fits(page, "set-up-joins")
    page.fill("input[name=user]", NEW)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("input[name=user]", state="detached")
    context.close()


LINKED = {
    "en": "Linked to {} on 20",
    "nb": "Koblet til {} 20",
    "de": " mit {} verknüpft.",
}


@pytest.mark.parametrize("language", LINKED)
def test_what_is_linked_is_said_at_both_assistants(chromium: Browser, program: Program, language: str) -> None:
    for assistant in ("alexa", "google"):
        program.link(assistant)
    context = chromium.new_context(locale=language)
    page: Page = context.new_page()
    entered(page, program)
    sign_in(page, "demo@example.com")
    page.wait_for_selector("input[name=user]", state="detached")
    steps = page.locator("li.step")
    said: Callable[[str], str] = LINKED[language].format
    expect(steps.nth(3)).to_contain_text(said("Google"))
    expect(steps.nth(4)).to_contain_text(said("Alexa"))
    page.goto(f"{program.web}/home/alexa")
    expect(page.locator("p.note").first).to_contain_text(said("Alexa"))
    context.close()
    for assistant in ("alexa", "google"):
        program.assistant(assistant, "unlink")
