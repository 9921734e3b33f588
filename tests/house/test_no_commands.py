"""No page, card or assistant tells a person to type a command, and the buttons that sentences name are there."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path

import pytest
from click import Context

import actions.errors
import showcam.alexa.errors
from showcam.app.cli import main
from showcam.app.setup.skill_creation import Made
from showcam.app.setup.smapi import Profile
from showcam.cast.errors import SENTENCES
from showcam.console.home.sentences import ASKED_FOR, AT_ITS_TILE, HERE, OWN
from showcam.console.home.tiles import AT_TILE
from showcam.console.setup.skill import Step
from showcam.drivers import SPEECHES
from showcam.drivers.camera import Failed, Refusal
from showcam.drivers.errors import REASONS, Reason
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import LANGUAGES
from showcam.registry.gate.reasons import explain
from showcam.registry.notices.faults import KINDS, Fault
from showcam.registry.notices.notifier import Names, notice
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import home_world
from tests.doubles.packages import script

pytestmark = pytest.mark.proves("No page holds a shell command", also=("tests/console/test_documents.py",))

ROOT = Path(__file__).parents[2]
PAGES = (
    "showcam/console",
    "oauth",
    "showcam/cast",
    "showcam/simulator/assistants/page",
)  # what people open in a browser or see on a TV
VENDORED = ("hls", "htmx")
# the documents, which pages lead to, hold commands; the log and a trial's messages quote what was written elsewhere
QUOTED = ("/help/docs/", "/home/health/log")
words = script("sentences")
GROUPS = "|".join(main.list_commands(Context(main)))  # what may follow the program's name in a terminal
OTHERS = (
    r"sudo|make (?:up|run|install|ship)|git (?:pull|clone)|docker(?: compose)? \w+|podman|systemctl|journalctl"
    r"|pip install|python3? -|curl|ssh|apt(?:-get)? install|cloudflared tunnel|tailscale (?:funnel|up|serve)"
    r"|timedatectl"
)
COMMAND = re.compile(rf"\bshowcam (?:{GROUPS})\b|\b(?:{OTHERS})\b|\s--[a-z]")
NAMED = re.compile("[“„«](.+?)[”“»]")


def all_sentences() -> Iterator[str]:
    """Each sentence that pages, cards, notices and assistants say, and its translations."""
    for domain in words.domains():
        yield from words.said(domain)
        for language in words.LANGUAGES:
            yield from (str(message.string) for message in words.kept(domain.file(language, "po"), language))


def rendered() -> Iterator[str]:
    """Each reason as each surface says it, of cameras of each vendor, one's own and shared; and each notice."""
    surfaces: tuple[Mapping[Reason, Sentence], ...] = (
        {},
        showcam.alexa.errors.WRITTEN,
        actions.errors.WRITTEN,
        OWN,
        HERE,
        ASKED_FOR,
        AT_TILE,
        AT_ITS_TILE,
    )
    for language in LANGUAGES:
        for reason in REASONS:
            for vendor in ("", "Lakeside", *SPEECHES):
                for shared in (False, True):
                    refusal = Refusal((Failed(reason),), "Garden", vendor, shared=shared)
                    yield from (explain(refusal, language, own) for own in surfaces)
        for kind in KINDS:
            names = Names("Garden", "EZVIZ", "Alexa", "Kari")
            yield " ".join(notice(Fault("", kind, "", 0.0), names, "http://cam.local/home", language))


@pytest.mark.parametrize(
    "text",
    [
        'The owner can allow it with: showcam cameras set "Garden" voice_may …',
        "Get a new one on the machine showcam runs on: showcam home",
        "See which there are with showcam cast --list, and that the TV is on.",
        "Sign in to EZVIZ on http://cam.local, or where showcam runs with: showcam login",
        "Give it where showcam runs: showcam cameras move NAME ADDRESS.",
        "One comes as this one came: by git pull in its folder",
        "It is put back by the command showcam restore.",
        "The owner sets one: showcam pin set.",
        "your address is printed by: tailscale funnel status",
    ],
)
def test_what_counts_as_a_command(text: str) -> None:
    assert COMMAND.search(text)


def test_no_sentence_holds_a_command() -> None:
    assert [text for text in all_sentences() if COMMAND.search(text)] == []


