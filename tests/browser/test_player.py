"""The video player on the page of a camera, in Chromium: buttons, keys and gestures, tested on one open page."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser import test_console_pages
from tests.browser.test_console_pages import address
from tests.browser.test_home import MOVING
from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

linked, session = test_console_pages.linked, test_console_pages.session

LONG_MS = LONG_S * 1000
SCALE = "() => new DOMMatrix(getComputedStyle(document.querySelector('video')).transform).a"
TOUCH = """([from, to]) => {
    const screen = document.querySelector('.screen');
    const send = (type, [x, y], pointerId) => screen.dispatchEvent(new PointerEvent(type, {
        pointerId, pointerType: 'touch', clientX: x, clientY: y, bubbles: true }));
    from.forEach((point, number) => send('pointerdown', point, number + 1));
    to.forEach((point, number) => send('pointermove', point, number + 1));
    to.forEach((point, number) => send('pointerup', point, number + 1));
}"""


def moving(page: Page, program: Program) -> Page:
    page.goto(address(page, program, "Garden"))
    page.wait_for_function(MOVING, arg=page.locator("video").element_handle(), timeout=LONG_MS)
    expect(page.locator(".tools")).to_be_visible(timeout=LONG_MS)
    return page


@pytest.fixture(scope="module")
def window(chromium: Browser, linked: Program, session: StorageState) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en", storage_state=session)
    yield moving(context.new_page(), linked)
    context.close()


@pytest.fixture
def player(window: Page) -> Page:
    """The page of the camera Garden, scrolled to the top, with no zoom in the video."""
    window.set_viewport_size({"width": 1280, "height": 800})
    window.locator("video").press("0")
    window.evaluate("() => scrollTo(0, 0)")
    return window


def press(page: Page, name: str) -> Any:
    button = page.get_by_role("button", name=name, exact=True)
    button.click()
    return button


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (360, 800)])
def test_the_video_is_as_wide_as_the_window_and_no_higher(player: Page, width: int, height: int) -> None:
    player.set_viewport_size({"width": width, "height": height})
    box = player.locator("video").bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, width)
    assert box["height"] == pytest.approx(width * 9 / 16, abs=1)
    player.set_viewport_size({"width": width, "height": 320})
    box = player.locator("video").bounding_box()
    assert box is not None
    assert box["height"] <= 320


def test_the_sound_is_switched_on_and_has_a_volume(player: Page) -> None:
    heard = "() => { const { muted, volume } = document.querySelector('video'); return [muted, volume]; }"
    assert player.evaluate(heard) == [True, 1]
    button = press(player, "Sound")
    assert (player.evaluate(heard), button.get_attribute("aria-pressed")) == ([False, 1], "true")
    player.get_by_role("slider", name="Volume").fill("0.25")
    assert player.evaluate(heard) == [False, 0.25]
    player.get_by_role("slider", name="Volume").fill("0")
    assert (player.evaluate(heard), button.get_attribute("aria-pressed")) == ([True, 0], "false")
    player.locator("video").press("m")
    assert (player.evaluate(heard)[0], button.get_attribute("aria-pressed")) == (False, "true")


def test_the_picture_comes_nearer_by_button_key_and_wheel(player: Page) -> None:
    farther = player.get_by_role("button", name="Zoom out", exact=True)
    assert farther.is_disabled()
    press(player, "Zoom in")
    assert player.evaluate(SCALE) == pytest.approx(1.25)
    player.locator("video").press("+")
    assert player.evaluate(SCALE) == pytest.approx(1.5625)
    farther.click()
    player.locator("video").press("0")
    assert (player.evaluate(SCALE), farther.is_disabled()) == (1, True)
    player.evaluate("() => scrollTo(0, 0)")
    player.mouse.move(640, 500)
    player.mouse.wheel(0, -300)
    player.wait_for_function(
        "() => new DOMMatrix(getComputedStyle(document.querySelector('video')).transform).a > 1.5", timeout=LONG_MS
    )
    for _ in range(20):
        player.keyboard.press("ArrowLeft")  # to its edge, and to no other camera
    edge = player.evaluate("() => document.querySelector('video').getBoundingClientRect().left")
    assert edge == pytest.approx(0, abs=1)
    player.mouse.wheel(0, 3000)
    player.wait_for_function(
        "() => getComputedStyle(document.querySelector('video')).transform === 'none'", timeout=LONG_MS
    )


def test_at_its_whole_size_the_wheel_scrolls_the_page(player: Page) -> None:
    player.locator("video").hover()
    player.mouse.wheel(0, 200)
    player.wait_for_function("() => scrollY > 0", timeout=LONG_MS)
    assert player.evaluate(SCALE) == 1


def test_two_fingers_bring_the_picture_nearer_and_one_moves_it(player: Page) -> None:
    player.evaluate(TOUCH, [[[600, 300], [700, 300]], [[550, 300], [750, 300]]])
    near = player.evaluate(SCALE)
    assert near == pytest.approx(2, rel=0.3)
    before = player.evaluate("() => document.querySelector('video').getBoundingClientRect().left")
    player.evaluate(TOUCH, [[[600, 300]], [[650, 300]]])
    after = player.evaluate("() => document.querySelector('video').getBoundingClientRect().left")
    assert after - before == pytest.approx(50, abs=1)
    assert player.evaluate(SCALE) == near


def test_full_screen_holds_the_picture_with_its_buttons(player: Page) -> None:
    press(player, "Full screen")
    player.wait_for_function("() => document.fullscreenElement?.matches('.tile')", timeout=LONG_MS)
    assert player.get_by_role("button", name="Zoom in", exact=True).is_visible()
    press(player, "Full screen")
    player.wait_for_function("() => !document.fullscreenElement", timeout=LONG_MS)


def test_a_still_is_taken_as_a_file(player: Page) -> None:
    with player.expect_download() as download:
        press(player, "Take a picture")
    assert download.value.suggested_filename.startswith("Garden 20")
    assert download.value.path().read_bytes().startswith(b"\xff\xd8")


def test_a_camera_that_stands_has_no_buttons_to_turn_it(player: Page) -> None:
    assert player.locator(".pad").count() == 0


def test_an_iphone_gives_the_whole_screen_to_the_video_alone(player: Page) -> None:
    player.evaluate("""() => {
        const tile = document.querySelector('.tile'), video = document.querySelector('video');
        tile.requestFullscreen = undefined;
        video.webkitEnterFullscreen = () => { video.dataset.entered = 'yes'; };
    }""")
    press(player, "Full screen")
    assert player.locator("video").get_attribute("data-entered") == "yes"
