"""The web function in this process, with a simulated AWS and EZVIZ, and browsers at its pages for owners."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from scripts.deploy_local.walk import Form
from showcam.accounts import clients, households
from showcam.app import keys
from showcam.app.compose import web_on_lambda
from showcam.store.dynamodb import DynamoStore
from showcam.store.records import Account
from showcam.store.sealing import Sealer
from tests.doubles.aws import ROOT, in_process
from tests.doubles.events import http_event
from tests.doubles.household import new_link
from tests.doubles.own_logging import own_logging
from tests.doubles.runtime_api import Context
from tests.doubles.simulator_process import SimulatorProcess

USER, OTHER, CAREFUL = "demo@example.com", "other@example.com", "mfa@example.com"
PASSWORD, CODE = "showcam-demo", "012345"
HTML = "application/x-www-form-urlencoded"
SESSION = "__Host-showcam-home"
REDIRECT = "https://layla.amazon.com/api/skill/link/M1"
LINKING = {"response_type": "code", "client_id": "alexa", "redirect_uri": REDIRECT, "scope": "cameras", "state": "s"}


@dataclass
class Browser:
    """A browser with its own cookies; `at` is its address on the internet."""

    answer: Callable[[dict[str, Any], Any], Any]
    at: str = "203.0.113.7"
    cookies: dict[str, str] = field(default_factory=dict)
    reply: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return int(self.reply["statusCode"])

    @property
    def page(self) -> str:
        return str(self.reply.get("body", ""))

    @property
    def text(self) -> str:
        """The page without its markup."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.page)).split())

    def tile(self, name: str) -> str:
        """The markup of the camera's tile."""
        found = re.search(rf'<li class="tile"[^>]*data-name="{name}".*?</li>', self.page, re.DOTALL)
        assert found, self.text
        return found[0]

    def id_of(self, name: str) -> str:
        found = re.search(r'data-camera="([^"]+)"', self.tile(name))
        assert found
        return found[1]

    def send(self, path: str, method: str = "GET", body: str = "", **headers: str) -> "Browser":
        """Sends one request and follows nothing. `headers`: underscores stand for hyphens."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        address = urlsplit(path)
        cookies = tuple(f"{name}={value}" for name, value in self.cookies.items())
        event = http_event(
            address.path, method, query=address.query, headers=given, cookies=cookies, body=body, source_ip=self.at
        )
        self.reply = dict(self.answer(event, Context()))
        for cookie in self.reply.get("cookies", ()):
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.split(";")[0]
            if "Max-Age=0" in cookie:
                del self.cookies[name]
        return self

    def get(self, path: str = "/home") -> "Browser":
        self.send(path, accept="text/html")
        while self.status in (302, 303):
            self.send(self.reply["headers"]["location"], accept="text/html")
        return self

    def post(self, path: str, **form: str) -> "Browser":
        """Sends a form with the token of the page that is shown, as a browser on that page does."""
        self.send(path, "POST", urlencode(self.token() | form), content_type=HTML, sec_fetch_site="same-origin")
        return self.get(self.reply["headers"]["location"]) if self.status in (302, 303) else self

    def token(self) -> dict[str, str]:
        return {name: value for name, value in Form(self.page).fields if name == "csrf_token"}

    def sign_in(self, user: str = USER, password: str = PASSWORD) -> "Browser":
        return self.get().post("/home", step="door", user=user, password=password)

    def sign_in_to_link(self, user: str, password: str) -> "Browser":
        """The first form of account linking."""
        address = f"/oauth/authorize?{urlencode(LINKING)}"
        return self.get(address).post(address, step="sign-in", user=user, password=password)


@dataclass
class PublicPages:
    """`clients`: the secrets of the assistants' clients."""

    answer: Callable[[dict[str, Any], Any], Any]
    store: DynamoStore
    vendor: SimulatorProcess
    clients: dict[str, str]
    addresses: int = 0

    def browser(self) -> Browser:
        """A browser at an address of its own, whose wrong passwords nobody else has to bear."""
        self.addresses += 1
        return Browser(self.answer, f"198.51.{self.addresses // 200}.{self.addresses % 200 + 1}")

    def signed_in(self, user: str = USER) -> Browser:
        browser = self.browser().sign_in(user)
        if user == CAREFUL:
            browser.post("/home", step="code", code=CODE)
        assert SESSION in browser.cookies, browser.text
        return browser

    def account(self, user: str) -> Account:
        """The household of this user of EZVIZ."""
        source = households.find(self.store, "ezviz", user)
        assert source is not None
        account = self.store.account(source.account)
        assert account is not None
        return account

    def link(self, user: str) -> str:
        link = new_link(self.account(user), "alexa", None, "en")
        self.store.add_link(link)
        return link.id


@contextmanager
def public_pages(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> Iterator[PublicPages]:
    """The function with the settings of a stack without media processes; anybody may sign up."""
    with in_process(monkeypatch) as cloud, own_logging():
        cloud.table()
        vendor = SimulatorProcess(folder)
        try:
            given = {
                "STORE": "dynamodb",
                "KEYS_SECRET": cloud.secret("keys", {"root": ROOT}),
                "COOKIE_SECRET": cloud.secret("cookie", {"root": "c" * 48}),
                "PUBLIC_URL": "https://showcam.example",
                "CONSOLE": "public",
                "PICTURES": "vendor",
                "EXPLAIN": "no",
                "SIGN_UP": "anyone",
                "EZVIZ_AT": f"{vendor.app_host},{vendor.open_host}",
                "CA_FILE": str(vendor.ca),
                "REQUEST_S": "20",
            }
            for name, value in (given | settings).items():
                monkeypatch.setenv(f"SHOWCAM_{name}", value)
            monkeypatch.chdir(folder)
            answer = web_on_lambda.build()
            store = DynamoStore(cloud.dynamodb, "showcam", Sealer(keys.derived([ROOT]).seal))
            yield PublicPages(answer, store, vendor, {"alexa": clients.register(store, "alexa", "alexa", (REDIRECT,))})
        finally:
            vendor.stop()
