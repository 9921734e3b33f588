"""What a phone that only watches is refused by a running showcam: every form, by the table of the console's rules."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
import requests

from tests.doubles.console_browser import Page
from tests.doubles.console_forms import Form, Reader
from tests.doubles.home_world import home_world
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S

USER, PASSWORD = "demo@example.com", "showcam-demo"
REFUSED = "Here you can only watch"
# what a member may send: an offer for a video, the sign-out, and what anybody may who opens the page
MAY_SEND = {"/home/cameras/<camera>", "/home", "/home/phone", "/home/language"}
OF_A_CAMERA = ("", "/still.jpg", "/last.jpg", "/happened/<sighting>.jpg", "/talk")
MAY_SEE = {"/home", "/home/open", "/home/happened", *(f"/home/cameras/<camera>{what}" for what in OF_A_CAMERA)}
FOR_ALL = {"/home/phone", "/home/callback/<kind>"}  # these ask for no session


@dataclass
class World:
    program: Program
    owner: Page
    member: Page
    garden: str

    def ask(self, who: Page, method: str, path: str, **fields: Any) -> requests.Response:
        data = {"csrf_token": self.token, **fields} if method == "POST" else None
        url = f"{self.program.web}{path}"
        headers = {"X-CSRFToken": self.token}
        return who.session.request(method, url, data=data, headers=headers, timeout=LONG_S, allow_redirects=False)

    def refuses(self, method: str, path: str, **fields: Any) -> bool:
        answer = self.ask(self.member, method, path, **fields)
        return (answer.status_code, REFUSED in answer.text) == (403, True)

    @property
    def token(self) -> str:
        """Of the member's page of the cameras."""
        return str(re.findall(r'name="csrf_token" value="([^"]+)"', self.member.text)[0])


def code_of(owner: Page, **chosen: str) -> str:
    owner.post("/home/phones", step="add", **chosen)
    return unescape(re.findall(r'id="address"[^>]+value="([^"]+)"', owner.text)[0]).partition("#")[2]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("members")) as program:
        owner, member = Page(program), Page(program)
        assert owner.post("/home", step="door", user=USER, password=PASSWORD) == 200
        garden = re.findall(r'data-camera="([\w-]+)"[^>]*data-name="Garden"', owner.text)[0]
        assert member.post("/home/phone", code=code_of(owner)) == 200
        assert 'data-name="Garden"' in member.text
        yield World(program, owner, member, garden)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The methods of each path of the console."""
    made = home_world(tmp_path_factory.mktemp("rules"), own=True)
    found: dict[str, set[str]] = {}
    for rule in made.app.url_map.iter_rules():
        if rule.rule.startswith("/home"):
            found.setdefault(rule.rule, set()).update(rule.methods or ())
    made.home.store.close()
    return found


def test_every_path_that_takes_a_form_refuses_a_member(world: World, rules: dict[str, set[str]]) -> None:
    before = kept(world)
    paths = [path for path, methods in rules.items() if "POST" in methods and path not in MAY_SEND]
    assert len(paths) > 15
    taken = [path for path in paths if not world.refuses("POST", filled(world, path), step="add")]
    assert taken == []
    assert kept(world) == before


def test_every_page_but_the_cameras_is_refused_to_a_member(world: World, rules: dict[str, set[str]]) -> None:
    pages = {path for path, methods in rules.items() if "GET" in methods} - FOR_ALL
    seen = {path for path in pages if not world.refuses("GET", filled(world, path))}
    assert seen == MAY_SEE


def test_a_member_is_shown_nothing_that_is_refused(world: World) -> None:
    """Some cameras of this household can't be shown, and an owner sees a button for each reason."""
    home = Reader("/home")
    home.feed(world.member.get("/home"))
    ids = re.findall(r'data-camera="([\w-]+)"', world.member.text)
    assert len(ids) > 5
    pages = [home]
    for camera in ids:
        pages.append(Reader(f"/home/cameras/{camera}"))
        pages[-1].feed(world.member.get(f"/home/cameras/{camera}"))
    shown = {(form.action, value) for page in pages for form in page.forms for _, value in form.steps}
    assert {action for action, _ in shown} == {"/home", "/home/language"}
    assert {value for action, value in shown if action == "/home"} == {"sign-out"}
    refused = {link for page in pages for link in page.links if world.refuses("GET", link.partition("#")[0])}
    assert refused == set()


