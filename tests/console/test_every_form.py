"""Each form of the console, as its pages have it, with nonsense of each kind: a sentence in place, nothing lost."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from showcam.accounts.households import with_lan
from showcam.drivers.lan.devices import Device, Devices, Pictured
from showcam.registry.notices.notifier import Addresses
from tests.doubles.console_forms import Form, Reader
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld, home_world
from tests.doubles.linking_world import CAREFUL

pytestmark = pytest.mark.proves(
    "Each form takes nonsense, 5 MB and a missing token with a sentence, and changes nothing",
    also=("tests/console/test_nonsense.py",),
)

# what these do needs no field; the first two end the walk, the last two put the next page in another language
DEEDS = {"sign-out", "again", "hand-secret", "nb", "de"}
IDS = (
    "link",
    "links",
    "client",
    "camera",
    "address",
    "row",
    "tv",
    "household",
    "browser",
    "player",
)  # fields that name something
HELD = {"csrf_token", "shown"}  # what a form says of itself: with another it is refused before its fields are read
FORM = "application/x-www-form-urlencoded"
LONG = "x" * 5_000_000
NOT_OF_THE_PAGE = "This page has expired, or cookies are off"
SENTENCE = re.compile(r'role="alert"[^>]*>\s*\S|class="alert"[^>]*>\s*\S')


def walked(browser: HomeBrowser) -> list[Form]:
    """The forms of every page of the console that links lead to from /home."""
    left, seen, forms = ["/home"], set[str](), list[Form]()
    while left:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = browser.ask("GET", path)
        if "text/html" not in answer.content_type:
            continue
        reader = Reader(path)
        reader.feed(answer.text)
        forms += reader.forms
        left += [link for link in reader.links if link.startswith("/home")]
    return forms


@dataclass
class Console:
    world: HomeWorld
    browsers: dict[str, HomeBrowser]
    forms: list[tuple[str, Form]]  # with the browser that has it


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A stranger, who entered, who is asked for a code, and an owner of something of each kind.

    One for all tests, each of which leaves it as it was.
    """
    world = home_world(tmp_path_factory.mktemp("console"), own=True, find=lambda *_: [])
    home = world.home
    home.driver.change("Garage", ways=("cloud",))
    home.driver.change("Attic", online="on", ways=())
    home.driver.change("Pond", ways=("lan",))
    lan = with_lan(home.store, home.account.id)
    Devices(home.store).put(lan, Device("S", 1, "Shed", "192.168.1.20", 554, Pictured("/live"), user="a", password="b"))
    Addresses(home.store).add(home.account.id, "json://127.0.0.1:9/", "JSON", "Kari’s phone")
    browsers = {
        "stranger": world.browser().get(),
        "entered": world.browser().enter(world.code.renew()),
        "careful": world.browser().enter(world.code.renew()).sign_in(CAREFUL),
        "owner": world.signed_in(),
    }
    forms = {
        (form.action, *form.fields, *form.steps): (name, form)
        for name, browser in browsers.items()
        for form in walked(browser)
    }
    yield Console(world, browsers, list(forms.values()))
    home.store.close()


def outcome(status: int, text: str) -> str:
    """fault, done, said (a sentence says why not), or silent."""
    if status >= 500:
        return "fault"
    if status < 400:
        return "done"
    return "said" if SENTENCE.search(text) else "silent"


def sent(console: Console, who: str, form: Form, step: tuple[str, str] | None, fields: Any, **more: Any) -> str:
    browser = console.browsers[who]
    data = {"csrf_token": browser.token} | fields | ({step[0]: step[1]} if step else {})
    if LONG in data.values():  # it is letters, and to look through them for others takes longer than the answer
        short = urlencode({name: value for name, value in data.items() if value != LONG})
        body = "&".join([short, *(f"{quote(name)}={LONG}" for name, value in data.items() if value == LONG)])
        answer = browser.ask("POST", form.action, data=body, content_type=FORM, **more)
    else:
        answer = browser.ask("POST", form.action, data=data, **more)
    assert NOT_OF_THE_PAGE not in answer.text, "then its fields were not read"
    return outcome(answer.status_code, answer.text)


def every(console: Console) -> Iterator[tuple[str, Form, tuple[str, str] | None]]:
    for who, form in console.forms:
        if not form.steps:
            yield who, form, None
        for step in form.steps:
            if step[1] not in DEEDS:
                yield who, form, step


def as_it_was(console: Console) -> dict[str, object]:
    home = console.world.home
    return {
        "applied": tuple(home.driver.applied),
        "codes": dict(home.driver.codes),
        "links": home.store.links(home.account.id),
        "clients": home.store.clients(),
        "cameras": home.store.preferences(home.account.id),
        "addresses": Addresses(home.store).of(home.account.id),
        "own": Devices(home.store).read(with_lan(home.store, home.account.id)),
    }


def test_the_pages_are_walked_and_their_forms_found(console: Console) -> None:
    assert {
        form.page.partition("?")[0].replace(console.world.home.id("Garden"), "GARDEN") for _, form in console.forms
    } >= {
        "/home",
        "/home/cameras/GARDEN",
        "/home/assistants",
        "/home/health",
        "/home/health/notices",
        "/home/phones",
        "/home/try",
        "/home/setup",
        "/home/reachable",
        "/home/alexa",
        "/home/alexa/hand",
        "/home/google",
    }
    assert {"stranger", "entered", "careful", "owner"} == {who for who, _ in console.forms}
    assert len(list(every(console))) > 50


def test_without_the_pages_token_each_says_so(console: Console) -> None:
    before = as_it_was(console)
    for who, form, step in every(console):
        data = form.fields | ({step[0]: step[1]} if step else {}) | {"csrf_token": ""}
        answer = console.browsers[who].ask("POST", form.action, data=data)
        assert (answer.status_code, NOT_OF_THE_PAGE in answer.text) == (400, True), (form.action, step)
    assert as_it_was(console) == before


OF_ITS_OWN = {("step", name) for name in ("rename", "login", "move", "remove")}
KINDS = {
    "nothing": "",
    "5 MB": LONG,
    "control signs": "a\x00b\x1b[31m\x7f\r\nSet-Cookie: c=d",
    "another type": '[1, {"a": null}]',
    "twice": ["a", "b"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_nonsense_in_every_field_of_every_form_is_said_and_changes_nothing(console: Console, kind: str) -> None:
    before, outcomes = as_it_was(console), []
    for who, form, step in every(console):
        if step in OF_ITS_OWN and (kind != "5 MB" or step == ("step", "remove")):
            continue  # any name and login is one, by which a camera of one's own is tried; its removal reads no field
        bad = list(form.fields)[-2:] if kind == "5 MB" else form.fields
        fields = {name: form.fields[name] if name in HELD else KINDS[kind] for name in bad}
        outcomes.append((form.action, step, sent(console, who, form, step, fields)))
    assert [outcome for outcome in outcomes if outcome[2] in ("fault", "silent")] == []
    if kind == "nothing":  # what is not ticked is kept as not wanted, which it was
        before["cameras"] = console.world.home.store.preferences(console.world.home.account.id)
    assert as_it_was(console) == before
    assert "Garden" in console.browsers["owner"].get().text


def test_what_a_form_names_and_is_not_there_is_said(console: Console) -> None:
    before = as_it_was(console)
    for who, form, step in every(console):
        named = {name: "ezviz-" + "z" * 20 for name in form.fields if name in IDS}
        if named and (step is None or step[1] != "acknowledge"):
            assert sent(console, who, form, step, form.fields | named) == "said", (form.action, step)
    assert as_it_was(console) == before
