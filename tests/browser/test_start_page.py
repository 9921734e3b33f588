"""The pages that the owner's book leads over: each is served with the words that its step has in bold."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.doubles.packages import script
from tests.doubles.program import Program

pytestmark = pytest.mark.proves(
    "The pages of set-up have the words that the owner's book names",
    leans_on="second stack: Chromium; double: EZVIZ's cloud",
)

DOCS = Path(__file__).parents[2] / "docs"
TEXT = "\n".join((DOCS / "owner" / f"{page}.md").read_text() for page in ("cameras", "reachable", "google", "alexa"))
screenshots = script("screenshots")
MOST = 80_000  # bytes of a picture
PICTURE = re.compile(r"\]\(\.\./images/start-([\w-]+)\.png\)")
STEPS = {name: step for step in TEXT.split("\n## ") for name in PICTURE.findall(step)}


@pytest.fixture(scope="module")
def houses(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    with (
        screenshots.at_home(tmp_path_factory.mktemp("new"), "") as new,
        screenshots.at_home(tmp_path_factory.mktemp("home"), screenshots.PUBLIC) as home,
    ):
        yield screenshots.Houses(program, new, home)


def test_each_picture_is_of_one_step_and_small() -> None:
    assert PICTURE.findall(TEXT) == [*STEPS]
    assert [*STEPS] == [*screenshots.SHOTS]
    sizes = {file.name: file.stat().st_size for file in (DOCS / "images").iterdir()}
    assert {f"start-{name}.png" for name in STEPS} == {name for name in sizes if name.startswith("start-")}
    assert {name: size for name, size in sizes.items() if size > MOST} == {}


@pytest.mark.parametrize("name", STEPS)
def test_a_page_has_what_its_step_names(chromium: Browser, houses: object, name: str) -> None:
    named = [" ".join(words.split()) for words in re.findall(r"\*\*(.+?)\*\*", STEPS[name], re.DOTALL)]
    assert named
    page = screenshots.opened(chromium, screenshots.SHOTS[name].height)
    screenshots.SHOTS[name].lead(page, houses)
    shown = page.inner_text("body")
    for details in page.locator("details").all():  # of those with one name only one is open at a time
        details.evaluate("details => details.open = true")
        shown += page.inner_text("body")
    shown = " ".join(shown.split())
    page.context.close()
    assert [words for words in named if words not in shown] == []
