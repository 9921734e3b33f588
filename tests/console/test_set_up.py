"""The rail of set-up: what is done of each step, and what is typed for a public address."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from showcam.console.health.machine import Finding
from showcam.drivers.camera import StreamRequest
from tests.doubles.home_browser import HomeBrowser, words
from tests.doubles.home_world import HomeWorld, home_world
from tests.doubles.ready_driver import camera
from tests.doubles.ready_machine import ReadyMachine

AT = "/home/setup"


def said(browser: HomeBrowser, number: int) -> str:
    """What a step of the page last shown says, without its markup and what is hidden."""
    assert browser.answer is not None
    steps = re.split(r'<li class="step"[^>]*>', browser.answer.text)
    return words(steps[number])


def step(world: HomeWorld, number: int) -> str:
    """What a step says."""
    return said(world.signed_in().visit(AT), number)


def test_what_is_done_is_found(world: HomeWorld) -> None:
    assert step(world, 1).startswith("✓ Your cameras : Done.")
    assert step(world, 2).startswith("✓ See it : Done. 3 live · 1 asleep · 3 need you")
    assert step(world, 3).startswith("3 Reachable Assistants need a public https address.")
    assert step(world, 4).startswith("4 Google About 15 minutes, with your displays' Google account. No card.")
    assert step(world, 5).startswith("✓ Alexa : Done. Linked to Alexa on 20")


def test_a_request_whose_picture_was_fetched_ticks_the_last_step(world: HomeWorld) -> None:
    assert step(world, 6).startswith("6 Say it")
    world.home.registry.open_stream(world.home.link, world.home.id("Garden"), StreamRequest("alexa", ("hls",)))
    assert step(world, 6).startswith("6 Say it")
    (ask,) = world.home.adapter.history.of(world.home.account.id)
    world.home.store.put_live(world.home.account.id, ask.id, 12.0)
    assert step(world, 6).startswith("✓ Say it : Done.")


@pytest.mark.parametrize(
    ("cameras", "first", "second"),
    [
        ([], "1 Your cameras No cameras yet.", "2 See it"),
        (
            [camera("Attic", online="off")],
            "✓ Your cameras : Done.",
            "2 See it 1 needs you",
        ),
    ],
)
def test_what_is_not_done_is_numbered(world: HomeWorld, cameras: list[object], first: str, second: str) -> None:
    world.home.driver.set(cameras)  # type: ignore[arg-type]
    assert step(world, 1).startswith(first)
    assert step(world, 2).startswith(second)


def test_it_is_for_who_is_signed_in(world: HomeWorld) -> None:
    assert world.browser().get().ask("GET", AT).location == "/home"


type World = Callable[..., HomeWorld]


@pytest.fixture
def examined(tmp_path: Path) -> Iterator[World]:
    """Makes a world in which the doctor finds this."""
    made: list[HomeWorld] = []

    def build(*findings: Finding, **more: Any) -> HomeWorld:
        machine = ReadyMachine(findings=findings, **more)
        made.append(home_world(tmp_path, address="https://home.example", machine=machine))
        return made[-1]

    yield build
    for world in made:
        world.home.store.close()


WELL = Finding("address https://home.example", "ok", "well", step="reachable")
WRONG = Finding("port", "wrong", "it is closed", "Forward it.", step="reachable")
UNSURE = Finding("visitors", "unsure", "they count as one", step="reachable")
OF_GOOGLE = Finding("key", "wrong", "of another project", "Make one.", step="google")
OF_ALEXA = Finding("secret", "wrong", "another came", "Paste it.", step="alexa")


@pytest.mark.parametrize(
    ("findings", "number", "begins", "says"),
    [
        ((WELL,), 3, "✓ Reachable : Done.", "Assistants come to https://home.example"),
        ((WELL, UNSURE), 3, "✓ Reachable : Done.", ""),
        ((WELL, WRONG), 3, "3 Reachable", "port : it is closed. Forward it."),
        # nothing of that step was examined
        ((OF_GOOGLE,), 3, "3 Reachable", ""),
        ((WELL, OF_ALEXA), 5, "5 Alexa", "secret : another came. Paste it."),
        ((WELL, OF_GOOGLE), 5, "✓ Alexa : Done.", ""),
        # nobody has linked Google: what stands in its console is asked for there
        ((WELL, OF_GOOGLE), 4, "4 Google About 15 minutes", ""),
    ],
)
def test_the_doctor_ticks_each_step(
    examined: World, findings: tuple[Finding, ...], number: int, begins: str, says: str
) -> None:
    text = step(examined(*findings), number)
    assert (text[: len(begins)], says in text) == (begins, True)


def test_an_examination_goes_on_while_the_page_is_opened_again(examined: World) -> None:
    waiting: list[Callable[[], None]] = []
    world = examined(WELL, start=waiting.append)
    assert "Points checked: 0 …" in step(world, 3)
    assert step(world, 3).startswith("3 Reachable")
    browser = world.signed_in()
    assert browser.ask("GET", "/home/health/progress").get_json() == {"running": True, "found": 0}
    (work,) = waiting
    work()
    assert browser.ask("GET", "/home/health/progress").get_json() == {"running": False, "found": 1}
    assert step(world, 3).startswith("✓ Reachable : Done.")
    assert world.machine.examined == [world.home.account.id]


def test_an_examination_that_breaks_ticks_nothing(examined: World) -> None:
    world = examined(WELL, breaks=True)
    assert step(world, 3).startswith("3 Reachable")
    assert "The doctor broke off" in world.signed_in().visit("/home/health").text
