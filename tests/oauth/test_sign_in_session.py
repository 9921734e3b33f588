"""The session of a sign-in, its cookies, and requests that are forged."""

import time
from collections.abc import Callable
from urllib.parse import urlencode

import msgspec
import pytest

from showcam.store.records import token_hash
from tests.doubles.linking_world import USER, Browser, World, refusal_text
from tests.doubles.ready_vendor import PASSWORD
from tests.oauth.conftest import FORM, VISIT, cookie


def test_signing_in_changes_every_cookie(world: World) -> None:
    browser = world.browse()
    before = cookie(browser, FORM)
    assert before
    assert cookie(browser, VISIT) is None
    browser.sign_in()
    assert cookie(browser, FORM) not in (None, before)
    first = cookie(browser, VISIT)
    assert first
    browser.post("switch").sign_in()
    assert cookie(browser, VISIT) not in (None, first)
    stolen = world.http()
    stolen.set_cookie(VISIT, first, domain="home.example", secure=True)
    assert Browser(stolen).get(world.url()).page.steps == ["sign-in", "cancel"]


def test_a_cookie_set_by_somebody_else_is_worth_nothing(world: World) -> None:
    http = world.http()
    http.set_cookie(VISIT, "a" * 43, domain="home.example", secure=True)
    browser = Browser(http).get(world.url())
    assert browser.page.steps == ["sign-in", "cancel"]
    browser.sign_in()
    assert cookie(browser, VISIT) != "a" * 43


def test_cookies_can_not_be_read_or_carried_elsewhere(make: Callable[..., World]) -> None:
    for https in (True, False):
        world = make(https=https)
        browser = world.browse()
        form = dict(browser.page.fields) | {"user": USER, "password": PASSWORD, "step": "sign-in"}
        first = browser.http.post(browser.url, data=form)
        assert first.status_code == 303
        set_cookies = first.headers.getlist("Set-Cookie")
        assert len(set_cookies) == 3
        for header in set_cookies:
            assert header.startswith("__Host-showcam-") == https
            assert ("Secure" in header) == https
            assert "HttpOnly" in header
            assert ("SameSite=Strict" if "-known=" in header else "SameSite=Lax") in header
            assert "Path=/" in header
            assert "Domain" not in header
            assert USER not in header
            assert PASSWORD not in header


def test_a_sign_in_that_another_version_wrote_begins_again(world: World) -> None:
    browser = world.browse().sign_in()
    row = token_hash(f"visit|{cookie(browser, VISIT)}")
    world.store.put_visit(row, msgspec.msgpack.encode({"step": "signed"}), time.time() + 600)
    assert browser.post("agree").status == 403
    assert browser.get().page.steps == ["sign-in", "cancel"]
    assert world.links() == []


def test_a_sign_in_expires_after_ten_minutes(world: World, later: Callable[[float], None]) -> None:
    browser = world.browse().sign_in()
    later(601)
    browser.post("agree")
    assert browser.status == 403
    assert browser.page.text("alert") == refusal_text("away")
    assert world.links() == []


# forged requests


@pytest.mark.parametrize("step", ["sign-in", "code", "agree", "cancel", "switch"])
@pytest.mark.parametrize("token", [None, "", "forged", "foreign"])
def test_a_form_needs_its_token(world: World, step: str, token: str | None) -> None:
    browser = world.browse().sign_in()
    if token == "foreign":
        token = dict(world.browse().page.fields)["csrf_token"]
    before = world.rows()
    browser.post(step, csrf_token=token)
    assert browser.status == 400
    assert browser.page.text("alert")
    assert world.rows() == before
    assert browser.answer is not None
    assert "Location" not in browser.answer.headers


def test_the_token_of_before_the_sign_in_is_dead_after_it(world: World) -> None:
    browser = world.browse()
    before = dict(browser.page.fields)["csrf_token"]
    assert browser.sign_in().post("agree", csrf_token=before).status == 400


def test_a_page_of_another_site_may_not_post(world: World) -> None:
    browser = world.browse().sign_in()
    for site in ("cross-site", "same-site"):
        browser.headers = {"Sec-Fetch-Site": site}
        assert browser.get().post("agree").status == 400
    browser.headers = {"Sec-Fetch-Site": "same-origin"}
    assert browser.get().post("agree").returned["code"]


def test_a_get_never_grants(world: World) -> None:
    browser = world.browse().sign_in()
    fields = dict(browser.page.fields) | {"step": "agree"}
    browser.get(browser.url + "&" + urlencode(fields))
    assert browser.status == 200
    assert world.links() == []


def test_a_json_body_is_refused(world: World) -> None:
    browser = world.browse()
    assert browser.post_raw('{"step":"sign-in"}', "application/json").status == 400
