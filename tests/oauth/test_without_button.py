"""A form without its button's name, as after form.submit(): its fields name the step, except for consent."""

from typing import Any
from urllib.parse import urlencode

import pytest

from oauth import wording
from tests.doubles.linking_world import CAREFUL, USER, Browser, World, refusal_text
from tests.doubles.ready_driver import camera
from tests.doubles.ready_vendor import CODE, PASSWORD

SIGN_IN, CODE_PAGE, CONSENT = ["sign-in", "cancel"], ["code", "cancel", "switch"], ["switch", "agree", "cancel"]
SIGNED = {"user": USER, "password": PASSWORD}


def browse(world: World, page: str) -> Browser:
    """A browser on the named page. "over": on the consent page of a second window, after the first has agreed."""
    browser = world.browse()
    match page:
        case "code":
            browser.sign_in(CAREFUL)
        case "consent":
            browser.sign_in()
        case "over":
            browser.sign_in()
            shown = browser.answer
            browser.post("agree")
            browser.answer, browser.url = shown, world.url(state="another")
    return browser


def send(browser: Browser, fields: dict[str, Any]) -> Browser:
    token = dict(browser.page.fields)["csrf_token"]
    return browser.post_raw(urlencode({"csrf_token": token} | fields, doseq=True))


NOT_AGREED, EMPTY = wording.NOT_AGREED, refusal_text("empty")
# the page, the fields sent, status, the buttons of the next page, its alert
SETS: dict[str, tuple[str, dict[str, Any], int, list[str], str]] = {
    "user and password": ("sign-in", SIGNED, 200, CONSENT, ""),
    "user and password of who needs a code": ("sign-in", SIGNED | {"user": CAREFUL}, 200, CODE_PAGE, ""),
    "wrong password": ("sign-in", SIGNED | {"password": "x"}, 403, SIGN_IN, refusal_text("wrong")),
    "user alone": ("sign-in", {"user": USER}, 400, SIGN_IN, EMPTY),
    "password alone": ("sign-in", {"password": PASSWORD}, 400, SIGN_IN, EMPTY),
    "both empty": ("sign-in", {"user": "", "password": ""}, 400, SIGN_IN, EMPTY),
    "a step that is empty": ("sign-in", SIGNED | {"step": ""}, 200, CONSENT, ""),
    "fields of no page": ("sign-in", {"x": "y"}, 400, SIGN_IN, ""),
    "nothing": ("sign-in", {}, 400, SIGN_IN, ""),
    "a code": ("code", {"code": CODE}, 200, CONSENT, ""),
    "a wrong code": ("code", {"code": "999999"}, 403, CODE_PAGE, refusal_text("wrong_code")),
    "no code typed": ("code", {"code": " "}, 400, CODE_PAGE, refusal_text("no_code")),
    "nothing where a code is due": ("code", {}, 400, CODE_PAGE, ""),
    "another user where a code is due": ("code", SIGNED, 200, CONSENT, ""),
    "consent where a code is due": ("code", {"label": ""}, 403, CODE_PAGE, refusal_text("unfinished")),
    "a code where nobody signed in": ("sign-in", {"code": CODE}, 403, SIGN_IN, refusal_text("expired")),
    "a code where it was taken": ("consent", {"code": CODE}, 200, CONSENT, ""),
    "consent": ("consent", {"cameras": ["all of them"], "later": "1", "label": ""}, 400, CONSENT, NOT_AGREED),
    "consent to all, of a page without a list": ("consent", {"all": "1", "label": "Kari"}, 400, CONSENT, NOT_AGREED),
    "consent, a step that is empty first": (
        "consent",
        {"step": ["", "agree"], "cameras": ["all of them"], "label": ""},
        400,
        CONSENT,
        NOT_AGREED,
    ),
    "the form above it, which says who is signed in": ("consent", {}, 400, CONSENT, NOT_AGREED),
    "consent after it was used": ("over", {"label": ""}, 403, SIGN_IN, refusal_text("used")),
    "consent of nobody": ("sign-in", {"label": ""}, 403, SIGN_IN, refusal_text("away")),
}


@pytest.mark.parametrize(("page", "fields", "status", "steps", "text"), SETS.values(), ids=SETS)
def test_the_step_follows_from_the_fields(
    world: World, page: str, fields: dict[str, Any], status: int, steps: list[str], text: str
) -> None:
    browser = browse(world, page)
    before = len(world.links())
    if "cameras" in fields:
        fields = fields | {"cameras": [value for name, value in browser.page.fields if name == "cameras"]}
    send(browser, fields)
    assert (browser.status, browser.page.steps) == (status, steps)
    assert browser.page.text("alert") == text
    assert len(world.links()) == before
    assert browser.answer is not None
    assert "Location" not in browser.answer.headers


@pytest.mark.parametrize("step", ["allow", "Agree", "agree ", "consent", "sign-in,agree"])
def test_a_step_that_no_page_has_is_a_problem(world: World, step: str) -> None:
    browser = browse(world, "consent").post(step)
    assert (browser.status, browser.page.steps) == (400, [])
    assert world.links() == []


def test_what_was_ticked_and_typed_is_kept(world: World) -> None:
    browser = browse(world, "consent")
    garden, pond = world.home.id("Garden"), world.home.id("Pond")
    send(browser, {"cameras": [garden, pond, "ezviz-" + "a" * 20], "label": '"Kari\'s"'})
    fields = browser.page.fields
    assert [value for name, value in fields if name == "cameras"] == [garden, pond]
    assert dict(fields)["label"] == '"Kari\'s"'
    assert "later" not in dict(fields)
    assert browser.post("agree").returned["code"]
    (link,) = world.links()
    assert (set(link.cameras or ()), link.label) == ({garden, pond}, '"Kari\'s"')


def test_a_camera_added_meanwhile_is_not_ticked(world: World) -> None:
    world.home.driver.set([camera("Garden", "F00000001"), camera("Pond", "F00000002")])
    browser = browse(world, "consent")
    shown = [value for name, value in browser.page.fields if name == "cameras"]
    world.home.driver.set([camera("Garden", "F00000001"), camera("Pond", "F00000002"), camera("Cellar", "F00000009")])
    send(browser, {"cameras": shown, "later": "1", "label": ""})
    assert "Cellar" in browser.page.text()
    assert {value for name, value in browser.page.fields if name == "cameras"} == set(shown)


@pytest.mark.parametrize("page", ["sign-in", "code", "consent"])
def test_a_form_without_a_button_still_needs_its_csrf_token(world: World, page: str) -> None:
    browser = browse(world, page)
    before = world.rows()
    browser.post_raw(urlencode(SIGNED | {"code": CODE, "label": ""}))
    assert (browser.status, browser.page.steps) == (400, [])
    assert world.rows() == before
