"""make screenshots: the pictures of README.md, docs/owner/ and docs/maintainer/pages.md, from running pages.

Most are the demo's, whose account and cameras are simulated. The demo does not set Google and Alexa up; those pages are
of a showcam with a public address that leads nowhere, and no camera.
"""

import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, FloatRect, Locator, Page, StorageState, ViewportSize, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.doubles.program import Program, running  # noqa: E402

PICTURES = ROOT / "docs" / "images"
PUBLIC = "https://cam.example.org"
ACCOUNT = ("demo@example.com", "showcam-demo")
OWNER = ("kari", "a-long-password")
FLAGS = [
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks",
    "--autoplay-policy=no-user-gesture-required",
    "--no-sandbox",
]
MOVING = "video => video.getVideoPlaybackQuality().totalVideoFrames > 10"  # a reason has five in a second
ALL_MOVE = f"""() => !/The picture is coming|No picture has come/.test(document.body.innerText)
  && [...document.querySelectorAll(".tile video")].filter(each => each.checkVisibility()).every({MOVING})"""
GAP = 12  # pixels between two parts of a picture
WIDTH = 1280
COLOURS = 64


@dataclass(frozen=True)
class Houses:
    """The demo, and showcam at home twice: without a public address and with one."""

    demo: Program
    new: Program
    home: Program


@contextmanager
def at_home(folder: Path, public_url: str) -> Iterator[Program]:
    """A showcam with a household without cameras."""
    with running(folder, demo=False, SHOWCAM_PUBLIC_URL=public_url) as home:
        user, password = OWNER
        home.command("owner", "add", "--lan", user, text=f"{password}\n{password}\n").check_returncode()
        yield home


def signed_out(page: Page, houses: Houses) -> None:
    page.goto(with_code(houses.demo))
    page.wait_for_selector("input[name=user]")


def cameras(page: Page, houses: Houses) -> None:
    entered(page, houses.demo, *ACCOUNT)


def set_up(page: Page, houses: Houses) -> None:
    entered(page, houses.new, *OWNER)
    page.goto(f"{houses.new.web}/home/setup")


def google(page: Page, houses: Houses) -> None:
    entered(page, houses.home, *OWNER)
    page.goto(f"{houses.home.web}/home/google")
    page.fill("#project", "my-cameras-123")
    page.get_by_role("button", name="Keep it").click()
    page.locator("#fulfillment").wait_for()


def linking(page: Page, houses: Houses) -> None:
    asked = {"client_id": "google", "redirect_uri": "http://127.0.0.1:9/callback", "response_type": "code"}
    page.goto(f"{houses.demo.web}/oauth/authorize?{urlencode({**asked, 'scope': 'cameras', 'state': 'x'})}")
    page.fill("input[name=user]", ACCOUNT[0])
    page.fill("input[name=password]", ACCOUNT[1])
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("input[name=cameras]")


def alexa(page: Page, houses: Houses) -> None:
    entered(page, houses.home, *OWNER)
    page.goto(f"{houses.home.web}/home/alexa")


def entered(page: Page, program: Program, user: str, password: str) -> None:
    """Signed in at `/home` by an address with a new code."""
    page.goto(with_code(program))
    page.fill("input[name=user]", user)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.get_by_role("link", name="Set-up", exact=True).wait_for()


def with_code(program: Program) -> str:
    """An address of the page with a new code, as the command prints it."""
    printed = program.command("home", *["--demo"] * program.demo).stdout
    address = re.search(r"http://\S+/home#\S+", printed)
    assert address is not None, printed
    return address[0]


@dataclass(frozen=True)
class Shot:
    """Leads to a page that docs/owner/ shows; names the strip of the page to picture, in pixels from the top."""

    lead: Callable[[Page, Houses], None]
    height: int
    width: int = WIDTH


CARD = 560  # pixels across a page of one column
SHOTS = {
    "sign-in": Shot(signed_out, 800, CARD),
    "cameras": Shot(cameras, 1560),
    "set-up": Shot(set_up, 1005),
    "google": Shot(google, 1180, CARD),
    "linking": Shot(linking, 900, CARD),
    "alexa": Shot(alexa, 1240, CARD),
}


@dataclass(frozen=True)
class Look:
    """A page of a household: its address, with {camera} for the garden camera's id, and the window it is seen in."""

    address: str
    width: int = WIDTH
    height: int = 900
    dark: bool = False
    press: str = ""  # what is pressed first


PHONE = 390  # pixels across a phone
ROOMS = {"Garden": "Outside", "Barn": "Outside", "Front Door": "Outside", "Pond": "Outside", "Nursery": "Upstairs"}
LOOKS = {
    "cameras": Look("/home"),
    "cameras-dark": Look("/home", dark=True),
    "cameras-phone": Look("/home", PHONE, 844),
    "reason-phone": Look(
        "/home", PHONE, 844, dark=True, press="summary:visible:has-text('Switch Image Encryption off')"
    ),
    "camera": Look("/home/cameras/{camera}", height=860),
    "camera-phone": Look("/home/cameras/{camera}", PHONE, 844, dark=True),
    "settings": Look("/home/cameras/{camera}", height=1500, press="#settings > summary"),
    "phones": Look("/home/phones", CARD, 900, press="button[value=add]"),
    "tv": Look("/home/tv", CARD, 900),
    "try": Look("/home/try", height=760),
    "health": Look("/home/health", height=900),
    "assistants": Look("/home/assistants", height=900, dark=True),
}


