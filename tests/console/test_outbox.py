"""What waits to be told to an assistant and what was put aside, on the assistants' page."""

import re
import time

import pytest

from showcam.registry.notices.faults import Kind
from showcam.registry.reporting.delivery import FAULT, LATE
from showcam.store.outbox import LOOK, Claim, Laid, Settled, Why
from showcam.store.records import Happening
from tests.console.test_assistants import AT, page, press
from tests.doubles.home_world import HomeWorld
from tests.doubles.linking_world import CAREFUL

pytestmark = pytest.mark.proves(
    "The page says why nothing was reported to an assistant, and a person sends it again or drops it",
    leans_on="double: the assistants' clouds",
    also=("tests/showcam/test_outbox_command.py",),
)


@pytest.mark.parametrize(("reason", "said"), [("", False), ("the event gateway answered 500", True)])
def test_it_says_what_its_assistant_was_last_told_and_when(world: HomeWorld, reason: str, said: bool) -> None:
    store, link, day = world.home.store, world.home.link, 1_700_000_000.0
    assert "Last told" not in page(world).text
    store.look(link.account, day, link.id)
    claim = claimed(world)
    store.settle(
        claim,
        Settled(
            day, claim.rows, told=b"t", what="1 changed, 2 doorbell", reason=reason, why="trouble" if reason else None
        ),
    )
    text = page(world).text
    assert "Last told 2023-11-1" in text
    assert ": states changed: 1; rings: 2." in text
    assert ("Alexa did not take it. showcam tries again." in text) is said
    assert (f"What was answered {reason}" in text) is (reason != "")


@pytest.mark.parametrize(
    ("kept", "why", "language", "says", "answered"),
    [
        (LATE, "late", "en", "Over 5 minutes old.", False),
        (LATE, "late", "nb", "Over 5 minutter gammel.", False),
        (LATE, "late", "de", "Über 5 Minuten alt.", False),
        (FAULT, "fault", "en", "Something went wrong here. The log says more.", False),
        ("the event gateway answered 413", "too_large", "de", "Zu groß für Alexa.", True),
        (
            "the event gateway answered 403",
            "permission",
            "nb",
            "Alexa tar ikke imot meldinger gjennom denne koblingen",
            True,
        ),
        (
            "Amazon could not be reached: Login with Amazon answered 400 x",
            "trouble",
            "en",
            "Alexa did not take it",
            True,
        ),
        ("of another version", None, "en", "Alexa did not take it", True),
    ],
)
def test_the_reason_is_in_the_language_of_the_page_and_the_services_words_folded_away(
    world: HomeWorld, kept: str, why: Why | None, language: str, says: str, answered: bool
) -> None:
    put_aside(world, kept, why)
    browser = world.signed_in()
    browser.headers["Accept-Language"] = language
    browser.visit(AT)
    assert browser.answer is not None
    assert says in browser.text
    assert (f'<p lang="en">{kept}</p></details>' in browser.answer.text) is answered
    assert (kept in browser.text) is answered


def claimed(world: HomeWorld) -> Claim:
    link = world.home.link
    claim = world.home.store.claim(link.account, link.id, time.time(), time.time() + 9, 9)
    assert claim is not None
    return claim


