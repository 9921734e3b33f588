"""Headless Chromium and a demo to walk through; SHOWCAM_TEST_BROWSER=required: a missing browser fails the test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.doubles.program import Program, running

SCREENSHOTS = Path(__file__).parents[1] / "screenshots"
FLAGS = [
    "--allow-loopback-in-peer-connection",
    # the second: a page of a public origin may reach the demo, which is on loopback
    "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--no-first-run",
    "--no-sandbox",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Its client keeps an event loop running in the thread until the file's tests are over."""
    path = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
    if path is None:
        why = "Chromium is not installed, and apt needs root or sudo to bring it: apt install chromium-headless-shell"
        if os.environ.get("SHOWCAM_TEST_BROWSER") == "required":
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder: Path = tmp_path_factory.mktemp("browser")
    SCREENSHOTS.mkdir(exist_ok=True)
    with running(folder, SHOWCAM_EXPLAIN="no") as demo:  # refusals are error codes, not cards
        yield demo


@pytest.fixture
def page(chromium: Browser, program: Program, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The practice page in a window of its own; what its console complains of fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1000}, locale="en-US")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(program.simulator)
    yield page
    page.screenshot(path=SCREENSHOTS / f"{request.node.name.replace('/', '-')}.png", full_page=True)
    context.close()
    assert complaints == []
