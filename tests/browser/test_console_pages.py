"""Every page of the console in a real browser: what axe-core finds, how it fits, without script, and its pictures."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from showcam.i18n.catalogue import Language
from tests.browser.conftest import PATIENT, pictured
from tests.browser.test_home import MOVING, TOO_SMALL, let_in, plays, tile
from tests.browser.test_linking_pages import OUT_OF_ITS_BOX, TOO_WIDE, UNLABELLED
from tests.doubles.page_words import MOST, fixed_words
from tests.doubles.program import Program
from tests.doubles.speech import SPEECH
from tests.doubles.waiting import LONG_S
from tests.whole.test_kept_settings import pids

pytestmark = pytest.mark.proves(
    "axe-core finds nothing on any page of the console, narrow or wide, light or dark",
    leans_on="second stack: Chromium and axe-core",
)

AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
PICTURES_THERE = "[...document.querySelectorAll('.heard video:not([hidden])')].every(video => video.readyState > 1)"
LOGGED = (
    f'{{"event": "it is away, {"for a long time " * 9}", "part": "web", "level": "warning", '
    '"timestamp": "2026-11-27T07:00:00Z"}\n'
)
# the doctor, who has the page opened again, is not at work, and no tile is about to get its picture or its reason
AT_REST = """
    !document.querySelector('[data-examining]')
    && [...document.querySelectorAll('.tile .state')].every(
        state => state.textContent !== state.closest('.tiles').dataset.connecting)
"""
# a colour in the middle of its transition has a contrast that nobody reads
UNMOVED = "document.getAnimations().every(each => each.effect.getComputedTiming().endTime === Infinity)"
RUN_AXE = """async rules =>
    JSON.stringify((await axe.run({ runOnly: rules, resultTypes: ["violations"] })).violations)"""
TARGETS = (
    "button:not(.link), summary, a.button, input:not([type=hidden]):not([type=checkbox]):not([type=radio]), select, "
    "label.tick, nav a, footer a"
)


def cameras(page: Page, program: Program) -> None:
    page.goto(f"{program.web}/home")
    page.wait_for_selector(".tiles")


def address(page: Page, program: Program, name: str) -> str:
    """Of a camera's page, read without showing the page of all cameras, which plays their pictures."""
    listed = page.request.get(f"{program.web}/home").text()
    [camera] = re.findall(rf'data-camera="([\w-]+)" data-name="{name}"', listed)
    return f"{program.web}/home/cameras/{camera}"


def camera(page: Page, program: Program) -> None:
    page.goto(address(page, program, "Garden"))
    page.locator("#settings > summary").press("Enter")
    page.wait_for_selector(".settings")


def turning(page: Page, program: Program) -> None:
    """The page of a camera that pans and tilts, and keeps positions."""
    page.goto(address(page, program, "Barn"))
    page.wait_for_selector(".positions")


def happened(page: Page, program: Program) -> None:
    program.change("Garden", motion=True)
    page.goto(f"{program.web}/home/happened")
    deadline = time.monotonic() + LONG_S
    while not page.locator("li", has_text="Garden").count():
        assert time.monotonic() < deadline
        page.reload()


def deleting(page: Page, program: Program) -> None:
    camera(page, program)
    with page.expect_navigation():
        page.locator("a[href$='/delete']").click()


def tried(page: Page, program: Program) -> None:
    page.goto(f"{program.web}/home/try")
    page.fill("input[name=text]", "show the garden camera")
    page.press("input[name=text]", "Enter")
    page.wait_for_selector(".says")
    wait_for(page, "[...document.querySelectorAll('video:not([hidden])')].every(video => video.readyState > 1)")


def on_tv(page: Page, program: Program) -> None:
    """The page of a TV with a camera on it, one that comes by itself, and a scene."""
    page.goto(address(page, program, "Garden"))
    page.locator("a[href^='/home/tv?']").click()
    page.wait_for_selector("input[type=radio][name=tv]")
    if not page.locator("button[value=no-scene]").count():
        page.locator("#by-voice > summary").click()
        page.locator("button[value=scene]").click()
        page.wait_for_selector("button[value=no-scene]")
    if not page.locator("button[value=not-by-itself]").count():
        page.select_option("select[name=camera]", label="Front Door")
        page.locator("#automatically > summary").click()
        page.locator("button[value=by-itself]").click()
        page.wait_for_selector("button[value=not-by-itself]")
    if not page.locator("button[value=stop]").count():
        page.select_option("select[name=camera]", label="Garden")
        page.locator("button[value=show]").click()
        page.wait_for_selector("button[value=stop]")


