"""Talking through a camera from its page: Chromium's microphone hears a tone, and GStreamer's ONVIF camera plays it."""

import math
import shutil
import struct
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FLAGS, LONGEST_WORDS, looks, pictured
from tests.browser.test_console_pages import address, found
from tests.browser.test_home import MOVING, TOO_SMALL, let_in
from tests.browser.test_linking_pages import TOO_WIDE
from tests.doubles import gstreamer
from tests.doubles.program import Program
from tests.doubles.rtc_talker import tone_of
from tests.doubles.waiting import LONG_S, until
from tests.whole.test_talk import added, allowed

LONG_MS = LONG_S * 1000
TONE_HZ, NEAR_HZ = 530, 10
NAME = "Porch"
TARGETS = ".talk button"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("talk") / "heard.raw"


@pytest.fixture(scope="module")
def porch(program: Program, recording: Path) -> Iterator[Program]:
    """A demo with a camera that has a speaker, through which people may talk."""
    gstreamer.needed()
    with gstreamer.speaker(recording) as port:
        program.login()
        added(program, port, NAME)
        yield program


@pytest.fixture(scope="module")
def speaking(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose microphone hears a tone as long as it is on."""
    said = tmp_path_factory.mktemp("said") / "tone.wav"
    with wave.open(str(said), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        samples = [int(16_000 * math.sin(2 * math.pi * TONE_HZ * at / 48_000)) for at in range(48_000)]
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    flags = [*FLAGS, *fake, f"--use-file-for-fake-audio-capture={said}"]
    kind = chromium.browser_type
    path = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))))
    browser = kind.launch(executable_path=path, args=flags)
    yield browser
    browser.close()


def opened(browser: Browser, program: Program, language: str = "en", script: str = "") -> Page:
    """The camera's page, once its video moves. `script` runs before the page's own."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale=language)
    let_in(context, program)
    page = context.new_page()
    page.add_init_script(script)
    page.goto(address(page, program, NAME))
    page.wait_for_function(MOVING, arg=page.locator("video").element_handle(), timeout=LONG_MS)
    return page


@pytest.mark.proves(
    "A tone said into a browser's microphone is heard at the camera while the button on its page, or a key, is held",
    leans_on="second stack: Chromium's microphone, and GStreamer's ONVIF camera",
)
def test_a_tone_said_into_the_page_is_heard_at_the_camera_while_the_button_is_held(
    speaking: Browser, porch: Program, recording: Path
) -> None:
    allowed(porch, NAME, "yes")
    page = opened(speaking, porch)
    button, light = page.get_by_role("button", name="Hold to talk"), page.locator(".talk .light")
    expect(button).to_be_enabled(timeout=LONG_MS)
    assert not recording.exists() or recording.stat().st_size == 0, "the microphone is off until the press"
    for turn in range(2):  # again after a release, which is Chromium's goodbye (RTCP BYE)
        if turn:
            button.focus()
            page.keyboard.down(" ")
        else:
            button.hover()
            page.mouse.down()
        expect(light).to_have_text("You are heard.", timeout=LONG_MS)
        until(lambda: abs(tone_of(recording) - TONE_HZ) <= NEAR_HZ)
        if turn:
            page.keyboard.up(" ")
        else:
            page.mouse.up()
        expect(light).to_have_text("", timeout=LONG_MS)
        recording.write_bytes(b"")
    expect(page.locator(".happened")).to_contain_text("Somebody talked through it", timeout=LONG_MS)
    assert page.locator(".happened .what", has_text="Somebody talked").count() == 1
    page.context.close()


@pytest.mark.proves(
    "One press on the camera's page forbids talking, and ends a talk",
    leans_on="second stack: Chromium's microphone, and GStreamer's ONVIF camera",
)
def test_the_owner_forbids_it_by_one_press_and_a_talk_ends(speaking: Browser, porch: Program, recording: Path) -> None:
    allowed(porch, NAME, "yes")
    page, other = opened(speaking, porch), opened(speaking, porch)
    expect(page.get_by_role("button", name="Hold to talk")).to_be_enabled(timeout=LONG_MS)
    page.get_by_role("button", name="Hold to talk").focus()
    page.keyboard.down("Enter")
    expect(other.locator(".talk .light")).to_have_text("Somebody is talking.", timeout=LONG_MS)
    other.get_by_role("button", name="Forbid talking").click()
    expect(other.get_by_role("button", name="Hold to talk")).to_have_count(0, timeout=LONG_MS)
    expect(page.locator(".talk .light")).to_have_text("Talking is not allowed now.", timeout=LONG_MS)
    other.locator("#settings > summary").click()
    assert not other.get_by_label("People may talk through it").is_checked()
    other.get_by_label("People may talk through it").check()
    expect(other.get_by_role("button", name="Hold to talk")).to_have_count(1, timeout=LONG_MS)
    page.context.close()
    other.context.close()


@pytest.mark.parametrize(
    ("devices", "presses", "text"),
    [
        ("undefined", False, "Talking needs https."),
        ("{ getUserMedia: () => Promise.reject(new DOMException('', 'NotAllowedError')) }", True, "No microphone."),
    ],
    ids=["by http", "the browser's person says no"],
)
def test_without_a_microphone_the_page_says_why_and_nothing_is_sent(
    speaking: Browser, porch: Program, recording: Path, devices: str, presses: bool, text: str
) -> None:
    allowed(porch, NAME, "yes")
    recording.write_bytes(b"")
    script = f"Object.defineProperty(navigator, 'mediaDevices', {{ value: {devices} }})"
    page = opened(speaking, porch, script=script)
    button = page.get_by_role("button", name="Hold to talk")
    if presses:
        expect(button).to_be_enabled(timeout=LONG_MS)
        button.press("Enter")
    else:
        expect(button).to_be_disabled()
    expect(page.locator(".talk .light")).to_have_text(text, timeout=LONG_MS)
    assert recording.read_bytes() == b""
    page.context.close()


def test_the_button_fits_and_axe_finds_nothing(speaking: Browser, porch: Program) -> None:
    allowed(porch, NAME, "yes")
    page = opened(speaking, porch, language=LONGEST_WORDS)
    expect(page.locator(".talk .hold")).to_be_enabled(timeout=LONG_MS)
    for look in looks(page):
        with pictured(page, f"talk-{look}"):
            assert page.evaluate(TOO_WIDE) <= 0
            assert page.evaluate(TOO_SMALL, TARGETS) == []
            assert found(page) == []
    page.context.close()
