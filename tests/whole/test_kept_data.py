"""Data that an older showcam wrote is whole after this one has started on it.

`kept/` has what two older versions kept of the demo's household after its owner had set it up: the database as SQL, and
beside it the keys, the refresh tokens that the assistants hold, and the sessions that the simulated EZVIZ knows.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

KEPT = Path(__file__).with_name("kept")
USER = "demo@example.com"


@dataclass
class Older:
    version: str
    program: Program
    cameras: dict[str, str]  # endpoint ids by names, as both assistants were told
    agent_user: str
    refresh_tokens: dict[str, str]

    def access_token(self, assistant: str) -> str:
        grant = {"grant_type": "refresh_token", "refresh_token": self.refresh_tokens[assistant]}
        grant |= {"client_id": assistant, "client_secret": f"{assistant}-secret"}
        answer = requests.post(f"{self.program.web}/oauth/token", grant, timeout=LONG_S)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def settings(self, camera: str) -> dict[str, str]:
        shown = self.program.command("cameras", "show", camera, "--demo", "--user", USER)
        assert shown.returncode == 0, shown.stderr
        return dict(line.split(maxsplit=1) for line in shown.stdout.splitlines()[1:] if len(line.split()) > 1)


@pytest.fixture(scope="module", params=["40dcf04", "6dbed8eb"])
def older(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Older]:
    version = str(request.param)
    kept: dict[str, Any] = json.loads((KEPT / f"{version}.json").read_text())
    folder = tmp_path_factory.mktemp("kept")
    data = folder / "data"
    for each in (data, data / "keys", data / "simulator"):
        each.mkdir(mode=0o700)
    (data / "DEMO").write_text("Practice data of the showcam demo. A real start refuses this folder.\n")
    with closing(sqlite3.connect(data / "showcam.sqlite3")) as database:
        database.executescript((KEPT / f"{version}.sql").read_text())
    for name, text in kept["keys"].items():
        (data / "keys" / name).write_text(text)
        (data / "keys" / name).chmod(0o600)
    sessions = kept["vendor_sessions"]
    for session in sessions["sessions"].values():
        session["expires"] = time.time() + 3600
    (data / "simulator" / "sessions.json").write_text(json.dumps(sessions))
    port = str(kept["simulator_port"])  # part of EZVIZ's address, which is kept with the session
    program = Program(folder, demo=True, SHOWCAM_EXPLAIN="no", SHOWCAM_SIMULATOR_PORT=port).start()
    try:
        yield Older(version, program, kept["cameras"], kept["agent_user"], kept["refresh_tokens"])
    finally:
        program.stop()


def test_alexa_finds_the_same_cameras_under_the_same_ids_by_the_token_that_it_has(older: Older) -> None:
    payload = {"scope": {"type": "BearerToken", "token": older.access_token("alexa")}}
    header = {"namespace": "Alexa.Discovery", "name": "Discover", "payloadVersion": "3", "messageId": "1"}
    directive = {"directive": {"header": header, "payload": payload}}
    answer = requests.post(f"{older.program.web}/alexa/smart-home", json=directive, timeout=LONG_S).json()
    found = {row["friendlyName"]: row["endpointId"] for row in answer["event"]["payload"]["endpoints"]}
    assert {name: found.get(name) for name in older.cameras} == older.cameras


def test_google_finds_the_same_household_by_the_token_that_it_has(older: Older) -> None:
    bearer = {"Authorization": f"Bearer {older.access_token('google')}"}
    sync = {"requestId": "1", "inputs": [{"intent": "action.devices.SYNC"}]}
    answer = requests.post(f"{older.program.web}/google/fulfillment", json=sync, headers=bearer, timeout=LONG_S).json()
    assert answer["payload"]["agentUserId"] == older.agent_user
    assert {row["id"] for row in answer["payload"]["devices"]} >= set(older.cameras.values())


def test_what_the_owner_said_of_cameras_is_kept(older: Older) -> None:
    garden, garage = older.settings("Garden"), older.settings("Garage")
    assert garden["voice_may"] == "audio, sleep"
    assert garage["while_encrypted"].split()[0] == "lan"
    if older.version == "6dbed8eb":
        assert (garden["motion_rings"], garden["ring_pause_s"]) == ("person", "120")
        assert older.settings("Front Door")["tv"] == "all"


def test_the_households_session_links_pin_and_addresses_are_kept(older: Older) -> None:
    listed = older.program.command("owner", "list", "--demo", "--json").stdout
    households = {user["user"]: each for each in json.loads(listed)["households"] for user in each["users"]}
    assert {name: households[USER][name] for name in ("pin", "links", "users")} == {
        "pin": True,
        "links": 2,
        "users": [{"user": USER, "signed_in": True}],
    }
    notices = json.loads(older.program.command("notices", "list", "--demo", "--user", USER, "--json").stdout)
    services = [address["service"] for address in notices["addresses"]]
    assert services == {"40dcf04": [], "6dbed8eb": ["ntfy"]}[older.version]
