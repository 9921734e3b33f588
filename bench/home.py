"""The page of cameras in Chromium: its first paint, what moves, and when its tiles are live.

The household is the demo's, with an owner's defaults. Its cameras were watched a moment before, so that their last
stills are kept and their videos are still pulled. The floor is a static page with the same stills.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from msgspec import Struct, convert
from playwright.sync_api import Page, sync_playwright

from bench import cores
from bench.adding import sign_in
from bench.practice import chromium, demo
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from bench.timing import percentile
from tests.browser.conftest import FLAGS, until_true

TIMES = 6
WITHIN_S = 60
PAINT = Bound(most=0.3)
LIVE = Bound(most=1.5)
# Notes from the page's first moment on what moved, what was painted, and the first frame of each tile on the screen.
NOTED = """
window.noted = { shifts: 0, still: 0, tiles: 0, live: [] };
const note = (type, take) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
note("layout-shift", ({ value }) => (noted.shifts += value));
note("largest-contentful-paint", ({ startTime, url }) => url && (noted.still ||= startTime));
addEventListener("DOMContentLoaded", () => {
  for (const video of document.querySelectorAll(".tile[data-starts] video")) {
    if (video.closest(".tile").getBoundingClientRect().top > innerHeight) continue;
    noted.tiles += 1;
    const look = (now) => {
      if (video.getVideoPlaybackQuality().totalVideoFrames) noted.live.push(now);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }
});
"""
IS_PAINTED = "() => noted.still > 0 && performance.getEntriesByName('first-contentful-paint').length > 0"
IS_LIVE = "() => noted.tiles > 0 && noted.live.length === noted.tiles"
SEEN = """() => {
  const answered = performance.getEntriesByType("navigation")[0].responseEnd;
  const [{ startTime }] = performance.getEntriesByName("first-contentful-paint");
  const { still, shifts, live } = noted;
  return { paint_ms: startTime - answered, still_ms: still - answered, shifts, live_ms: live };
}"""
KEPT = """() => {
  const tiles = [...document.querySelectorAll(".tile.playing")];
  const kept = ({ dataset }) => fetch(`/home/cameras/${dataset.camera}/last.jpg`).then(({ ok }) => ok);
  return Promise.all(tiles.map(kept)).then((all) => all.length > 0 && all.every(Boolean));
}"""


class Opened(Struct, frozen=True):
    """What an opening took: from the answer to its first paint and its first still, and to each live tile."""

    paint_ms: float
    still_ms: float
    shifts: float
    live_ms: list[float]


def measure(run: Run) -> Results:
    path = chromium()
    if path is None:
        yield LeftOut("the page of cameras", "Chromium is not installed (apt install chromium-headless-shell)")
        return
    ours, floor = _opened(path, 2 if run.quick else TIMES)
    for name, field in (("first paint", "paint_ms"), ("first still painted", "still_ms")):
        mine, plain = ([getattr(each, field) / 1000 for each in pages] for pages in (ours, floor))
        other = percentile(plain, 0.95)
        yield Row(
            f"page of cameras, {name} after the answer, p95",
            "s",
            percentile(mine, 0.95),
            "static page",
            other,
            PAINT,
            mine,
        )
    shifts = [each.shifts for each in ours]
    yield Row(
        "page of cameras, layout shift until all is live, the largest",
        "",
        max(shifts),
        bound=Bound(most=0),
        runs=shifts,
    )
    for name, pick in (("the first tile", min), ("every tile on the screen", max)):
        live = [pick(each.live_ms) / 1000 for each in ours]
        yield Row(
            f"page of cameras, opened → {name} live, warm, p95", "s", percentile(live, 0.95), bound=LIVE, runs=live
        )


def _opened(path: str, times: int) -> tuple[list[Opened], list[Opened]]:
    """The page of cameras, and a static page with its stills, each opened so often in turn."""
    ours, floor = [], []
    with demo() as program, cores.beside(), sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(1000 * WITHIN_S)
        page.add_init_script(NOTED)
        sign_in(program, page, "demo@example.com")
        until_true(page, IS_LIVE, None, WITHIN_S)
        until_true(page, KEPT, None, WITHIN_S)
        with _static(page, Path(folder)) as static:
            for number in range(times):
                say(f"Opened: {number + 1} of {times}")
                floor.append(_seen(page, static, IS_PAINTED))
                ours.append(_seen(page, f"{program.web}/home", IS_LIVE))
        browser.close()
    return ours, floor


def _seen(page: Page, address: str, until: str) -> Opened:
    page.goto("about:blank")
    page.goto(address)
    until_true(page, IS_PAINTED, None, WITHIN_S)
    until_true(page, until, None, WITHIN_S)
    return convert(page.evaluate(SEEN), Opened)


@contextmanager
def _static(page: Page, folder: Path) -> Iterator[str]:
    """The address of a page with the stills of `page` alone."""
    page.reload()
    addresses = page.locator("img.last").evaluate_all("images => images.map(({ src }) => src)")
    for number, address in enumerate(addresses):
        (folder / f"{number}.jpg").write_bytes(page.request.get(address).body())
    images = "".join(f'<img src="{number}.jpg" width="408" height="230">' for number in range(len(addresses)))
    (folder / "index.html").write_text(f"<!doctype html><title>Stills</title><body>{images}</body>")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...