def test_every_form_that_an_owner_is_shown_refuses_a_member(world: World, rules: dict[str, set[str]]) -> None:
    before = kept(world)
    forms = walked(world)
    assert {"/home", "/home/tv", "/home/phones", f"/home/cameras/{world.garden}/settings"} <= {f.action for f in forms}
    taken = set()
    for form in forms:
        if form.action == "/home/language":
            continue  # anybody may send it, and the answers are then in that language
        for name, value in form.steps or [("step", "")]:
            if not world.refuses("POST", form.action, **form.fields | {"csrf_token": world.token, name: value}):
                taken.add((form.action, value))
        if value == "sign-out":
            world.member = Page(world.program)
            assert world.member.post("/home/phone", code=code_of(world.owner)) == 200
    assert taken == {("/home", "sign-out")}
    assert kept(world) == before


def test_every_step_of_the_first_page_but_the_sign_out_refuses_a_member(world: World) -> None:
    steps = (
        "enter",
        "door",
        "sign-in",
        "own",
        "key",
        "vendor",
        "code",
        "again",
        "open-way",
        "wake",
        "home-code",
        "",
        "x",
    )
    # the printed code and the door are for a browser that is not signed in
    assert [step for step in steps if not world.refuses("POST", "/home", step=step, user=USER)] == ["enter"]


def test_a_code_is_taken_once_by_the_running_program(world: World) -> None:
    code = code_of(world.owner, role="owner")
    first, second = Page(world.program), Page(world.program)
    assert first.post("/home/phone", code=code) == 200
    assert "/home/assistants" in first.text
    assert (second.post("/home/phone", code=code), "Wrong, used or expired. Get a new code" in second.text) == (
        403,
        True,
    )


def test_the_id_of_a_browser_uses_up_nothing_as_a_phone_s_code(world: World) -> None:
    first = code_of(world.owner)
    browsers = re.findall(r'name="browser" value="([^"]+)"', world.owner.text)
    assert browsers
    assert {Page(world.program).post("/home/phone", code=browser) for browser in browsers} == {403}
    code_of(world.owner)
    assert Page(world.program).post("/home/phone", code=first) == 403, "it was replaced"


@pytest.mark.parametrize("line", ["X-Forwarded-For: 192.168.1.20", "Via: 1.1 proxy", "Host: evil.example"])
def test_outside_the_house_no_code_is_taken(tmp_path_factory: pytest.TempPathFactory, line: str, world: World) -> None:
    code = code_of(world.owner)
    stranger = Page(world.program)
    stranger.get("/home/phone")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', stranger.text)[0]
    name, _, value = line.partition(": ")
    answer = stranger.session.post(
        f"{world.program.web}/home/phone", {"csrf_token": token, "code": code}, headers={name: value}, timeout=LONG_S
    )
    assert answer.status_code == 421  # the demo says to all of these that they come from elsewhere
    assert stranger.post("/home/phone", code=code) == 200, "it was not used up"


def filled(world: World, path: str) -> str:
    return path.replace("<camera>", world.garden).replace("<kind>", "ezviz")


def walked(world: World) -> list[Form]:
    """The forms of every page of the console that links lead an owner to, of one camera only."""
    left, seen, forms = ["/home", f"/home/cameras/{world.garden}"], set[str](), list[Form]()
    while left:
        path = left.pop()
        of_camera = path.startswith("/home/cameras/") and world.garden not in path and "/add" not in path
        if path in seen or of_camera or path.endswith((".json", ".jpg", ".png")):
            continue
        seen.add(path)
        reader = Reader(path)
        reader.feed(world.owner.get(path))
        forms += reader.forms
        left += [link for link in reader.links if link.startswith("/home")]
    return forms


def kept(world: World) -> Any:
    """What showcam keeps of the household, but for who is signed in."""
    facts = world.ask(world.owner, "GET", "/home/assistants/everything.json").json()
    return {name: value for name, value in facts.items() if name not in ("browsers", "asked", "made")}
