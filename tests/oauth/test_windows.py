"""Two windows of one browser: the page says what became of the sign-in and has a button that goes on."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from oauth import wording
from tests.doubles.linking_world import CAREFUL, USER, Browser, World, refusal_text
from tests.doubles.ready_vendor import CODE, PASSWORD

SIGN_IN, CONSENT = ["sign-in", "cancel"], ["switch", "agree", "cancel"]


def window(browser: Browser, url: str = "") -> Browser:
    """Another window of the same browser: it shares its cookies, later ones too."""
    return Browser(browser.http).get(url or browser.url)


def shown(browser: Browser) -> tuple[int, str, list[str]]:
    return browser.status, browser.page.text("alert"), browser.page.steps


def refusal(why: str) -> tuple[int, str, list[str]]:
    return (wording.SIGN_IN[why][0], refusal_text(why), SIGN_IN)


def goes_on(browser: Browser) -> None:
    """Signs in and links from the current page."""
    assert browser.sign_in().page.steps == CONSENT
    assert browser.post("agree").returned["code"]


@pytest.mark.parametrize("assistant", ["google", "alexa"])
@pytest.mark.parametrize("after_s", [0, 59, 61, 590])
def test_another_linking_used_the_sign_in(
    world: World, later: Callable[[float], None], assistant: Any, after_s: float
) -> None:
    first = world.browse().sign_in()
    second = window(first, world.url(assistant, state="second"))
    assert first.post("agree").returned["code"]
    later(after_s)
    assert shown(second.post("agree")) == refusal("used")
    assert len(world.links()) == 1
    goes_on(second)
    assert len(world.links()) == 2


def test_the_same_linking_was_agreed_to_a_while_ago(world: World, later: Callable[[float], None]) -> None:
    first = world.browse().sign_in()
    second = window(first)
    assert first.post("agree").returned["code"]
    later(61)
    assert shown(second.post("agree")) == refusal("linked")
    assert len(world.links()) == 1
    goes_on(second)


def test_after_ten_minutes_it_is_not_known_what_became_of_it(world: World, later: Callable[[float], None]) -> None:
    first = world.browse().sign_in()
    second = window(first)
    first.post("agree")
    later(601)
    assert shown(second.post("agree")) == refusal("away")
    goes_on(second)


@pytest.mark.parametrize("step", ["cancel", "switch"])
def test_agree_after_the_other_window_signed_out_is_refused(world: World, step: str) -> None:
    first = world.browse().sign_in()
    second = window(first)
    first.post(step)
    assert shown(second.post("agree")) == refusal("away")
    assert world.links() == []
    goes_on(second)


def onward(browser: Browser) -> Browser:
    """Presses the only button of the problem page."""
    status, heading, text = wording.PROBLEMS["form"]
    assert (browser.status, browser.page.text("h1"), browser.page.text("alert")) == (status, heading, text)
    (href,) = re.findall(r'<a class="button primary" href="([^"]*)">', browser.page.html)
    return browser.get(html.unescape(href))


def test_a_form_from_before_the_other_window_changed_accounts_is_refused(world: World) -> None:
    first = world.browse().sign_in()
    second = window(first)
    first.post("switch").sign_in(CAREFUL).post("code", code=CODE)
    second.post("agree")
    assert world.links() == []
    assert onward(second).page.steps == CONSENT
    assert CAREFUL in second.page.text()
    assert USER not in second.page.text()


def test_both_windows_sign_in(world: World) -> None:
    first = world.browse()
    second = window(first, world.url("alexa"))
    first.sign_in()
    second.sign_in()
    assert onward(second).page.steps == CONSENT
    assert "Alexa" in second.page.text("h1")
    assert second.post("agree").returned["code"]
    assert [link.client for link in world.links()] == ["alexa"]


def test_the_other_window_took_the_code(world: World) -> None:
    first = world.browse().sign_in(CAREFUL)
    second = window(first)
    first.post("code", code=CODE)
    second.post("code", code=CODE)
    assert onward(second).page.steps == CONSENT
    assert world.vendor.calls["code"] == 1


def test_the_button_that_goes_on_leads_to_the_same_request(world: World) -> None:
    state = 's"><script>alert(1)</script>&x=1'
    browser = world.browse(state=state)
    browser.post("sign-in", csrf_token="forged", user=USER, password=PASSWORD)
    assert "<script" not in browser.page.html
    assert PASSWORD not in browser.page.html
    assert onward(browser).page.steps == SIGN_IN
    assert browser.sign_in().post("agree").returned["state"] == state