def off_tv(page: Page) -> None:
    """Stops the video on the TV, which otherwise computes until the demo ends."""
    page.locator("button[value=stop]").click()
    page.wait_for_selector("button[value=stop]", state="detached")


def examined(page: Page, program: Program, *, again: bool = False) -> None:
    """The page of the doctor's last examination, or of one that is begun here."""
    page.goto(f"{program.web}/home/health")
    if again or not page.locator(".findings").count():
        with page.expect_navigation():
            page.locator("button[value=examine]").click()
    page.wait_for_selector("[data-examining]", state="detached", timeout=2 * LONG_S * 1000)


def at(path: str) -> Callable[[Page, Program], None]:
    return lambda page, program: void(page.goto(f"{program.web}{path}"))


def void(_: object) -> None:
    """Nothing."""


# how many entries of the header a page is
MARKED = dict.fromkeys(("cameras", "assistants", "try", "tv", "health", "phones", "setup", "help"), 1)
# what leads to each; the page of all cameras, which plays their pictures, is opened for those alone that it leads to
PAGES: dict[str, Callable[[Page, Program], None]] = {
    "cameras": cameras,
    "camera": camera,
    "turning": turning,
    "happened": happened,
    "delete": deleting,
    "assistants": at("/home/assistants"),
    "try": tried,
    "tv": on_tv,
    "health": examined,
    "log": at("/home/health/log"),
    "phones": at("/home/phones"),
    "players": at("/home/players"),
    "notices": at("/home/health/notices"),
    "alexa": at("/home/alexa"),
    "said": at("/home/said"),
    "google": at("/home/google"),
    "adding": at("/home/cameras/add"),
    "setup": at("/home/setup"),
    "reachable": at("/home/reachable"),
    "front": at("/start"),
    "help": at("/help"),
    "reason": at("/h/8"),
    "missing": at("/nothing"),
}
# without script these are used, and the other pages are only read
USED = ("cameras", "camera", "assistants", "try", "tv", "health")


def found(page: Page) -> list[str]:
    """What axe-core objects to, each with where."""
    wait_for(page, UNMOVED)
    if page.evaluate("!window.axe"):
        page.evaluate(AXE)
    violations: list[dict[str, Any]] = json.loads(page.evaluate(RUN_AXE, RULES))
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]


def wait_for(page: Page, expression: str, within_s: float = LONG_S) -> None:
    """Playwright's own waiting needs eval, which the policy of the pages forbids."""
    end = time.monotonic() + within_s
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def fits(page: Page, name: str) -> None:
    with pictured(page, f"console-{name}"):
        assert page.evaluate(TOO_WIDE) <= 0
        assert page.evaluate(OUT_OF_ITS_BOX, TARGETS) == []
        assert page.evaluate(TOO_SMALL, TARGETS) == []
        assert page.evaluate(UNLABELLED) == []


@pytest.fixture(scope="module")
def linked(program: Program) -> Program:
    """A program with a link that nobody has acknowledged, so that each page has a banner; its log has a warning."""
    (program.data / "log").mkdir(exist_ok=True)
    (program.data / "log" / "web.jsonl").write_text(LOGGED)
    program.link("alexa")
    return program


@pytest.fixture(scope="module")
def session(chromium: Browser, linked: Program) -> StorageState:
    """What a browser keeps that signed in."""
    context = chromium.new_context()
    let_in(context, linked)
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def signed_in(chromium: Browser, linked: Program, session: StorageState) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def open_page(
        language: str = "en", width: int = 1280, scheme: Any = "light", *, script: bool = True, path: str = ""
    ) -> Page:
        """A page of a browser of its own, where nothing is opened without `path`."""
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            locale=language,
            java_script_enabled=script,
            storage_state=session,
        )
        contexts.append(context)
        page = context.new_page()
        if path:
            page.goto(f"{linked.web}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("language", "names", "screens"),
    [
        ("nb", USED, [(360, "dark")]),  # the others are looked at without script
        ("de", PAGES, [(360, "light"), (1280, "dark")]),  # whose words are the longest
    ],
    ids=["nb", "de"],
)
def test_axe_finds_nothing_and_all_fits(
    signed_in: Callable[..., Page],
    linked: Program,
    language: Language,
    names: Iterable[str],
    screens: Sequence[tuple[int, Any]],
) -> None:
    """What axe-core looks at is the same in each language: it searches each theme and each width once.

    Before anything is opened, a page has few words; English ones are counted by test_console_keyboard.py.
    """
    page = signed_in(language, *screens[0])
    for name in names:
        PAGES[name](page, linked)
        page.wait_for_load_state("load")  # a link's page may be there before its style is
        assert fixed_words(page, language) <= MOST, name
        open_all(page)
        for width, scheme in screens:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            wait_for(page, PICTURES_THERE)
            wait_for(page, AT_REST, within_s=2 * LONG_S)
            assert language != "de" or found(page) == [], (name, width)
            fits(page, f"{name}-{language}-{width}-{scheme}")
        if name == "tv":
            off_tv(page)


