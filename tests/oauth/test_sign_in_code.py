"""The vendor's code at a sign-in: entered, sent once more, guessed, late, and of another browser."""

import math
from collections.abc import Callable

import pytest

from showcam.drivers.errors import VendorDown
from tests.doubles.linking_world import CAREFUL, World, refusal_text
from tests.doubles.ready_vendor import CODE
from tests.oauth.conftest import VISIT, cookie


def test_the_right_code_signs_in(world: World) -> None:
    browser = world.browse().sign_in(CAREFUL)
    assert browser.page.steps == ["code", "cancel", "switch"]
    assert "m…@example.com" in browser.page.text()
    assert 'autocomplete="one-time-code"' in browser.page.html
    before = cookie(browser, VISIT)
    browser.post("code", code=" 012 345 ")
    assert browser.page.steps == ["switch", "agree", "cancel"]
    assert cookie(browser, VISIT) not in (None, before)


def test_the_code_sent_once_more_after_it_was_taken(world: World) -> None:
    browser = world.browse().sign_in(CAREFUL)
    browser.post("code", code=CODE).post("code", code=CODE)
    assert browser.page.steps == ["switch", "agree", "cancel"]
    assert world.vendor.calls["code"] == 1


def test_five_wrong_codes_end_the_sign_in(world: World) -> None:
    browser = world.browse().sign_in(CAREFUL)
    for number in range(5):
        browser.post("code", code=f"00000{number}")
        assert browser.status == 403
        assert browser.page.text("alert") == refusal_text("wrong_code")
        assert browser.page.steps == ["code", "cancel", "switch"]
    browser.post("code", code=CODE)
    assert browser.status == 429
    assert browser.answer is not None
    minutes = math.ceil(int(browser.answer.headers["Retry-After"]) / 60)
    assert browser.page.text("alert") == refusal_text("guessed", minutes=minutes)
    assert browser.page.steps == ["sign-in", "cancel"]
    assert world.vendor.calls["code"] == 5
    assert browser.get().page.steps == ["sign-in", "cancel"]


def test_a_code_expires_after_five_minutes(world: World, later: Callable[[float], None]) -> None:
    browser = world.browse().sign_in(CAREFUL)
    later(301)
    browser.post("code", code=CODE)
    assert browser.page.text("alert") == refusal_text("expired")
    assert browser.page.steps == ["sign-in", "cancel"]
    assert world.vendor.calls["code"] == 0


@pytest.mark.parametrize(("step", "status"), [("agree", 403), ("allow", 400), ("", 400), ("consent", 400)])
def test_the_code_can_not_be_skipped(world: World, step: str, status: int) -> None:
    browser = world.browse().sign_in(CAREFUL)
    browser.post(step)
    assert browser.status == status
    assert world.links() == []
    assert browser.get().page.steps == ["code", "cancel", "switch"]


def test_a_code_page_is_bound_to_its_browser(world: World) -> None:
    world.browse().sign_in(CAREFUL)
    other = world.browse()
    other.post("code", code=CODE)
    assert other.page.steps == ["sign-in", "cancel"]
    assert world.vendor.calls["code"] == 0


def test_the_code_page_can_begin_again(world: World) -> None:
    browser = world.browse().sign_in(CAREFUL).post("switch")
    assert browser.page.steps == ["sign-in", "cancel"]
    assert cookie(browser, VISIT) is None


def test_a_vendor_that_is_down_at_the_code_is_a_503(world: World) -> None:
    browser = world.browse().sign_in(CAREFUL)
    world.vendor.error = VendorDown()
    browser.post("code", code=CODE)
    assert browser.status == 503
    assert browser.page.steps == ["code", "cancel", "switch"]
    world.vendor.error = None
    assert browser.post("code", code=CODE).page.steps == ["switch", "agree", "cancel"]
