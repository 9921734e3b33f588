"""Linking Alexa from the page of a running showcam: one consent at a double of Amazon, and every way it can fail."""

import re
from collections.abc import Callable, Iterator
from json import loads
from typing import Any

import pytest
import requests

from showcam.simulator.authority import server_context
from tests.doubles.console_browser import PASSWORD, Page
from tests.doubles.program import running
from tests.doubles.skill_management import Skill, SkillManagement
from tests.doubles.tls_vendor import Vendors
from tests.doubles.waiting import LONG_S, within
from tests.whole.test_skill_page import ARN, PATH, URL, begin, come_back

pytestmark = pytest.mark.proves(
    "Alexa is linked from the page by one consent at Amazon, and by nothing else that comes back from there",
    leans_on="double: Login with Amazon and its enablement of skills",
)


class House:
    """`codes`: what Alexa redeemed here. `redirect`: what Alexa names for the redirect of a code, "": the true one."""

    def __init__(self, page: Page, amazon: SkillManagement, host: str) -> None:
        self.page, self.amazon, self.host = page, amazon, host
        self.codes: list[tuple[str, str]] = []
        self.redirect = ""
        amazon.redeem = self.redeem

    def reset(self) -> None:
        self.amazon.places, self.amazon.is_developer, self.redirect = [f"https://{self.host}"], True, ""
        self.amazon.fault, self.amazon.cut_after = lambda _request: None, ""
        self.page.enter()

    def redeem(self, skill: Skill, code: str, redirect: str) -> int:
        """Alexa's request for tokens, as its account linking says."""
        assert skill.linking is not None
        self.codes.append((code, redirect))
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect or redirect}
        credentials = (skill.linking["clientId"], skill.linking["clientSecret"])
        at = skill.linking["accessTokenUrl"].replace(URL, self.page.program.web)
        return requests.post(at, data=sent, auth=credentials, timeout=LONG_S).status_code

    def press(self) -> str:
        """Presses “Link Alexa”: where the browser is sent, with no other address allowed to the form."""
        shown = self.page.session.get(f"{self.page.program.web}{PATH}", timeout=LONG_S)
        (allowed,) = re.findall(r"form-action ([^;]*);", shown.headers["Content-Security-Policy"])
        assert allowed == f"'self' https://{self.host} {URL}"
        token = re.search(r'name="csrf_token" value="([^"]+)"', shown.text)
        assert token is not None
        form = {"csrf_token": token[1], "step": "link"}
        sent = self.page.session.post(shown.url, data=form, timeout=LONG_S, allow_redirects=False)
        assert sent.status_code == 303, sent.text
        return sent.headers["Location"]

    def links(self) -> int:
        listed: list[Any] = loads(self.page.program.command("links", "list", "--json").stdout)["links"]
        return len(listed)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose skill is whole, with its keys in use."""
    folder = tmp_path_factory.mktemp("one-tap")
    amazon, vendors = SkillManagement(f"{URL}/setup/lwa"), Vendors(folder / "ca.pem", server_context(folder))
    at = vendors.answering(amazon.reply)
    given: dict[str, Any] = {"SHOWCAM_ASSISTANTS_AT": at.host, "SHOWCAM_CA_FILE": str(at.ca_file)}
    try:
        with running(folder, demo=False, SHOWCAM_PUBLIC_URL=URL, **given) as program:
            added = program.command("owner", "add", "--lan", "owner", text=f"{PASSWORD}\n{PASSWORD}\n")
            assert added.returncode == 0, added.stderr
            page = Page(program)
            page.enter()
            assert come_back(page, amazon.allow(begin(page))).status_code == 200
            assert within(LONG_S, lambda: page.shows(PATH, "Use this function"))
            assert "Link Alexa" not in page.text
            (skill,) = amazon.skills
            amazon.permits.add((ARN, skill))
            assert page.post(PATH, step="function", arn=ARN) == 200
            assert within(LONG_S, lambda: page.shows(PATH, ">Link Alexa<"))
            yield House(page, amazon, at.host)
    finally:
        vendors.end()


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
    assert "successfully linked to Alexa" in house.page.get(PATH)
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
        (lambda _, back: back.update(code="ANinvented"), 403, "permission is over", 0),
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
    assert ("Or link it in the Alexa app:" in arrived.text) is (status == 403)
    assert house.links() == before + linked


def test_a_state_counts_once_even_if_it_failed(house: House) -> None:
    house.amazon.is_developer = False
    returned = house.amazon.agree(house.press())
    assert come_back(house.page, returned).status_code == 403
    house.amazon.is_developer = True
    assert come_back(house.page, returned).status_code == 404


def test_a_newer_press_replaces_the_state_of_an_older_one(house: House) -> None:
    older, newer = house.amazon.agree(house.press()), house.amazon.agree(house.press())
    assert [come_back(house.page, returned).status_code for returned in (older, newer)] == [404, 200]
