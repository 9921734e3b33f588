"""Data that an older showcam wrote is whole after this one has started on it.

`kept/` has what two older versions kept of a household after its owner had set it up: the SQLite database as SQL, or
the rows of DynamoDB's table.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.deploy_local.emulator import Emulator
from tests.doubles.console_browser import Page
from tests.doubles.dynamodb_table import create_table
from tests.doubles.home_browser import words
from tests.doubles.older_data import FAILED, KEPT, PARKED, USER, VERSIONS, facts, put_demo, put_keys, put_sessions
from tests.doubles.program import Program
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S, until

OF_HOUSEHOLD = ("cameras", "agent_user", "refresh_tokens", "client_secrets")


@dataclass
class Older:
    version: str
    program: Program
    cameras: dict[str, str]  # endpoint ids by names, as both assistants were told
    agent_user: str
    refresh_tokens: dict[str, str]
    client_secrets: dict[str, str]

    @property
    def demo(self) -> tuple[str, ...]:
        return ("--demo",) if self.program.demo else ()

    def access_token(self, assistant: str) -> str:
        grant = {"grant_type": "refresh_token", "refresh_token": self.refresh_tokens[assistant]}
        grant |= {"client_id": assistant, "client_secret": self.client_secrets[assistant]}
        answer = requests.post(f"{self.program.web}/oauth/token", grant, timeout=LONG_S)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def settings(self, camera: str) -> dict[str, str]:
        shown = self.program.command("cameras", "show", camera, *self.demo, "--user", USER)
        assert shown.returncode == 0, shown.stderr
        return dict(line.split(maxsplit=1) for line in shown.stdout.splitlines()[1:] if len(line.split()) > 1)


@contextmanager
def demo_on_sqlite(version: str, folder: Path, kept: dict[str, Any]) -> Iterator[Program]:
    put_demo(version, folder / "data")
    yield Program(folder, demo=True, SHOWCAM_EXPLAIN="no", SHOWCAM_SIMULATOR_PORT=str(kept["simulator_port"]))


@contextmanager
def installation_on_dynamodb(version: str, folder: Path, kept: dict[str, Any], aws: Emulator) -> Iterator[Program]:
    client, table = aws.client("dynamodb"), f"kept-{version}"
    create_table(client, table)
    rows = json.loads((KEPT / f"{version}.dynamodb.rows.json").read_text(), object_hook=with_bytes)
    for row in (*rows, *(failures(rows) if version == "6dbed8eb" else ())):
        client.put_item(TableName=table, Item=row)
    put_keys(folder / "data", kept)
    put_sessions(folder / "simulator", kept)
    simulator = SimulatorProcess(folder, port=kept["simulator_port"])
    settings: dict[str, Any] = {
        "SHOWCAM_STORE": "dynamodb",
        "SHOWCAM_TABLE": table,
        "SHOWCAM_TABLE_REGION": aws.region,
        "SHOWCAM_EZVIZ_AT": simulator.hosts,
        "SHOWCAM_CA_FILE": str(simulator.ca),
        "SHOWCAM_EXPLAIN": "no",
        "SHOWCAM_REQUEST_S": "30",
        **aws.environ,
    }
    try:
        yield Program(folder, demo=False, **settings)
    finally:
        simulator.stop()


def failures(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Does the same for DynamoDB's items."""
    (telling,) = [row for row in rows if row["kind"] == {"S": "telling"} and row["assistant"] == {"S": "alexa"}]
    at, later = str(time.time() - 60), str(time.time() + 3600)
    name, link = f"{telling['link']['S']}/look/all", telling["link"]
    record = {"id": {"S": name}, "account": telling["account"], "link": link, "assistant": {"S": "alexa"}}
    record |= {"kind": {"S": "look"}, "subject": {"S": "all"}, "at": {"N": at}, "due": {"N": at}, "number": {"N": "1"}}
    listed = {"gsi1pk": {"S": "laid"}, "gsi1sk": {"S": name}, "laid": {"N": at}, "reason": {"S": PARKED}}
    yield {"pk": telling["pk"], "sk": {"S": f"laid#{name}"}, "kind": {"S": "laid"}, "record": {"M": record}, **listed}
    wanted = {"wanted": {"N": at}, "look": {"N": "1"}, "look_at": {"N": at}, "gsi1pk": {"S": "telling#alexa#0"}}
    yield {**telling, **wanted, "gsi1sk": {"S": f"x#{link['S']}"}, "reason": {"S": FAILED}, "free": {"N": later}}