@pytest.mark.parametrize(
    ("kind", "why", "says", "button"),
    [
        ("grant", None, "Alexa refuses the reports of the link “Kari’s”,", "Link it again"),
        ("expired", None, "The permission to report by the link “Kari’s” has ended or was never", "Link it again"),
        ("silent", "unreached", "by the link “Kari’s”. Alexa did not answer. showcam tries again.", "See Health"),
        ("ending", None, "Alexa says that the link “Kari’s” has ended,", "End this link"),
        ("outbox", None, "", ""),  # each report that was put aside has its own buttons
        ("key", None, "", ""),  # Health says it
    ],
)
def test_a_link_that_is_not_reported_to_says_why_with_one_button(
    world: HomeWorld, kind: Kind, why: Why | None, says: str, button: str
) -> None:
    home = world.home
    home.store.look(home.account.id, time.time() - 1, home.link.id)
    home.store.settle(claimed(world), Settled(time.time(), wait=time.time() + 99, tries=1, why=why, reason=why or ""))
    home.adapter.faults.began(home.account.id, kind, home.link.id)
    browser = page(world)
    assert browser.answer is not None
    alerts = re.findall(r'<p class="alert" role="alert">([^<]*)</p>', browser.answer.text)
    assert (len(alerts), says in "".join(alerts)) == (bool(says), True)
    assert re.findall(r'class="(?:button )?primary"[^>]*>([^<]*)<', browser.answer.text)[: bool(button)] == (
        [button] if button else []
    )
    home.adapter.faults.reported(home.account.id, home.link.id)
    assert 'role="alert"' not in (page(world).answer or browser.answer).text


def test_the_button_of_a_link_that_its_assistant_has_ended_ends_it(world: HomeWorld) -> None:
    home = world.home
    home.adapter.faults.began(home.account.id, "ending", home.link.id)
    browser = press(page(world), "end", link=home.link.id)
    kept = home.store.link(home.link.id)
    assert (browser.status, kept is not None and kept.ended is not None) == (200, True)
    assert "has ended" not in browser.text


def put_aside(world: HomeWorld, reason: str = "the event gateway answered 400", why: Why | None = "refused") -> str:
    """The id of a ring at Garden that Amazon has refused."""
    home = world.home
    happening = Happening(home.id("Garden"), "doorbell", time.time() - 1)
    home.store.record_happening(home.account.id, happening, 1.0, ("doorbell",))
    claim = claimed(world)
    now = time.time()
    home.store.settle(claim, Settled(now, laid=(Laid(claim.rows[0], now, reason, why),)))
    return claim.rows[0].id


def test_what_waits_and_what_was_put_aside_is_listed_with_its_reason(world: HomeWorld) -> None:
    assert "Could not be reported" not in page(world).text
    put_aside(world)
    world.home.store.look(world.home.account.id, time.time() - 1, world.home.link.id)
    text = page(world).text
    assert re.search("Not reported yet [0-9: -]+ All cameras Could not be reported", text) is not None
    refused = "Alexa refuses it until the camera changes."
    answered = "What was answered the event gateway answered 400"
    assert f"Somebody rang at Garden {refused} {answered} Report it again Forget it" in text
    assert "Could not be reported" not in world.signed_in(CAREFUL).visit(AT).text  # another household's


@pytest.mark.parametrize(("step", "waits"), [("retry-report", ["doorbell"]), ("drop-report", [])])
def test_what_was_put_aside_is_reported_again_or_forgotten(world: HomeWorld, step: str, waits: list[str]) -> None:
    row, store = put_aside(world), world.home.store
    theirs = world.signed_in(CAREFUL).visit(AT)
    press(theirs, step, row=row)
    assert (theirs.status, "It is gone already." in theirs.text) == (403, True)
    assert [laid.row.id for laid in store.laid_down()] == [row]
    browser = press(page(world), step, row=row)
    assert (browser.status, "Could not be reported" in browser.text) == (200, False)
    assert store.laid_down() == []
    assert [waiting.kind for waiting in store.waiting(time.time()) if waiting.kind != LOOK] == waits
    press(browser, step, row=row)
    assert (browser.status, "It is gone already." in browser.text) == (403, True)


def test_that_a_link_has_ended_can_be_put_aside_too(world: HomeWorld) -> None:
    home = world.home
    home.store.end_link(home.link.id, time.time() - 1)
    claim = claimed(world)
    now = time.time()
    laid = Laid(claim.rows[0], now, "agentUsers.delete: HomeGraph answered 400", "refused")
    home.store.settle(claim, Settled(now, laid=(laid,)))
    browser = page(world)
    assert "Ended links" in browser.text
    assert "Alexa" in browser.text
    assert "The link's end Alexa refuses it" in browser.text
    assert browser.answer is not None
    assert home.link.agent_user not in browser.answer.text
