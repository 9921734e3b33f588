"""A fault reaches its owner through the running program, so does its mend after a restart, and tampering."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.doubles.console_browser import Page
from tests.doubles.notice_services import WebReceiver
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.process


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    made = WebReceiver()
    yield made
    made.close()


def is_written_down(database: Path) -> bool:
    """Whether showcam has written down that the owner was notified."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return [json.loads(data)["told"] != [] for (data,) in connection.execute("SELECT data FROM notice")] == [True]


def is_tampering_sent(program: Program, web: WebReceiver) -> bool:
    """Somebody covers the camera of the owner's own, which showcam hears when it has begun to listen."""
    [barn] = requests.get(f"{program.simulator}/_control", timeout=LONG_S).json()["own"]
    at = f"{program.simulator}/_control/{barn['serial']}"
    requests.post(at, json={"tamper": True}, timeout=LONG_S).raise_for_status()
    return len(web.got) > 2


def test_a_fault_its_mend_and_tampering_reach_the_owner(tmp_path: Path, web: WebReceiver) -> None:
    with running(tmp_path, troubled=True, SHOWCAM_POLL_S="2") as program:
        program.link("alexa")
        Page(program).notify("demo@example.com", web.ntfy)
        web.wait(lambda: "Garden" in program.command("cameras", "list", "--demo").stdout)  # known as not encrypted
        program.change("Garden", encryption=True)
        web.wait(lambda: web.got)
        web.wait(lambda: is_written_down(program.data / "showcam.sqlite3"))
        program.stop()
        program.start()  # with it starts the simulated vendor, whose Garden is not encrypted
        web.wait(lambda: len(web.got) > 1)
        web.wait(lambda: is_tampering_sent(program, web))
        program.stop()
        logged = program.log.read_text()
    [(title, text), (mended, _), (tampering, _)] = web.texts
    assert title == "Garden: Image Encryption is on again"
    assert f"{program.web}/home" in text
    assert mended == f"Fixed: {title}"
    assert tampering == "Barn was tampered with"
    assert not re.search(rf"\b{web.server_port}\b", logged)
