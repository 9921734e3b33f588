"""Households that the installation's owner let in: their invitations, and what they may not do at the console."""

import re
import time
from typing import Any

import pytest

from showcam.accounts import households
from showcam.registry.notices.notifier import Addresses
from showcam.registry.owner.invitations import MOST, Invitations
from showcam.registry.owner.sign_in import SignIn
from showcam.registry.owner.sign_in_outcome import CodeWanted, SignedIn, SignInRefused
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import NEW, HomeWorld
from tests.doubles.household import new_link
from tests.doubles.linking_world import CAREFUL
from tests.doubles.notice_services import WebReceiver
from tests.doubles.ready_vendor import CODE, PASSWORD

pytestmark = pytest.mark.proves(
    "An invited household sees no other invitation and adds no address for notices", leans_on="double: EZVIZ's cloud"
)

ASSISTANTS, NOTICES = "/home/assistants", "/home/health/notices"


def page(world: HomeWorld) -> HomeBrowser:
    return world.signed_in().visit(ASSISTANTS)


def press(browser: HomeBrowser, step: str, **fields: Any) -> HomeBrowser:
    return browser.send(ASSISTANTS, step=step, **fields)


def linking(world: HomeWorld) -> SignIn:
    return SignIn(world.home.store, [world.vendor], "owner", clock=world.clock)


def code_wanted(door: SignIn) -> bytes:
    """The sign-in of a careful user, which waits for the vendor's code."""
    outcome = door.begin(CAREFUL, PASSWORD, "203.0.113.7")
    assert isinstance(outcome, CodeWanted), outcome
    return outcome.pending


def secret(web: WebReceiver) -> str:
    return f"json://kari:hemmelig@127.0.0.1:{web.server_port}/hook"


def guest(world: HomeWorld, user: str = NEW) -> str:
    """The id of that account's household."""
    source = households.find(world.home.store, "ezviz", user)
    assert source is not None
    return source.account


def card(browser: HomeBrowser, world: HomeWorld, user: str = NEW) -> str:
    """What the page says of whom it let in."""
    assert browser.answer is not None
    found = browser.answer.text.partition(f'aria-labelledby="guest-{guest(world, user)}"')[2].partition("</article>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", found.partition(">")[2]).split())


def test_an_invitation_is_listed_until_it_is_taken_back(world: HomeWorld) -> None:
    browser = press(page(world), "invite", user=NEW)
    day = time.strftime("%Y-%m-%d", time.gmtime(world.home.store.account(guest(world)).created))  # type: ignore[union-attr]
    waits = "Not signed in yet. Take it back"
    assert card(browser, world) == f"{NEW} Invited {day}. {waits}"
    press(browser, "take-back", household=guest(world))
    assert (browser.status, "Done." in browser.text, NEW in browser.text) == (200, True, False)
    assert linking(world).begin(NEW, PASSWORD, "203.0.113.7") == SignInRefused("stranger")


@pytest.mark.parametrize("decision", ["taken back", "removed", "closed"])
def test_a_code_that_waits_lets_nobody_in_who_was_shut_out_meanwhile(world: HomeWorld, decision: str) -> None:
    """Whoever is let in again by a code that was sent before would own a household for good."""
    store, door = world.home.store, linking(world)
    waits = guest(world, CAREFUL)
    if decision == "removed":
        assert isinstance(door.submit_code(code_wanted(door), CODE), SignedIn)
    if decision == "closed":
        store.drop_household(waits)
        press(page(world), "open-window")
    code = code_wanted(door)
    match decision:
        case "taken back":
            press(page(world), "take-back", household=waits)
        case "removed":
            store.drop_household(waits)
        case "closed":
            press(page(world), "close-window")
    assert door.submit_code(code, CODE) == SignInRefused("uninvited")
    assert [account.id for account in store.accounts()] == [world.home.account.id]


def test_an_account_that_was_let_in_by_command_waits_too(world: HomeWorld) -> None:
    browser = page(world)
    assert card(browser, world, CAREFUL).startswith(f"{CAREFUL} By the operator")
    press(browser, "take-back", household=guest(world, CAREFUL))
    assert households.find(world.home.store, "ezviz", CAREFUL) is None


def test_what_became_of_an_invitation_is_said_and_it_can_not_be_taken_back(world: HomeWorld) -> None:
    store = world.home.store
    browser = press(page(world), "invite", user=NEW)
    assert isinstance(linking(world).begin(NEW, PASSWORD, "203.0.113.7"), SignedIn)
    assert card(browser.visit(ASSISTANTS), world).endswith("Nothing is linked yet.")
    account = store.account(guest(world))
    assert account is not None
    store.add_link(new_link(account, "alexa", None, "en"))
    assert card(browser.visit(ASSISTANTS), world).endswith("Links: 1. Not used yet.")
    press(browser, "take-back", household=account.id)
    assert (browser.status, "It is gone already." in browser.text) == (403, True)
    assert store.account(account.id) == account


