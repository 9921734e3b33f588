"""Linking by a simulated assistant, end to end over HTTP, with a double of showcam."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize("assistant", ["alexa", "google"])
def test_linking_walks_the_pages_and_discovers_the_cameras(bench: Callable[..., None], assistant: str) -> None:
    async def steps(b: Any) -> None:
        assert await b.get(f"/assistants/{assistant}") == {
            "linked": False, "cameras": [], "household": None, "user": None, "problem": None, "news": 0,
        }  # fmt: skip
        answer = await b.link(assistant, label="Grandma's")
        assert (answer["linked"], answer["user"]) == (True, "demo@example.com")
        assert [camera["name"] for camera in answer["cameras"]] == ["Garden"]
        query = b.showcam.authorizations[0]
        assert query["client_id"] == assistant
        assert query["response_type"] == "code"
        assert query["scope"] == "cameras"
        assert query["code_challenge_method"] == "S256"
        assert len(query["state"]) > 700
        consent = next(body for body in b.showcam.bodies if "camera" in body)
        assert consent == {"label": ["Grandma's"], "camera": ["one", "two"], "step": ["allow"]}
        exchange = next(body for body in b.showcam.bodies if "grant_type" in body)
        assert exchange["authorization"].startswith("Basic") == (assistant == "alexa")
        assert ("client_secret" in exchange) == (assistant == "google")

    bench(steps)


@pytest.mark.parametrize(
    ("user", "more", "reason"),
    [
        ("demo@example.com", {"password": "nonsense"}, "The password is wrong."),
        ("mfa@example.com", {}, "EZVIZ asks for a sign-in code, and none was given"),
        ("mfa@example.com", {"code": "999999"}, "The code is wrong."),
    ],
)
def test_a_refused_sign_in_reports_the_pages_reason(
    bench: Callable[..., None], user: str, more: dict[str, str], reason: str
) -> None:
    async def steps(b: Any) -> None:
        body = {"user": user, "password": "showcam-demo"} | more
        answer = await b.post("/assistants/alexa/link", body, status=502)
        assert answer["error"] == reason
        assert (await b.get("/assistants/alexa"))["linked"] is False

    bench(steps)


def test_a_sign_in_code_is_given_on_its_page(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        assert (await b.link("google", "mfa@example.com", code="012345"))["linked"]

    bench(steps)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("issuer", "the answer names another issuer than showcam (iss)"),
        ("short life", "showcam broke a rule: expires_in is not a number of at least 360"),
    ],
)
def test_an_answer_that_breaks_oauth_does_not_link(bench: Callable[..., None], fault: str, reason: str) -> None:
    async def steps(b: Any) -> None:
        b.showcam.fault = fault
        body = {"user": "demo@example.com", "password": "showcam-demo"}
        assert (await b.post("/assistants/google/link", body, status=502))["error"] == reason

    bench(steps)


def test_a_callback_with_a_foreign_state_is_refused(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        async with b.http.get(f"{b.url}/callback?code=x&state=foreign") as response:
            assert response.status == 400
        assert (await b.get("/assistants/alexa"))["linked"] is False

    bench(steps)


def test_a_browser_is_sent_to_the_real_sign_in_and_comes_back_linked(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        async with b.http.get(f"{b.url}/assistants/alexa/link", allow_redirects=False) as response:
            assert response.status == 302
            assert response.headers["Location"].startswith(f"{b.showcam.url}/oauth/authorize?")
        async with b.http.get(f"{b.url}/assistants/alexa/link") as response:
            assert "Sign in" in await response.text()
        state = b.showcam.authorizations[-1]["state"]
        b.showcam.codes["good"] = {}
        query = {"code": "good", "state": state, "iss": b.showcam.url}
        async with b.http.get(f"{b.url}/callback", params=query, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, "/#alexa-linked")
        assert (await b.get("/assistants/alexa"))["linked"]

    bench(steps)
