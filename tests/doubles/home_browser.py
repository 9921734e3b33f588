"""A browser in the house, at the console's pages."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import Client, TestResponse

from showcam.net.addresses import PEER
from tests.doubles.household import OFFER
from tests.doubles.linking_world import USER
from tests.doubles.ready_vendor import PASSWORD


@dataclass
class HomeBrowser:
    """A browser with cookies of its own; `peer` and `headers` are what the server sees of it."""

    http: Client
    host: str = "192.168.1.5:8080"
    peer: str = "192.168.1.20"
    scheme: str = "http"
    proxy: str = ""  # the trusted one in between, as the edge notes it
    headers: dict[str, str] = field(default_factory=dict)
    answer: TestResponse | None = None

    @property
    def status(self) -> int:
        assert self.answer is not None
        return self.answer.status_code

    @property
    def text(self) -> str:
        """What the page says, without its markup and what is hidden."""
        assert self.answer is not None
        return words(self.answer.text)

    def tile(self, name: str) -> str:
        """What the tile of that camera says."""
        return words(self._tile(name))

    def mends(self, name: str) -> list[str]:
        """What may be done at the tile of that camera, in the order of the page."""
        return re.findall(r'data-mends="([a-z_]+)"', _shown(self._tile(name)))

    def _tile(self, name: str) -> str:
        """On the page of all cameras, or on the camera's own."""
        assert self.answer is not None
        tiles = re.findall(r'<li class="tile".*?</li>', self.answer.text, re.DOTALL)
        return next(str(tile) for tile in tiles if f'data-name="{html.escape(name)}"' in tile)

    @property
    def step(self) -> str:
        """What the page's main button does, "" on the page of the cameras."""
        assert self.answer is not None
        steps = re.findall(r'<button class="primary" name="step" value="([\w-]+)"', self.answer.text)
        return "" if 'class="wide' in self.answer.text else steps[0]

    @property
    def token(self) -> str:
        assert self.answer is not None
        return str(re.findall(r'name="csrf_token" value="([^"]+)"', self.answer.text)[0])

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = self.headers | more.pop("headers", {}) | {"Host": self.host}
        # as it came: the client would read two slashes as the beginning of a host
        environ = {"REMOTE_ADDR": self.peer, "PATH_INFO": path.partition("?")[0]} | (
            {PEER: self.proxy} if self.proxy else {}
        )
        url = f"{self.scheme}://{self.host}"
        return self.http.open(path, method=method, base_url=url, headers=headers, environ_overrides=environ, **more)

    def get(self) -> "HomeBrowser":
        self.answer = self.ask("GET", "/home")
        return self

    def visit(self, path: str) -> "HomeBrowser":
        self.answer = self.ask("GET", path)
        return self

    def send(self, path: str, **fields: Any) -> "HomeBrowser":
        """Sends a form of the page last shown, and follows where it leads; a list sends a field several times."""
        self.answer = self.ask("POST", path, data={"csrf_token": self.token} | fields)
        return self.visit(self.answer.location.partition("#")[0]) if self.answer.status_code == 303 else self

    def post(self, step: str, **fields: str) -> "HomeBrowser":
        """Presses a button of the page last shown, and follows where it leads."""
        form = {"csrf_token": self.token, "step": step} | fields
        self.answer = self.ask("POST", "/home", data=form)
        return self.get() if self.answer.status_code == 303 else self

    def enter(self, code: str) -> "HomeBrowser":
        return self.get().post("enter", entry=code)

    def sign_in(self, user: str = USER, password: str = PASSWORD, **more: str) -> "HomeBrowser":
        return self.post("door" if self.step == "door" else "sign-in", user=user, password=password, **more)

    def open(self, camera: str, sdp: str = OFFER, **more: Any) -> TestResponse:
        """What a tile's script does."""
        headers = {"X-CSRFToken": self.token}
        return self.ask("POST", f"/home/cameras/{camera}", json={"session": "7", "sdp": sdp}, headers=headers, **more)

    def offer(self, camera: str, sdp: str = OFFER) -> TestResponse:
        """What the script of “Try a sentence” does for the Echo."""
        headers = {"X-CSRFToken": self.token}
        return self.ask("POST", "/home/try/offer", json={"camera": camera, "sdp": sdp}, headers=headers)

    @property
    def cookie(self) -> str:
        """The text of the console's cookie."""
        kept = {cookie.key: cookie.value for cookie in (self.http._cookies or {}).values()}
        return kept.get("showcam-home", "")


def _shown(markup: str) -> str:
    return re.sub(r"<(div|details|button|summary)[^>]* hidden[^>]*>.*?</\1>", " ", markup, flags=re.DOTALL)


def words(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", _shown(markup))).split())