def with_bytes(read: dict[str, Any]) -> Any:
    return bytes.fromhex(read["hex"]) if read.keys() == {"hex"} else read


@pytest.fixture(scope="module", params=[(version, engine) for version in VERSIONS for engine in ("sqlite", "dynamodb")])
def older(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, aws: Emulator) -> Iterator[Older]:
    version, engine = request.param
    kept = facts(version, engine)
    folder = tmp_path_factory.mktemp("kept")
    with (
        demo_on_sqlite(version, folder, kept)
        if engine == "sqlite"
        else installation_on_dynamodb(version, folder, kept, aws) as program
    ):
        program.start()
        try:
            yield Older(version, program, **{name: kept[name] for name in OF_HOUSEHOLD})
        finally:
            program.stop()


def test_alexas_token_still_signs_in(older: Older) -> None:
    assert older.access_token("alexa").startswith("sca.")


def test_google_finds_the_same_household_by_the_token_that_it_has(older: Older) -> None:
    bearer = {"Authorization": f"Bearer {older.access_token('google')}"}
    sync = {"requestId": "1", "inputs": [{"intent": "action.devices.SYNC"}]}
    answer: dict[str, Any] = {}

    def is_listed() -> bool:
        """Google is answered within seconds, and asks again if a busy machine takes longer."""
        url = f"{older.program.web}/google/fulfillment"
        answer.update(requests.post(url, json=sync, headers=bearer, timeout=LONG_S).json())
        return "devices" in answer["payload"]

    until(is_listed)
    assert answer["payload"]["agentUserId"] == older.agent_user
    assert {row["id"] for row in answer["payload"]["devices"]} >= set(older.cameras.values())


def test_what_the_owner_said_of_cameras_is_kept(older: Older) -> None:
    garden, garage = older.settings("Garden"), older.settings("Garage")
    assert garden["voice_may"] == "audio, sleep"
    assert garage["while_encrypted"].split()[0] == "lan"
    if older.version == "6dbed8eb":
        assert (garden["motion_rings"], garden["ring_pause_s"]) == ("person", "120")


def test_a_demo_shows_its_cameras_at_home_since_its_ezviz_has_no_open_platform_any_more(older: Older) -> None:
    listed = older.program.command("cameras", "list", *older.demo, "--user", USER, "--json").stdout
    [garden] = [camera for camera in json.loads(listed)["cameras"] if camera["name"] == "Garden"]
    assert ("lan" in garden["pictures_by"]) is older.program.demo


def test_the_households_session_links_pin_and_addresses_are_kept(older: Older) -> None:
    listed = older.program.command("household", "list", *older.demo, "--json").stdout
    households = {user["user"]: each for each in json.loads(listed)["households"] for user in each["users"]}
    assert {name: households[USER][name] for name in ("pin", "links", "users")} == {
        "pin": True,
        "links": 2,
        "users": [{"user": USER, "signed_in": True}],
    }
    page = Page(older.program)
    page.enter(USER, "showcam-demo")
    listed = page.get("/home/health/notices")
    assert ("None yet" in listed, "ntfy, since" in words(listed)) == (
        older.version == "40dcf04",
        older.version == "6dbed8eb",
    )


def test_why_a_report_failed_is_known_without_a_stored_kind(older: Older) -> None:
    rows = json.loads(older.program.command("outbox", "list", *older.demo, "--json").stdout)["rows"]
    found = {(row["state"], row["reason"], row["why"]) for row in rows if row["reason"] in (PARKED, FAILED)}
    of_newer = {("put_aside", PARKED, "too_large"), ("waits", FAILED, "permission")}
    assert found == {"40dcf04": set(), "6dbed8eb": of_newer}[older.version]
