"""What happens at the cameras appears on the pages, with the vendor's picture of it, in the started program."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import test_console_pages
from tests.browser.test_console_pages import address, fits, found
from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "Rings and motion appear on the page of what happened, with EZVIZ's stills",
    leans_on="second stack: Chromium; double: EZVIZ's cloud",
    also=(
        "tests/console/test_happenings.py",
        "tests/registry/test_ezviz_alarms.py",
    ),
)

linked, session, signed_in = test_console_pages.linked, test_console_pages.session, test_console_pages.signed_in

LONG_MS = LONG_S * 1000
SIZE = "image => [image.naturalWidth, image.naturalHeight]"


def rows(page: Page, name: str, what: str) -> Locator:
    return page.locator(".happened li", has_text=name).filter(has_text=what)


def test_a_ring_and_a_motion_appear_with_their_picture(signed_in: Callable[..., Page], linked: Program) -> None:
    page = signed_in(path="/home")
    page.get_by_role("link", name="What happened", exact=True).click()
    page.wait_for_url("**/home/happened")
    for name, change, what in (("Front Door", "press", "Somebody rang"), ("Nursery", "motion", "Motion")):
        row = rows(page, name, what)
        expect(row).to_have_count(0)
        linked.change(name, **{change: True})
        expect(row).to_have_count(1, timeout=LONG_MS)
        picture = row.locator("a.look")
        picture.click()
        expect(row.locator("figure img")).to_be_visible(timeout=LONG_MS)
        assert row.locator("figure img").evaluate(SIZE) == [640, 360]
        expect(picture).to_have_attribute("aria-expanded", "true")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert found(page) == []
        fits(page, f"happened-open-{scheme}")
    picture.press("Enter")
    expect(row.locator("figure")).to_have_count(0)
    page.get_by_role("link", name="Rings", exact=True).click()
    expect(page.locator(".happened li").first).to_contain_text("Front Door")
    expect(page.locator(".happened li", has_text="Nursery")).to_have_count(0)


def test_an_encrypted_picture_is_not_shown_and_it_is_said_why(signed_in: Callable[..., Page], linked: Program) -> None:
    page = signed_in(path="/home/happened")
    linked.change("Garage", person=True)
    row = rows(page, "Garage", "A person")
    expect(row).to_have_count(1, timeout=LONG_MS)
    row.locator("a.look").click()
    expect(row.locator("figure")).to_contain_text("Image Encryption is on for Garage", timeout=LONG_MS)
    expect(row.locator("img")).to_have_count(0)


def test_it_stands_below_the_player_and_pushes_it_nowhere(signed_in: Callable[..., Page], linked: Program) -> None:
    page = signed_in()
    page.goto(address(page, linked, "Pond"))
    box = page.locator(".screen").bounding_box()
    row = page.locator(".happened li", has_text="Motion")
    expect(row).to_have_count(0)
    linked.change("Pond", motion=True)
    expect(row).to_have_count(1, timeout=LONG_MS)
    assert page.locator(".screen").bounding_box() == box


def test_without_script_the_picture_is_a_page_of_its_own(signed_in: Callable[..., Page], linked: Program) -> None:
    linked.change("Front Door", person=True)
    page = signed_in(script=False, path="/home/happened")
    row = rows(page, "Front Door", "A person")
    until(lambda: page.reload() and row.count(), LONG_S)
    with page.expect_navigation() as navigation:
        row.locator("a.look").click()
    assert navigation.value.headers["content-type"] == "image/jpeg"
