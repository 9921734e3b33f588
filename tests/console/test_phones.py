"""Phones: an owner's code signs one in, once; and each signed-in browser is listed and ended."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from showcam.accounts import households
from showcam.accounts.attempts import TRIES
from showcam.accounts.console_sessions import KEPT_S, ConsoleSessions
from showcam.accounts.phone_codes import LIFE_S
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import NEW, HomeWorld, home_world, moment
from tests.doubles.linking_world import USER

AT, PHONE = "/home/phones", "/home/phone"
FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"


def with_firefox(world: HomeWorld) -> HomeBrowser:
    """A Firefox that is signed in a minute later than the browser that shows the page."""
    world.clock.wait(60)
    other = world.browser()
    other.headers["User-Agent"] = FIREFOX
    return other.enter(world.code.renew()).sign_in()


def listed(browser: HomeBrowser) -> list[tuple[str, str]]:
    """What stands of each browser, and its id."""
    assert browser.answer is not None
    part = browser.answer.text.partition('id="browsers"')[2].partition("</ul>")[0]
    return [
        (" ".join(re.sub(r"<[^>]*>", " ", item).split()), re.findall(r'name="browser" value="([^"]+)"', item)[0])
        for item in part.split("<li>")[1:]
    ]


def test_the_browsers_that_are_signed_in_are_listed_and_this_one_is_marked(world: HomeWorld) -> None:
    mine, since = page(world), moment(world.clock.now)
    theirs = with_firefox(world)
    first, second = listed(mine.visit(AT))
    assert first[0] == f"Firefox, Android Since {moment(world.clock.now)}, as {USER}. Sign it out"
    assert second[0] == f"A browser (this one) Since {since}, as {USER}. Sign it out"
    assert "Firefox, Android (this one)" in theirs.visit(AT).text
    assert "Sign out all others" not in mine.text


def test_a_browser_is_signed_out_from_another_and_its_pictures_end(world: HomeWorld) -> None:
    mine = page(world)
    theirs = with_firefox(world)
    (_, session), _ = listed(mine.visit(AT))
    mine.send(AT, step="end-browser", browser=session)
    assert (mine.status, len(listed(mine)), theirs.get().step) == (200, 1, "door")
    assert world.home.pictures.ended == [(session, "")]
    mine.send(AT, step="end-browser", browser=session)
    assert (mine.status, "It is gone already" in mine.text) == (403, True)


def test_who_signs_out_the_browser_itself_is_led_to_the_first_page(world: HomeWorld) -> None:
    mine = page(world)
    before = mine.cookie
    mine.send(AT, step="end-browser", browser=listed(mine)[0][1])
    assert (mine.step, mine.cookie != before) == ("door", True)


def test_all_others_are_signed_out_at_once(world: HomeWorld) -> None:
    mine = page(world)
    others = [with_firefox(world), with_firefox(world)]
    assert "Sign out all others" in mine.visit(AT).text
    mine.send(AT, step="end-others")
    assert (mine.status, len(listed(mine)), [other.get().step for other in others]) == (200, 1, ["door", "door"])


def test_another_household_s_browsers_are_neither_seen_nor_signed_out(world: HomeWorld) -> None:
    theirs = world.signed_in(NEW).visit(AT)
    ((_, session),) = listed(theirs)
    mine = page(world)
    assert session not in [token for _, token in listed(mine)]
    mine.send(AT, step="end-browser", browser=session)
    assert (mine.status, theirs.visit(AT).status, len(listed(theirs))) == (403, 200, 1)


# a code for a phone


def page(world: HomeWorld) -> HomeBrowser:
    return world.signed_in().visit(AT)


def address(browser: HomeBrowser, **chosen: str) -> str:
    """Where the QR code leads that the page shows."""
    browser.visit(AT).send(AT, step="add", **chosen)
    assert browser.answer is not None
    assert "<svg" in browser.answer.text
    return str(re.findall(r'id="address" type="text" readonly value="([^"]+)"', browser.answer.text)[0])


def taken(world: HomeWorld, code: str) -> HomeBrowser:
    return world.browser().visit(PHONE).send(PHONE, code=code)


def code_of(browser: HomeBrowser, **chosen: str) -> str:
    return address(browser, **chosen).partition("#")[2]


def is_in(browser: HomeBrowser) -> bool:
    return 'class="wide' in (browser.answer.text if browser.answer else "")


def test_a_code_signs_one_phone_in_once_and_is_listed(world: HomeWorld) -> None:
    owner = page(world)
    code = code_of(owner)
    first, second = taken(world, code), taken(world, code)
    assert (is_in(first), "Garden" in first.text) == (True, True)
    assert (second.status, is_in(second), "Wrong, used or expired. Get a new code" in second.text) == (
        403,
        False,
        True,
    )
    assert sorted("It only watches." in text for text, _ in listed(owner.visit(AT))) == [False, True]


def test_to_open_the_page_uses_nothing_up(world: HomeWorld) -> None:
    code = code_of(page(world))
    for method in ("GET", "HEAD"):
        world.browser().ask(method, f"{PHONE}?code={code}")
    assert is_in(taken(world, code))


SPOILT: dict[str, Callable[[HomeWorld, HomeBrowser], object]] = {
    "expired": lambda world, owner: world.clock.wait(LIFE_S),
    "replaced": lambda world, owner: code_of(owner),
    "of a browser that signed out": lambda world, owner: owner.get().post("sign-out"),
    "of a household that was removed": lambda world, owner: households.remove(
        world.home.store, world.home.pictures, world.home.account.id
    ),
    "of a household that is removed now": lambda world, owner: world.home.store.drop_household(world.home.account.id),
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_code_that_is_not_good_signs_nobody_in(world: HomeWorld, spoil: str) -> None:
    owner = page(world)
    code = code_of(owner)
    SPOILT[spoil](world, owner)
    phone = taken(world, code)
    assert (phone.status, phone.cookie, is_in(phone)) == (403, "", False)
    assert "Wrong, used or expired. Get a new code" in phone.text


@pytest.mark.parametrize("change", [lambda code: "", lambda code: code[:-1], lambda code: code + "A", str.swapcase])
def test_a_code_that_differs_signs_nobody_in(world: HomeWorld, change: Callable[[str], str]) -> None:
    code = code_of(page(world))
    phone = taken(world, change(code))
    assert (phone.status, phone.cookie) == (403, "")
    assert is_in(taken(world, code))


def test_it_works_until_its_last_second(world: HomeWorld) -> None:
    code = code_of(page(world))
    world.clock.wait(LIFE_S - 1)
    assert is_in(taken(world, code))


def test_who_guesses_codes_is_stopped_together_with_printed_codes(world: HomeWorld) -> None:
    code, printed = code_of(page(world)), world.code.renew()
    for number in range(TRIES):
        taken(world, "guess") if number % 2 else world.browser().enter("guess")
    assert taken(world, code).status == 429
    assert world.browser().enter(printed).status == 429


@pytest.mark.parametrize(("role", "status"), [("", 403), ("member", 403), ("x", 403), ("owner", 200)])
def test_a_phone_only_watches_unless_it_is_chosen_otherwise(world: HomeWorld, role: str, status: int) -> None:
    phone = taken(world, code_of(page(world), **({"role": role} if role else {})))
    assert phone.ask("GET", "/home/assistants").status_code == status


def test_a_member_makes_no_code(world: HomeWorld) -> None:
    phone = taken(world, code_of(page(world)))
    phone.answer = phone.ask("POST", AT, data={"csrf_token": phone.get().token, "step": "add", "role": "owner"})
    assert (phone.status, "Here you can only watch" in phone.text) == (403, True)


def test_a_member_is_told_to_ask_an_owner_and_of_no_new_link(world: HomeWorld) -> None:
    """Of what it can not change itself: the owner's page has a button for each."""
    garage = world.home.id("Garage")
    owner, phone = page(world), taken(world, code_of(page(world)))
    tiles = [" ".join(browser.get().tile("Garage").split()) for browser in (owner, phone)]
    assert ["Image Encryption is on for Garage. Ask an owner." in tile for tile in tiles] == [False, True]
    answers = [browser.open(garage).get_json() for browser in (owner, phone)]
    assert [(answer["mend"] == "Ask an owner.", "mends" in answer) for answer in answers] == [
        (False, True),
        (True, False),
    ]
    assert ["Alexa may show your cameras" in browser.text for browser in (owner, phone)] == [True, False]


