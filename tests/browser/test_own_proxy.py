"""The console in a frame of Home Assistant, through a proxy that behaves as its ingress does."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from tests.browser.conftest import picture
from tests.browser.test_home import MOVING
from tests.doubles.ingress import BASE, SUPERVISOR, Ingress
from tests.doubles.program import Program, running
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S

USER, PASSWORD = "demo@example.com", "showcam-demo"


@dataclass
class App:
    """showcam as the Home Assistant app starts it, with the simulator as EZVIZ."""

    program: Program
    ingress: Ingress


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder: Path = tmp_path_factory.mktemp("app")
    simulator = SimulatorProcess(folder)
    settings: dict[str, Any] = {
        "SHOWCAM_CONSOLE": f"{SUPERVISOR} X-Ingress-Path self",
        "SHOWCAM_EZVIZ_AT": simulator.hosts,
        "SHOWCAM_CA_FILE": str(simulator.ca),
        "SHOWCAM_ICE_ADDRESSES": "127.0.0.1",
        "SHOWCAM_REQUEST_S": "30",
    }
    try:
        with running(folder, demo=False, **settings) as program, Ingress(program.port) as ingress:
            yield App(program, ingress)
    finally:
        simulator.stop()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 900, "height": 700}, locale="en-US")
    yield made
    made.close()


def opened(context: BrowserContext, app: App) -> tuple[Page, list[str]]:
    """Home Assistant's page with showcam in its frame, and what the browser complains of."""
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(app.ingress.url)
    page.frame_locator("iframe").locator("main").wait_for()
    return page, complaints


def framed(page: Page) -> Frame:
    return page.frames[1]


def signed_in(page: Page, app: App) -> None:
    """Signs in with the printed code and the vendor's password; once somebody has, with the password."""
    frame = page.frame_locator("iframe")
    entry = frame.locator("input[name=entry]")
    if entry.is_visible():
        entry.fill(app.program.entry())
        entry.press("Enter")
    frame.locator("input[name=user]").fill(USER)
    frame.locator("input[name=password]").fill(PASSWORD)
    frame.locator("input[name=password]").press("Enter")
    frame.locator(".tiles").wait_for()


def plays(page: Page, name: str) -> None:
    tile = page.frame_locator("iframe").locator(f'.tile[data-name="{name}"]')
    tile.scroll_into_view_if_needed()
    framed(page).wait_for_function(MOVING, arg=tile.locator("video").element_handle(), timeout=LONG_S * 1000)


def test_sign_in_live_tiles_a_cameras_page_and_a_form_that_is_saved(context: BrowserContext, app: App) -> None:
    page, complaints = opened(context, app)
    signed_in(page, app)
    plays(page, "Garden")
    picture(page, "in-home-assistant")
    frame = page.frame_locator("iframe")
    frame.get_by_role("link", name="Garden", exact=True).press("Enter")
    frame.locator("#settings > summary").wait_for()
    plays(page, "Garden")
    assert framed(page).url.startswith(f"{app.ingress.url}{BASE}/home/cameras/")
    if frame.locator("#settings").get_attribute("open") is None:
        frame.locator("#settings > summary").press("Enter")
    room = frame.locator("input[name=room]")
    room.fill("Behind the house")
    with page.expect_response(lambda answer: answer.url.endswith("/preferences")):
        room.press("Tab")
    page.reload()
    frame.locator("main").wait_for()
    frame.get_by_role("link", name="Garden", exact=True).press("Enter")
    expect(frame.locator("input[name=room]")).to_have_value("Behind the house")
    assert complaints == []
    assert app.ingress.strays == []


def test_where_webrtc_brings_nothing_hls_comes_through_the_proxy(context: BrowserContext, app: App) -> None:
    context.add_init_script("delete window.RTCPeerConnection")
    fetched: list[str] = []
    page, complaints = opened(context, app)
    page.on("request", lambda request: fetched.append(request.url) if "/s/" in request.url else None)
    signed_in(page, app)
    plays(page, "Garden")
    assert fetched
    assert [url for url in fetched if not url.startswith(f"{app.ingress.url}{BASE}/s/")] == []
    assert complaints == []
    assert app.ingress.strays == []
