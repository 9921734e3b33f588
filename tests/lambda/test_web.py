"""The web function: pages with cookies, tokens, signalling, webhook, and the media process's requests."""

import hashlib
import hmac
import json
import time
from base64 import b64decode
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from scripts.deploy_local.walk import Form
from showcam.accounts.console_sessions import ConsoleSessions
from showcam.app.compose.pages import HOUSEHOLD_REQUESTS
from showcam.app.settings import Settings
from showcam.app.setup import alexa_console, google_console
from showcam.console.look.area import COUNTED_S, requests_of
from showcam.engine.grants import HEADER, Claims, Grants
from showcam.store.records import Account
from tests.doubles.aws_stack import add_home
from tests.doubles.events import directive, http_event
from tests.doubles.runtime_api import Environment, InvocationFailed

FORM = {"content-type": "application/x-www-form-urlencoded"}
ASKED = {
    "response_type": "code",
    "client_id": "alexa",
    "redirect_uri": "https://layla.amazon.com/api/skill/link/M1",
    "scope": "cameras",
    "state": "planted-state",
}
ORIGIN = "https://www.gstatic.com"


@pytest.fixture(scope="module")
def running(environment: Callable[..., Environment]) -> Environment:
    return environment("web", SHOWCAM_EZVIZ_WEBHOOK_KEY="hook", SHOWCAM_SIGN_INS_PER_USER="1")


def authorize(running: Environment, **more: Any) -> dict[str, Any]:
    return dict(running.invoke(http_event("/oauth/authorize", query=urlencode(ASKED), **more)))


def sign_in(running: Environment, source_ip: str, claimed: str = "", user: str = "you@example.com") -> str:
    """The text of the page after a form was posted."""
    page = authorize(running, source_ip=source_ip)
    cookies = tuple(cookie.split(";")[0] for cookie in page["cookies"])
    filled = {"user": user, "password": "planted", "step": "sign-in"}
    fields = dict(Form(page["body"]).fields) | filled
    headers = FORM | ({"x-forwarded-for": claimed} if claimed else {})
    event = http_event(
        "/oauth/authorize",
        "POST",
        query=urlencode(ASKED),
        headers=headers,
        cookies=cookies,
        body=urlencode(fields).encode(),
        source_ip=source_ip,
    )
    return str(running.invoke(event)["body"])


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_it_is_well_while_the_table_answers(running: Environment, path: str) -> None:
    assert running.invoke(http_event(path))["statusCode"] == 200


def test_each_address_for_the_consoles_answers(running: Environment) -> None:
    base = "https://showcam.example"
    stack = Settings(public_url=base, store="dynamodb", keys_secret="showcam/keys")
    shown = [field.value for field in alexa_console.fields(stack, "en-GB", [])]
    shown += [field.value for field in google_console.fields(base)]
    paths = {value.removeprefix(base) for value in shown if value.startswith(base)}
    assert paths == {"/oauth/authorize", "/oauth/token", "/google/fulfillment"}  # the last by a function of its own
    for path, method in (("/oauth/authorize", "GET"), ("/oauth/token", "POST")):
        assert running.invoke(http_event(path, method))["statusCode"] == 400, "refused, for want of what is asked with"


def test_without_a_table_it_is_not(environment: Callable[..., Environment]) -> None:
    running = environment("web", SHOWCAM_TABLE="none")
    assert running.invoke(http_event("/healthz"))["statusCode"] == 503
    assert running.lines[-1]["StoreUnavailable"] == 1


def test_a_page_comes_with_its_headers_and_cookies(running: Environment) -> None:
    page = authorize(running)
    line = running.lines[-1]
    assert page["statusCode"] == 200
    assert page["headers"]["content-type"] == "text/html; charset=utf-8"
    assert page["headers"]["x-request-id"] == line["request"] == running.request
    assert [cookie.split("=")[0] for cookie in page["cookies"]] == ["__Host-showcam-form"]
    assert "Secure; HttpOnly" in page["cookies"][0]
    assert (line["event"], line["route"], line["method"], line["status"]) == ("request", "pages", "GET", 200)
    assert "planted" not in running.log


def test_a_parameter_given_twice_is_refused(running: Environment) -> None:
    event = http_event("/oauth/authorize", query=urlencode(ASKED) + "&client_id=google")
    assert running.invoke(event)["statusCode"] == 400


def test_a_picture_comes_in_base64(running: Environment) -> None:
    answered = running.invoke(http_event("/static/mark.svg"))
    assert answered["isBase64Encoded"] is True
    assert b64decode(answered["body"]).startswith(b"<svg")


def test_requests_of_one_household_are_limited_and_of_no_other(
    environment: Callable[..., Environment], stack: Any
) -> None:
    running = environment("web", SHOWCAM_CONSOLE="public")
    other = add_home(stack.store, "other@example.com")
    cookies = {}
    for household in (stack.account, other.account):
        text = ConsoleSessions(stack.store).begin(account=household.id, user="somebody")
        cookies[household.id] = (f"__Host-showcam-home={text}",)

    def open_page(household: Account, path: str = "/home/open") -> dict[str, Any]:
        return dict(running.invoke(http_event(path, cookies=cookies[household.id])))

    assert open_page(stack.account)["statusCode"] == 204
    now = time.time()
    for at in (now, now + COUNTED_S):  # the test may run into the next minute
        for _ in range(HOUSEHOLD_REQUESTS):
            stack.store.hit(requests_of(stack.account.id), COUNTED_S, at)
    for path in ("/home", "/home/open"):
        refused = open_page(stack.account, path)
        assert (refused["statusCode"], refused["headers"]["retry-after"]) == (429, str(COUNTED_S))
        assert "Too many requests" in refused["body"]
    assert open_page(other.account)["statusCode"] == 204


