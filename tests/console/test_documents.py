"""The owner's documents on the console's pages: what a link leads to, and who may read them."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from showcam.console.documents import anchor
from tests.doubles.home_world import HomeWorld, home_world

ROOT = Path(__file__).parents[2]
LINKS = {
    link
    for template in (ROOT / "showcam" / "console" / "templates").rglob("*.html")
    for link in re.findall(r'href="/home/documents/([^"]+)"', template.read_text())
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[HomeWorld]:
    made = home_world(tmp_path)
    yield made
    made.home.store.close()


def test_each_link_of_a_page_leads_to_a_heading_and_its_text(world: HomeWorld) -> None:
    """Of a browser that has not given the code: the page that asks for it leads to a document."""
    assert len(LINKS) >= 4
    for link in LINKS:
        name, _, at = link.partition("#")
        page = world.browser().visit(f"/home/documents/{name}")
        assert page.status == 200
        assert page.answer is not None
        text = unescape(page.answer.text)
        assert f'<h2 id="{at}"' in text, link
        document = (ROOT / "docs" / "owner" / name).read_text()
        for section in document.split("\n#")[1:]:
            heading, _, body = section.lstrip("#").partition("\n")
            if anchor(heading.strip()) == at:
                assert body.strip("\n")[:200] in text


@pytest.mark.parametrize(
    "name", ["nothing.md", "..%2Fverified.md", "../verified.md", "install", "INSTALL.md", "a" * 5000 + ".md", "%00.md"]
)
def test_what_is_no_document_is_not_found(world: HomeWorld, name: str) -> None:
    assert world.signed_in().visit(f"/home/documents/{name}").status == 404


def test_the_documents_are_for_the_house(world: HomeWorld) -> None:
    """As all of the console by default: another network gets what a missing page gets."""
    assert world.browser(peer="203.0.113.9").visit("/home/documents/install.md").status == 404