def test_a_member_that_signs_out_keeps_nothing(world: HomeWorld) -> None:
    phone = taken(world, code_of(page(world)))
    phone.get().post("sign-out")
    assert (phone.step, phone.cookie, USER in (phone.answer.text if phone.answer else "")) == ("door", "", False)


def test_a_phone_that_is_ended_is_out_at_once(world: HomeWorld) -> None:
    owner = page(world)
    phone = taken(world, code_of(owner))
    phone.open(world.home.id("Garden"))
    claims, *_ = world.home.pictures.answered[-1]
    (session,) = [token for text, token in listed(owner.visit(AT)) if "It only watches." in text]
    owner.send(AT, step="end-browser", browser=session)
    assert phone.open(world.home.id("Garden")).status_code == 401
    assert world.home.pictures.ended == [(claims.link, "")]


def test_a_member_slides_as_an_owner_does(world: HomeWorld) -> None:
    phone = taken(world, code_of(page(world)))
    for _ in range(3):
        world.clock.wait(KEPT_S - 1)
        assert phone.get().step == ""
    assert ConsoleSessions(world.home.store, world.clock).read(phone.cookie) is not None
    assert phone.ask("GET", "/home/assistants").status_code == 403, "it is still a member"


def test_a_browser_that_is_signed_in_keeps_its_role_and_the_code_stays(world: HomeWorld) -> None:
    owner = page(world)
    code = code_of(owner)
    owner.send(PHONE, code=code)
    assert owner.ask("GET", "/home/assistants").status_code == 200
    assert is_in(taken(world, code))


@pytest.mark.parametrize(
    ("host", "leads_to"),
    [
        ("192.168.1.7:8080", "http://192.168.1.7:8080"),
        ("nas.local:8080", "http://nas.local:8080"),
        ("localhost:8080", "http://192.168.1.5:8080"),
        ("127.0.0.1:8080", "http://192.168.1.5:8080"),
        ("[::1]:8080", "http://192.168.1.5:8080"),
    ],
)
def test_the_address_is_one_that_a_phone_reaches(world: HomeWorld, host: str, leads_to: str) -> None:
    owner = world.browser(host=host).enter(world.code.renew()).sign_in()
    assert address(owner).startswith(f"{leads_to}{PHONE}#")
    assert "only here" not in owner.text


@pytest.fixture
def public(tmp_path: Path) -> Iterator[HomeWorld]:
    made = home_world(tmp_path, public=True)
    yield made
    made.home.store.close()


def test_a_code_is_taken_in_the_house_alone(public: HomeWorld) -> None:
    code = code_of(page(public))
    outside = public.browser(host="home.example", peer="203.0.113.7", scheme="https")
    outside.visit(PHONE).send(PHONE, code=code)
    assert (outside.status, "The code works only at home." in outside.text) == (403, True)
    assert is_in(taken(public, code))
