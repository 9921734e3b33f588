"""The consent page, and which cameras consent shares."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from oauth import wording
from showcam.drivers.errors import VendorDown
from showcam.drivers.ezviz.sessions import Sessions
from tests.doubles.linking_world import REDIRECTS, USER, Browser, World
from tests.doubles.ready_driver import camera
from tests.doubles.waiting import LONG_S

NAMES = ["Attic", "Bedroom", "Front Door", "Garage", "Garden", "Nursery", "Pond"]


@pytest.mark.parametrize(
    ("assistant", "company", "privacy"),
    [
        ("alexa", "Amazon", "https://www.amazon.com/privacy"),
        ("google", "Google", "https://policies.google.com/privacy"),
    ],
)
def test_the_page_says_what_the_assistants_demand(world: World, assistant: Any, company: str, privacy: str) -> None:
    page = world.browse(assistant).sign_in().page
    name = assistant.capitalize()
    text = page.text()
    assert page.text("h1") == f"Link your EZVIZ cameras to {name}"
    assert f"What {company} gets" in text
    assert f"Agreeing links this account to {company} and authorizes {name} to control your devices" in text
    assert f"Signed in as {USER}" in text
    assert "This service is unofficial: EZVIZ, Amazon and Google have neither made nor endorsed it." in text
    assert "Unlink any time" in text
    assert privacy in page.html
    assert "/oauth/privacy" in page.html
    for camera_name in NAMES:
        assert camera_name in text
    assert [name for name, _ in page.fields].count("cameras") == len(NAMES)


@pytest.mark.parametrize(
    ("ways", "sentence"),
    [
        (("cloud_unasked",), "Show Garden over an open connection"),
        (("cloud",), "Show Garden over an open connection"),
        (("open", "cloud"), None),
        (("lan", "cloud"), None),
        ((), None),
    ],
)
def test_who_agrees_is_shown_which_pictures_come_by_an_open_connection(
    world: World, ways: tuple[str, ...], sentence: str | None
) -> None:
    world.home.driver.change("Garden", ways=ways)
    said = world.browse().sign_in().page.text()
    assert ("open connection" in said) is (sentence is not None)
    assert (sentence or "Garden") in said


@pytest.mark.parametrize(
    ("ways", "before", "fields", "allowed"),
    [
        (("cloud_unasked",), False, {}, True),
        (("cloud_unasked",), False, {"open_way": None}, False),
        (("cloud",), True, {"open_way": None}, False),
        (("open", "cloud_unasked"), False, {}, False),
        (("lan", "cloud"), True, {}, True),  # the page did not ask
    ],
)
def test_the_open_connection_is_allowed_as_ticked(
    world: World, ways: tuple[str, ...], before: bool, fields: dict[str, Any], allowed: bool
) -> None:
    Sessions(world.home.store).allow_open_way(world.home.source, allowed=before)
    world.home.driver.change("Garden", ways=ways)
    world.browse().sign_in().post("agree", **fields)
    assert kept(world) is allowed


def kept(world: World) -> bool:
    return Sessions(world.home.store).read(world.home.source).secrets.open_air


def ids(world: World, *names: str) -> list[str]:
    return [world.home.id(name) for name in names]


CHOICES: dict[str, tuple[dict[str, Any], list[str] | None]] = {
    "as it stands": ({}, None),
    "all, none later": ({"later": None}, NAMES),
    "two": ({"cameras": ["Garden", "Pond"], "later": None}, ["Garden", "Pond"]),
    "two, and later ones: an unticked one is never shared": ({"cameras": ["Garden", "Pond"]}, ["Garden", "Pond"]),
    "one twice": ({"cameras": ["Garden", "Garden"], "later": None}, ["Garden"]),
}


@pytest.mark.parametrize(("fields", "shared"), CHOICES.values(), ids=CHOICES)
def test_cameras_are_shared_as_ticked(world: World, fields: dict[str, Any], shared: list[str] | None) -> None:
    if "cameras" in fields:
        fields = fields | {"cameras": ids(world, *fields["cameras"])}
    browser = world.browse().sign_in().post("agree", **fields, label=" Kari’s \x00phone\n")
    assert browser.returned["code"]
    (link,) = world.links()
    assert link.cameras is None if shared is None else set(link.cameras or ()) == set(ids(world, *shared))
    assert link.label == "Kari’s phone"
    assert (link.account, link.client, link.assistant, link.locale) == (world.home.account.id, "google", "google", "en")
    assert link.agent_user


@pytest.mark.parametrize("cameras", [None, "ezviz-" + "a" * 20, "' OR 1=1--"])
@pytest.mark.parametrize("later", [None, "1"])
def test_consent_without_a_ticked_camera_is_refused(world: World, cameras: str | None, later: str | None) -> None:
    browser = world.browse().sign_in().post("agree", cameras=cameras, later=later)
    assert browser.status == 400
    assert browser.page.text("alert") == wording.NOTHING_TICKED
    assert world.links() == []
    assert browser.post("agree", cameras=ids(world, "Garden")).returned["code"]


def test_another_households_camera_is_not_shared(world: World) -> None:
    browser = world.browse().sign_in()
    browser.post("agree", cameras=[*ids(world, "Garden"), "ezviz-" + "b" * 20], later=None)
    (link,) = world.links()
    assert list(link.cameras or ()) == ids(world, "Garden")


def test_consent_to_all_works_while_the_list_can_not_be_read(world: World) -> None:
    world.home.driver.error = VendorDown()
    browser = world.browse().sign_in()
    assert browser.status == 200
    assert "you share all cameras, later ones too" in browser.page.text()
    browser.post("agree")
    (link,) = world.links()
    assert link.cameras is None


def test_cameras_that_were_not_shown_are_not_shared(world: World) -> None:
    """Two windows of one person; between them the list was lost, or came back."""
    garden = ids(world, "Garden")
    browser = world.browse().sign_in()
    with_list = browser.answer
    world.home.driver.set([])
    assert "No cameras yet" in browser.get().page.text()
    without_list = browser.answer
    browser.answer = with_list
    assert browser.post("agree", cameras=garden, later=None).status == 400
    world.home.driver.set([camera("Garden", "F00000001")])
    browser.get()
    browser.answer = without_list
    assert browser.post("agree").status == 400
    assert world.links() == []


def test_an_account_without_cameras_can_be_linked(world: World) -> None:
    world.home.driver.set([])
    browser = world.browse().sign_in()
    assert "No cameras yet" in browser.page.text()
    browser.post("agree")
    assert world.links()[0].cameras is None


def test_camera_names_are_escaped(world: World) -> None:
    world.home.driver.set([camera("<img src=x onerror=alert(1)>"), camera('"><script>alert(2)</script>', "X2")])
    browser = world.browse().sign_in()
    assert "<img" not in browser.page.html
    assert "<script" not in browser.page.html
    assert "<img src=x onerror=alert(1)>" in browser.page.text()


def test_the_user_name_is_escaped(world: World) -> None:
    browser = world.browse().sign_in('"><script>alert(1)</script>', "wrong")
    assert "<script" not in browser.page.html
    assert ("user", '"><script>alert(1)</script>') in browser.page.fields


@pytest.mark.parametrize("signed", [True, False])
def test_cancel_redirects_with_access_denied(world: World, signed: bool) -> None:
    browser = world.browse("alexa")
    if signed:
        browser.sign_in()
    browser.post("cancel")
    assert browser.location.startswith(REDIRECTS["alexa"])
    assert browser.returned["error"] == "access_denied"
    assert browser.returned["state"] == "st4te"
    assert browser.returned["iss"] == world.issuer
    assert world.links() == []
    assert browser.get(world.url()).page.steps == ["sign-in", "cancel"]


def test_switch_signs_in_with_another_account(world: World) -> None:
    browser = world.browse().sign_in().post("switch")
    assert browser.page.steps == ["sign-in", "cancel"]
    assert world.links() == []


def test_consent_ends_the_sign_in(world: World) -> None:
    browser = world.browse().sign_in().post("agree")
    assert browser.get(world.url()).page.steps == ["sign-in", "cancel"]
    assert browser.get(world.url("alexa")).page.steps == ["sign-in", "cancel"]


def test_agree_pressed_twice_is_one_link(world: World) -> None:
    browser = world.browse().sign_in()
    page = browser.answer
    first = browser.post("agree").returned["code"]
    browser.answer = page
    second = browser.post("agree").returned["code"]
    assert first != second
    assert len(world.links()) == 1
    assert world.redeem(second).status_code == 200


def parallel(calls: list[Callable[[], Browser]]) -> list[Browser]:
    together = threading.Barrier(len(calls))

    def call(press: Callable[[], Browser]) -> Browser:
        together.wait(LONG_S)
        return press()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


def test_agree_pressed_many_times_at_once_is_one_link(world: World) -> None:
    browser = world.browse().sign_in()
    windows = [world.beside(browser) for _ in range(8)]

    answers = parallel([lambda window=window: window.post("agree") for window in windows])  # type: ignore[misc]

    codes = {answer.returned["code"] for answer in answers}
    assert len(codes) == 8
    assert len(world.links()) == 1
    assert world.redeem(codes.pop()).status_code == 200


def test_agree_at_once_for_two_choices_makes_one_link_of_one_choice(world: World) -> None:
    browser = world.browse().sign_in()
    other = world.beside(browser, world.url(state="other"))

    answers = parallel([lambda: browser.post("agree"), lambda: other.post("agree")])

    assert sorted(answer.status for answer in answers) == [302, 403]
    assert len(world.links()) == 1


def test_agree_pressed_again_for_another_choice_makes_no_link(world: World, later: Callable[[float], None]) -> None:
    browser = world.browse().sign_in()
    page, url = browser.answer, browser.url
    browser.post("agree")
    browser.answer, browser.url = page, world.url(state="other")
    assert browser.post("agree").status == 403
    browser.answer, browser.url = page, url
    later(61)
    assert browser.post("agree").status == 403
    assert len(world.links()) == 1


def test_a_second_link_leaves_the_first(world: World) -> None:
    for assistant in ("google", "google", "alexa"):
        world.tokens(assistant)
    assert [link.assistant for link in world.links()] == ["google", "google", "alexa"]
    assert len({link.agent_user for link in world.links()}) == 3


def test_links_in_an_hour_are_limited(world: World) -> None:
    for _ in range(30):
        world.store.hit(f"links:{world.home.account.id}", 3600, time.time())
    browser = world.browse().sign_in().post("agree")
    assert browser.status == 429
    assert browser.page.text("alert") == wording.TOO_MANY_LINKS
    assert world.links() == []
