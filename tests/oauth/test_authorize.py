"""Authorization requests: accepted, refused on our own page, or redirected with an error."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from showcam.accounts import clients
from tests.doubles.linking_world import ISSUER, REDIRECTS, World, pkce

ALEXA, GOOGLE = REDIRECTS["alexa"], REDIRECTS["google"]

UNTRUSTED = {
    "other host": {"redirect_uri": "https://evil.example/cb"},
    "longer host": {"redirect_uri": "https://pitangui.amazon.com.evil.com/api/skill/link/DEMO"},
    "path walked back": {"redirect_uri": ALEXA + "/../x"},
    "path walked back, encoded": {"redirect_uri": ALEXA + "/%2f..%2fx"},
    "extra query": {"redirect_uri": ALEXA + "?x=1"},
    "trailing slash": {"redirect_uri": ALEXA + "/"},
    "fragment": {"redirect_uri": ALEXA + "#x"},
    "user in front": {"redirect_uri": ALEXA.replace("//", "//x@evil.com/@")},
    "real host as user": {"redirect_uri": "https://pitangui.amazon.com@evil.com/api/skill/link/DEMO"},
    "case of the path": {"redirect_uri": ALEXA.replace("DEMO", "demo")},
    "case of the host": {"redirect_uri": ALEXA.replace("pitangui", "Pitangui")},
    "no scheme": {"redirect_uri": "//evil.com"},
    "script": {"redirect_uri": "javascript:alert(1)"},
    "http": {"redirect_uri": ALEXA.replace("https", "http")},
    "homograph": {"redirect_uri": ALEXA.replace("a", "а", 1)},
    "other vendor": {"redirect_uri": ALEXA.replace("DEMO", "OTHER")},
    "the other assistant's": {"redirect_uri": GOOGLE},
    "port": {"redirect_uri": ALEXA.replace(".com", ".com:444")},
    "space behind": {"redirect_uri": ALEXA + " "},
    "line feed behind": {"redirect_uri": ALEXA + "\n"},
    "loopback, not allowed": {"redirect_uri": "http://127.0.0.1:9/callback"},
    "empty": {"redirect_uri": ""},
    "missing": {"redirect_uri": None},
    "quote": {"redirect_uri": ALEXA + '"'},
    "redirect twice": {"redirect_uri": [ALEXA, "https://evil.example/cb"]},
    "redirect twice, alike": {"redirect_uri": [ALEXA, ALEXA]},
    "state twice": {"state": ["a", "b"]},
    "client twice": {"client_id": ["alexa", "google"]},
    "challenge twice": {**pkce()[1], "code_challenge": ["a" * 43, "b" * 43]},
    "scope twice": {"scope": ["cameras", "cameras"]},
    "response type twice": {"response_type": ["code", "token"]},
    "unknown client": {"client_id": "nobody"},
    "no client": {"client_id": None},
    "client of another form": {"client_id": "' OR 1=1--"},
    "client with NUL": {"client_id": "alexa\x00"},
    "client that forges a key": {"client_id": "alexa#LINK#1"},
    "huge client": {"client_id": "a" * 5000},
    "too long altogether": {"state": "s" * 20_000},
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("changes", UNTRUSTED.values(), ids=UNTRUSTED)
def test_an_untrusted_request_is_not_redirected(world: World, changes: dict[str, Any], method: str) -> None:
    browser = world.browse("alexa").sign_in()
    browser.url = world.url("alexa", **changes)
    before = world.rows()
    if method == "GET":
        browser.get()
    else:
        browser.post("agree")
    assert browser.status == 400
    assert browser.answer is not None
    assert "Location" not in browser.answer.headers
    assert browser.page.steps == []
    assert browser.page.text("alert")
    assert world.rows() == before


REFUSED = {
    "no response type": ({"response_type": None}, "invalid_request"),
    "token": ({"response_type": "token"}, "unsupported_response_type"),
    "code and token": ({"response_type": "code token"}, "unsupported_response_type"),
    "not ASCII": ({"response_type": "Õ"}, "unsupported_response_type"),
    "quote": ({"response_type": '"'}, "unsupported_response_type"),
    "code with a space": ({"response_type": "code "}, "unsupported_response_type"),
    "unknown scope": ({"scope": "cameras admin"}, "invalid_scope"),
    "scope that is none": ({"scope": 'Õ"'}, "invalid_scope"),
    "challenge by plain": ({"code_challenge": "a" * 43, "code_challenge_method": "plain"}, "invalid_request"),
    "challenge without method": ({"code_challenge": "a" * 43}, "invalid_request"),
    "method in small letters": ({"code_challenge": "a" * 43, "code_challenge_method": "s256"}, "invalid_request"),
    "method without challenge": ({"code_challenge_method": "S256"}, "invalid_request"),
    "empty challenge": ({"code_challenge": "", "code_challenge_method": "S256"}, "invalid_request"),
    "short challenge": ({"code_challenge": "a" * 42, "code_challenge_method": "S256"}, "invalid_request"),
    "challenge of bad characters": ({"code_challenge": "ö" * 43, "code_challenge_method": "S256"}, "invalid_request"),
}


@pytest.mark.parametrize("assistant", ["alexa", "google"])
@pytest.mark.parametrize(("changes", "error"), REFUSED.values(), ids=REFUSED)
def test_an_invalid_request_is_redirected_with_its_error(
    world: World, changes: dict[str, Any], error: str, assistant: Any
) -> None:
    browser = world.browse(assistant, **changes)
    assert browser.location.startswith(REDIRECTS[assistant] + "?")
    assert "#" not in browser.location
    assert {name: browser.returned.get(name) for name in ("error", "state", "iss", "code")} == {
        "error": error,
        "state": "st4te",
        "iss": ISSUER,
        "code": None,
    }


STATES = [
    "a b+c/=&?%é",
    "<script>alert(1)</script>",
    "\"'",
    "x\r\nSet-Cookie: a=b",
    "s" * 4096,
    "%2B%25",
    "😀",
    "a=1;b",
]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", ["agree", "cancel"])
def test_state_comes_back_as_it_was(world: World, state: str, step: str) -> None:
    browser = world.browse(state=state)
    assert state not in browser.page.html
    browser.sign_in().post(step)
    assert browser.returned["state"] == state
    assert browser.returned["iss"] == ISSUER
    assert browser.answer is not None
    assert "a=b" not in browser.answer.headers.getlist("Set-Cookie")


def test_a_request_without_state_and_scope_is_accepted(world: World) -> None:
    browser = world.browse(state=None, scope=None).sign_in().post("agree")
    assert set(browser.returned) == {"code", "iss"}
    assert world.redeem(browser.returned["code"]).get_json()["scope"] == "cameras"


def test_a_client_can_require_pkce(make: Callable[..., World]) -> None:
    world = make(require_pkce=True)
    assert world.browse().returned["error"] == "invalid_request"
    assert world.browse(**pkce()[1]).page.steps == ["sign-in", "cancel"]


@pytest.mark.parametrize(
    ("uri", "taken"),
    [
        ("http://127.0.0.1:1/callback", True),
        ("http://127.0.0.1:65535/callback", True),
        ("http://127.0.0.1:65536/callback", False),
        ("http://127.0.0.1/callback", False),
        ("http://127.0.0.1:80/callback/", False),
        ("http://127.0.0.1:80@evil.com/callback", False),
        ("http://127.0.0.2:80/callback", False),
        ("http://localhost:80/callback", False),
        ("https://127.0.0.1:80/callback", False),
        ("http://127.0.0.1:80/callback\n", False),
    ],
)
def test_loopback_redirects_are_accepted_as_registered(make: Callable[..., World], uri: str, taken: bool) -> None:
    browser = make(loopback_redirect=True).browse(redirect_uri=uri)
    assert browser.status == (200 if taken else 400)
    if taken:
        origin = uri.removesuffix("/callback")
        assert browser.answer is not None
        assert f"form-action 'self' {origin};" in browser.answer.headers["Content-Security-Policy"]


def test_nothing_is_stored_before_sign_in(world: World) -> None:
    before = world.rows()
    for number in range(200):
        world.browse("alexa", state=str(number))
        world.browse("alexa", redirect_uri="https://evil.example")
    assert world.rows() == before


@pytest.mark.parametrize(
    "query",
    [b"client_id=%FF&redirect_uri=%ED%A0%80", b"client_id=\xff\xfe", b"%00=%00", b"&&==&;", b"client_id=google&%FF=1"],
)
def test_a_query_that_can_not_be_read_is_a_problem(world: World, query: bytes) -> None:
    environ = {"QUERY_STRING": query.decode("latin-1")}
    for method in ("GET", "POST"):
        answer = world.http().open("/oauth/authorize", method=method, environ_overrides=environ)
        assert answer.status_code == 400
        assert "Location" not in answer.headers


def test_addresses_come_from_the_settings_and_never_from_host(world: World) -> None:
    lies = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example"}
    browser = world.browse(next="https://evil.example", return_to="//evil.example")
    browser.headers = lies | {"Host": "evil.example"}
    browser.get()
    assert "evil" not in browser.page.html
    browser.headers = lies
    browser.get().sign_in().post("agree")
    assert browser.returned["iss"] == ISSUER
    metadata = world.http().get("/.well-known/oauth-authorization-server", headers=browser.headers)
    assert "evil" not in metadata.text


def test_every_answer_carries_the_headers(make: Callable[..., World]) -> None:
    world = make()
    paths = {
        world.url(): 200,
        world.url(redirect_uri="x"): 400,
        "/oauth/privacy": 200,
        "/oauth/token": 405,
        "/oauth/revoke": 405,
        "/oauth/userinfo": 401,
    }
    for path, status in paths.items():
        answer = world.http().get(path)
        assert answer.status_code == status
        headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'")
        assert policy.endswith("frame-ancestors 'none'; base-uri 'none'")
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Strict-Transport-Security"].startswith("max-age=")
        assert "no-store" in headers["Cache-Control"]
        answer.close()
    assert "Strict-Transport-Security" not in make(https=False).http().get("/oauth/privacy").headers


@pytest.mark.parametrize("path", ["/oauth/authorize", "/oauth/privacy"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused_with_405(world: World, path: str, method: str) -> None:
    answer = world.http().open(path, method=method)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_form_action_names_the_callback_and_its_onward_hosts(world: World) -> None:
    policies = {}
    for assistant in ("alexa", "google"):
        answer = world.http().get(world.url(assistant))
        policies[assistant] = answer.headers["Content-Security-Policy"]
    assert "https://pitangui.amazon.com" in policies["alexa"]
    assert "google" not in policies["alexa"]
    assert "https://oauth-redirect.googleusercontent.com" in policies["google"]
    assert "amazon" not in policies["google"]


def test_a_client_registered_again_replaces_the_first(world: World) -> None:
    clients.register(world.store, "google", "google", ("https://elsewhere.example/r",))
    assert world.browse().status == 400
    assert world.browse(redirect_uri="https://elsewhere.example/r").status == 200


def test_fields_of_the_form_do_not_reach_the_request(world: World) -> None:
    browser = world.browse("alexa").sign_in()
    fields = dict(browser.page.fields) | {
        "step": "agree",
        "redirect_uri": "https://evil.example",
        "client_id": "google",
        "state": "evil",
        "scope": "admin",
    }
    browser.post_raw(urlencode(fields))
    assert browser.location.startswith(ALEXA)
    assert browser.returned["state"] == "st4te"
