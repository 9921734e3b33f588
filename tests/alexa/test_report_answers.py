"""Each answer to a report: the gateway's and Login with Amazon's, and what is sent again after it."""

import json
from typing import Any

import pytest

from showcam.alexa.events import EventSender
from showcam.alexa.gateway import SECRET, Amazon, Gateway
from showcam.alexa.interfaces import interfaces
from showcam.alexa.reports import Reports
from showcam.registry.reporting.reporter import (
    GrantDead,
    Happened,
    NotTold,
    Refused,
    RefusedKey,
    Tell,
    TryAgain,
    Undeliverable,
    Unlinked,
    message_id,
)
from showcam.store.outbox import Why
from tests.doubles.event_gateway import CLIENT, Reporting
from tests.doubles.household import Household
from tests.doubles.tls_vendor import Vendors, silent


def test_an_event_whose_answer_was_cut_off_is_repeated_under_its_id_by_the_next_try_only(link: Reporting) -> None:
    """The gateway has taken it, and nobody learns so."""
    link.tell()
    link.sent()
    link.amazon.cut = 1
    ring = Happened("row-1", link.home.id("Front Door"), "doorbell", 1_795_686_000.0)
    with pytest.raises(TryAgain):
        link.tell(None, ring)
    assert len(link.amazon.messages) == 1
    link.tell(None, ring)
    ids = [message["event"]["header"]["messageId"] for message in link.sent()]
    assert ids == [message_id("row-1", "doorbell")] * 2
    assert link.amazon.endpoints.repeated == 1


def test_a_token_that_is_not_taken_is_renewed_and_the_next_try_has_the_new_one_in_header_and_scope(
    link: Reporting,
) -> None:
    link.amazon.access = "Atza|of another time"
    with pytest.raises(TryAgain):
        link.tell()
    assert (link.amazon.attempts, link.amazon.refreshed) == (1, 1)
    link.tell()
    assert link.amazon.refreshed == 1
    tokens = {
        str(message["event"].get("endpoint", message["event"]["payload"])["scope"]["token"]) for message in link.sent()
    }
    assert tokens == {"Atza|1"}


ANSWERS: list[tuple[list[tuple[int, str]], type[NotTold], str, Why]] = [
    ([(401, "INVALID_ACCESS_TOKEN_EXCEPTION")], TryAgain, "the event gateway answered 401", "trouble"),
    ([(429, "THROTTLING_EXCEPTION")], TryAgain, "the event gateway answered 429", "busy"),
    ([(500, "INTERNAL_SERVICE_EXCEPTION")], TryAgain, "the event gateway answered 500", "trouble"),
    ([(503, "")], TryAgain, "the event gateway answered 503", "trouble"),
    ([(200, "")], TryAgain, "the event gateway answered 200", "trouble"),
    ([(302, "")], TryAgain, "Amazon could not be reached", "unreached"),
    ([(403, "SKILL_NEVER_ENABLED_EXCEPTION")], Refused, "the event gateway answered 403 SKILL_NEVER", "permission"),
    ([(403, "SKILL_DISABLED_EXCEPTION")], Unlinked, "the event gateway answered 403 SKILL_DISABLED", "permission"),
    (
        [(403, "INSUFFICIENT_PERMISSION_EXCEPTION")],
        Refused,
        "the event gateway answered 403 INSUFFICIENT",
        "permission",
    ),
    ([(403, "")], Refused, "the event gateway answered 403", "permission"),
    ([(403, "A_CODE_OF_TOMORROW")], Refused, "the event gateway answered 403", "permission"),
    ([(404, "")], Refused, "the event gateway answered 404", "permission"),
    ([(404, "SKILL_NOT_FOUND_EXCEPTION")], Refused, "the event gateway answered 404", "permission"),
    ([(404, "ACCOUNT_NOT_FOUND_EXCEPTION")], Refused, "the event gateway answered 404", "permission"),
    (
        [(400, "INVALID_REQUEST_EXCEPTION")],
        Undeliverable,
        "AddOrUpdateReport: the event gateway answered 400",
        "refused",
    ),
    (
        [(413, "REQUEST_ENTITY_TOO_LARGE_EXCEPTION")],
        Undeliverable,
        "AddOrUpdateReport: the event gateway answered 413",
        "too_large",
    ),
]


@pytest.mark.proves(
    "Each answer of Alexa's gateway ends, delays or parks what it should", leans_on="double: Alexa's event gateway"
)
@pytest.mark.parametrize(("answers", "error", "reason", "why"), ANSWERS)
def test_an_answer_of_the_gateway(
    answers: list[tuple[int, str]], error: type[NotTold], reason: str, why: Why, link: Reporting
) -> None:
    link.amazon.answers = list(answers)
    with pytest.raises(error) as raised:
        link.tell()
    assert type(raised.value) is error
    assert raised.value.reason.startswith(reason)
    assert raised.value.why == why
    assert link.amazon.access not in raised.value.reason
    assert link.reports.may_tell(link.home.link)


def test_what_the_gateway_asked_to_wait_is_handed_on(link: Reporting) -> None:
    link.amazon.answers, link.amazon.headers = [(429, "THROTTLING_EXCEPTION")], ["Retry-After: 7"]
    with pytest.raises(TryAgain) as raised:
        link.tell()
    assert raised.value.after_s == 7.0


