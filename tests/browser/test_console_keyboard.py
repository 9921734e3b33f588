"""Every page of the console by keyboard alone, in a real browser."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.browser import test_console_pages
from tests.browser.test_console_pages import PAGES, off_tv
from tests.doubles.page_words import MOST, fixed_words
from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "Every element of the console's pages is reached by Tab, in order, with a visible ring",
    leans_on="second stack: Chromium",
)

linked, session, signed_in = test_console_pages.linked, test_console_pages.session, test_console_pages.signed_in

# what the Tab key is to reach, in the order of the page: of radio buttons of one name the chosen one, or the first
STOPS = """() => {
    const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, video, [tabindex]')];
    const shown = all.filter(element => element.type !== 'hidden' && !element.disabled && element.checkVisibility());
    const radios = shown.filter(element => element.type === 'radio');
    const group = ({ name, form }) => radios.filter(element => element.name === name && element.form === form);
    const first = element => group(element).find(other => other.checked) ?? group(element)[0];
    const stops = shown.filter(element => element.type !== 'radio' || first(element) === element);
    stops.forEach((element, number) => { element.dataset.stop = number; });
    return stops.map(element => element.outerHTML.slice(0, 120));
}"""
# the number of what has the focus, and what is wrong with how that shows
FOCUS = """() => {
    const element = document.activeElement, look = getComputedStyle(element);
    if (element === document.body) return [-1, ''];
    const [left, top, right, bottom] = (({ left, top, right, bottom }) =>
        [Math.max(left, 0), Math.max(top, 0), Math.min(right, innerWidth), Math.min(bottom, innerHeight)]
    )([...element.getClientRects()].find(({ width, height }) => width && height) ?? element.getBoundingClientRect());
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const labels = [...(element.labels ?? [])];
    const seen = hit && (element.contains(hit) || hit.contains(element) || labels.some(label => label.contains(hit)));
    const ring = element.matches(':focus-visible') && look.outlineStyle !== 'none'
        && parseFloat(look.outlineWidth) >= 2;
    return [Number(element.dataset.stop ?? -2), ring ? (seen ? '' : 'hidden') : 'without a ring'];
}"""
# where the browser begins to walk, wherever the focus was
AT_THE_TOP = """() => {
    const top = document.createElement('span');
    top.tabIndex = -1;
    document.body.prepend(top);
    top.focus();
    top.remove(); // the browser still begins there
}"""
# no timer is left: while the page is walked nothing is asked for again, and no picture is taken for lost
STAND_STILL = "() => { for (let timer = setTimeout(() => {}); timer; timer -= 1) clearTimeout(timer); }"
MOST_WITHIN = 12  # a picture's own controls, with rings of the browser's, are within one stop
COME = """() => [...document.querySelectorAll('.tile[data-starts]')].every(tile =>
    !tile.querySelector('.tools').hidden || !tile.querySelector('.why').hidden)"""


def settled(page: Page) -> list[str]:
    """The stops, once no picture brings or takes any more of them."""
    page.wait_for_function(COME, timeout=2 * LONG_S * 1000)
    before: list[str] = []
    for _ in range(30):
        stops: list[str] = page.evaluate(STOPS)
        if stops == before:
            return stops
        before = stops
        page.wait_for_timeout(1000 if page.locator("video").count() else 300)
    raise AssertionError("the page does not come to rest")


def walked(page: Page, stops: list[str]) -> tuple[list[int], list[str]]:
    """Walks the page by the Tab key. Returns the number of each stop, and the faults of the stops."""
    page.evaluate(AT_THE_TOP)
    numbers: list[int] = []
    ill: list[str] = []
    within = 0
    while within < MOST_WITHIN:
        page.keyboard.press("Tab")
        number, wrong = page.evaluate(FOCUS)
        if number == -1:
            break  # out of the page, after its last
        within = within + 1 if numbers and numbers[-1] == number else 0
        if not within:
            numbers.append(number)
            ill += [f"{wrong}: {stops[number]}"] if wrong else []
    return numbers, ill


@pytest.fixture(scope="module")
def window(chromium: Browser, session: StorageState) -> Iterator[Page]:
    """A window of Chromium in which a test opens its page; all tests of this file use the same window."""
    context = chromium.new_context(locale="en", storage_state=session)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_by_tab_alone_each_element_is_reached_in_reading_order_and_seen_to_be(
    window: Page, linked: Program, name: str
) -> None:
    page = window
    page.set_viewport_size({"width": 1280, "height": 800})
    PAGES[name](page, linked)
    opened = "all => all.forEach(element => { element.removeAttribute('name'); element.open = true; })"
    assert fixed_words(page, "en") <= MOST
    page.locator("details").evaluate_all(opened)  # several at a time
    # all is on the screen: only that plays
    page.set_viewport_size({"width": 1280, "height": page.evaluate("document.documentElement.scrollHeight") + 500})
    for _ in range(2):  # what was on its way the first time has come the second time
        stops = settled(page)
        page.evaluate(STAND_STILL)
    numbers, ill = walked(page, stops)
    assert [stops[number] for number in numbers] == stops
    assert numbers == list(range(len(stops)))
    assert ill == []
    if name == "tv":
        off_tv(page)


def tab_to(page: Page, selector: str) -> None:
    """Moves the focus there by the Tab key alone."""
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached")


def test_by_keyboard_quiet_times_are_kept(signed_in: Callable[..., Page], linked: Program) -> None:
    page = signed_in(path="/home/assistants")
    for times in ("22:00-07:00", ""):
        tab_to(page, "#quiet summary")
        page.keyboard.press("Enter")
        tab_to(page, "#times")
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        page.keyboard.type(times)
        tab_to(page, "button[value=set-quiet]")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#times[value='{times}']")
        assert page.locator("p.note[role=status]").inner_text() == "Done."
        page.goto(f"{linked.web}/home/assistants")
        assert page.input_value("#times") == times


def test_by_keyboard_a_sentence_is_tried(signed_in: Callable[..., Page], linked: Program) -> None:
    page = signed_in(path="/home/try")
    tab_to(page, "input[name=text]")
    page.keyboard.type("show the garden camera")
    page.keyboard.press("Enter")
    page.wait_for_selector(".says")
    assert page.locator(".says").all_inner_texts() == ["It shows the picture."] * 2


def test_by_keyboard_a_camera_is_found_and_set(signed_in: Callable[..., Page], linked: Program) -> None:
    page = signed_in(path="/home")
    tab_to(page, "[data-name=Garden] a[href^='/home/cameras/']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#settings")
    tab_to(page, "#settings > summary")
    page.keyboard.press("Enter")
    page.wait_for_selector(".settings")
    before = page.locator("#status_light button").get_attribute("aria-checked")
    tab_to(page, "#status_light button")
    page.keyboard.press("Space")
    page.wait_for_selector("#status_light .note")
    after = page.locator("#status_light button").get_attribute("aria-checked")
    assert {before, after} == {"true", "false"}
    page.locator("#status_light button").press("Enter")
    page.wait_for_function(
        "checked => document.querySelector('#status_light button')?.getAttribute('aria-checked') === checked",
        arg=before,
    )
