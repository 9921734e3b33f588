"""The simulated Login with Amazon and event gateway: requests and the answers of Amazon's rules."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, web
from aiohttp.test_utils import TestClient, TestServer

from showcam.simulator.assistants.amazon import CLIENT, SECRET, Amazon, Customer
from tests.doubles.troubled.cloud_faults import spoiling

type Scene = Callable[[Amazon, TestClient[Any, Any]], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    async def run(scene: Scene, fault: str) -> None:
        amazon, app = Amazon("https://127.0.0.1:1", tmp_path), web.Application(middlewares=[spoiling(lambda _: fault)])
        amazon.add_routes(app)
        async with TestClient(TestServer(app)) as client:
            await scene(amazon, client)

    return lambda scene, fault="": asyncio.run(run(scene, fault))


def form(**changes: str | None) -> dict[str, str]:
    given = {"grant_type": "authorization_code", "client_id": CLIENT, "client_secret": SECRET} | changes
    return {name: value for name, value in given.items() if value is not None}


async def token(client: TestClient[Any, Any], **changes: str | None) -> tuple[int, dict[str, Any]]:
    async with client.post("/auth/o2/token", data=form(**changes)) as answer:
        return answer.status, await answer.json()


def test_a_code_works_once_and_its_refresh_token_stays(play: Callable[[Scene], None]) -> None:
    async def scene(amazon: Amazon, client: TestClient[Any, Any]) -> None:
        code = amazon.login.code(Customer())
        status, first = await token(client, code=code)
        assert (status, first["token_type"], first["expires_in"]) == (200, "bearer", 3600)
        assert await token(client, code=code) == (
            400,
            {"error": "invalid_grant", "error_description": "The request was refused."},
        )
        status, second = await token(client, grant_type="refresh_token", refresh_token=first["refresh_token"])
        assert (status, second["refresh_token"]) == (200, first["refresh_token"])
        assert second["access_token"] != first["access_token"]

    play(scene)


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "x"}, 401, "invalid_client"),
        ({"client_id": None}, 401, "invalid_client"),
        ({"code": "nobody's"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "nobody's"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
    ],
)
def test_a_wrong_token_request_is_refused_by_its_error(
    changes: dict[str, str | None], status: int, error: str, play: Callable[[Scene], None]
) -> None:
    async def scene(_amazon: Amazon, client: TestClient[Any, Any]) -> None:
        got, answer = await token(client, **changes)
        assert (got, answer["error"]) == (status, error)

    play(scene)


def test_the_region_is_named_to_a_valid_token_alone(play: Callable[[Scene], None]) -> None:
    async def scene(amazon: Amazon, client: TestClient[Any, Any]) -> None:
        _, tokens = await token(client, code=amazon.login.code(Customer()))
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        async with client.get("/v1/alexaApiEndpoint", headers=headers) as answer:
            assert (await answer.json())["endpoints"] == ["https://127.0.0.1:1"]
        async with client.get("/v1/alexaApiEndpoint") as answer:
            assert answer.status == 401

    play(scene)


def test_a_customer_who_disables_the_skill_has_no_refresh_any_more(play: Callable[[Scene], None]) -> None:
    async def scene(amazon: Amazon, client: TestClient[Any, Any]) -> None:
        customer = Customer()
        _, tokens = await token(client, code=amazon.login.code(customer))
        amazon.login.disable(customer)
        status, answer = await token(client, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert (status, answer["error"]) == (400, "invalid_grant")

    play(scene)


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ("invalid_grant", 400, "invalid_grant"),
        ("http500", 500, "server_error"),
        ("rate", 429, "server_error"),
        ("html", 200, "<html>"),
        ("empty", 200, ""),
        ("cut", None, ""),
        ("half", None, ""),
    ],
)
def test_a_fault_of_login_with_amazon(
    fault: Any, status: int | None, text: str, play: Callable[[Scene, str], None]
) -> None:
    async def scene(amazon: Amazon, client: TestClient[Any, Any]) -> None:
        try:
            async with client.post("/auth/o2/token", data=form(code=amazon.login.code(Customer()))) as answer:
                got: int | None = answer.status
                body = await answer.text()
        except ClientError:
            got, body = None, ""
        assert got == status
        assert text in body

    play(scene, fault)
