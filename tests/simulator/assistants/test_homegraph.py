"""The simulated HomeGraph: who may call it, a report changed at one place, and the answer by Google's rules."""

import asyncio
import base64
import copy
import json
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from showcam.simulator.assistants.homegraph import AUDIENCE, FILE, GRANT, SCOPE, HomeGraph, User
from tests.doubles.troubled.cloud_faults import GoogleTrouble, spoiling

URL = "https://127.0.0.1:1"
USER = "agent-1"
TRAITS = "action.devices.traits."


def device(*traits: str, notifies: bool = True) -> dict[str, Any]:
    named = [f"{TRAITS}{trait}" for trait in traits]
    return {"id": "cam", "traits": named, "willReportState": True, "notificationSupportedByAgent": notifies}


class Graph:
    def __init__(self, homegraph: HomeGraph, client: TestClient[Any, Any], account: dict[str, Any]) -> None:
        self.homegraph, self.client, self.account = homegraph, client, account
        self.settings = GoogleTrouble()
        self.synced, self.reported, self.deleted = 0, 0, 0
        self.while_syncing: Callable[[], Awaitable[None]] | None = None

    def link(self, *traits: str, notifies: bool = True) -> User:
        user = User({"cam": device(*traits, notifies=notifies)}, self._sync, self._report, self._delete)
        self.homegraph.users[USER] = user
        return user

    async def _sync(self) -> None:
        self.synced += 1
        if self.while_syncing is not None:
            await self.while_syncing()

    def _report(self, _given: dict[str, Any]) -> None:
        self.reported += 1

    def _delete(self) -> None:
        self.deleted += 1

    def assertion(self, key: str = "", **changes: Any) -> str:
        now = int(time.time())
        header = {"alg": "RS256", "kid": self.account["private_key_id"]} | changes.pop("header", {})
        claims = {"iss": self.account["client_email"], "scope": SCOPE, "aud": AUDIENCE, "iat": now, "exp": now + 3600}
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims | changes))
        private = serialization.load_pem_private_key(
            (key or self.account["private_key"]).encode(), None, unsafe_skip_rsa_key_validation=True
        )
        assert isinstance(private, rsa.RSAPrivateKey)
        return f"{signed}.{_encoded(private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    async def token(self, assertion: str) -> tuple[int, dict[str, Any]]:
        form = {"grant_type": GRANT, "assertion": assertion}
        async with self.client.post("/google/token", data=form) as answer:
            return answer.status, await answer.json()

    async def call(self, path: str, body: Any, *, method: str = "POST", token: str | None = None) -> tuple[int, str]:
        """Status, and the name of the error, "" for none."""
        if token is None:
            token = (await self.token(self.assertion()))[1]["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        async with self.client.request(method, path, json=body, headers=headers) as answer:
            given = await answer.json()
            return answer.status, given.get("error", {}).get("status", "")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


type Scene = Callable[[Graph], Awaitable[None]]
type Play = Callable[[Scene], None]


@pytest.fixture(scope="module")
def account_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key of the simulated Google, which takes long to make."""
    folder = tmp_path_factory.mktemp("homegraph")
    HomeGraph(URL, folder, time.time)
    return folder / FILE


@pytest.fixture
def play(account_file: Path, tmp_path: Path) -> Play:
    async def run(scene: Scene) -> None:
        settings = GoogleTrouble()
        app = web.Application(middlewares=[spoiling(settings.fault_of)])
        shutil.copyfile(account_file, tmp_path / FILE)
        homegraph = HomeGraph(URL, tmp_path, lambda: time.time() + settings.google_skew_s)
        homegraph.add_routes(app)
        async with TestClient(TestServer(app)) as client:
            graph = Graph(homegraph, client, json.loads((tmp_path / FILE).read_text()))
            graph.settings = settings
            await scene(graph)

    return lambda scene: asyncio.run(run(scene))


def report(states: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    devices = {"states": {"cam": {"online": True, "on": True} if states is None else states}}
    return {"requestId": "r", "agentUserId": USER, "payload": {"devices": devices}} | more


def ring(**more: Any) -> dict[str, Any]:
    seen = {"objects": {"unclassified": 1}, "priority": 0, "detectionTimestamp": 1795686000000}
    devices = {"notifications": {"cam": {"ObjectDetection": seen}}}
    return {"requestId": "r", "agentUserId": USER, "eventId": "e-1", "payload": {"devices": devices}} | more


STATE_REPORT = "/v1/devices:reportStateAndNotification"


def test_the_key_file_is_private_and_stays(tmp_path: Path) -> None:
    HomeGraph(URL, tmp_path)
    first = (tmp_path / FILE).read_bytes()
    HomeGraph(URL, tmp_path)
    assert (tmp_path / FILE).read_bytes() == first
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iat": 600, "exp": 4200}, "Invalid JWT: Token must be"),
        ({"iat": -7200, "exp": -3600}, "Invalid JWT: Token must be"),
        ({"exp": 7200}, "Invalid JWT: Token must be"),
        ({"aud": "https://example.com"}, "Invalid JWT: Failed audience check."),
        ({"scope": "https://www.googleapis.com/auth/drive"}, "Invalid OAuth scope"),
        ({"iss": "another@showcam-demo.iam.gserviceaccount.com"}, "Invalid OAuth scope"),
        ({"header": {"alg": "HS256"}}, "Invalid JWT Signature."),
        ({"header": {"kid": "another"}}, "Invalid JWT Signature."),
    ],
)
def test_an_assertion_that_google_does_not_take(changes: dict[str, Any], why: str, play: Play) -> None:
    """`iat` and `exp` are seconds from now."""

    async def scene(graph: Graph) -> None:
        now = int(time.time())
        times = {name: now + changes[name] for name in ("iat", "exp") if name in changes}
        status, answer = await graph.token(graph.assertion(**changes | times))
        assert (status, answer["error"]) == (400, "invalid_grant")
        assert answer["error_description"].startswith(why)

    play(scene)


def test_another_key_signs_nothing(play: Play) -> None:
    async def scene(graph: Graph) -> None:
        other = rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        status, answer = await graph.token(graph.assertion(other.decode()))
        assert (status, answer["error_description"]) == (400, "Invalid JWT Signature.")
        assert (await graph.token("x.y.z"))[0] == 400

    play(scene)


def test_a_clock_ten_minutes_off_gets_no_token(play: Play) -> None:
    async def scene(graph: Graph) -> None:
        graph.settings.google_skew_s = -600
        assert (await graph.token(graph.assertion()))[1]["error"] == "invalid_grant"

    play(scene)


def test_reports_need_a_token_and_a_linked_user(play: Play) -> None:
    async def scene(graph: Graph) -> None:
        assert await graph.call(STATE_REPORT, report(), token="x") == (401, "UNAUTHENTICATED")
        assert await graph.call(STATE_REPORT, report()) == (404, "NOT_FOUND")
        user = graph.link("OnOff")
        assert await graph.call(STATE_REPORT, report()) == (200, "")
        assert (user.states, graph.reported) == ({"cam": {"online": True, "on": True}}, 1)

    play(scene)


BAD = {
    "a key named status": report({"online": True, "on": True, "status": "SUCCESS"}),
    "a field of a stream": report({"online": True, "cameraStreamAccessUrl": "https://x"}),
    "a state of a trait that it lacks": report({"online": True, "currentModeSettings": {}}),
    "no online": report({"on": True}),
    "online as a word": report({"online": "yes"}),
    "no request id": {name: value for name, value in report().items() if name != "requestId"},
    "nothing": {"requestId": "r", "agentUserId": USER, "payload": {"devices": {}}},
    "a notification without eventId": {name: value for name, value in ring().items() if name != "eventId"},
    "a key of nobody's": report(followUp="x"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_report_against_the_rules_is_refused_whole(what: str, play: Play) -> None:
    async def scene(graph: Graph) -> None:
        user = graph.link("OnOff", "ObjectDetection")
        assert await graph.call(STATE_REPORT, BAD[what]) == (400, "INVALID_ARGUMENT")
        assert (user.states, graph.reported) == ({}, 0)

    play(scene)


@pytest.mark.parametrize(
    ("traits", "notifies", "answer"),
    [
        (("ObjectDetection",), True, (200, "")),
        (("OnOff",), True, (400, "INVALID_ARGUMENT")),
        (("ObjectDetection",), False, (400, "INVALID_ARGUMENT")),
    ],
)
def test_a_notification_needs_the_trait_and_the_promise(
    traits: tuple[str, ...], notifies: bool, answer: tuple[int, str], play: Play
) -> None:
    async def scene(graph: Graph) -> None:
        graph.link(*traits, notifies=notifies)
        assert await graph.call(STATE_REPORT, ring()) == answer

    play(scene)


def test_a_repeated_notification_is_known_by_its_event_id(play: Play) -> None:
    async def scene(graph: Graph) -> None:
        user = graph.link("ObjectDetection")
        for _ in (1, 2):
            assert await graph.call(STATE_REPORT, ring()) == (200, "")
        assert (graph.reported, user.repeated) == (1, 1)

    play(scene)


def test_a_device_that_was_not_synchronised_is_not_found(play: Play) -> None:
    async def scene(graph: Graph) -> None:
        graph.link("OnOff")
        unknown = copy.deepcopy(report())
        unknown["payload"]["devices"]["states"]["other"] = {"online": True}
        assert await graph.call(STATE_REPORT, unknown) == (404, "NOT_FOUND")

    play(scene)


def test_one_request_sync_at_a_time(play: Play) -> None:
    async def scene(graph: Graph) -> None:
        body = {"agentUserId": USER}
        assert await graph.call("/v1/devices:requestSync", body) == (404, "NOT_FOUND")
        graph.link("OnOff")
        token = (await graph.token(graph.assertion()))[1]["access_token"]
        second: list[tuple[int, str]] = []

        async def meanwhile() -> None:
            second.append(await graph.call("/v1/devices:requestSync", body, token=token))

        graph.while_syncing = meanwhile
        assert await graph.call("/v1/devices:requestSync", body, token=token) == (200, "")
        assert (second, graph.synced) == ([(429, "RESOURCE_EXHAUSTED")], 1)

    play(scene)


def test_a_deleted_user_is_unlinked(play: Play) -> None:
    async def scene(graph: Graph) -> None:
        graph.link("OnOff")
        path = f"/v1/agentUsers/{USER}?requestId=r"
        assert await graph.call(path, None, method="DELETE") == (200, "")
        assert await graph.call(path, None, method="DELETE") == (404, "NOT_FOUND")
        assert graph.deleted == 1

    play(scene)


@pytest.mark.parametrize(
    ("fault", "status"), [("rate", 429), ("http500", 500), ("http503", 503), ("forbidden", 403), ("expired", 401)]
)
def test_a_fault_of_homegraph(fault: Any, status: int, play: Play) -> None:
    async def scene(graph: Graph) -> None:
        graph.link("OnOff")
        graph.settings.homegraph_fault = fault
        assert (await graph.call(STATE_REPORT, report()))[0] == status

    play(scene)
