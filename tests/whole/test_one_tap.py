"""Linking Alexa from the page of a running showcam: one consent at a double of Amazon, and every way it can fail."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator

import pytest

from tests.doubles.linkable_house import PATH, URL, House, come_back, linkable
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "Alexa is linked from the page by one consent at Amazon, and by nothing else that comes back from there",
    leans_on="double: Login with Amazon and its enablement of skills",
    also=("tests/browser/test_one_tap.py",),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with linkable(tmp_path_factory.mktemp("one-tap")) as house:
        yield house


@pytest.fixture
def house(made: House) -> House:
    made.reset()
    return made


def test_one_consent_links_and_each_code_counts_once(house: House) -> None:
    before = house.links()
    returned = house.amazon.agree(house.press())
    arrived = come_back(house.page, returned)
    assert (arrived.status_code, "Alexa is linked" in arrived.text) == (200, True)
    assert house.links() == before + 1
    assert "Linked to Alexa" in house.page.get(PATH)
    code, redirect = house.codes[-1]
    assert redirect == f"{URL}/setup/lwa"
    assert come_back(house.page, returned).status_code == 404
    (skill,) = house.amazon.skills.values()
    assert house.redeem(skill, code, redirect) == 400  # a code that comes twice ends its link (RFC 6749 section 4.1.2)
    assert house.links() == before
    log = house.page.program.log.read_text()
    assert [secret for secret in (code, returned["code"], returned["state"]) if secret in log] == []


type Fail = Callable[[House, dict[str, str]], object]


def sign_out(house: House, _: dict[str, str]) -> None:
    assert house.page.post("/home", step="sign-out") == 200


def another_redirect(house: House, _: dict[str, str]) -> None:
    house.redirect = "https://evil.example/"


def silent(house: House, _: dict[str, str]) -> None:
    house.amazon.fault = lambda request: b"" if "/enablement" in request else None


@pytest.mark.parametrize(
    ("fail", "status", "says", "linked"),
    [
        (lambda _, back: back.update(state="x" * 43), 404, "", 0),
        (lambda _, back: back.pop("state"), 404, "", 0),
        (lambda _, back: back.pop("code"), 403, "Amazon has not allowed it", 0),
        (lambda _, back: back.update(code="ANinvented"), 403, "permission has expired", 0),
        (lambda _, back: back.update(code="A" * 1001), 403, "Amazon has not allowed it", 0),
        (sign_out, 403, "browser that began is signed out", 0),
        (lambda house, _: setattr(house.amazon, "is_developer", False), 403, "with the account that made", 0),
        (lambda house, _: house.amazon.places.__setitem__(0, "https://evil.example"), 403, "be understood", 0),
        (another_redirect, 403, "Invalid account linking credentials", 0),
        (silent, 403, "be reached just now", 0),
        (lambda house, _: setattr(house.amazon, "cut_after", "POST /v1/users"), 200, "Alexa is linked", 1),
    ],
    ids=[
        "another state", "no state", "not allowed", "an invented code", "too long a code", "signed out meanwhile",
        "another account of Amazon's", "another host", "another redirect", "no answer before", "no answer after it",
    ],
)  # fmt: skip
def test_what_comes_back_links_only_after_a_consent_of_the_owners(
    house: House, fail: Fail, status: int, says: str, linked: int
) -> None:
    before = house.links()
    returned = house.amazon.agree(house.press())
    fail(house, returned)
    arrived = come_back(house.page, returned)
    assert (arrived.status_code, says in arrived.text) == (status, True)
    assert ("In the Alexa app" in arrived.text) is (status == 403)
    assert house.links() == before + linked


def test_a_link_whose_code_cannot_be_stored_ends(house: House) -> None:
    before = house.links()
    returned = house.amazon.agree(house.press())
    database = house.page.program.data / "showcam.sqlite3"
    with contextlib.closing(sqlite3.connect(database, isolation_level=None, timeout=LONG_S)) as raw:
        raw.execute("ALTER TABLE code RENAME TO away")
        arrived = come_back(house.page, returned)
        raw.execute("ALTER TABLE away RENAME TO code")
    assert (arrived.status_code, "That did not work just now" in arrived.text) == (503, True)
    assert house.links() == before


def test_a_state_counts_once_even_if_it_failed(house: House) -> None:
    house.amazon.is_developer = False
    returned = house.amazon.agree(house.press())
    assert come_back(house.page, returned).status_code == 403
    house.amazon.is_developer = True
    assert come_back(house.page, returned).status_code == 404


def test_a_newer_press_replaces_the_state_of_an_older_one(house: House) -> None:
    older, newer = house.amazon.agree(house.press()), house.amazon.agree(house.press())
    assert [come_back(house.page, returned).status_code for returned in (older, newer)] == [404, 200]
