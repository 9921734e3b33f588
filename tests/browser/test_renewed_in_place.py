"""Pages that wait for something: what changes is put into the page, and the focus, typed text and open parts stay."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from showcam.app.setup.alexa_by_hand import AlexaByHand
from showcam.app.setup.skill_creation import Made, SkillCreation
from showcam.app.setup.smapi import Profile
from showcam.console.setup.skill import NotMade, Standing
from tests.browser.conftest import until_true
from tests.browser.test_set_up import nothing_found_and_fits, signed_in
from tests.console.test_said import ask
from tests.console.test_trace_page import ReadyTracer
from tests.console.test_trace_page import at as camera_at
from tests.doubles.home_world import HomeWorld, home_world
from tests.doubles.served_app import served
from tests.doubles.tailscale import ALLOW, LOGIN, Tailscale

pytestmark = pytest.mark.proves(
    "A page that waits keeps the focus, typed text and open parts, and shows what changes without a reload",
    leans_on="second stack: Chromium; double: Tailscale",
)

# longer than the pause after which such a page used to open itself again
PASSES_MS = 6000


@contextmanager
def opened(chromium: Browser, world: HomeWorld, path: str) -> Iterator[Page]:
    """A page that is opened once: whatever opens it again is a failure."""
    with closing(world.home.store), served(world.app) as web:
        page = signed_in(chromium, (web, world))
        page.goto(f"{web}{path}")
        yield page
        page.context.close()


def marked(page: Page) -> None:
    """Leaves a mark that a reload removes."""
    page.evaluate("() => { window.isTheSame = true; }")


def is_the_same(page: Page) -> bool:
    return bool(page.evaluate("() => window.isTheSame === true"))


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tailscale:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return Tailscale(tmp_path / "bin")


@pytest.fixture
def exposing(chromium: Browser, tmp_path: Path, program: Tailscale) -> Iterator[Page]:
    """The page for a public address, while Tailscale waits for a sign-in."""
    with opened(chromium, home_world(tmp_path, kept_in=tmp_path / "showcam"), "/home/reachable") as page:
        page.locator("button[value=expose]").press("Enter")
        page.wait_for_selector(f"a[href='{LOGIN}']")
        marked(page)
        yield page


def test_what_is_focused_typed_and_open_stays_while_tailscale_waits(exposing: Page) -> None:
    exposing.locator(".mending > summary").press("Enter")
    exposing.fill("#public", "cam.example.org")
    exposing.wait_for_timeout(PASSES_MS)
    expect(exposing.locator("#public")).to_be_focused()
    expect(exposing.locator("#public")).to_have_value("cam.example.org")
    assert is_the_same(exposing)


def test_the_next_step_at_tailscale_comes_with_the_focus_on_its_button(exposing: Page, program: Tailscale) -> None:
    """Who comes back from Tailscale's page has the focus on the button that led there."""
    exposing.locator(".mending > summary").press("Enter")
    exposing.locator(f"a[href='{LOGIN}']").focus()
    program.change(state="Running", auth="")
    expect(exposing.locator(f"a[href='{ALLOW}']")).to_be_focused()
    nothing_found_and_fits(exposing, "renewed-reachable")
    program.change(funnel=True)
    until_true(exposing, "() => !document.querySelector('#renewed .banner a')")
    expect(exposing.locator("#renewed")).to_be_focused()
    expect(exposing.locator(".mending")).to_have_attribute("open", "")
    assert is_the_same(exposing)


