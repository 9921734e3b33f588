"""The page of a camera's traces: what is asked before, all of it before it is saved, and what is thrown away."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from showcam.console.camera.tracing import KEPT_S, Making, NoTrace, Traces
from showcam.drivers.camera import Camera
from tests.doubles.clock import Clock
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld, home_world
from tests.doubles.waiting import LONG_S, within

pytestmark = pytest.mark.proves("A camera's page shows all of a trace before it is saved")

TEXT = b'{"line":"trace","version":1}\n{"line":"key","kept":false,"fits":null}\n'


class ReadyTracer:
    """`asked` are the cameras' names with what was wanted. `goes_on`: a trace lasts until that is set."""

    kind = "ezviz"

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, bool]] = []
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.fails = False

    def take(self, account: str, camera: Camera, minutes: int, *, beside: bool) -> bytes:
        self.asked.append((camera.name, minutes, beside))
        self.goes_on.wait(2 * LONG_S)
        if self.fails:
            raise NoTrace
        return TEXT


@pytest.fixture
def tracer() -> ReadyTracer:
    return ReadyTracer()


@pytest.fixture
def traced(tmp_path: Path, tracer: ReadyTracer) -> Iterator[HomeWorld]:
    made = home_world(tmp_path, tracer=tracer)
    yield made
    tracer.goes_on.set()
    made.home.store.close()


def at(world: HomeWorld, name: str = "Garden") -> str:
    listed = world.home.owner.cameras(world.home.account.id).cameras
    return f"/home/cameras/{next(camera.id for camera in listed if camera.name == name)}"


def ended(browser: HomeBrowser, page: str) -> None:
    assert within(LONG_S, lambda: "minutes. You may leave" not in browser.visit(page).text)


def test_the_cameras_page_leads_to_it_and_it_asks_before_it_begins(traced: HomeWorld, tracer: ReadyTracer) -> None:
    browser, page = traced.signed_in(), f"{at(traced)}/trace"
    browser.visit(at(traced))
    assert browser.answer is not None
    assert f'action="{page}"' in browser.answer.text
    said = browser.visit(page).text
    assert "No video, sound, name, serial or address" in said
    assert "Others may briefly lose the video" in said
    assert "Also open a second session" in said
    assert tracer.asked == []


@pytest.mark.parametrize("beside", [False, True])
def test_all_of_it_is_shown_before_it_is_saved(traced: HomeWorld, tracer: ReadyTracer, beside: bool) -> None:
    browser, page = traced.signed_in(), f"{at(traced)}/trace"
    browser.visit(page).send(page, step="begin", minutes="10", **({"beside": "1"} if beside else {}))
    ended(browser, page)
    assert tracer.asked == [("Garden", 10, beside)]
    assert browser.answer is not None
    assert all(line in browser.answer.text.replace("&#34;", '"') for line in TEXT.decode().splitlines())
    assert f"The whole trace, {len(TEXT)} bytes" in browser.text
    saved = browser.send(page, step="save").answer
    assert saved is not None
    assert saved.data == TEXT
    assert saved.headers["Content-Disposition"].startswith('attachment; filename="trace-')


def test_what_is_thrown_away_is_not_saved(traced: HomeWorld) -> None:
    browser, page = traced.signed_in(), f"{at(traced)}/trace"
    browser.visit(page).send(page, step="begin", minutes="2")
    ended(browser, page)
    browser.send(page, step="drop").visit(page)
    assert "Minutes" in browser.text
    assert browser.send(page, step="save").status == 400


def test_one_camera_is_traced_at_a_time(traced: HomeWorld, tracer: ReadyTracer) -> None:
    tracer.goes_on.clear()
    browser, page, other = traced.signed_in(), f"{at(traced)}/trace", f"{at(traced, 'Pond')}/trace"
    browser.visit(page).send(page, step="begin", minutes="2")
    assert "This takes 2 minutes." in browser.visit(page).text
    assert "Wait: another trace is running" in browser.visit(other).text
    browser.visit(page).send(other, step="begin", minutes="2")
    assert tracer.asked == [("Garden", 2, False)]


def test_no_answer_of_the_vendor_is_said_so(traced: HomeWorld, tracer: ReadyTracer) -> None:
    tracer.fails = True
    browser, page = traced.signed_in(), f"{at(traced)}/trace"
    browser.visit(page).send(page, step="begin", minutes="2")
    ended(browser, page)
    assert "EZVIZ does not answer. Try again in some minutes" in browser.text
    assert "Minutes" in browser.text


@pytest.mark.parametrize("minutes", ["", "0", "11", "600"])
def test_another_time_is_refused(traced: HomeWorld, tracer: ReadyTracer, minutes: str) -> None:
    browser, page = traced.signed_in(), f"{at(traced)}/trace"
    assert browser.visit(page).send(page, step="begin", minutes=minutes).status == 400
    assert tracer.asked == []


def test_a_trace_that_nobody_saved_is_thrown_away_after_an_hour() -> None:
    clock = Clock()
    traces = Traces(ReadyTracer(), clock=clock)
    traces._of["one"] = Making("ezviz-1", 2, clock(), ended=clock(), text=TEXT)
    clock.now += KEPT_S - 1
    assert traces.of("one") is not None
    clock.now += 2
    assert traces.of("one") is None


def test_where_no_traces_are_made_there_is_no_page(world: HomeWorld) -> None:
    browser = world.signed_in().visit(at(world))
    assert "Make a trace" not in browser.text
    assert browser.visit(f"{at(world)}/trace").status == 404