def open_all(page: Page) -> None:
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")


def test_axe_is_asked_and_its_answer_heard(signed_in: Callable[..., Page]) -> None:
    page = signed_in(path="/help")
    page.evaluate("document.querySelector('main').append(new Image())")
    assert [complaint for complaint in found(page) if complaint.startswith("image-alt: <img> ")] != []


def test_what_is_only_read_is_read_without_script_and_fits(signed_in: Callable[..., Page], linked: Program) -> None:
    page = signed_in("nb", 360, "dark", script=False)
    for name in (each for each in PAGES if each not in USED):
        PAGES[name](page, linked)
        has_one_heading_and_its_entry(page, name)
        assert fixed_words(page, "nb") <= MOST, name
        open_all(page)
        fits(page, f"{name}-nb-360-dark")


@pytest.mark.parametrize("name", USED)
def test_each_is_used_without_script(signed_in: Callable[..., Page], linked: Program, name: str) -> None:
    """All but live pictures: what is there is shown, and forms are sent."""
    page = signed_in(script=False)
    if name == "camera":
        page.goto(address(page, linked, "Garden"))
        page.locator("#settings > summary").click()
        page.locator("#status_light button").click()
        page.wait_for_selector("#status_light .note")
    elif name == "try":
        tried(page, linked)
        assert page.locator(".says").all_inner_texts() == ["It shows the picture."] * 2
    elif name == "tv":
        on_tv(page, linked)
        off_tv(page)
        for step in ("no-scene", "not-by-itself"):
            page.locator(f"button[value={step}]").click()
            page.wait_for_selector(f"button[value={step}]", state="detached")
    elif name == "health":
        examined(page, linked, again=True)
        assert page.locator(".findings li").count() > 5
        page.locator("summary", has_text="Backup").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename.startswith("showcam-")
    elif name == "assistants":
        PAGES[name](page, linked)
        page.locator("summary").first.click()
        page.locator("button[value=choose]").first.click()
        page.wait_for_selector("p.note")
    else:
        cameras(page, linked)
        stills = page.locator(".tile[data-name=Garden] img").last
        stills.scroll_into_view_if_needed()
        assert stills.get_attribute("src")
    has_one_heading_and_its_entry(page, name)


def has_one_heading_and_its_entry(page: Page, name: str) -> None:
    assert page.locator("h1").count() == 1, name
    assert page.locator("header nav a[aria-current]").count() == MARKED.get(name, 0), name


def test_the_browsers_time_zone_is_proposed_if_the_machines_is_utc(
    signed_in: Callable[..., Page], linked: Program
) -> None:
    nothing = ("owner", "quiet", "nothing", "--zone", "UTC", "--user", "demo@example.com", "--demo")
    assert linked.command(*nothing).returncode == 0
    for script, zone in ((True, "Asia/Tokyo"), (False, "UTC")):
        page = signed_in(script=script)
        page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
        page.goto(f"{linked.web}/home/assistants?open=quiet")
        expect(page.locator("#zone")).to_have_value(zone)


@pytest.mark.proves(
    "A sentence that is tried shows both assistants' video", leans_on="second stack: Chromium; double: the assistants"
)
def test_a_sentence_that_is_tried_shows_both_pictures(signed_in: Callable[..., Page], linked: Program) -> None:
    """An Echo's by WebRTC, Google's by HLS."""
    page = signed_in()
    page.add_init_script(PATIENT)
    tried(page, linked)
    for video in page.locator(".display video").all():
        page.wait_for_function(MOVING, arg=video.element_handle(), timeout=90_000)
    streams = "[...document.querySelectorAll('.display video')].map(video => video.srcObject !== null)"
    assert page.evaluate(streams) == [True, False]
    expect(page.locator(".display details").first).to_contain_text("InitiateSessionWithOffer")


