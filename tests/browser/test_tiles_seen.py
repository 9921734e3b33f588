"""The tiles of the page of cameras as they are seen: the last still, what plays, the search, and who is away."""

import time

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import until_true
from tests.browser.test_home import MOVING, enter, plays, tile, watched
from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

LONG_MS = LONG_S * 1000
# how far anything moved without a press, from the page's first moment on, and how often a reason stood for a picture
SHIFTS = """window.shifts = [];
new PerformanceObserver(list => window.shifts.push(...list.getEntries().map(entry => entry.value)))
    .observe({ type: "layout-shift", buffered: true });
window.reasons = 0;
new MutationObserver(changes => changes.forEach(({ target }) => {
    if (target.matches(".why") && !target.hidden) window.reasons += 1;
})).observe(document, { attributeFilter: ["hidden"], subtree: true });"""


def kept(page: Page, name: str, sent: list[str]) -> None:
    """Waits until the server has taken a still of the camera. `sent`: addresses to which the server answered 204."""
    plays(page, name, LONG_S)
    still = f"/home/cameras/{tile(page, name).get_attribute('data-camera')}/last"
    deadline = time.monotonic() + LONG_S
    while not any(address.endswith(still) for address in sent):
        assert time.monotonic() < deadline, sent
        page.wait_for_timeout(100)


def test_the_last_still_is_painted_with_the_page_and_nothing_moves_when_the_video_comes(
    context: BrowserContext, program: Program
) -> None:
    page, complaints = watched(context)
    sent: list[str] = []
    page.on("response", lambda answer: sent.append(answer.url) if answer.status == 204 else None)
    enter(page, program, "other@example.com")
    page.wait_for_selector(".tiles")
    name = str(page.locator(".tile[data-starts]").first.get_attribute("data-name"))
    page.add_init_script(SHIFTS)
    kept(page, name, sent)
    page.goto("about:blank")
    page.route("**/home/cameras/*", lambda route: route.abort())  # no video comes
    page.goto(f"{program.web}/home")
    last = tile(page, name).locator("img.last")
    expect(last).to_be_visible()
    until_true(page, "image => image.complete && image.naturalWidth > 0", last.element_handle(), LONG_S)
    expect(tile(page, name).locator(".age")).to_contain_text("now")
    page.unroute("**/home/cameras/*")
    for _ in range(5):
        page.reload()
        plays(page, name, LONG_S)
        if not page.evaluate("reasons"):
            break  # else the machine was too busy for the first request, and the reason took its place meanwhile
    expect(tile(page, name).locator(".age")).to_have_text("Live")
    assert page.evaluate("shifts") == []
    assert [each for each in complaints if "Failed to load" not in each] == []


def test_only_what_is_on_the_screen_plays(context: BrowserContext, program: Program) -> None:
    page, complaints = watched(context)
    enter(page, program)
    plays(page, "Barn", LONG_S)
    far = tile(page, "Nursery")
    expect(far.locator("video")).to_be_hidden()
    far.scroll_into_view_if_needed()
    plays(page, "Nursery", LONG_S)
    expect(tile(page, "Barn").locator("video")).to_be_hidden()
    expect(tile(page, "Barn").locator("canvas.last")).to_be_visible()  # its last moment stands there
    tile(page, "Barn").scroll_into_view_if_needed()
    plays(page, "Barn", LONG_S)
    assert [each for each in complaints if "Failed to load" not in each] == []


def test_sound_is_switched_at_the_tile(context: BrowserContext, program: Program) -> None:
    page, complaints = watched(context)
    enter(page, program)
    plays(page, "Garden", LONG_S)
    garden = tile(page, "Garden")
    sound = garden.get_by_role("button", name="Sound of Garden")
    for muted in (False, True):
        sound.press("Enter")
        assert garden.locator("video").evaluate("video => video.muted") is muted
        expect(sound).to_have_attribute("aria-pressed", str(not muted).lower())
    assert [each for each in complaints if "Failed to load" not in each] == []


def test_after_two_hours_without_a_sign_it_asks_whether_somebody_is_there(
    context: BrowserContext, program: Program
) -> None:
    page, _ = watched(context)
    page.clock.install()
    enter(page, program)
    plays(page, "Garden", LONG_S)
    video = tile(page, "Garden").locator("video")
    dialog = page.get_by_role("dialog")
    page.clock.fast_forward("01:58:00")
    expect(dialog).to_be_hidden()
    plays(page, "Garden", LONG_S)  # again: one that stood still just before the leap is taken for lost
    page.mouse.move(200, 200)
    page.clock.fast_forward("01:58:00")
    expect(dialog).to_be_hidden()
    plays(page, "Garden", LONG_S)
    page.clock.fast_forward("00:04:00")
    expect(dialog).to_contain_text("Is somebody there?")
    expect(video).to_be_hidden()
    page.get_by_role("button", name="Go on").press("Enter")
    expect(dialog).to_be_hidden()
    page.wait_for_function(MOVING, arg=video.element_handle(), timeout=LONG_MS)


def test_sixty_cameras_are_searched_by_name(context: BrowserContext, program: Program) -> None:
    page, complaints = watched(context)
    program.configure(fleet={"account": "sixty@example.com", "cameras": 60})
    enter(page, program, "sixty@example.com")
    page.wait_for_selector(".tiles")
    total = page.locator(".tile").count()
    assert total == 60
    search = page.get_by_role("searchbox")
    name = str(page.locator(".tile").last.get_attribute("data-name"))
    search.fill(name.upper())
    expect(tile(page, name)).to_be_visible()
    assert page.locator(".tile:visible").count() < total
    search.fill("no such camera")
    expect(page.get_by_text("No camera has that name.")).to_be_visible()
    search.fill("")
    expect(page.locator(".tile:visible")).to_have_count(total)
    assert [each for each in complaints if "Failed to load" not in each] == []


def test_a_room_is_chosen_and_a_favourite_stands_first_after_one_press(
    context: BrowserContext, program: Program
) -> None:
    page, complaints = watched(context)
    enter(page, program)
    page.wait_for_selector(".tiles")
    for name, room in {"Garden": "Outside", "Nursery": "Upstairs"}.items():
        tile(page, name).locator("a[href^='/home/cameras/']").press("Enter")
        page.get_by_text("Settings", exact=True).press("Enter")
        # the script that sends what is changed takes the button's place
        expect(page.get_by_role("button", name="Save", exact=True)).to_be_hidden(timeout=LONG_MS)
        page.get_by_label("Room", exact=True).fill(room)
        with page.expect_response("**/preferences"):
            page.get_by_label("Room", exact=True).press("Tab")
        page.goto(f"{program.web}/home")
    rooms = page.get_by_role("group", name="Rooms")
    rooms.get_by_role("button", name="Upstairs").press("Enter")
    expect(page.locator(".tile:visible")).to_have_count(1)
    plays(page, "Nursery", LONG_S)
    tile(page, "Nursery").get_by_role("button", name="Favourite: Nursery").press("Enter")
    expect(page.locator(".tile").first).to_have_attribute("data-name", "Nursery")
    expect(page.get_by_role("button", name="Favourite: Nursery")).to_have_attribute("aria-pressed", "true")
    rooms.get_by_role("button", name="Outside").press("Enter")
    expect(page.locator(".tile:visible")).to_have_count(1)
    expect(tile(page, "Garden")).to_be_visible()
    rooms.get_by_role("button", name="All rooms").press("Enter")
    assert page.locator(".tile:visible").count() > 2
    assert [each for each in complaints if "Failed to load" not in each] == []
