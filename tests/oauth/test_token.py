"""The token endpoint, as the assistants' clouds use them and as attackers would."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.doubles.linking_world import REDIRECTS, World, pkce


@pytest.mark.parametrize("assistant", ["alexa", "google"])
@pytest.mark.parametrize("basic", [True, False])
def test_a_code_is_exchanged_for_tokens(world: World, assistant: Any, basic: bool) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": world.code(assistant),
        "redirect_uri": REDIRECTS[assistant],
    }
    answer = world.request("/oauth/token", form, assistant, basic=basic)
    assert answer.status_code == 200
    assert answer.content_type.startswith("application/json")
    assert "no-store" in answer.headers["Cache-Control"]
    answered = answer.get_json()
    assert set(answered) == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert (answered["token_type"], answered["expires_in"], answered["scope"]) == ("Bearer", 43_200, "cameras")
    (link,) = world.links()
    assert answered["access_token"].startswith(f"sca.{link.id}.")
    assert answered["refresh_token"].startswith(f"scr.{link.id}.")
    assert world.works(answered["access_token"])


# codes


def test_a_replayed_code_kills_what_it_issued(world: World) -> None:
    code = world.code()
    tokens = world.redeem(code).get_json()
    assert world.works(tokens["access_token"])
    other = world.tokens()
    again = world.redeem(code)
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_grant")
    assert not world.works(tokens["access_token"])
    assert world.refresh(tokens["refresh_token"]).status_code == 400
    (link,) = world.links()
    assert world.works(other["access_token"])
    assert other["access_token"].startswith(f"sca.{link.id}.")
    ended = tokens["access_token"].split(".")[1]
    assert world.home.pictures.ended == [(ended, "")]


def test_of_twenty_at_once_at_most_one_is_served_and_nothing_survives(world: World) -> None:
    code = world.code()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: world.redeem(code), range(20)))
    served = [answer.get_json() for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 400}
    assert {answer.get_json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    assert len(served) <= 1
    assert not any(world.works(tokens["access_token"]) for tokens in served)
    assert world.links() == []


def test_a_code_lives_sixty_seconds(world: World, later: Callable[[float], None]) -> None:
    first, second = world.code(), world.code()
    later(58)
    assert world.redeem(first).status_code == 200
    later(3)
    answer = world.redeem(second)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")


def test_a_code_is_refused_for_another_client(world: World) -> None:
    code = world.code("google")
    answer = world.redeem(code, "alexa")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")
    assert world.redeem(code, "google").status_code == 200


def test_a_code_of_an_ended_link_is_refused(world: World) -> None:
    code = world.code()
    world.store.end_link(world.links()[0].id, 1.0)
    assert world.redeem(code).get_json()["error"] == "invalid_grant"


VERIFIER, SENT = pkce()
OTHER = pkce()[0]
BURNED = {
    "another redirect": ({}, {"redirect_uri": REDIRECTS["google"] + "x"}, "invalid_grant"),
    "no redirect": ({}, {"redirect_uri": None}, "invalid_grant"),
    "no verifier": (SENT, {}, "invalid_request"),
    "wrong verifier": (SENT, {"code_verifier": OTHER}, "invalid_grant"),
    "short verifier": (SENT, {"code_verifier": VERIFIER[:42]}, "invalid_request"),
    "long verifier": (SENT, {"code_verifier": VERIFIER * 3}, "invalid_request"),
    "verifier of bad characters": (SENT, {"code_verifier": "é" * 43}, "invalid_request"),
    "the challenge as verifier": (SENT, {"code_verifier": SENT["code_challenge"]}, "invalid_grant"),
    "line feed behind the verifier": (SENT, {"code_verifier": VERIFIER + "\n"}, "invalid_grant"),
    "verifier without challenge": ({}, {"code_verifier": VERIFIER}, "invalid_request"),
}


@pytest.mark.parametrize(("requested", "form", "error"), BURNED.values(), ids=BURNED)
def test_a_code_redeemed_wrongly_is_used_up(
    world: World, requested: dict[str, Any], form: dict[str, Any], error: str
) -> None:
    code = world.code(**requested)
    answer = world.redeem(code, **form)
    assert (answer.status_code, answer.get_json()["error"]) == (400, error)
    right: dict[str, Any] = {"code_verifier": VERIFIER} if requested else {}
    assert world.redeem(code, **right).get_json()["error"] == "invalid_grant"


def test_a_code_with_pkce_is_exchanged(world: World) -> None:
    assert world.redeem(world.code(**SENT), code_verifier=VERIFIER).status_code == 200


def test_somebody_elses_code_does_not_fit_this_flow(world: World) -> None:
    stolen = world.code(**pkce()[1])
    assert world.redeem(stolen, code_verifier=VERIFIER).get_json()["error"] == "invalid_grant"


# what is sent


BAD_FORMS = {
    "no grant type": ({"grant_type": None}, "invalid_request"),
    "password grant": ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
    "client credentials": ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    "implicit": ({"grant_type": "implicit"}, "unsupported_grant_type"),
    "grant type in Norwegian": ({"grant_type": 'Ø"'}, "unsupported_grant_type"),
    "no code": ({"code": None}, "invalid_request"),
    "empty code": ({"code": ""}, "invalid_grant"),
    "garbage": ({"code": "garbage"}, "invalid_grant"),
    "injection": ({"code": "' OR 1=1--"}, "invalid_grant"),
    "operator": ({"code": "\"}{$gt:''}"}, "invalid_grant"),
    "NUL": ({"code": "a\x00b"}, "invalid_grant"),
    "key": ({"code": "x#y"}, "invalid_grant"),
    "long": ({"code": "a" * 8000}, "invalid_grant"),
    "other scripts": ({"code": "кód\u202e"}, "invalid_grant"),
}


@pytest.mark.parametrize(("changes", "error"), BAD_FORMS.values(), ids=BAD_FORMS)
def test_a_wrong_form_gets_its_error(world: World, changes: dict[str, Any], error: str) -> None:
    answer = world.redeem("code", **changes)
    assert (answer.status_code, answer.get_json()["error"]) == (400, error)
    assert answer.get_json()["error_description"].isascii()
    assert answer.content_type.startswith("application/json")
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("body", "kind", "status", "revoking"),
    [
        (b'{"grant_type":"authorization_code"}', "application/json", 400, 400),
        (b"grant_type=authorization_code", "text/plain", 400, 400),
        (b"", "application/x-www-form-urlencoded", 400, 401),
        (b"\xff\xfe\x00=%FF%ED%A0%80&grant_type=%FF", "application/x-www-form-urlencoded", 400, 401),
        (
            b"grant_type=refresh_token&grant_type=refresh_token&token=a&token=b",
            "application/x-www-form-urlencoded",
            400,
            400,
        ),
        (b"code=" + b"a" * 17_000, "application/x-www-form-urlencoded", 413, 413),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 400, 400),
    ],
)
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_a_body_that_is_no_form_is_refused(
    world: World, path: str, body: bytes, kind: str, status: int, revoking: int
) -> None:
    answer = world.http().post(path, data=body, content_type=kind)
    expected = revoking if path == "/oauth/revoke" else status
    assert answer.status_code == expected
    assert answer.get_json()["error"] == ("invalid_client" if expected == 401 else "invalid_request")
    assert answer.content_type.startswith("application/json")


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_than_post_are_refused(world: World, path: str, method: str) -> None:
    answer = world.http().open(path, method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.get_json()["error"] == "invalid_request"


def test_parameters_in_the_query_are_ignored(world: World) -> None:
    form = {"code": world.code(), "redirect_uri": REDIRECTS["google"]}
    answer = world.request("/oauth/token?grant_type=authorization_code", form)
    assert answer.get_json()["error"] == "invalid_request"
    secret = world.secrets["google"]
    answer = world.request(
        f"/oauth/token?client_id=google&client_secret={secret}", form | {"grant_type": "authorization_code"}, None
    )
    assert answer.status_code == 401


# the client


def basic(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


HEADERS = {
    "wrong secret": basic(b"google:wrong"),
    "no secret": basic(b"google:"),
    "no colon": basic(b"google"),
    "unknown client": basic(b"nobody:secret"),
    "not UTF-8": basic(b"\xff\xfe:\xff"),
    "escaped surrogate": basic(b"google:%ED%A0%80"),
    "NUL": basic(b"goo\x00gle:x"),
    "not base64": "Basic !!!",
    "not ASCII": "Basic \xe9\xe9",
    "nothing": "Basic",
    "bearer": "Bearer abc",
    "huge": basic(b"google:" + b"a" * 5000),
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_a_client_with_a_bad_header_is_refused(world: World, header: str, path: str) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
    answer = world.http().post(path, data=form, headers={"Authorization": header})
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "client",
    [
        {},
        {"client_id": "google"},
        {"client_id": "google", "client_secret": ""},
        {"client_id": "google", "client_secret": "wrong"},
        {"client_id": "nobody", "client_secret": "x"},
        {"client_id": "", "client_secret": ""},
        {"client_secret": "x"},
    ],
)
def test_a_client_with_bad_credentials_in_the_form_is_refused(world: World, client: dict[str, str]) -> None:
    code = world.code()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECTS["google"]} | client
    answer = world.request("/oauth/token", form, None)
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
    assert world.redeem(code).status_code == 200  # a stranger did not use it up
