"""Signing in at showcam itself, by an owner's user name and password, on the form that takes the vendor's too."""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from actions.fulfillment import Fulfillment
from oauth import wording
from showcam.accounts import households
from showcam.accounts.links import authenticate
from showcam.accounts.owner_users import Cost, OwnerUsers, Passwords
from showcam.accounts.pins import Pins
from showcam.alexa.smart_home import SmartHome
from showcam.registry.owner.sign_in_outcome import AFTER_TRIES, NOT_THESE_EITHER
from showcam.store.records import Account, Assistant
from tests.doubles.linking_world import USER, Browser, Page, World
from tests.doubles.ready_driver import ReadyDriver, camera
from tests.doubles.ready_vendor import PASSWORD

pytestmark = pytest.mark.proves(
    "A password for showcam never reaches a vendor, and is in no file", also=("tests/showcam/test_owner_command.py",)
)

NAME, OWN = "kari", "barn door and two geese"
BARN = camera("Barn", "LAN1", manufacturer="Reolink", encryption="none", ways=("lan",))
CHEAP = Cost(memory_kib=64, passes=1)
NOT_THESE = f"{NOT_THESE_EITHER} {AFTER_TRIES}".format(vendor="EZVIZ", tries=3, wait=15)


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make(lan=ReadyDriver([BARN]))


@pytest.fixture
def barn(world: World) -> Account:
    """A household of LAN cameras alone, whose owner has a user."""
    account = households.add_of_lan(world.store)
    OwnerUsers(world.store).set(account.id, NAME, OWN)
    return account


def test_the_page_says_nothing_of_showcam_s_users_where_there_are_none(world: World) -> None:
    before = world.browse()
    assert "showcam" not in before.page.text("h1")
    assert "EZVIZ user name" in before.page.text()
    assert "or showcam user name" not in before.page.text()
    assert before.page.text("h1") == "Link your EZVIZ cameras to Google"


def test_one_form_takes_both(world: World, barn: Account) -> None:
    page = world.browse().page
    assert page.text("h1") == "Link your cameras to Google"
    assert "Your EZVIZ or showcam user name" in page.text()
    assert [name for name, _ in page.fields] == ["csrf_token", "user", "password"]  # two typed values, no choice
    assert page.steps == ["sign-in", "cancel"]


@pytest.mark.parametrize("assistant", ["alexa", "google"])
def test_a_household_of_lan_cameras_alone_is_linked_and_discovered(
    world: World, barn: Account, assistant: Assistant
) -> None:
    browser = world.browse(assistant).sign_in(f" {NAME.upper()} ", OWN)
    text = browser.page.text()
    assert "Barn" in text
    assert "Garden" not in text
    tokens = world.redeem(browser.post("agree", label="Kari").returned["code"], assistant).get_json()
    [link] = world.store.links(barn.id)
    assert (link.assistant, link.label, link.cameras) == (assistant, "Kari", None)
    assert discovered(world, assistant, tokens["access_token"]) == {"Barn": "lan"}
    assert world.vendor.calls == {}


def discovered(world: World, assistant: Assistant, token: str) -> dict[str, str]:
    """What the assistant hears when it asks for the cameras: each by name, with the space of its id."""
    if assistant == "alexa":
        header = {"namespace": "Alexa.Discovery", "name": "Discover", "payloadVersion": "3", "messageId": "m"}
        directive = {"header": header, "payload": {"scope": {"type": "BearerToken", "token": token}}}
        skill = SmartHome(partial(authenticate, world.store, assistant="alexa"), world.home.registry)
        answer = json.loads(skill.answer(json.dumps({"directive": directive}).encode(), time.monotonic()))
        found = [(row["friendlyName"], row["endpointId"]) for row in answer["event"]["payload"]["endpoints"]]
    else:
        body = {"requestId": "r", "inputs": [{"intent": "action.devices.SYNC"}]}
        bearer = partial(authenticate, world.store, assistant="google")
        door = Fulfillment(bearer, world.home.registry, lambda link: None, "https://home.example", Pins(world.store))
        _, answer = door.answer(json.dumps(body).encode(), token, time.monotonic())
        found = [(row["name"]["name"], row["id"]) for row in json.loads(answer)["payload"]["devices"]]
    return {name: camera_id.partition("-")[0] for name, camera_id in found if camera_id.count("-") == 1}


