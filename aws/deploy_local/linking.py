"""A browser without a screen: walks the linking pages as a person would, and redeems the code as the assistant does."""

import base64
import hashlib
import secrets
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from aws.deploy_local.steps import StepFailed

WAIT_S = 30


class Linking:
    """Links one assistant's client at the https address `web`, whose certificate is verified with `authorities`."""

    def __init__(self, web: str, authorities: Path, client: str, secret: str, redirect: str) -> None:
        self._web, self._client, self._secret, self._redirect = web, client, secret, redirect
        self.http = requests.Session()
        self.http.verify = str(authorities)
        self.http.trust_env = False
        self._verifier = secrets.token_urlsafe(48)

    def begin(self) -> requests.Response:
        """The page of the sign-in."""
        challenge = hashlib.sha256(self._verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": self._redirect,
            "scope": "cameras",
            "state": "s" * 300,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        page = self.http.get(f"{self._web}/oauth/authorize", params=query, timeout=WAIT_S)
        if 'name="password"' not in page.text:
            raise StepFailed(f"the sign-in page did not come: {_summary(page)}")
        return page

    def sign_in(self, user: str, password: str) -> requests.Response:
        """The page of consent."""
        page = self.begin()
        page = self._post(page, user=user, password=password, step="sign-in")
        if page.is_redirect:
            page = self.http.get(urljoin(page.url, page.headers["Location"]), timeout=WAIT_S)
        if 'value="agree"' not in page.text:
            raise StepFailed(f"after signing in the page of consent did not come: {_summary(page)}")
        return page

    def agree(self, page: requests.Response) -> str:
        """The code."""
        answer = self._post(page, step="agree")
        place = answer.headers.get("Location", "")
        if not answer.is_redirect or not place.startswith(self._redirect):
            raise StepFailed(f"consent did not lead back to the assistant: {_summary(answer)}")
        back = parse_qs(urlsplit(place).query)
        if back.get("state") != ["s" * 300] or "code" not in back:
            raise StepFailed(f"the assistant was handed no code, or another state: {', '.join(back)}")
        return back["code"][0]

    def cancel(self, page: requests.Response) -> str:
        """The OAuth error by which the assistant knows that there is no link."""
        answer = self._post(page, step="cancel")
        return parse_qs(urlsplit(answer.headers.get("Location", "")).query).get("error", [""])[0]

    def redeem(self, code: str) -> requests.Response:
        """The token endpoint's answer."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect}
        return self._ask("token", form | {"code_verifier": self._verifier})

    def refresh(self, token: str) -> requests.Response:
        return self._ask("token", {"grant_type": "refresh_token", "refresh_token": token})

    def revoke(self, token: str) -> requests.Response:
        return self._ask("revoke", {"token": token})

    def _ask(self, what: str, form: dict[str, str]) -> requests.Response:
        form |= {"client_id": self._client, "client_secret": self._secret}
        return requests.post(f"{self._web}/oauth/{what}", form, verify=str(self.http.verify), timeout=WAIT_S)

    def _post(self, page: requests.Response, **filled: str) -> requests.Response:
        form = Form(page.text)
        fields = [(name, value) for name, value in form.fields if name not in filled] + list(filled.items())
        target = urljoin(page.url, form.action)
        # a browser sends the page's address as Referer, which CSRF protection over https requires
        return self.http.post(target, fields, headers={"Referer": page.url}, allow_redirects=False, timeout=WAIT_S)


class Form(HTMLParser):
    """The page's form: where it goes, and its fields as they stand."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given.get("action", "")
        elif tag == "input" and given.get("name"):
            kind = given.get("type", "text")
            if kind not in ("checkbox", "radio", "submit") or (kind != "submit" and "checked" in given):
                self.fields.append((given["name"], given.get("value", "")))


class _Alert(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._in = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = self._in or dict(attrs).get("role") == "alert" or tag == "h1"

    def handle_endtag(self, tag: str) -> None:
        self._in = self._in and tag not in ("p", "div", "h1")

    def handle_data(self, data: str) -> None:
        if self._in:
            self.texts.append(data)


def _summary(page: Any) -> str:
    text = " ".join(" ".join(_Alert(page.text).texts).split()) or page.text[:200]
    return f"{page.status_code}, {text or 'without a text'}"
