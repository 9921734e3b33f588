"""Adding a camera of one's own in a real browser: from its address to a live tile, found in the house, by keyboard."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from showcam.drivers.lan.devices import Device
from showcam.drivers.lan.search import Candidate, Heard
from showcam.simulator.lan.onvif import Picture
from tests.browser.conftest import LONGEST_WORDS, looks, picture
from tests.browser.test_home import FOCUSED, enter, fits, plays, tile, watched
from tests.doubles import served_app
from tests.doubles.home_world import home_world
from tests.doubles.linking_world import USER
from tests.doubles.onvif_device import Served, served
from tests.doubles.program import Program
from tests.doubles.ready_vendor import PASSWORD
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE, recorded
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "The page that adds a camera works by keyboard, and the new camera is live in its tile",
    leans_on="second stack: Chromium; double: the ONVIF camera",
)

SUB = "/Streaming/Channels/102"


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    yield made
    made.close()


@pytest.fixture
def device() -> Iterator[Served]:
    """A camera whose keyframes are far apart, with ONVIF."""
    camera = RtspCamera(recording=recorded(sound="pcmu", gop_s=4))
    pictures = [Picture("whole", PATH, "h264", 1920, 1080, gop=60), Picture("small", SUB, "h264", 640, 360)]
    with served(rtsp=f"127.0.0.1:{camera.port}", password=CODE, pictures=pictures) as made:
        yield made
    camera.close()


def test_by_its_address_one_is_tried_bettered_named_and_live(
    context: BrowserContext, program: Program, device: Served
) -> None:
    page, complaints = watched(context)
    enter(page, program, "other@example.com")
    page.get_by_role("button", name="Add a camera").click()
    page.fill("#user", "admin")
    page.fill("#password", "wrong")
    page.fill("#address", f"http://127.0.0.1:{device.port}")
    page.keyboard.press("Enter")
    page.get_by_text("It refuses this user name or password.").wait_for()
    page.fill("#password", CODE)
    page.get_by_role("button", name="Try this address").click()
    still = page.get_by_alt_text("Picture")
    page.wait_for_function("image => image.complete && image.naturalWidth >= 360", arg=still.element_handle())
    assert "A keyframe every 2 s: it begins sooner" in page.inner_text("main")
    picture(page, "adding-tried")
    page.get_by_role("button", name="Set", exact=True).click()
    page.wait_for_load_state()
    page.fill("#name", "Shed")
    page.fill("#room", "Garden")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**/home#lan-*")
    plays(page, "Shed")
    assert device.device.pictures[0].gop == 30
    tile(page, "Shed").get_by_role("link", name="Shed", exact=True).click()
    page.locator("#settings > summary").press("Enter")
    page.get_by_role("link", name="Name, password, address").click()
    page.locator("summary").click()
    picture(page, "adding-own")
    page.get_by_role("button", name="Yes, remove it").click()
    page.wait_for_url("**/home**")
    assert tile(page, "Shed").count() == 0
    assert [complaint for complaint in complaints if "403" not in complaint] == []  # of the wrong password


@contextmanager
def house_with(
    folder: Path, found: Sequence[Candidate], goes_on: threading.Event | None = None
) -> Iterator[tuple[str, str]]:
    """The console's address and a code for it, in a house where these answer. `goes_on`: until it is set they don't."""

    def find(_known: Sequence[Device], _look: bool, heard: Heard) -> Sequence[Candidate]:
        heard(192, 253)
        assert goes_on is None or goes_on.wait(2 * LONG_S)
        return found

    world = home_world(folder, own=True, find=find)
    try:
        with served_app.served(world.app) as web:
            yield f"{web}/home", world.code.renew()
    finally:
        world.home.store.close()


def of_house(device: Served | None, count: int) -> list[Candidate]:
    rows = [Candidate(f"192.168.7.{10 + at}", f"Hikvision DS-2CD{at}", onvif=True) for at in range(count)]
    if device:
        at = f"{device.port}/onvif/device_service"
        rows.insert(0, Candidate("127.0.0.1", "Bramble B-20", onvif=True, at=at))
    return [*rows, Candidate("192.168.7.99", "", onvif=False, ports=(554,))]


def signed_in(page: Page, address: str, code: str) -> None:
    page.goto(f"{address}#{code}")
    page.fill("#user", USER)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".tiles")


def test_one_that_is_found_takes_three_presses(context: BrowserContext, tmp_path: Path, device: Served) -> None:
    (page, complaints), goes_on = watched(context), threading.Event()
    with house_with(tmp_path, of_house(device, 3), goes_on) as (address, code):
        signed_in(page, address, code)
        page.get_by_role("button", name="Add a camera").click()
        page.get_by_text("addresses searched").wait_for()
        page.fill("#user", "admin")
        page.fill("#password", CODE)  # typed while it searches, and kept
        goes_on.set()
        page.get_by_role("button", name="Try Bramble B-20").click(timeout=90_000)
        page.get_by_role("button", name="Add", exact=True).click()
        page.wait_for_url("**/home#lan-*")
        assert tile(page, "Bramble B-20").count() == 1
    # tiles that were there before ask for pictures, which nothing serves here
    assert [
        complaint for complaint in complaints if "503" not in complaint and "ERR_CONNECTION_REFUSED" not in complaint
    ] == []


def test_without_script_the_page_follows_the_search_too(chromium: Browser, tmp_path: Path) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-US")
    page, goes_on = context.new_page(), threading.Event()
    with house_with(tmp_path, of_house(None, 3), goes_on) as (address, code):
        page.goto(address)
        page.locator("main summary").click()
        page.fill("#entry", code)
        page.keyboard.press("Enter")
        page.wait_for_selector("button[value=sign-in]")
        page.fill("#user", USER)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Add a camera").click()
        page.get_by_text("addresses searched").wait_for()
        goes_on.set()
        page.get_by_role("button", name="Try Hikvision DS-2CD0").wait_for(timeout=90_000)
    context.close()


def test_enter_tries_the_address_that_was_typed_and_tab_goes_from_field_to_field(
    context: BrowserContext, tmp_path: Path
) -> None:
    page, _ = watched(context)
    with house_with(tmp_path, of_house(None, 1)) as (address, code):
        signed_in(page, address, code)
        page.get_by_role("button", name="Add a camera").click()
        page.get_by_role("button", name="Try Hikvision DS-2CD0").wait_for(timeout=90_000)
        page.focus("#user")
        visited = []
        for _ in range(4):
            page.keyboard.press("Tab")
            visited.append(page.evaluate(FOCUSED))
        assert visited == ["password", "found", "found", "address"]
        page.keyboard.type("rtsp://8.8.8.8/")
        page.keyboard.press("Enter")
        page.get_by_text("No home address: give its private IP address").wait_for()


def test_it_fits(chromium: Browser, tmp_path: Path, device: Served) -> None:
    context = chromium.new_context(locale=LONGEST_WORDS)
    (page, _), goes_on = watched(context), threading.Event()
    with house_with(tmp_path, of_house(device, 4), goes_on) as (address, code):
        signed_in(page, address, code)
        for look in looks(page):
            fits(page, f"own-tiles-{look}")
        page.locator("button[value=find]").click()
        page.wait_for_selector("[data-runs]")
        for look in looks(page):
            fits(page, f"searching-{look}")
        goes_on.set()
        page.locator("button[name=found]").first.wait_for(timeout=90_000)
        for look in looks(page):
            fits(page, f"found-{look}")
        page.fill("#user", "admin")
        page.fill("#password", CODE)
        page.locator("button[name=found]").first.click()
        page.wait_for_selector("#name")
        for look in looks(page):
            fits(page, f"tried-{look}")
        page.locator("button[value=add]").click()
        page.wait_for_url("**/home#lan-*")
        page.locator(".tile[id^='lan-'] h2 a").click()
        page.locator("#settings > summary").click()
        page.locator("a[href$='/own']").first.click()
        page.locator("summary").click()
        for look in looks(page):
            fits(page, f"own-{look}")
    context.close()