def test_a_household_of_both_is_signed_in_to_by_either(world: World, barn: Account) -> None:
    mine = world.home.account
    households.with_lan(world.store, mine.id)
    OwnerUsers(world.store).set(mine.id, "nora", OWN)
    for user, password in ((USER, PASSWORD), ("nora", OWN)):
        text = world.browse().sign_in(user, password).page.text()
        assert "Garden" in text
        assert "Barn" in text
    assert world.vendor.calls == {"password": 1}


@pytest.mark.parametrize(
    ("user", "password"),
    [
        (NAME, PASSWORD),
        (NAME, OWN.upper()),
        (USER, OWN),  # the vendor's user has another password
        ("nobody", OWN),
        (NAME, "\x00"),
    ],
)
def test_a_refusal_does_not_tell_whether_there_is_such_a_user(
    world: World, barn: Account, user: str, password: str
) -> None:
    browser = world.browse().sign_in(user, password)
    assert browser.status == 403
    assert browser.page.text("alert") == NOT_THESE
    assert world.store.links(barn.id) == []


def test_a_password_for_showcam_never_reaches_the_vendor(world: World, barn: Account) -> None:
    world.browse().sign_in(NAME, "not the password")
    world.browse().sign_in(NAME, OWN)
    assert world.vendor.calls == {}


def test_strangers_have_few_tries_and_a_browser_that_was_signed_in_has_its_own(world: World, barn: Account) -> None:
    mine = world.browse().sign_in(NAME, OWN)
    mine.post("switch")
    for _ in range(3):
        world.browse().sign_in(NAME, "a wrong password")
    assert world.browse().sign_in(NAME, OWN).page.text("alert") == NOT_THESE  # the right one, after too many
    assert "Wrong password: use showcam's" in mine.sign_in(NAME, "a wrong password").page.text("alert")
    assert "Barn" in mine.sign_in(NAME, OWN).page.text()


def test_right_tries_use_up_none(world: World, barn: Account) -> None:
    for _ in range(5):
        assert "Barn" in world.browse().sign_in(NAME, OWN).page.text()


def test_tries_of_one_network_count_over_all_names(world: World, barn: Account) -> None:
    for number in range(20):
        world.browse().sign_in(f"user{number}", OWN)
    assert world.browse().sign_in(NAME, OWN).status == 429
    elsewhere = Browser(world.http(), address="198.51.100.9").get(world.url())
    assert "Barn" in elsewhere.sign_in(NAME, OWN).page.text()


def test_a_new_password_counts_at_once(world: World, barn: Account) -> None:
    OwnerUsers(world.store).set(barn.id, NAME, "another five geese")
    assert world.browse().sign_in(NAME, OWN).status == 403
    assert "Barn" in world.browse().sign_in(NAME, "another five geese").page.text()


def test_who_finds_no_memory_for_the_hash_tries_again_and_has_lost_no_try(make: Callable[..., World]) -> None:
    full = Passwords(CHEAP, at_once=1, wait_s=0.01)
    world = make(lan=ReadyDriver([BARN]), passwords=full)
    account = households.add_of_lan(world.store)
    OwnerUsers(world.store, full).set(account.id, NAME, OWN)
    with full._room():
        for user in [NAME] * 4 + ["nobody"]:
            browser = world.browse().sign_in(user, OWN)
            assert (browser.status, browser.page.text("alert")) == (503, wording.SIGN_IN["crowded"][1])
    assert "Barn" in world.browse().sign_in(NAME, OWN).page.text()


@pytest.mark.parametrize(("locale", "words"), [("nb", "ditt hos EZVIZ eller showcam"), ("de", "Dein Benutzername bei")])
def test_the_page_speaks_the_language_of_its_reader(world: World, barn: Account, locale: str, words: str) -> None:
    page: Page = world.browse(ui_locales=locale).page
    assert words in page.text()
    refused: Any = world.browse(ui_locales=locale).sign_in(NAME, "wrong").page
    assert refused.lang == locale
    assert refused.text("alert") != NOT_THESE
