"""The button that links Alexa, in a real browser: it leads to Amazon, and from there to the public address."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Browser, expect

from tests.doubles.linkable_house import PATH, URL, come_back, linkable


def test_one_press_leads_to_amazon_and_back_in_a_tab_of_its_own(chromium: Browser, tmp_path: Path) -> None:
    """Chromium applies a page's form-action to each redirect after its form, so also to the public address."""
    with linkable(tmp_path) as house:
        house.reset()
        web = house.page.program.web
        context = chromium.new_context(locale="en-US", ignore_https_errors=True)
        context.add_cookies(
            [{"name": each.name, "value": str(each.value), "url": web} for each in house.page.session.cookies]
        )
        page = context.new_page()
        page.goto(f"{web}{PATH}")
        with context.expect_event("request", lambda request: request.url.startswith(URL)) as returned:
            page.get_by_role("button", name="Link Alexa").click()
        expect(page).to_have_url(f"{web}{PATH}")  # Amazon's page has a tab of its own
        query = dict(parse_qsl(urlsplit(returned.value.url).query))
        assert come_back(house.page, query).status_code == 200
        page.reload()
        expect(page.get_by_text("Linked to Alexa")).to_be_visible()
        context.close()
