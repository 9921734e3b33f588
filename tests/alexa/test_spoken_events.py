"""What the custom skill is sent beside requests: events, ends of sessions, and what is not for it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from showcam.accounts.links import authenticate
from showcam.alexa.spoken.skill import NotForUs, NotTaken, Spoken
from tests.doubles.household import Household
from tests.doubles.spoken_echo import Echo, People, spoken_of


@pytest.fixture
def echo(home: Household) -> Echo:
    return Echo(spoken_of(home), home.token())


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("AlexaSkillEvent.SkillDisabled", {}),
        ("AlexaSkillEvent.SkillAccountLinked", {"body": {"accessToken": "linked"}}),
    ],
)
def test_an_event_fails_while_the_store_is_down_and_is_handled_when_repeated(
    kind: str, more: dict[str, Any], home: Household, caplog: pytest.LogCaptureFixture
) -> None:
    people = People(home)
    echo = Echo(spoken_of(home, people), None)
    if "body" in more:
        more = {"body": {"accessToken": home.token()}}
    else:
        people.remember("amzn1.ask.account.A", home.link)
    event = {"type": kind, "timestamp": disabled(time.time() + 5)["timestamp"], **more}
    people.away = True
    with pytest.raises(NotTaken):
        echo.send(event)
    assert "the store can't be reached" in caplog.text
    assert home.store.link(home.link.id).ended is None  # type: ignore[union-attr]
    people.away = False
    assert echo.send(event) == {}
    ended = home.store.link(home.link.id).ended  # type: ignore[union-attr]
    assert (ended is not None) == (kind == "AlexaSkillEvent.SkillDisabled")
    assert people.known["amzn1.ask.account.A"].id == home.link.id


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("intent", ["AMAZON.PauseIntent", "AMAZON.ResumeIntent"])
def test_pause_and_resume_of_a_video_are_left_to_the_device(intent: str, linked: bool, echo: Echo) -> None:
    echo.token = echo.token if linked else None
    assert echo.intent(intent) == {"shouldEndSession": True}


def test_a_session_end_is_answered_empty_while_the_store_is_down(home: Household) -> None:
    people = People(home, away=True)
    ended = {"type": "SessionEndedRequest", "reason": "USER_INITIATED"}
    assert Echo(spoken_of(home, people), home.token()).send(ended) == {}


def test_session_ends_and_device_reports_are_answered_empty(echo: Echo) -> None:
    for request in (
        {"type": "SessionEndedRequest", "reason": "USER_INITIATED"},
        {"type": "System.ExceptionEncountered", "error": {"type": "INVALID_RESPONSE", "message": "x"}},
    ):
        assert echo.send(request) == {}


def disabled(at: float) -> dict[str, Any]:
    when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"type": "AlexaSkillEvent.SkillDisabled", "timestamp": when}


def test_a_disabled_skill_ends_the_link_of_its_user_and_no_other(home: Household) -> None:
    people = People(home)
    echo = Echo(spoken_of(home, people), None)
    body = {"accessToken": home.token()}
    echo.send({"type": "AlexaSkillEvent.SkillAccountLinked", "body": body})
    other = home.another_link("alexa")

    assert echo.send(disabled(home.link.created - 60)) == {}
    assert home.store.link(home.link.id).ended is None  # type: ignore[union-attr]

    assert echo.send(disabled(time.time() + 5)) == {}
    assert home.store.link(home.link.id).ended is not None  # type: ignore[union-attr]
    assert home.store.link(other.id).ended is None  # type: ignore[union-attr]
    assert (home.link.id, "") in home.pictures.ended


def test_a_stranger_who_disables_the_skill_ends_nothing(echo: Echo, home: Household) -> None:
    assert echo.send(disabled(time.time() + 5)) == {}
    assert home.store.link(home.link.id).ended is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change",
    [
        lambda given: given["context"]["System"]["application"].update(applicationId="amzn1.ask.skill.other"),
        lambda given: given["context"]["System"].pop("application"),
        lambda given: given.pop("context"),
        lambda given: given.update(context=7),
        lambda given: given.update(request={"type": "Nonsense", "timestamp": "yesterday"}),
        lambda given: given["request"].update(timestamp="yesterday"),
        lambda given: given.pop("request"),
        lambda given: given.update(request=[1]),
    ],
)
def test_a_request_that_is_not_for_this_skill_is_refused_without_effect(
    change: Callable[[dict[str, Any]], object], echo: Echo
) -> None:
    given = echo.request({"type": "IntentRequest", "intent": {"name": "WhyIntent", "slots": {}}})
    change(given)
    with pytest.raises(NotForUs):
        echo.spoken.answer(given)


def test_without_a_skill_id_every_request_is_refused(home: Household) -> None:
    spoken = Spoken(partial(authenticate, home.store, assistant="alexa"), home.registry, People(home), "")
    given = Echo(spoken, home.token()).request({"type": "LaunchRequest"})
    given["context"]["System"]["application"]["applicationId"] = ""
    with pytest.raises(NotForUs):
        spoken.answer(given)
