"""The demo's practice page in headless Chromium, with all of showcam's processes behind it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench import cores
from bench.wire import tree
from tests.browser.conftest import FLAGS
from tests.doubles.program import Program, running

CAMERA = "Garden"
WITHIN_MS = 20_000

# Submits the form by its button; the page's clock stops when a frame is presented.
SAY = """([assistant, text, via, withinMs]) => new Promise((resolve, reject) => {
    const element = (name) => document.querySelector(`[data-testid="${assistant}-${name}"]`);
    element("via").value = via;
    element("text").value = text;
    element("video").requestVideoFrameCallback((now) => resolve((now - began) / 1000));
    const began = performance.now();
    element("say").click();
    const shown = () => `${element("outcome").textContent} ${element("person").textContent}`;
    setTimeout(() => reject(new Error(`no frame arrived; the page shows: ${shown()}`)), withinMs);
})"""
# Whether the page is at rest, and the next wish may be said.
AT_REST = """(assistant) => {
    const screen = window.showcamScreens[assistant];
    return !screen.player && screen.element.dataset.state === "idle";
}"""


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)


@contextmanager
def demo(**settings: Any) -> Iterator[Program]:
    """A demo on the core that is measured, started by its command. The simulated vendor runs on the other core."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="showcam-bench-"))
        with cores.measured():
            program = stack.enter_context(running(Path(folder), troubled=True, forked=False, **settings))
        assert program.process is not None
        for process in tree(program.process.pid):
            if b"simulator" in Path(f"/proc/{process}/cmdline").read_bytes():
                cores.put_beside(process)
        yield program


@contextmanager
def practice(path: str, idle_s: int) -> Iterator[tuple[Program, Page]]:
    """Both assistants linked; a pull ends `idle_s` after its last viewer."""
    with demo(SHOWCAM_IDLE_S=str(idle_s)) as program, cores.beside(), sync_playwright() as playwright:
        for assistant in ("alexa", "google"):
            program.link(assistant)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(WITHIN_MS)
        page.goto(program.simulator)
        yield program, page
        browser.close()


def show(page: Page, assistant: str, via: str, camera: str = CAMERA) -> float:
    """Seconds from the press of Say to the first frame."""
    took: float = page.evaluate(SAY, [assistant, f"show {camera.lower()}", via, WITHIN_MS])
    return took


def hide(page: Page, assistant: str, via: str) -> None:
    page.get_by_test_id(f"{assistant}-text").fill("hide the camera")
    # a request ends an Echo's session, and must be answered before a new session begins
    ends = assistant == "alexa" and via == "webrtc"
    closed = page.expect_response(lambda answer: answer.url.endswith("/session")) if ends else nullcontext()
    with closed:
        page.get_by_test_id(f"{assistant}-say").click()
    page.wait_for_function(AT_REST, arg=assistant)
