"""A running showcam with an Alexa skill that was made at a double of Amazon, and its keys in use."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from json import loads
from pathlib import Path
from typing import Any

import requests

from showcam.simulator.authority import server_context
from tests.doubles.console_browser import PASSWORD, Page
from tests.doubles.program import running
from tests.doubles.skill_management import PROFILE, Skill, SkillManagement
from tests.doubles.tls_vendor import Vendors
from tests.doubles.waiting import LONG_S, within

URL, PATH = "https://cams.example", "/home/alexa"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:showcam-forward"


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
        listed: list[Any] = loads(self.page.program.command("household", "--json").stdout)["links"]
        return len(listed)


@contextmanager
def owned(folder: Path) -> Iterator[tuple[Page, SkillManagement, str]]:
    """The signed-in page of a new showcam's owner, the double of Amazon, and the double's host."""
    amazon, vendors = SkillManagement(f"{URL}/setup/lwa"), Vendors(folder / "ca.pem", server_context(folder))
    at = vendors.answering(amazon.reply)
    given: dict[str, Any] = {"SHOWCAM_ASSISTANTS_AT": at.host, "SHOWCAM_CA_FILE": str(at.ca_file)}
    try:
        with running(folder, demo=False, SHOWCAM_PUBLIC_URL=URL, **given) as program:
            added = program.command("owner", "add", "--lan", "owner", text=f"{PASSWORD}\n{PASSWORD}\n")
            assert added.returncode == 0, added.stderr
            page = Page(program)
            page.enter()
            yield page, amazon, at.host
    finally:
        vendors.end()


@contextmanager
def linkable(folder: Path) -> Iterator[House]:
    with owned(folder) as (page, amazon, host):
        assert come_back(page, amazon.allow(begin(page))).status_code == 200
        assert within(LONG_S, lambda: page.shows(PATH, "Keep it"))
        assert "Link Alexa" not in page.text
        (skill,) = amazon.skills
        amazon.permits.add((ARN, skill))
        assert page.post(PATH, step="function", arn=ARN) == 200
        assert within(LONG_S, lambda: page.shows(PATH, ">Link Alexa<"))
        yield House(page, amazon, host)


def begin(page: Page, secret: str = PROFILE[1], language: str = "en-GB") -> str:
    assert (
        page.post(PATH, **{"step": "begin", "client-id": PROFILE[0], "client-secret": secret, "language": language})
        == 200
    )
    link = re.search(r'href="([^"]+)"[^>]*>Allow it at Amazon', page.text)
    assert link is not None, page.text
    return unescape(link[1])


def come_back(page: Page, query: dict[str, str]) -> requests.Response:
    """Amazon's return, by a browser that knows no session of the console."""
    return requests.get(f"{page.program.web}/setup/lwa", params=query, timeout=LONG_S)
