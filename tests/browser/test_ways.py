"""The ways of set-up, walked in a browser: how many pages, presses and values each takes, and what the docs say."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_home import at_start, plays
from tests.doubles.console_browser import PASSWORD
from tests.doubles.linkable_house import ARN, URL, House, owned
from tests.doubles.program import ROOT, running
from tests.doubles.skill_management import EVENTS, PROFILE, SkillManagement

TABLE = ROOT / "docs/maintainer/pages.md"
GOOGLE = "https://oauth-redirect.googleusercontent.com/r/my-cameras-123"
ALEXA = "https://layla.amazon.com/api/skill/link/M1ABCDEFGHIJKL"
SKILL = "amzn1.ask.skill.00000000-0000-4000-8000-00000000hand"

pytestmark = pytest.mark.proves(
    "A first picture, a second phone, Google and both roads to Alexa take the pages, presses and values of a table",
    leans_on="second stack: Chromium; double: EZVIZ, Amazon and Google",
)


class Figures(NamedTuple):
    pages: int
    presses: int
    typed: int
    copied: int


class Walk:
    """A person who walks a way. `page` may be changed for one in another window.

    A page counts once in a window, whatever is opened on it. `copied` values go to a vendor's console.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self._seen: set[tuple[int, str, str, bool]] = set()
        self._presses = self._typed = self._copied = 0

    def press(self, name: str) -> None:
        link = self.page.get_by_role("link", name=name, exact=True)
        button = self.page.get_by_role("button", name=name, exact=True)
        self._act_on(link.or_(button).locator("visible=true").first.click)

    def type(self, **values: str) -> None:
        """Types into fields, by their names with _ for each hyphen."""
        for name, value in values.items():
            field = self.page.locator(f"[name={name.replace('_', '-')}]:visible")
            field.fill(value)
            self._typed += 1

    def copy(self, *fields: str) -> None:
        for field in fields:
            self._act_on(self.page.locator(f"[data-copy={field}]").click)
            self._copied += 1

    def scan(self) -> None:
        """The phone's camera reads the code, which stands for a press."""
        expect(self.page.locator(".qr svg")).to_be_visible()
        self._act_on(lambda: None)

    def arrive(self, text: str) -> Figures:
        """Waits for the text at the end of the way."""
        expect(self.page.locator("main")).to_contain_text(text)
        self.look()
        return self.figures()

    def figures(self) -> Figures:
        return Figures(len(self._seen), self._presses, self._typed, self._copied)

    def look(self) -> None:
        """Counts the page. Sign-in and consent of linking share an address and a title."""
        has_password = self.page.locator("[type=password]").count() > 0
        self._seen.add((id(self.page), urlsplit(self.page.url).path, self.page.title(), has_password))

    def _act_on(self, act: Callable[[], None]) -> None:
        self.page.wait_for_load_state("load")
        self.look()
        act()
        self._presses += 1


def context_of(browser: Browser) -> BrowserContext:
    """A browser with nothing but this machine: the pages of vendors stay empty."""
    return browser.new_context(
        locale="en-GB",
        viewport={"width": 1280, "height": 900},
        proxy={"server": "http://127.0.0.1:9", "bypass": "127.0.0.1,localhost"},
        ignore_https_errors=True,
    )


class Owner(NamedTuple):
    """The browser of an owner who is signed in, at first at the page of cameras."""

    walk: Walk
    web: str
    amazon: SkillManagement

    def window(self, address: str) -> Page:
        page = self.walk.page.context.new_page()
        page.goto(f"{self.web}{address}")
        return page

    def agree_at_amazon(self, name: str) -> None:
        """Presses what leads to Amazon, which leads the browser to showcam's public address, in another window."""
        page = self.walk.page
        with page.context.expect_event("request", lambda request: request.url.startswith(URL)) as returned:
            self.walk.press(name)
        self.walk.page = self.window(returned.value.url.removeprefix(URL))
        self.walk.look()
        self.walk.page = page

    def link(self, client: str, redirect: str) -> Figures:
        """An assistant's app opens the pages of linking, until they lead back to it."""
        query = {"response_type": "code", "client_id": client, "redirect_uri": redirect, "state": "s"}
        self.walk.page = self.window(f"/oauth/authorize?{urlencode(query)}")
        self.walk.type(user="owner", password=PASSWORD)
        self.walk.press("Sign in")
        agree = "Agree and link" if client == "google" else "Authorize"
        with self.walk.page.expect_event("request", lambda request: request.url.startswith(f"{redirect}?")) as led:
            self.walk.press(agree)
        assert "code" in dict(parse_qsl(urlsplit(led.value.url).query))
        return self.walk.figures()


@contextmanager
def new_house(folder: Path) -> Iterator[House]:
    with owned(folder) as (console, amazon, host):
        yield House(console, amazon, host)


