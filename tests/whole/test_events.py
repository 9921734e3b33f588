"""An event before a camera is recorded for its household, through the running program."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from showcam.app import keys as key_files
from showcam.drivers.ezviz import sessions
from showcam.store.records import Happening
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "EZVIZ's messages by webhook and by push reach the running program",
    leans_on="second stack: paho's MQTT; double: EZVIZ's webhook and broker",
)

KEY = "a-signing-key"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder: Path = tmp_path_factory.mktemp("events")
    with running(folder, troubled=True, SHOWCAM_EZVIZ_WEBHOOK_KEY=KEY) as started:
        started.link("alexa")
        yield started


@pytest.fixture
def store(program: Program) -> Iterator[SqliteStore]:
    opened = SqliteStore(program.data / "showcam.sqlite3", Sealer(key_files.read_or_make(program.data / "keys").seal))
    yield opened
    opened.close()


def happenings(store: SqliteStore, kind: str) -> list[Happening]:
    source = sessions.find(store, "demo@example.com")
    assert source is not None
    return [happening for happening in store.happenings(source.account, 0.0) if happening.kind == kind]


def configure(program: Program, **settings: Any) -> None:
    requests.post(f"{program.simulator}/_control", json=settings, timeout=LONG_S).raise_for_status()


def webhook(program: Program) -> dict[str, Any]:
    return dict(requests.get(f"{program.simulator}/_control", timeout=LONG_S).json()["webhook"])


def test_the_bell_rings_by_webhook(program: Program, store: SqliteStore) -> None:
    hook = {"url": f"{program.web}/webhooks/ezviz", "key": KEY, "duplicates": 2, "patience_s": LONG_S}
    configure(program, webhook=hook)
    program.change("Front Door", press=True)
    until(lambda: happenings(store, "doorbell"))
    until(lambda: webhook(program)["answered"] == 3)
    assert webhook(program)["sent"] == 3  # nothing had to be sent again
    assert len(happenings(store, "doorbell")) == 1


@pytest.mark.parametrize("wrong", [{"key": "another"}, {"key": ""}, {"key": KEY, "skew_s": 400}])
def test_what_is_not_signed_by_the_vendor_is_not_taken(
    program: Program, store: SqliteStore, wrong: dict[str, Any]
) -> None:
    configure(program, webhook={"url": f"{program.web}/webhooks/ezviz", **wrong})
    program.change("Study", motion=True)  # another household's camera, of which no other message arrives
    until(lambda: webhook(program)["dropped"] == 1)
    assert webhook(program)["answered"] == 0


def test_motion_is_heard_by_the_worker(program: Program, store: SqliteStore) -> None:
    configure(program, webhook={"url": ""})

    def heard() -> bool:
        program.change("Pond", motion=True)  # the worker may not listen yet
        time.sleep(0.5)
        return bool(happenings(store, "motion"))

    until(heard)


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"{}", 401),
        ("application/json", b"{}", 401),
        ("text/html", b"{}", 415),
        ("text/plain", b"x" * 300_000, 413),
    ],
)
def test_a_refused_webhook_message_gets_its_status(program: Program, kind: str, body: bytes, status: int) -> None:
    answer = requests.post(f"{program.web}/webhooks/ezviz", data=body, headers={"Content-Type": kind}, timeout=LONG_S)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_no_serial_and_no_key_is_in_the_log(program: Program) -> None:
    log = program.log.read_text()
    assert KEY not in log
    assert program.cameras()["Front Door"]["serial"] not in log