@pytest.mark.parametrize("which", ["own", "", "nonsense"])
def test_no_household_is_taken_back_that_does_not_wait(world: HomeWorld, which: str) -> None:
    account = world.home.account.id
    press(browser := page(world), "take-back", household=account if which == "own" else which * 200)
    assert (browser.status, "It is gone already." in browser.text) == (403, True)
    assert world.home.store.account(account) is not None


def test_who_linked_while_anybody_might_is_listed(world: HomeWorld) -> None:
    browser = press(page(world), "open-window")
    assert isinstance(linking(world).begin(NEW, PASSWORD, "203.0.113.7"), SignedIn)
    assert card(browser.visit(ASSISTANTS), world).startswith(f"{NEW} While open")


def test_invitations_that_wait_are_not_without_number(world: HomeWorld) -> None:
    kind, sessions = world.vendor.sessions.kind, world.vendor.sessions
    for number in range(MOST - 2):  # CAREFUL waits already
        user = f"{number}@example.com"
        households.add(world.home.store, kind, user, sessions.waiting(user), origin="invited")
    browser = press(page(world), "invite", user="a@example.com")
    press(browser, "invite", user="b@example.com")
    assert (browser.status, "Take one back." in browser.text) == (403, True)
    assert households.find(world.home.store, "ezviz", "b@example.com") is None


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("invite", {"user": "b@example.com"}),
        ("take-back", {"household": "CAREFUL"}),
        ("open-window", {}),
        ("close-window", {}),
    ],
)
def test_an_invited_household_invites_nobody_and_sees_no_other(
    world: HomeWorld, step: str, fields: dict[str, str]
) -> None:
    press(page(world), "invite", user=NEW)
    theirs = world.signed_in(NEW).visit(ASSISTANTS)
    assert "showcam's operator decides." in theirs.text
    assert CAREFUL not in theirs.text
    household = guest(world, CAREFUL)
    press(theirs, step, **{name: value.replace("CAREFUL", household) for name, value in fields.items()})
    # it stands below its heading, and in the alert
    assert (theirs.status, theirs.text.count("showcam's operator decides.")) == (403, 2)
    assert households.find(world.home.store, "ezviz", "b@example.com") is None
    assert world.home.store.account(household) is not None
    assert linking(world).begin("a@example.com", PASSWORD, "203.0.113.7") == SignInRefused("stranger")


# addresses for notices


def test_a_household_that_was_let_in_adds_and_tries_no_address_and_is_told_why(
    world: HomeWorld, web: WebReceiver
) -> None:
    assert Invitations(world.home.store, [world.vendor.sessions]).invite(NEW) == ""
    theirs = world.signed_in(NEW)
    source = households.find(world.home.store, "ezviz", NEW)
    assert source is not None
    addresses = Addresses(world.home.store)
    given = addresses.add(source.account, secret(web), "JSON", "by the command line")
    theirs.visit(NOTICES)
    assert "showcam's operator decides" in theirs.text
    assert theirs.answer is not None
    assert ('value="add"' in theirs.answer.text, 'value="test"' in theirs.answer.text) == (False, False)
    for fields in ({"step": "add", "url": secret(web)}, {"step": "test", "address": given}):
        theirs.send(NOTICES, **fields)
        assert (theirs.status, "showcam's operator decides" in theirs.text) == (403, True)
    assert (list(addresses.of(source.account)), web.texts) == ([given], [])
    theirs.send(NOTICES, step="remove", address=given)
    assert (theirs.status, addresses.of(source.account)) == (200, {})


def test_a_household_that_began_at_the_console_adds_one(world: HomeWorld, web: WebReceiver) -> None:
    browser = world.signed_in(NEW).visit(NOTICES).send(NOTICES, step="add", url=secret(web))
    assert (browser.status, "Done." in browser.text) == (200, True)


def test_a_household_that_linked_while_anybody_might_adds_none(world: HomeWorld, web: WebReceiver) -> None:
    linking = SignIn(world.home.store, [world.vendor], "anyone")
    assert isinstance(linking.begin(NEW, PASSWORD, "203.0.113.7"), SignedIn)
    browser = world.signed_in(NEW).send(NOTICES, step="add", url=secret(web))
    assert (browser.status, "showcam's operator decides" in browser.text) == (403, True)
