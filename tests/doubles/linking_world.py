"""Account linking around a real store, registry and sign-in, with a browser and an assistant's cloud."""

import base64
import hashlib
import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask
from werkzeug.test import Client, TestResponse

from oauth import wording
from showcam.drivers.ezviz import SPEECH
from showcam.registry.owner.sign_in_outcome import AFTER_TRIES, NOT_THESE_ONES
from showcam.store.ports import Store
from showcam.store.records import Assistant, Link
from tests.doubles.household import Household
from tests.doubles.ready_vendor import PASSWORD, ReadyVendor

REDIRECTS: dict[Assistant, str] = {
    "alexa": "https://pitangui.amazon.com/api/skill/link/DEMO",
    "google": "https://oauth-redirect.googleusercontent.com/r/showcam-demo",
}
USER, CAREFUL = "demo@example.com", "mfa@example.com"
ISSUER, LOCAL = "https://home.example", "http://127.0.0.1:8080"


def refusal_text(why: str, **gaps: object) -> str:
    """What the sign-in page says in English to who links an EZVIZ account."""
    said = SPEECH.sign_in.get(why) or wording.SIGN_IN[why][1]
    if said == NOT_THESE_ONES:
        said = f"{said} {AFTER_TRIES}"
    return said.format(**{"vendor": "EZVIZ", "tries": 3, "wait": 15, **gaps})


class Page(HTMLParser):
    """A page's text, and the fields a browser would send from its form."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.fields: list[tuple[str, str]] = []
        self.steps: list[str] = []
        self.lang = ""
        self._texts: dict[str, list[str]] = {"alert": [], "h1": [], "all": []}
        self._in: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.lang = given["lang"]
        self._in += ["alert"] * (given.get("role") == "alert") + ["h1"] * (tag == "h1")
        if tag == "button":
            self.steps.append(given["value"])
        if tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.fields.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if self._in and tag in ("p", "h1"):
            self._in.pop()

    def handle_data(self, data: str) -> None:
        for name in {*self._in, "all"}:
            self._texts[name].append(data)

    def text(self, element: str = "all") -> str:
        return " ".join("".join(self._texts[element]).split())


def pkce() -> tuple[str, dict[str, Any]]:
    """A verifier, and its parameters of the authorize request."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return verifier, {"code_challenge": challenge, "code_challenge_method": "S256"}


@dataclass
class Browser:
    """Walks the pages of one authorize request."""

    http: Client
    url: str = ""
    answer: TestResponse | None = None
    headers: dict[str, str] = field(default_factory=dict)
    address: str = "203.0.113.7"

    @property
    def page(self) -> Page:
        assert self.answer is not None
        return Page(self.answer.text)

    @property
    def status(self) -> int:
        assert self.answer is not None
        return self.answer.status_code

    def get(self, url: str = "") -> "Browser":
        self.url = url or self.url
        return self._take(self.http.get(self.url, **self._sent()))

    def post(self, step: str, **fields: Any) -> "Browser":
        """Presses the button on the current page; a value None leaves the field out, a list repeats it."""
        kept = [(name, value) for name, value in self.page.fields if name not in fields]
        given: list[tuple[str, str]] = []
        for name, value in fields.items():
            given += [(name, text) for text in (value if isinstance(value, list) else [value]) if text is not None]
        return self.post_raw(urlencode([*kept, *given, ("step", step)]))

    def post_raw(self, body: str | bytes, kind: str = "application/x-www-form-urlencoded") -> "Browser":
        return self._take(self.http.post(self.url, data=body, content_type=kind, **self._sent()))

    def _take(self, answer: TestResponse) -> "Browser":
        self.answer = answer
        if answer.status_code == 303:
            assert answer.location.partition("?")[0] == "/oauth/authorize"
            return self.get(answer.location)
        return self

    def _sent(self) -> dict[str, Any]:
        return {"headers": self.headers, "environ_overrides": {"REMOTE_ADDR": self.address}}

    def sign_in(self, user: str = USER, password: str = PASSWORD) -> "Browser":
        return self.post("sign-in", user=user, password=password)

    @property
    def location(self) -> str:
        assert self.answer is not None
        assert self.answer.status_code == 302, self.answer.text
        return str(self.answer.location)

    @property
    def returned(self) -> dict[str, str]:
        """The query of the redirect to the assistant."""
        return dict(parse_qsl(urlsplit(self.location).query, keep_blank_values=True, strict_parsing=True))


@dataclass
class World:
    folder: Path
    home: Household
    app: Flask
    vendor: ReadyVendor
    secrets: dict[str, str]
    https: bool

    @property
    def store(self) -> Store:
        return self.home.store

    @property
    def issuer(self) -> str:
        return ISSUER if self.https else LOCAL

    def http(self) -> Client:
        return self.app.test_client()

    def url(self, assistant: Assistant = "google", **changes: Any) -> str:
        """An authorize request; a value None leaves the parameter out, a list repeats it."""
        params = {
            "response_type": "code",
            "client_id": assistant,
            "redirect_uri": REDIRECTS[assistant],
            "scope": "cameras",
            "state": "st4te",
        } | changes
        given = {name: value for name, value in params.items() if value is not None}
        return "/oauth/authorize?" + urlencode(given, doseq=True)

    def browse(self, assistant: Assistant = "google", http: Client | None = None, **changes: Any) -> Browser:
        return Browser(http or self.http()).get(self.url(assistant, **changes))

    def beside(self, browser: Browser, url: str = "") -> Browser:
        """Another window of the same person, on the same page."""
        http = self.http()
        cookies = {cookie.key: cookie.value for cookie in (browser.http._cookies or {}).values()}
        for name, value in cookies.items():
            http.set_cookie(name, value, domain="home.example")
        return Browser(http, url or browser.url, browser.answer)

    def code(self, assistant: Assistant = "google", **changes: Any) -> str:
        """Signs in, agrees to everything, and comes back with the code."""
        return self.browse(assistant, **changes).sign_in().post("agree").returned["code"]

    def request(
        self, path: str, form: Any, assistant: Assistant | None = "google", *, basic: bool = False
    ) -> TestResponse:
        """A request of an assistant's cloud, its client authenticated."""
        headers, form = {}, dict(form)
        if assistant and basic:
            pair = base64.b64encode(f"{assistant}:{self.secrets[assistant]}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        elif assistant:
            form |= {"client_id": assistant, "client_secret": self.secrets[assistant]}
        return self.http().post(path, data=form, headers=headers)

    def redeem(self, text: str, assistant: Assistant = "google", **changes: Any) -> TestResponse:
        form = {"grant_type": "authorization_code", "code": text, "redirect_uri": REDIRECTS[assistant]} | changes
        return self.request(
            "/oauth/token", {name: value for name, value in form.items() if value is not None}, assistant
        )

    def refresh(self, token: str, assistant: Assistant = "google", **changes: Any) -> TestResponse:
        return self.request(
            "/oauth/token", {"grant_type": "refresh_token", "refresh_token": token} | changes, assistant
        )

    def tokens(self, assistant: Assistant = "google") -> dict[str, Any]:
        answer = self.redeem(self.code(assistant), assistant)
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())

    def works(self, access: str) -> bool:
        answer = self.http().get("/oauth/userinfo", headers={"Authorization": f"Bearer {access}"})
        return answer.status_code == 200

    def links(self) -> list[Link]:
        return [link for link in self.store.links(self.home.account.id) if link.id != self.home.link.id]

    def rows(self) -> dict[str, int]:
        """The number of rows in each table."""
        with closing(sqlite3.connect(self.folder / "showcam.sqlite3")) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608
