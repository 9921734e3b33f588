"""Amazon says of every link at once that it has ended: the running demo ends ten of them, and asks its owner."""

from collections.abc import Iterator
from json import loads
from pathlib import Path

import pytest
import requests

from tests.doubles.console_browser import Page
from tests.doubles.notice_services import WebReceiver
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until

USER = "demo@example.com"
MOST = 10  # that may end within a minute
LINKS = MOST + 3


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    receiver = WebReceiver()
    yield receiver
    receiver.close()


def links(program: Program) -> int:
    """Those to Alexa that the household still has."""
    listed = loads(program.command("household", USER, "--json", "--demo").stdout)["links"]
    return sum(link["assistant"] == "alexa" for link in listed)


def are_all_known(program: Program) -> bool:
    """Whether the newest link was told the state of each camera."""
    about = requests.get(f"{program.simulator}/assistants/alexa", timeout=LONG_S).json()
    return len(about["states"]) == 8


def test_of_links_that_all_seem_to_end_within_a_minute_ten_end_and_the_owner_is_asked(
    tmp_path: Path, web: WebReceiver
) -> None:
    with running(tmp_path, troubled=True, SHOWCAM_EXPLAIN="no", SHOWCAM_POLL_S="2") as program:
        Page(program).notify(USER, web.ntfy)
        for _ in range(LINKS):
            program.link("alexa", USER)
        until(lambda: are_all_known(program))
        assert links(program) == LINKS
        program.configure(gateway_fault="disabled")
        program.change("Garden", audio=False)
        until(lambda: len(web.texts) >= LINKS - MOST, 4 * LONG_S)
        assert links(program) == LINKS - MOST
        assert {title for title, _ in web.texts} == {"Alexa: did you unlink showcam?"}