def test_where_a_tried_sentences_picture_does_not_come_it_is_said(
    signed_in: Callable[..., Page], linked: Program
) -> None:
    page = signed_in()
    page.add_init_script("delete window.RTCPeerConnection")
    page.route("**/master.m3u8", lambda route: route.fulfill(status=502, headers={"Access-Control-Allow-Origin": "*"}))
    tried(page, linked)
    for display in page.locator(".display").all():
        expect(display.get_by_role("alert")).to_contain_text("No picture came.", timeout=90_000)
        expect(display.locator("video")).to_be_hidden()


def test_a_sentence_is_spoken_and_its_answers_are_read_aloud(signed_in: Callable[..., Page], linked: Program) -> None:
    page = signed_in()
    page.add_init_script(SPEECH)
    page.goto(f"{linked.web}/home/try")
    page.get_by_label("Read the answers aloud").check()
    page.get_by_role("button", name="Speak").click()
    wait_for(page, "spoken.length === 2")
    assert page.evaluate("spoken") == [["Attic is offline.", "en"]] * 2
    page.get_by_role("button", name="Read it aloud").first.click()
    assert page.evaluate("spoken.length") == 3


def test_without_recognition_there_is_no_microphone(signed_in: Callable[..., Page], linked: Program) -> None:
    page = signed_in()
    page.add_init_script("delete window.SpeechRecognition; delete window.webkitSpeechRecognition;")
    page.goto(f"{linked.web}/home/try")
    page.wait_for_selector("[data-always]")
    assert page.locator("[data-microphone]").is_hidden()


def test_a_cameras_page_says_what_its_picture_is_and_how_it_comes(
    signed_in: Callable[..., Page], linked: Program
) -> None:
    page = signed_in()
    camera(page, linked)
    facts = page.locator(".facts").first
    facts.wait_for(timeout=90_000)
    said = r"\d+×\d+, H264, \d+ ms to the screen · by the Open Platform key"
    page.wait_for_function("() => !document.querySelector('p.facts').textContent.includes('? ms')", timeout=90_000)
    assert re.fullmatch(said, facts.inner_text()) is not None


def test_a_picture_is_taken_of_what_is_live(signed_in: Callable[..., Page]) -> None:
    page = signed_in(width=360, path="/home")  # only what is on the screen plays
    garden = tile(page, "Garden")
    plays(page, "Garden")
    with page.expect_download() as download:
        garden.get_by_role("button", name="Take a picture").click()
    assert download.value.suggested_filename.startswith("Garden 20")
    assert download.value.path().read_bytes().startswith(b"\xff\xd8")


def test_stills_stand_in_place_of_live_pictures_until_one_is_pressed(
    signed_in: Callable[..., Page], linked: Program
) -> None:
    page = signed_in(width=360, path="/home")
    garden = tile(page, "Garden")
    video, still = (garden.locator(selector).element_handle() for selector in ("video", "img[data-still]"))
    plays(page, "Garden")
    page.get_by_role("button", name="Stills").click()
    loaded = "still => still.checkVisibility() && still.naturalWidth > 0"
    page.wait_for_function(loaded, arg=still, timeout=90_000)
    assert video.is_hidden()
    page.goto(f"{linked.web}/home")  # which remembers it
    garden = tile(page, "Garden")
    garden.scroll_into_view_if_needed()
    still, video = (garden.locator(selector).element_handle() for selector in ("img[data-still]", "video"))
    page.wait_for_function(loaded, arg=still, timeout=90_000)
    assert page.get_by_role("button", name="Stills").get_attribute("aria-pressed") == "true"
    still.click()
    page.wait_for_function(MOVING, arg=video, timeout=90_000)
    assert still.is_hidden()


def test_a_picture_whose_media_process_dies_comes_back_by_itself(
    signed_in: Callable[..., Page], linked: Program
) -> None:
    page = signed_in(width=360)
    page.add_init_script(PATIENT)  # its picture comes by WebRTC
    page.goto(f"{linked.web}/home")
    video = tile(page, "Garden").locator("video").element_handle()
    plays(page, "Garden")
    before = page.evaluate("video => video.srcObject.id", video)
    os.kill(pids(linked)["media"], signal.SIGKILL)
    page.wait_for_function(
        "([video, id]) => video.srcObject && video.srcObject.id !== id", arg=[video, before], timeout=90_000
    )
    page.wait_for_function(MOVING, arg=video, timeout=90_000)
