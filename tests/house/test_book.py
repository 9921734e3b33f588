"""The owner's book is short, says what the screen says, and has one form. Integrators' pages stand apart from it."""

import functools
import re
from html import unescape
from pathlib import Path

import pytest

from tests.doubles.packages import script

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MOST = 6000  # words of the whole book, which an evening reads
SETTINGS = DOCS / "owner/settings.md"  # a table to look things up in, made by `make tables`
BOOK = [page for page in sorted((DOCS / "owner").glob("*.md")) if page != SETTINGS]
INTEGRATORS = sorted((DOCS / "integrator").glob("*.md"))
# Their sentences have 25 words at most; `make house` counts the findings in all documents, with 30.
PLAIN = [
    *BOOK,
    ROOT / "README.md",
    ROOT / "ship/home-assistant/README.md",
    ROOT / "ship/home-assistant/DOCS.md",
    DOCS / "README.md",
    *(DOCS / f"integrator/{name}.md" for name in ("google-home", "skill")),
]
GAPS = {"vendor": "EZVIZ"}
TEMPLATES = [*(ROOT / "showcam/console").rglob("*.html"), *(ROOT / "oauth").rglob("*.html")]
sentences = script("sentences")
wording = script("wording")


@functools.cache
def of_screens() -> tuple[set[str], str]:
    """What showcam's pages say in English: the sentences, and the text that stands in their templates."""
    said = {sentence for domain in sentences.domains() for sentence in sentences.said(domain)}
    for gap, name in GAPS.items():
        said |= {sentence.replace(f"{{{gap}}}", name) for sentence in said}
    return said, unescape(" ".join(template.read_text() for template in TEMPLATES))


def test_an_evening_reads_the_owners_book() -> None:
    assert len(BOOK) >= 7
    assert sum(len(page.read_text().split()) for page in BOOK) <= MOST


@pytest.mark.parametrize("page", BOOK, ids=lambda page: page.stem)
def test_what_a_page_of_the_book_has_in_bold_is_on_a_screen(page: Path) -> None:
    """Bold is for showcam's words alone; those of other makers' screens, which nobody here can hold, are in italics."""
    said, templates = of_screens()
    named = {" ".join(words.split()) for words in re.findall(r"\*\*(.+?)\*\*", page.read_text(), re.DOTALL)}
    assert {words for words in named if words not in said and f">{words}<" not in templates} == set()


@pytest.mark.parametrize("page", BOOK, ids=lambda page: page.stem)
def test_a_page_of_the_book_says_what_is_needed_and_what_is_then_seen(page: Path) -> None:
    text = page.read_text()
    assert re.search(r"\b(free|costs?)\b", text.split("\n\n")[1])
    assert text.count("\n## You need\n") == 1
    for told in ("You should ", "\n1. "):
        assert told in text
    assert re.search(r"\b[Ii]f not\b|\bnothing helps\b", text)


@pytest.mark.parametrize("page", INTEGRATORS, ids=lambda page: page.stem)
def test_an_integrators_page_stands_apart_and_begins_with_a_picture_of_the_system(page: Path) -> None:
    text = page.read_text()
    assert re.findall(r"\]\([^)]*\bowner/[^)]*\)", text) == []
    beginning = text.split("\n## ")[0]
    assert re.search(r"^```text\n.*?──▶.*?^```$", beginning, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PLAIN, ids=lambda page: str(page.relative_to(ROOT)))
def test_it_is_in_plain_words(page: Path) -> None:
    """By the rules for what people read on showcam's own pages."""
    found = [
        (rule, passage) for part in wording.paragraphs(page.read_text()) for rule, passage in wording.of_page(part)
    ]
    assert found == []