@contextmanager
def owner(browser: Browser, house: House) -> Iterator[Owner]:
    house.reset()
    web = house.page.program.web
    context = context_of(browser)
    cookies = house.page.session.cookies
    context.add_cookies([{"name": each.name, "value": str(each.value), "url": web} for each in cookies])
    page = context.new_page()
    page.goto(f"{web}/home")
    yield Owner(Walk(page), web, house.amazon)
    context.close()


def first_picture(browser: Browser, folder: Path, _house: House) -> Figures:
    context = context_of(browser)
    walk = Walk(context.new_page())
    with running(folder) as program:
        walk.page.goto(at_start(program))
        walk.type(user="real@example.com", password="showcam-demo")
        walk.press("Sign in")
        plays(walk.page, "Terrace")
        figures = walk.arrive("Terrace")
        context.close()
    return figures


def second_phone(browser: Browser, _folder: Path, house: House) -> Figures:
    with owner(browser, house) as (walk, web, _):
        walk.press("Phones")
        walk.press("Add a phone")
        address = walk.page.input_value("#address")
        phone = context_of(browser)
        walk.page = phone.new_page()
        walk.page.goto(f"{web}{urlsplit(address).path}#{urlsplit(address).fragment}")
        walk.press("Sign in")
        figures = walk.arrive("No cameras yet")
        phone.close()
    return figures


def google(browser: Browser, _folder: Path, house: House) -> Figures:
    with owner(browser, house) as made:
        walk = made.walk
        walk.press("Set-up")
        walk.press("Set up Google")
        walk.press("Open Google's console")
        walk.type(project="my-cameras-123")
        walk.press("Keep it")
        walk.press("Download")
        walk.copy("client", "secret", "authorize", "token", "fulfillment", "scope")
        walk.press("Next")
        walk.scan()
        return made.link("google", GOOGLE)


def at_aws(walk: Walk) -> None:
    walk.press("Make the function at AWS")
    walk.press("Download the template")
    walk.press("Open AWS CloudFormation")
    walk.copy("key")


def alexa_by_itself(browser: Browser, _folder: Path, house: House) -> Figures:
    with owner(browser, house) as made:
        walk, amazon = made.walk, made.amazon
        walk.press("Set-up")
        walk.press("Set up Alexa")
        walk.press("Open Amazon's security profiles")
        walk.copy("privacy", "return-url")
        walk.type(client_id=PROFILE[0], client_secret=PROFILE[1])
        walk.press("Go on")
        made.agree_at_amazon("Allow it at Amazon")
        walk.press("Go on")
        expect(walk.page.locator("#arn")).to_be_visible()
        at_aws(walk)
        (skill,) = amazon.skills
        amazon.permits.add((ARN, skill))
        walk.type(arn=ARN)
        walk.press("Keep it")
        expect(walk.page.get_by_role("button", name="Link Alexa")).to_be_visible()
        made.agree_at_amazon("Link Alexa")
        walk.page.reload()
        return walk.arrive("Linked to Alexa")


def alexa_by_hand(browser: Browser, folder: Path, _house: House) -> Figures:
    """The short road, once walked, would show this owner other pages: the house is a new one."""
    with new_house(folder) as house, owner(browser, house) as made:
        walk = made.walk
        walk.press("Set-up")
        walk.press("Set up Alexa")
        walk.press("Do it by hand")
        walk.press("Open Amazon's console with your Echo's account")
        walk.copy("name")
        walk.type(skill_id=SKILL)
        walk.press("Keep it")
        at_aws(walk)
        walk.press("Next")
        walk.type(redirect=ALEXA)
        walk.press("Let Alexa in")
        walk.copy("authorize", "token", "client", "secret", "scope")
        walk.press("Next")
        walk.type(events_id=EVENTS[0], events_secret=EVENTS[1])
        walk.press("Keep it")
        walk.page.locator("#link[open], #link details[open]").wait_for()
        return made.link("alexa", ALEXA)


WAYS = {
    "a first picture": first_picture,
    "a second phone": second_phone,
    "Google": google,
    "Alexa, by the short road": alexa_by_itself,
    "Alexa, by hand": alexa_by_hand,
}


def rows() -> dict[str, list[str]]:
    """The cells of the table behind the way's name."""
    text = TABLE.read_text().split("\n## What each way takes\n")[1].split("\n## ")[0]
    _, *lines = re.findall(r"^\| ?(.*) \|$", text, re.MULTILINE)
    return {way: cells for way, *cells in (line.split(" | ") for line in lines)}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with new_house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.mark.parametrize("way", WAYS)
def test_a_way_takes_what_the_table_says(way: str, chromium: Browser, tmp_path: Path, house: House) -> None:
    taken = WAYS[way](chromium, tmp_path, house)
    assert [str(figure) for figure in taken] == rows()[way][:4]


def test_the_table_has_each_way() -> None:
    assert [*rows()] == [*WAYS]
