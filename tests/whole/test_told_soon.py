"""What nobody announces is told soon after a refusal, and while a page is open; here nothing else reads it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.doubles.console_browser import Page
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "A change is reported within seconds while a page with its cameras is open",
    leans_on="double: Alexa, Google and EZVIZ",
)

SOON_S = 60.0  # ten seconds, and what a machine with much to do takes


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder: Path = tmp_path_factory.mktemp("soon")
    with running(folder, troubled=True, SHOWCAM_POLL_S="86400", SHOWCAM_EXPLAIN="no") as started:
        for assistant in ("alexa", "google"):
            started.link(assistant)
        for assistant in ("alexa", "google"):
            wait(lambda assistant=assistant: len(about(started, assistant)["states"]) == 8)  # type: ignore[misc]
        yield started


def about(program: Program, assistant: str) -> dict[str, Any]:
    return dict(requests.get(f"{program.simulator}/assistants/{assistant}", timeout=LONG_S).json())


def names(program: Program) -> list[set[str]]:
    return [{camera["name"] for camera in about(program, assistant)["cameras"]} for assistant in ("alexa", "google")]


def wait(until: Callable[[], object]) -> None:
    end = time.monotonic() + SOON_S
    while not until():
        assert time.monotonic() < end
        time.sleep(0.1)


def quiet(program: Program, for_s: float = 5.0) -> None:
    """Waits until nothing of the linking asks the vendor any more."""

    def calls() -> object:
        made = requests.get(f"{program.simulator}/_control", timeout=LONG_S).json()["calls"]
        return {path: count for path, count in made.items() if "pagelist" in path}  # messages are read all the time

    before, since = calls(), time.monotonic()
    while time.monotonic() - since < for_s:
        time.sleep(0.5)
        if (now := calls()) != before:
            before, since = now, time.monotonic()


def test_a_change_after_a_refusal_is_told_soon(program: Program) -> None:
    """Somebody is refused, and mends it in the vendor's app."""
    quiet(program)
    program.refused("google", "show the attic camera", "Attic is offline")
    program.change("Attic", name="Loft")
    wait(lambda: all("Loft" in known for known in names(program)))


def test_a_change_is_told_soon_while_a_page_is_open(program: Program) -> None:
    page = Page(program)
    page.enter("demo@example.com", "showcam-demo")
    program.change("Bedroom", name="Library")

    def told() -> bool:
        assert page.session.get(f"{program.web}/home/open", timeout=LONG_S).status_code == 204
        return all("Library" in known for known in names(program))

    wait(told)


def test_nobody_who_is_not_signed_in_makes_showcam_read(program: Program) -> None:
    answer = requests.get(f"{program.web}/home/open", timeout=LONG_S, allow_redirects=False)
    assert answer.status_code == 401