def test_the_steps_at_amazon_are_ticked_and_the_next_part_opens(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = [Standing("making", "de-DE", "id", running=True)]
    monkeypatch.setattr(SkillCreation, "standing", lambda _: standing[-1])
    world = home_world(tmp_path, skill=Made(Profile("id", "secret"), "de-DE"))
    with opened(chromium, world, "/home/alexa") as page:
        marked(page)
        page.locator("#making summary").focus()
        standing.append(Standing("making", "de-DE", "id", running=True, done=frozenset({"vendor"})))
        expect(page.locator("#making .is-done")).to_have_count(1)
        expect(page.locator("#making summary")).to_be_focused()
        standing.append(Standing("function", "de-DE", "id"))
        expect(page.locator("#function > details")).to_have_attribute("open", "")
        expect(page.locator(".part > details[open]")).to_have_count(1)
        nothing_found_and_fits(page, "renewed-alexa")
        assert is_the_same(page)


def test_a_part_that_somebody_opened_and_typed_in_stays_and_a_failure_is_said(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = [Standing("making", "de-DE", "id", running=True)]
    monkeypatch.setattr(SkillCreation, "standing", lambda _: standing[-1])
    world = home_world(tmp_path, skill=Made(Profile("id", "secret"), "de-DE"))
    with opened(chromium, world, "/home/alexa") as page:
        page.locator("#profile summary").press("Enter")
        page.fill("#client-secret", "typed")
        page.wait_for_timeout(PASSES_MS)
        standing.append(Standing("making", "de-DE", "id", failed=NotMade("Amazon said no.")))
        expect(page.get_by_role("alert")).to_have_text("Amazon said no.")
        expect(page.locator("#client-secret")).to_be_focused()
        expect(page.locator("#client-secret")).to_have_value("typed")
        page.locator("#making summary").press("Enter")
        expect(page.locator("#making button[value=go-on]")).to_be_visible()


def test_the_road_by_hand_goes_on_when_the_skills_id_is_kept(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a button that copies, which a script shows, works in what has come."""
    hands: list[AlexaByHand] = []

    def by_hand(*given: Any) -> AlexaByHand:
        hands.append(AlexaByHand(*given))
        return hands[-1]

    monkeypatch.setattr("tests.doubles.home_world.AlexaByHand", by_hand)
    with opened(chromium, home_world(tmp_path), "/home/alexa/hand?kept=hand-keep&open=skill") as page:
        marked(page)
        page.locator("#permissions summary").press("Enter")
        page.fill("#events-id", "typed")
        page.wait_for_timeout(PASSES_MS)
        hands[0].skill_id = "amzn1.ask.skill.x"
        expect(page.locator("#skill .done")).to_have_count(1)
        expect(page.locator("#events-id")).to_be_focused()
        expect(page.locator("#events-id")).to_have_value("typed")
        page.locator("#skill summary").press("Enter")
        page.locator("#skill").get_by_role("button", name="Kopieren").press("Enter")
        expect(page.locator("#name")).to_be_focused()
        assert is_the_same(page)


def test_a_new_request_is_listed_and_the_focus_stays_in_the_row_that_has_it(chromium: Browser, tmp_path: Path) -> None:
    world = home_world(tmp_path)
    link = world.home.another_link("alexa")
    ask(world, link, "Garden")
    with opened(chromium, world, "/home/said") as page:
        page.locator("#renewed a").focus()
        world.clock.now += 60
        ask(world, link, "Bedroom")
        expect(page.locator("#renewed a")).to_have_text(["Bedroom", "Garden"])
        expect(page.locator("#renewed a").last).to_be_focused()
        nothing_found_and_fits(page, "renewed-said")


def test_a_trace_appears_when_it_is_ready(chromium: Browser, tmp_path: Path) -> None:
    tracer = ReadyTracer()
    tracer.goes_on.clear()
    world = home_world(tmp_path, tracer=tracer)
    with opened(chromium, world, f"{camera_at(world)}/trace") as page:
        page.locator("button[value=begin]").press("Enter")
        page.wait_for_selector("p.note")
        marked(page)
        back = page.locator(".back a")
        back.focus()
        page.wait_for_timeout(PASSES_MS)
        expect(back).to_be_focused()
        tracer.goes_on.set()
        expect(page.locator("#preview")).to_be_visible()
        expect(back).to_be_focused()
        assert is_the_same(page)
        with page.expect_download() as download:
            page.locator("button[value=save]").press("Enter")
        assert download.value.suggested_filename.startswith("trace-")
