"""An integrator's product in the started program: what customers read and hear has its name, and not showcam's."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from showcam.registry.gate.reasons import FACTS
from tests.doubles.console_browser import Page
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until

NAME, MAKER = "Acme View", "Acme & Søn AS"
TEXTS = f"""
name = "{NAME}"
maker = "{MAKER}"
support = "mailto:help@acme.example"
privacy = "https://acme.example/privacy"
terms = "https://acme.example/terms"
"""
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>'
NOT_OF_IT = ("/static", "/help/docs/")  # the documents are for whoever runs it
PUBLIC = ("/start", "/help", "/oauth/privacy", "/no-such-page", *(f"/help/{reason}" for reason in FACTS))
AUTHORIZE = "/oauth/authorize?response_type=code&client_id=demo-alexa&state=s"
OF_A_DEMO = "showcam-demo"  # a password that everybody knows
WI_FI = "showcam, "  # the network of the demo's cameras, with its strength
NAMED = re.compile(r"showcam", re.IGNORECASE)


class Reading(HTMLParser):
    """What a person reads on a page, or hears of it, and the addresses of this program that it leads to."""

    SAID = ("alt", "aria-label", "content", "placeholder", "title", "download", "value")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._hidden = tag in ("script", "style")
        if tag == "a":
            self.links.append(given.get("href", ""))
        if given.get("type") != "hidden":
            self.texts += [given[name] for name in self.SAID if name in given]

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.texts.append(data)


def names_in(html: str) -> list[str]:
    """The texts of a page that name showcam."""
    texts = [" ".join(text.replace(OF_A_DEMO, "").split()) for text in Reading(html).texts]
    return [text for text in texts if NAMED.search(text) and not text.startswith(WI_FI)]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder: Path = tmp_path_factory.mktemp("product")
    (folder / "product.toml").write_text(TEXTS)
    (folder / "logo.svg").write_text(LOGO)
    with running(folder, SHOWCAM_PRODUCT=str(folder), SHOWCAM_OPENS_PER_MINUTE="60") as program:
        program.link("alexa")
        program.link("google")
        yield program


@pytest.fixture(scope="module")
def owner(product: Program) -> Page:
    page = Page(product)
    page.enter("demo@example.com", OF_A_DEMO)
    return page


@pytest.mark.parametrize("language", ["en", "nb", "de"])
def test_no_page_says_showcam(product: Program, owner: Page, language: str) -> None:
    owner.session.headers["Accept-Language"] = language
    found: dict[str, list[str]] = {}
    waiting, seen = [*PUBLIC, "/home"], set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = owner.session.get(f"{product.web}{path}", timeout=LONG_S)
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        assert f'lang="{language}"' in answer.text, path
        assert f'<span class="name">{NAME}</span>' in answer.text, path
        if said := names_in(answer.text):
            found[path] = said
        for link in Reading(answer.text).links:
            there = urlsplit(urljoin(answer.url, link))
            if there.netloc == urlsplit(product.web).netloc and not there.path.startswith(NOT_OF_IT):
                waiting.append(f"{there.path}?{there.query}" if there.query else there.path)
    assert {path.partition("?")[0] for path in seen} >= {"/home/assistants", "/home/setup", "/home/phones", "/home/try"}
    assert found == {}


@pytest.mark.parametrize("language", ["en", "nb", "de"])
def test_linking_says_whose_service_it_is(product: Program, language: str) -> None:
    redirect = "https://pitangui.amazon.com/api/skill/link/DEMO"
    page = requests.get(
        f"{product.web}{AUTHORIZE}&redirect_uri={redirect}", headers={"Accept-Language": language}, timeout=LONG_S
    )
    assert names_in(page.text) == []
    made = {"en": "Made by Acme &amp; Søn AS.", "nb": "Laget av Acme &amp; Søn AS.", "de": "Von Acme &amp; Søn AS."}
    assert made[language] in page.text
    for address in ("mailto:help@acme.example", "https://acme.example/privacy", "https://acme.example/terms"):
        assert f'<a href="{address}">' in page.text
    assert "img-src 'self'" in page.headers["Content-Security-Policy"]


def test_its_logo_is_shown_and_runs_nothing(product: Program) -> None:
    page = requests.get(f"{product.web}/start", timeout=LONG_S).text
    assert page.count("/static/logo") == 2
    logo = requests.get(f"{product.web}/static/logo", timeout=LONG_S)
    assert (logo.text, logo.headers["Content-Type"].partition(";")[0]) == (LOGO, "image/svg+xml")
    assert logo.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in logo.headers["Content-Security-Policy"]
    assert "sandbox" in logo.headers["Content-Security-Policy"]
    manifest = requests.get(f"{product.web}/static/app.webmanifest", timeout=LONG_S)
    assert manifest.headers["Content-Type"] == "application/manifest+json"
    app = manifest.json()
    assert (app["name"], app["short_name"], app["icons"]) == (NAME, NAME, [{"src": "logo", "sizes": "any"}])
    assert f"<title>{NAME}</title>" in requests.get(f"{product.web}/receiver", timeout=LONG_S).text


def test_no_assistant_is_told_of_showcam(product: Program) -> None:
    for assistant, wish in (("alexa", "discover devices"), ("google", "sync devices")):
        product.assistant(assistant, "say", text=wish)
        for camera in ("garden", "garage", "attic"):
            product.assistant(assistant, "watch", text=f"show the {camera} camera")
            product.assistant(assistant, "say", text="stop")
        if assistant == "alexa":
            for asked in ("which cameras are ready", "why I can't see the garage", "help", "fix the pond"):
                outcome = product.assistant(assistant, "watch", text=f"Alexa, ask my cameras {asked}")["outcome"]
                assert not NAMED.search(outcome["spoken"]), outcome
        trace = requests.get(f"{product.simulator}/assistants/{assistant}/trace", timeout=LONG_S).json()["entries"]
        said = [json.dumps(entry["response"]) for entry in trace]
        assert len(said) > 5
        assert [text for text in said if NAMED.search(text)] == []
    assert any(f"through {NAME}" in text for text in map(json.dumps, traced(product, "alexa")))


def traced(program: Program, assistant: str) -> list[object]:
    entries = requests.get(f"{program.simulator}/assistants/{assistant}/trace", timeout=LONG_S).json()["entries"]
    return [entry["response"] for entry in entries]


def test_a_display_is_shown_a_card_of_the_product(product: Program) -> None:
    until(lambda: product.assistant("alexa", "watch", text="show the garage camera")["outcome"]["shown"])
    product.assistant("alexa", "say", text="stop")
    log = product.log.read_text()
    assert "Traceback" not in log


def test_the_values_for_googles_console_have_its_name(product: Program) -> None:
    printed = product.command("google", "values", "--demo").stdout
    assert f"Integration name:\n    {NAME}\n" in printed


def test_a_folder_that_cannot_be_used_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "product.toml").write_text('name = "Acme <b>"')
    program = Program(tmp_path, demo=True, SHOWCAM_PRODUCT=str(tmp_path))
    done = program.command("run", "--demo")
    assert done.returncode != 0
    assert "name in product.toml there is 'Acme <b>'; 2 to 30 letters and digits" in done.stderr
