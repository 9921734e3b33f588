"""Who may be linked with, on the assistants' page: clients and their secrets, the PIN, and who may link."""

import re
import time

import pytest

from showcam.accounts import clients
from showcam.accounts.links import OPEN_S, TokenInvalid, authenticate
from showcam.accounts.pins import Pins
from showcam.registry.owner.sign_in_outcome import SignedIn, SignInRefused
from showcam.store.outbox import ENDED
from tests.console.test_assistants import AT, linking, page, press
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import NEW, HomeWorld
from tests.doubles.ready_vendor import PASSWORD

REDIRECT = "https://pitangui.amazon.com/api/skill/link/M1"
ELEVEN = " ".join(f"https://assistant.example/{number}" for number in range(11))


# clients


def secret(browser: HomeBrowser) -> str:
    assert browser.answer is not None
    found = re.findall(r'id="secret" type="text" readonly value="([0-9a-f]+)"', browser.answer.text)
    return found[0] if found else ""


def test_a_secret_is_made_and_shown_once(world: HomeWorld) -> None:
    browser = page(world)
    before = world.home.store.client("alexa")
    press(browser, "renew-secret", client="alexa")
    text, after = secret(browser), world.home.store.client("alexa")
    assert (len(text), clients.check_secret(after, text)) == (64, True)
    assert before is not None
    assert after is not None
    assert (after.redirect_uris, clients.check_secret(before, text)) == (before.redirect_uris, False)
    assert secret(browser.visit(AT)) == ""


def test_an_assistant_is_let_in_by_its_redirect_addresses_and_refused_again(world: HomeWorld) -> None:
    world.home.store.drop_client("alexa")
    browser = press(page(world), "add-client", assistant="alexa", redirects=f" {REDIRECT}\r\n{REDIRECT}2 ")
    made = world.home.store.client("alexa")
    assert made is not None
    assert (made.redirect_uris, clients.check_secret(made, secret(browser))) == ((REDIRECT, f"{REDIRECT}2"), True)
    press(browser, "remove-client", client="alexa")
    assert world.home.store.client("alexa") is None


def test_the_links_of_a_refused_client_end_at_once_with_their_pictures(world: HomeWorld) -> None:
    home = world.home
    token, google = home.token(), home.another_link("google")
    browser = page(world)
    assert "Its links end at once." in browser.text
    press(browser, "remove-client", client="alexa")
    assert (browser.status, home.store.links(home.account.id)) == (200, [google])
    with pytest.raises(TokenInvalid):
        authenticate(home.store, token, "alexa")
    assert home.pictures.ended == [(home.link.id, "")]
    waiting = home.store.waiting(time.time(), home.account.id)
    assert [row.kind for row in waiting if row.link == home.link.id] == [ENDED], "Alexa is told"


def test_a_household_that_was_let_in_refuses_no_client(world: HomeWorld) -> None:
    press(page(world), "invite", user=NEW)
    theirs = world.signed_in(NEW).visit(AT)
    assert theirs.answer is not None
    assert 'value="remove-client"' not in theirs.answer.text
    press(theirs, "remove-client", client="alexa")
    assert (theirs.status, "showcam's operator decides." in theirs.text) == (403, True)
    assert world.home.store.client("alexa") is not None
    assert world.home.store.links(world.home.account.id) == [world.home.link]


@pytest.mark.parametrize(
    ("step", "fields", "said"),
    [
        (
            "add-client",
            {"assistant": "alexa", "redirects": ""},
            "Redirect addresses, one a line, with https://",
        ),
        (
            "add-client",
            {"assistant": "alexa", "redirects": "http://x.example/"},
            "Redirect addresses, one a line, with https://",
        ),
        (
            "add-client",
            {"assistant": "alexa", "redirects": "https://[x"},
            "Redirect addresses, one a line, with https://",
        ),
        (
            "add-client",
            {"assistant": "alexa", "redirects": ELEVEN},
            "Redirect addresses, one a line, with https://",
        ),
        ("add-client", {"assistant": "google", "redirects": REDIRECT}, "let in already"),
        ("renew-secret", {"client": "nobody"}, "It is gone already."),
        ("remove-client", {}, "It is gone already."),
    ],
)
def test_what_is_no_client_says_so(world: HomeWorld, step: str, fields: dict[str, str], said: str) -> None:
    world.home.store.drop_client("alexa")
    browser = press(page(world), step, **fields)
    assert (browser.status, said in browser.text) == (403, True)
    assert world.home.store.client("alexa") is None


# the PIN


def test_a_pin_is_set_and_forgotten(world: HomeWorld) -> None:
    pins, account = Pins(world.home.store), world.home.account.id
    browser = press(page(world), "set-pin", pin="2468", again="2468")
    assert (browser.status, pins.check(account, "2468", time.time())) == (200, "right")
    assert browser.answer is not None
    assert "2468" not in browser.answer.text
    press(browser, "clear-pin")
    assert not pins.is_set(account)


@pytest.mark.parametrize(
    ("pin", "again", "said"),
    [
        ("2468", "2469", "The two differ"),
        ("123", "123", "A PIN has 4 to 8 digits"),
        ("", "", "A PIN has 4 to 8 digits"),
        ("١٢٣٤", "١٢٣٤", "A PIN has 4 to 8 digits"),
        ("1" * 5000, "1" * 5000, "A PIN has 4 to 8 digits"),
    ],
)
def test_what_is_no_pin_says_so(world: HomeWorld, pin: str, again: str, said: str) -> None:
    browser = press(page(world), "set-pin", pin=pin, again=again)
    assert (browser.status, said in browser.text) == (403, True)
    assert not Pins(world.home.store).is_set(world.home.account.id)


def test_an_invited_account_may_link(world: HomeWorld) -> None:
    assert linking(world).begin(NEW, PASSWORD, "203.0.113.7") == SignInRefused("stranger")
    browser = press(page(world), "invite", user=f" {NEW} ")
    assert browser.status == 200
    assert isinstance(linking(world).begin(NEW, PASSWORD, "203.0.113.7"), SignedIn)
    press(browser, "invite", user=NEW)
    assert "It is let in already." in browser.text


@pytest.mark.parametrize("user", ["", "   ", "x" * 201, "a\x00b"])
def test_nobody_is_invited_by_nonsense(world: HomeWorld, user: str) -> None:
    before = len(list(world.home.store.accounts()))
    browser = press(page(world), "invite", user=user)
    assert (browser.status, len(list(world.home.store.accounts()))) == (403, before)


def test_for_fifteen_minutes_anybody_may_link(world: HomeWorld) -> None:
    browser = press(page(world), "open-window")
    assert "Open for 15 min." in browser.text
    world.clock.wait(OPEN_S - 1)
    assert isinstance(linking(world).begin(NEW, PASSWORD, "203.0.113.7"), SignedIn)


@pytest.mark.parametrize("how", ["by itself", "by its button"])
def test_then_it_is_closed(world: HomeWorld, how: str) -> None:
    browser = press(page(world), "open-window")
    if how == "by itself":
        world.clock.wait(OPEN_S)
    else:
        press(browser, "close-window")
    assert linking(world).begin(NEW, PASSWORD, "203.0.113.7") == SignInRefused("stranger")
    assert "Open for 15 minutes" in browser.visit(AT).text