def test_what_was_accepted_before_a_failure_is_not_sent_again(link: Reporting) -> None:
    link.amazon.answers = [(202, ""), (202, ""), (503, "")]
    ring = Happened("row-1", link.home.id("Front Door"), "doorbell", 1_795_686_000.0)
    with pytest.raises(TryAgain) as raised:
        link.tell(None, ring)
    link.told = raised.value.told
    assert raised.value.happened == frozenset()
    assert len(link.sent()) == 2
    link.tell(None, ring)
    assert link.amazon.names() == ["ChangeReport", "ChangeReport", "DoorbellPress"]
    assert link.amazon.endpoints.repeated == 0


def test_a_refused_message_does_not_hold_the_others_up(link: Reporting) -> None:
    link.amazon.answers = [(202, ""), (400, "INVALID_REQUEST_EXCEPTION")]
    with pytest.raises(Undeliverable) as raised:
        link.tell()
    first = link.now().cameras[0].id
    assert raised.value.cameras == (first,)
    assert link.amazon.names() == ["AddOrUpdateReport", "ChangeReport", "ChangeReport"]
    assert raised.value.told is not None
    assert raised.value.told.cameras[first].states  # as if it had been taken
    link.told = raised.value.told
    link.sent()
    link.tell()
    assert link.sent() == []


LOGINS: list[tuple[int, dict[str, Any], type[NotTold]]] = [
    (400, {"error": "invalid_grant"}, Unlinked),
    (401, {"error": "invalid_client"}, RefusedKey),
    (400, {"error": "unauthorized_client"}, RefusedKey),
    (500, {"error": "server_error"}, TryAgain),
    (200, {}, TryAgain),
]


@pytest.mark.parametrize(("status", "given", "error"), LOGINS)
def test_an_answer_of_login_with_amazon(
    status: int, given: dict[str, Any], error: type[NotTold], link: Reporting
) -> None:
    link.amazon.tokens, link.amazon.access = (status, given), "Atza|of another time"
    with pytest.raises(error) as raised:
        link.tell()
    assert type(raised.value) is error
    assert link.reports.may_tell(link.home.link)  # a link that ends takes its grant with it


def test_a_link_without_a_grant_is_not_reported_to(link: Reporting) -> None:
    other = link.home.another_link("alexa")
    assert not link.reports.may_tell(other)
    with pytest.raises(GrantDead):
        link.reports.tell(Tell(other, link.now(), None, (), True, "turn", 10.0))


def test_after_an_odd_refusal_the_next_try_is_taken(link: Reporting) -> None:
    link.amazon.answers = [(403, "")]
    with pytest.raises(Refused):
        link.tell()
    link.tell()
    assert link.amazon.names()[0] == "AddOrUpdateReport"


class TestAnotherClient:
    """By Login with Amazon a refresh token belongs to the client that it was given to."""

    def test_a_grant_of_an_earlier_client_is_kept_and_reports_nothing(self, link: Reporting) -> None:
        reports = another_client(link)
        assert not reports.may_tell(link.home.link)
        link.amazon.tokens = (400, {"error": "invalid_grant"})
        with pytest.raises(GrantDead):
            reports.tell(Tell(link.home.link, link.now(), None, (), True, "turn", 10.0))
        assert (link.amazon.refreshed, link.amazon.attempts) == (0, 0)
        assert link.reports.may_tell(link.home.link)

    def test_a_grant_of_an_unknown_client_that_is_not_renewed_says_of_nobody_that_he_unlinked(
        self, link: Reporting
    ) -> None:
        kept_by_earlier_version(link)
        link.amazon.tokens, link.amazon.access = (400, {"error": "invalid_grant"}), "Atza|of another time"
        with pytest.raises(Refused) as raised:
            link.tell()
        assert type(raised.value) is Refused
        assert raised.value.why == "permission"
        assert link.reports.may_tell(link.home.link)

    def test_a_grant_of_an_earlier_version_is_of_the_client_that_renews_it(self, link: Reporting) -> None:
        kept_by_earlier_version(link)
        link.clock.wait(3600)
        link.tell()
        kept = json.loads(link.home.store.link_secret(link.home.link.id, SECRET) or b"")
        assert (link.amazon.refreshed, kept["client"]) == (1, CLIENT[0])


def another_client(link: Reporting) -> Reports:
    """The reports of a showcam whose owner has made a new client at Amazon."""
    http = Amazon(link.amazon.vendor.host, link.amazon.vendor.ca_file)
    gateway = Gateway(link.home.store, http, "amzn1.application-oa2-client.new", "its-secret", clock=link.clock)
    return Reports(EventSender(gateway, http), interfaces(link.home.registry, snapshots=True), gateway.works)


def kept_by_earlier_version(link: Reporting) -> None:
    """Writes the grant as showcam 0.2 kept one that the event gateway had refused."""
    kept = json.loads(link.home.store.link_secret(link.home.link.id, SECRET) or b"")
    del kept["client"]
    earlier = json.dumps(kept | {"barred": True}).encode()
    assert link.home.store.put_link_secret(link.home.link.id, SECRET, earlier)


def test_a_hanging_gateway_ends_with_the_deadline(home: Household, vendors: Vendors, link: Reporting) -> None:
    hanging = vendors.speaking(silent)
    http = Amazon(hanging.host, hanging.ca_file)
    table = interfaces(home.registry, snapshots=True)
    stored = json.loads(home.store.link_secret(home.link.id, "alexa_gateway") or b"{}")
    home.store.put_link_secret(
        home.link.id, "alexa_gateway", json.dumps(stored | {"gateway": hanging.url, "expires": 1e12}).encode()
    )
    gateway = Gateway(home.store, http, *CLIENT)
    reports = Reports(EventSender(gateway, http), table, gateway.works)
    with pytest.raises(TryAgain):
        reports.tell(Tell(home.link, link.now(), None, (), True, "turn", 0.3))