def test_tries_are_counted_by_the_address_that_the_api_saw(running: Environment) -> None:
    tries = [("203.0.113.9", f"198.51.100.{number}") for number in range(7)] + [("203.0.113.10", "198.51.100.1")]
    said = [sign_in(running, *each, user=f"you{number}@example.com") for number, each in enumerate(tries)]
    assert ["too many wrong tries" in text.lower() for text in said] == [False] * 6 + [True, False]
    assert "planted" not in running.log


def test_a_refreshed_token_is_one_for_the_other_functions(
    running: Environment, environment: Callable[..., Environment], stack: Any
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": stack.token("alexa", "refresh")}
    form |= {"client_id": "alexa", "client_secret": stack.client_secret}
    answered = running.invoke(http_event("/oauth/token", "POST", headers=FORM, body=urlencode(form).encode()))
    assert answered["statusCode"] == 200
    token = json.loads(answered["body"])["access_token"]
    found = environment("directives").invoke(directive(token))["event"]
    assert found["header"]["name"] == "Discover.Response"
    assert not [secret for secret in (token, *form.values()) if len(secret) > 20 and secret in running.log]


@pytest.mark.parametrize("path", ["/oauth/token", "/webhooks/ezviz", "/internal/sources/check", "/google/webrtc/x"])
def test_bodies_are_capped(running: Environment, path: str) -> None:
    answered = running.invoke(
        http_event(path, "POST", headers={"content-type": "application/json"}, body="x" * 300_000)
    )
    assert answered["statusCode"] == 413


def test_a_players_page_may_ask(running: Environment) -> None:
    answered = running.invoke(http_event("/google/webrtc/x", "OPTIONS", headers={"origin": ORIGIN}))
    assert answered["statusCode"] == 204
    assert answered["headers"]["access-control-allow-origin"] == ORIGIN


def test_the_media_process_asks_with_its_proof(running: Environment, stack: Any) -> None:
    claims = Claims(stack.account.id, stack.link("alexa").id, "camera", "hls", "alexa", int(time.time()) + 60, "n")
    path, body = "/internal/sources/check", json.dumps({"claims": [claims.as_json()]}).encode()
    headers = {
        "content-type": "application/json",
        HEADER.lower(): Grants(stack.keys.grant).proof().make(path, body, time.time()),
    }
    answered = running.invoke(http_event(path, "POST", headers=headers, body=body))
    assert (answered["statusCode"], json.loads(answered["body"])["denied"][0]["reason"]) == (200, "not_found")
    headers[HEADER.lower()] = "v1;0;0;0"
    assert running.invoke(http_event(path, "POST", headers=headers, body=body))["statusCode"] == 404


def test_without_media_processes_nobody_may_ask_as_one(
    running: Environment, environment: Callable[..., Environment], stack: Any
) -> None:
    path, body = "/internal/sources/check", json.dumps({"claims": []}).encode()
    statuses = []
    for begun in (running, environment("web", SHOWCAM_PICTURES="vendor")):
        proof = Grants(stack.keys.grant).proof().make(path, body, time.time())
        headers = {"content-type": "application/json", HEADER.lower(): proof}
        statuses.append(begun.invoke(http_event(path, "POST", headers=headers, body=body))["statusCode"])
    assert statuses == [200, 404]


class TestWebhook:
    def test_a_ring_is_kept_before_it_is_answered_and_once(self, running: Environment, stack: Any) -> None:
        from showcam.registry.readings.households import Devices

        Devices(stack.store, ["ezviz"]).place(stack.account.id, {("ezviz", "F00000001")})
        event = self.ring(f"m-{time.time()}")
        assert running.invoke(event)["statusCode"] == 200
        kept = stack.store.happenings(stack.account.id, time.time() - 60)
        assert [happening.kind for happening in kept] == ["doorbell"]
        assert running.invoke(event)["statusCode"] == 200
        assert stack.store.happenings(stack.account.id, time.time() - 60) == kept

    def test_one_that_is_not_signed_is_refused(self, running: Environment) -> None:
        event = self.ring("m-2")
        event["headers"]["signature"] = "0" * 40
        assert running.invoke(event)["statusCode"] == 401

    def ring(self, message: str) -> dict[str, Any]:
        at = str(int(time.time() * 1000))
        header = {
            "deviceId": "F00000001",
            "channelNo": 1,
            "messageId": message,
            "type": "ys.calling",
            "messageTime": at,
        }
        body = json.dumps({"header": header, "body": {}})
        signature = hmac.new(b"hook", body.encode() + at.encode(), hashlib.sha1).hexdigest()
        headers = {"content-type": "text/plain", "signature": signature, "t": at}
        return http_event("/webhooks/ezviz", "POST", headers=headers, body=body)


@pytest.mark.parametrize("path", ["/metrics", "/alexa/smart-home", "/alexa/skill", "/google/fulfillment"])
def test_other_functions_paths_are_not_found(running: Environment, path: str) -> None:
    event = http_event(path, "POST", headers={"content-type": "application/json"}, body="{}", source_ip="127.0.0.1")
    assert running.invoke(event)["statusCode"] == 404


def test_another_format_with_a_clients_word_for_its_address_is_refused(running: Environment) -> None:
    event = {"version": "1.0", "path": "/healthz", "httpMethod": "GET", "headers": {}, "requestContext": {}}
    with pytest.raises(InvocationFailed, match=r"payload format 2\.0"):
        running.invoke(event)
