"""The simulated Login with Amazon and event gateway: requests and the answers of Amazon's rules."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from simulator.assistants.amazon import CLIENT, SECRET, Amazon

type Scene = Callable[[Amazon, TestClient[Any, Any]], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scene], None]:
    async def run(scene: Scene) -> None:
        amazon, app = Amazon("https://127.0.0.1:1", tmp_path), web.Application()
        amazon.add_routes(app)
        async with TestClient(TestServer(app)) as client:
            await scene(amazon, client)

    return lambda scene: asyncio.run(run(scene))


def form(**changes: str | None) -> dict[str, str]:
    given = {"grant_type": "authorization_code", "client_id": CLIENT, "client_secret": SECRET} | changes
    return {name: value for name, value in given.items() if value is not None}


async def token(client: TestClient[Any, Any], **changes: str | None) -> tuple[int, dict[str, Any]]:
    async with client.post("/auth/o2/token", data=form(**changes)) as answer:
        return answer.status, await answer.json()


def test_a_code_works_once_and_its_refresh_token_stays(play: Callable[[Scene], None]) -> None:
    async def scene(amazon: Amazon, client: TestClient[Any, Any]) -> None:
        code = amazon.code()
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


def test_events_are_accepted_with_a_token_in_header_and_scope(play: Callable[[Scene], None]) -> None:
    async def scene(amazon: Amazon, client: TestClient[Any, Any]) -> None:
        _, tokens = await token(client, code=amazon.code())
        access = tokens["access_token"]

        async def send(bearer: str, scope: str, name: str = "ChangeReport") -> int:
            endpoint = {"endpointId": "e", "scope": {"type": "BearerToken", "token": scope}}
            event = {"header": {"namespace": "Alexa", "name": name}, "endpoint": endpoint, "payload": {}}
            headers = {"Authorization": f"Bearer {bearer}"}
            async with client.post("/v3/events", json={"event": event}, headers=headers) as answer:
                return answer.status

        assert await send(access, access) == 202
        assert await send("x", access) == 401
        assert await send(access, "x") == 400
        assert await send(access, access, "StateReport") == 400
        assert [event["header"]["name"] for event in amazon.events] == ["ChangeReport"]
        assert "scope" not in amazon.events[0]["endpoint"]
        async with client.get("/v1/alexaApiEndpoint", headers={"Authorization": f"Bearer {access}"}) as answer:
            assert (await answer.json())["endpoints"] == ["https://127.0.0.1:1"]
        async with client.get("/v1/alexaApiEndpoint") as answer:
            assert answer.status == 401

    play(scene)