def of_household(browser: Browser, demo: Program) -> None:
    """The pages as a family sees them, with rooms and a favourite."""
    page = opened(browser, 900)
    entered(page, demo, *ACCOUNT)
    ids = dict(
        page.locator(".tile").evaluate_all("tiles => tiles.map(({ dataset }) => [dataset.name, dataset.camera])")
    )
    for name, room in ROOMS.items():
        page.goto(f"{demo.web}/home/cameras/{ids[name]}")
        page.locator("#settings > summary").press("Enter")
        page.fill("#room", room)
        with page.expect_response("**/preferences"):
            page.press("#room", "Tab")
    page.goto(f"{demo.web}/home")
    page.locator(f"[id='{ids['Garden']}'] .favour[aria-pressed=false]").press("Enter")
    page.wait_for_function(ALL_MOVE, timeout=90_000)
    state = page.context.storage_state()
    page.context.close()
    for name, look in LOOKS.items():
        seen = opened(browser, look.height, look.width, dark=look.dark, signed_in=state)
        seen.goto(f"{demo.web}{look.address.format(camera=ids['Garden'])}")
        seen.wait_for_function(ALL_MOVE, timeout=90_000)
        if look.press:
            seen.locator(look.press).first.press("Enter")
            seen.wait_for_load_state()
            if look.width == PHONE:
                seen.evaluate("document.activeElement.closest('.tile').scrollIntoView()")
        seen.wait_for_timeout(500)  # what fades in is there
        stacked(seen.screenshot()).save(PICTURES / f"page-{name}.webp", quality=80, method=6)
        seen.context.close()


def opened(
    browser: Browser, height: int, width: int = WIDTH, *, dark: bool = False, signed_in: StorageState | None = None
) -> Page:
    """A window of its own, in English."""
    window = ViewportSize(width=width, height=height)
    scheme: Literal["dark", "light"] = "dark" if dark else "light"
    context = browser.new_context(viewport=window, locale="en-US", color_scheme=scheme, storage_state=signed_in)
    return context.new_page()


def taken(page: Page, shot: Shot) -> bytes:
    middle = FloatRect(x=(WIDTH - shot.width) / 2, y=0, width=shot.width, height=shot.height)
    return page.screenshot(clip=middle)


def practice(page: Page, demo: Program, camera: str) -> Image.Image:
    """The practice page's Echo after “show the … camera”, above the camera's switches."""
    page.goto(demo.simulator)
    page.get_by_test_id("alexa-text").fill(f"show the {camera} camera")
    page.get_by_test_id("alexa-say").click()
    page.wait_for_function(MOVING, arg=page.get_by_test_id("alexa-video").element_handle(), timeout=30_000)
    serial = demo.cameras()[camera.capitalize()]["serial"]
    switches = page.locator(f".camera:has([data-testid='switch-{serial}-encryption'])")
    switches.scroll_into_view_if_needed()
    return stacked(_screen(page, page.locator(".screen").first), switches.screenshot())


def _screen(page: Page, screen: Locator) -> bytes:
    """A screenshot of the screen, from its head to the line of figures below the picture."""
    screen.scroll_into_view_if_needed()
    whole, last = screen.bounding_box(), screen.locator(".under").bounding_box()
    assert whole is not None
    assert last is not None
    height = last["y"] + last["height"] - whole["y"] + GAP
    inside = FloatRect(x=whole["x"] + 1, y=whole["y"] + 1, width=whole["width"] - 2, height=height - 1)
    return page.screenshot(clip=inside)


def stacked(*pictures: bytes) -> Image.Image:
    """The pictures one above the other."""
    images = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    height = sum(image.height for image in images) + GAP * (len(images) - 1)
    width = max(image.width for image in images)
    whole = Image.new("RGB", (width, height), "white")
    top = 0
    for image in images:
        whole.paste(image, ((width - image.width) // 2, top))
        top += image.height + GAP
    return whole


def kept(image: Image.Image, name: str, colours: int = COLOURS) -> None:
    image.quantize(colours, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)


def main() -> None:
    browser_path = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
    if browser_path is None:
        sys.exit("Chromium is not installed: apt install chromium-headless-shell")
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as two,
        tempfile.TemporaryDirectory() as three,
        running(Path(one)) as demo,
        at_home(Path(two), "") as new,
        at_home(Path(three), PUBLIC) as home,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        for name, shot in SHOTS.items():
            page = opened(browser, shot.height)
            shot.lead(page, Houses(demo, new, home))
            page.wait_for_function(ALL_MOVE, timeout=90_000)
            kept(stacked(taken(page, shot)), f"start-{name}")
            page.context.close()
        of_household(browser, demo)
        demo.link("alexa")
        page = opened(browser, 1600)
        for camera in ("garden", "garage"):
            kept(practice(page, demo, camera), camera, 256)
        browser.close()
    print(f"The pictures in {PICTURES} are drawn from pages as they are now")  # noqa: T201


if __name__ == "__main__":
    main()