def test_no_reason_and_no_notice_holds_a_command() -> None:
    texts = set(rendered())
    assert len(texts) > 300
    assert [text for text in texts if COMMAND.search(text)] == []


def test_no_tv_is_explained_by_a_command() -> None:
    assert [pair for pair in SENTENCES.values() if COMMAND.search(" ".join(pair))] == []


def sources() -> list[Path]:
    """The templates and scripts of all pages, but for scripts of others."""
    found = [file for room in PAGES for end in ("html", "js") for file in (ROOT / room).rglob(f"*.{end}")]
    return [file for file in found if not file.name.startswith(VENDORED)]


def walked(browser: HomeBrowser, start: str = "/home") -> dict[str, str]:
    """What each page says that links lead to, by its address: text, blocks of code, and fields with their values."""
    left, found = [start], dict[str, str]()
    while left:
        path = left.pop()
        answer = browser.ask("GET", path)
        if path in found or "text/html" not in answer.content_type:
            continue
        found[path] = unescape(answer.text)
        links = [link.partition("#")[0] for link in re.findall(r'<a [^>]*href="([^"]+)"', found[path])]
        left += [link for link in links if link.startswith(("/home", "/help")) and not link.startswith(QUOTED)]
    return found


def test_no_template_and_no_script_of_a_page_holds_a_command() -> None:
    assert len(sources()) > 40
    holding = {str(file.relative_to(ROOT)): COMMAND.search(file.read_text()) for file in sources()}
    assert {file: found[0] for file, found in holding.items() if found} == {}


def test_no_page_holds_a_command_as_it_is_shown(tmp_path: Path) -> None:
    """Of a stranger, of a browser that gave the code, and of an owner whose skill waits for its function at AWS."""
    spoken: tuple[Step, ...] = ("vendor", "skill", "linking", "models", "testing")
    skill = Made(Profile("id", "secret"), "en-GB", "refresh", "M1", "amzn1.ask.skill.x", done=spoken)
    world = home_world(tmp_path, own=True, find=lambda *_: [], skill=skill)
    owner = world.signed_in()
    shown = {f"owner {path}": text for path, text in walked(owner).items()}
    shown |= {f"stranger {path}": text for path, text in walked(world.browser()).items()}
    shown |= {f"entered {path}": text for path, text in walked(world.browser().enter(world.code.renew())).items()}
    form = {"csrf_token": owner.token, "step": "project", "project": "my-showcam-123"}
    shown["project"] = unescape(owner.ask("POST", "/home/google", data=form, follow_redirects=True).text)
    for step, page in (("stack", "/home/alexa"), ("hand-stack", "/home/alexa/hand")):
        owner.visit(page)
        form = {"csrf_token": owner.token, "step": step, "language": "en-GB"}
        shown[step] = unescape(owner.ask("POST", page, data=form).text)
    owners = {f"owner /home/{page}" for page in ("setup", "reachable", "alexa", "health")}
    assert {*owners, "stranger /home"} <= shown.keys()
    assert "my-showcam-123" in shown["project"]
    assert all("one:a2tr" in shown[step] for step in ("stack", "hand-stack"))
    assert {path: found[0] for path, text in shown.items() if (found := COMMAND.search(text))} == {}
    world.home.store.close()


OF_REASONS = ("gate/reasons.py", "/sentences.py", "drivers/ezviz/__init__.py", "drivers/lan/__init__.py")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_button_that_a_reason_names_is_one_of_the_pages(language: str) -> None:
    """What stands in quotation marks in the sentence of a reason is what the button says in that language."""
    ours = words.kept(words.domains()[0].file(language, "po"), language)
    found = 0
    for domain in words.domains():
        for message in words.kept(domain.file(language, "po"), language):
            of_reasons = any(
                place.endswith(("gate/reasons.py", "/sentences.py", "ezviz/__init__.py", "lan/__init__.py"))
                for place, _ in message.locations
            )
            if not of_reasons or any(
                place.startswith(("showcam/alexa/", "actions/")) for place, _ in message.locations
            ):
                continue
            for english, translated in zip(
                NAMED.findall(str(message.id)), NAMED.findall(str(message.string)), strict=True
            ):
                button = ours.get(english)
                if button is not None:
                    found += 1
                    assert translated == button.string
    assert found >= 6
