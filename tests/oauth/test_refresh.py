"""The refresh grant."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from showcam.accounts.links import mint
from tests.doubles.linking_world import World


def test_refreshing_adds_and_takes_nothing_away(world: World) -> None:
    tokens = world.tokens()
    access_tokens = {tokens["access_token"]}
    for _ in range(3):
        answer = world.refresh(tokens["refresh_token"])
        answered = answer.get_json()
        assert answer.status_code == 200
        assert "no-store" in answer.headers["Cache-Control"]
        assert set(answered) == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
        assert answered["refresh_token"] == tokens["refresh_token"]
        access_tokens.add(answered["access_token"])
    assert len(access_tokens) == 4
    assert all(map(world.works, access_tokens))


def test_twenty_refreshes_at_once(world: World) -> None:
    refresh = world.tokens()["refresh_token"]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: world.refresh(refresh), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    tokens = {answer.get_json()["access_token"] for answer in answers}
    assert len(tokens) == 20
    assert all(map(world.works, tokens))


def test_a_refresh_token_works_after_400_days(world: World, later: Callable[[float], None]) -> None:
    tokens = world.tokens()
    later(12 * 3600 + 1)
    assert not world.works(tokens["access_token"])
    later(400 * 86_400)
    world.store.sweep(time.time())
    answered = world.refresh(tokens["refresh_token"]).get_json()
    assert world.works(answered["access_token"])


def test_a_wrong_refresh_gets_its_error(world: World) -> None:
    tokens = world.tokens()
    link = tokens["refresh_token"].split(".")[1]
    cases = {
        "": "invalid_grant",
        "garbage": "invalid_grant",
        "scr..": "invalid_grant",
        "scr.' OR 1=1--.x": "invalid_grant",
        f"scr.{link}.": "invalid_grant",
        tokens["access_token"]: "invalid_grant",
        tokens["refresh_token"].replace("scr", "sca"): "invalid_grant",
        tokens["refresh_token"] + "\n": "invalid_grant",
        mint(link, "refresh", "cameras", 0.0)[0]: "invalid_grant",
        "scr." + "a" * 5000: "invalid_grant",
        "scr.é.ø": "invalid_grant",
    }
    for text, error in cases.items():
        answer = world.refresh(text)
        assert (answer.status_code, answer.get_json()["error"]) == (400, error), text
    answer = world.request("/oauth/token", {"grant_type": "refresh_token"})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")
    assert world.refresh(tokens["refresh_token"], "alexa").get_json()["error"] == "invalid_grant"
    assert world.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize(("scope", "status"), [("cameras", 200), ("", 200), ("cameras admin", 400), ("admin", 400)])
def test_a_refresh_can_not_widen_the_scope(world: World, scope: str, status: int) -> None:
    answer = world.refresh(world.tokens()["refresh_token"], scope=scope)
    assert answer.status_code == status
    if status == 400:
        assert answer.get_json()["error"] == "invalid_scope"
