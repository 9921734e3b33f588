"""The owner's documents on the pages of help: what a link leads to, and that nothing else is read."""

import re
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import Client

from showcam.app.shipped import document
from showcam.console.help.documents import Documents, anchor
from showcam.console.help.public import blueprint
from showcam.console.look import files

ROOT = Path(__file__).parents[2]
FILES = sorted(document("owner").glob("*.md"))
LINKS = {
    link
    for template in (ROOT / "showcam" / "console").rglob("*.html")
    for link in re.findall(r'href="/help/docs/([^"]+)"', template.read_text())
}


@pytest.fixture
def visitor() -> Client:
    app = Flask("test", static_folder=None)
    app.register_blueprint(files.blueprint())
    app.register_blueprint(blueprint(practice_url="", documents=Documents(FILES)))
    return app.test_client()


def shown(visitor: Client, name: str) -> str:
    answer = visitor.get(f"/help/docs/{name}")
    assert answer.status_code == 200, name
    return answer.text


def test_each_link_of_a_page_leads_to_a_heading_and_its_text(visitor: Client) -> None:
    assert len(LINKS) >= 4
    for link in LINKS:
        name, _, at = link.partition("#")
        text = unescape(shown(visitor, name))
        assert f'<h2 id="{at}"' in text, link
        for section in (ROOT / "docs" / "owner" / name).read_text().split("\n#")[1:]:
            heading, _, body = section.lstrip("#").partition("\n")
            if anchor(heading.strip()) == at:
                assert body.strip("\n").partition("[")[0][:200] in text


def test_each_link_of_a_document_leads_to_a_document_and_its_heading(visitor: Client) -> None:
    assert len(FILES) >= 5
    pages = {file.name: shown(visitor, file.name) for file in FILES}
    links = {(name, link) for name, text in pages.items() for link in re.findall(r'<a href="([^"]+)"', text)}
    within = {(name, link) for name, link in links if not link.startswith(("https://", "/"))}
    assert len(within) >= 5
    for name, link in within:
        leads_to, _, at = link.partition("#")
        assert not at or f'id="{at}"' in pages[leads_to or name], (name, link)


@pytest.mark.parametrize(
    "name",
    [
        "nothing.md",
        "..%2FREADME.md",
        "../README.md",
        "install",
        "INSTALL.md",
        "a" * 5000 + ".md",
        "%00.md",
        "install.md/",
    ],
)
def test_what_is_no_document_is_not_found(visitor: Client, name: str) -> None:
    assert visitor.get(f"/help/docs/{name}").status_code == 404


def test_only_harmless_links_are_links_and_the_text_is_escaped(tmp_path: Path) -> None:
    file = tmp_path / "own.md"
    file.write_text(
        '# A <b>\n\n<script> [x](javascript:alert) [y](https://a.example/"><i>) [z](own.md#a) [w](other.md)\n'
    )
    app = Flask("test", static_folder=None)
    app.register_blueprint(files.blueprint())
    app.register_blueprint(blueprint(practice_url="", documents=Documents([file])))
    assert (
        '<pre class="document" lang="en">&lt;script&gt; [x](javascript:alert) '
        '<a href="https://a.example/&#34;&gt;&lt;i&gt;">y</a> <a href="own.md#a">z</a> [w](other.md)</pre>'
    ) in app.test_client().get("/help/docs/own.md").text
