"""The fulfillment function: Google's intents as an HTTP API hands them over."""

from collections.abc import Callable
from typing import Any

import pytest

from showcam.app.http_types import LONGEST_BODY
from tests.doubles.events import http_event, intent_event
from tests.doubles.runtime_api import Environment, InvocationFailed


@pytest.fixture(scope="module")
def running(environment: Callable[..., Environment]) -> Environment:
    return environment("fulfillment")


@pytest.mark.parametrize("encoded", [False, True])
def test_cameras_are_synced_from_the_table(running: Environment, stack: Any, encoded: bool) -> None:
    answered = running.invoke(intent_event(stack.token("google"), encoded=encoded))
    assert answered["statusCode"] == 200
    assert answered["headers"] == {"content-type": "application/json"}
    assert '"name":"Garden"' in answered["body"]
    line = running.lines[-1]
    assert (line["event"], line["status"], line["api_request"]) == ("request", 200, "api-request-1")


def test_header_names_may_be_written_in_any_way(running: Environment, stack: Any) -> None:
    event = intent_event(stack.token("google"))
    event["headers"] = {name.title(): value for name, value in event["headers"].items()}
    assert running.invoke(event)["statusCode"] == 200


@pytest.mark.parametrize("scheme", ["Bearer sca.nobody.nothing", "Basic abc", "Bearer", ""])
def test_without_a_token_of_ours(running: Environment, scheme: str) -> None:
    event = intent_event("x")
    event["headers"]["authorization"] = scheme
    answered = running.invoke(event)
    assert answered["statusCode"] == 401
    assert answered["headers"]["www-authenticate"] == 'Bearer error="invalid_token"'


def test_alexas_token_is_none(running: Environment, stack: Any) -> None:
    assert running.invoke(intent_event(stack.token("alexa")))["statusCode"] == 401


@pytest.mark.parametrize(
    ("change", "status", "expected"),
    [
        ({"body": "x" * (LONGEST_BODY + 1)}, 200, "hardError"),
        ({"body": "eHh4" * (LONGEST_BODY // 2), "isBase64Encoded": True}, 200, "hardError"),
        ({"body": "not base64!", "isBase64Encoded": True}, 200, "hardError"),
        ({"headers": {"content-type": "text/plain"}}, 401, "invalid_token"),
        ({"headers": {}}, 401, "invalid_token"),
        ({"method": "GET"}, 405, "It takes POST"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_request(
    running: Environment, stack: Any, change: dict[str, Any], status: int, expected: str
) -> None:
    event = intent_event(stack.token("google"))
    event["requestContext"]["http"]["method"] = change.pop("method", "POST")
    answered = running.invoke(event | change)
    assert answered["statusCode"] == status
    assert expected in answered["body"]


@pytest.mark.parametrize("body", [None, "", "{", "[]", '{"inputs":null}'])
def test_nonsense_with_a_token(running: Environment, stack: Any, body: str | None) -> None:
    answered = running.invoke(intent_event(stack.token("google")) | {"body": body})
    assert answered["statusCode"] == 200
    assert "errorCode" in answered["body"]


@pytest.mark.parametrize("version", ["1.0", None])
def test_another_kind_of_event_ends_as_an_error_of_the_function(running: Environment, version: str | None) -> None:
    with pytest.raises(InvocationFailed, match=r"payload format 2\.0"):
        running.invoke(http_event("/google/fulfillment", "POST") | {"version": version})
