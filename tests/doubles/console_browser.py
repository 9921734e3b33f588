"""The console of a running showcam in a browser without script."""

import re
import time
from html import unescape
from urllib.parse import urljoin

import requests

from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S, until

PASSWORD = "a-long-password"


class Page:
    """The console in a browser without script."""

    def __init__(self, program: Program) -> None:
        self.program, self.session = program, requests.Session()
        self.text = ""

    def get(self, path: str) -> str:
        self.text = self.session.get(f"{self.program.web}{path}", timeout=LONG_S).text
        return self.text

    def shows(self, path: str, text: str) -> bool:
        """Whether the page has the text; not while its process starts again."""
        try:
            return text in self.get(path)
        except requests.ConnectionError:
            return False

    def post(self, path: str, **form: str) -> int:
        until(lambda: self.shows(path, 'name="csrf_token"'))
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.text)
        assert token is not None, self.text
        sent = self.session.post(
            f"{self.program.web}{path}", data={"csrf_token": token[1], **form}, timeout=LONG_S, allow_redirects=False
        )
        if sent.is_redirect:
            sent = self._led_to(urljoin(sent.url, sent.headers["Location"]))
        self.text = sent.text
        return sent.status_code

    def _led_to(self, address: str) -> requests.Response:
        """The page there, also if its process starts again meanwhile."""
        end = time.monotonic() + LONG_S
        while True:
            try:
                return self.session.get(address, timeout=LONG_S)
            except requests.ConnectionError:
                assert time.monotonic() < end, address
                time.sleep(0.1)

    def mend(self, camera: str, step: str) -> int:
        """Press the button of that step at the camera of that name."""
        self.get("/home")
        tile = re.search(rf'<li class="tile"[^>]*data-camera="([\w-]+)"[^>]*data-name="{camera}"', self.text)
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.text)
        assert tile is not None, self.text
        assert token is not None
        form = {"csrf_token": token[1], "camera": tile[1], "step": step}
        sent = self.session.post(f"{self.program.web}/home/cameras/{tile[1]}/mend", data=form, timeout=LONG_S)
        self.text = sent.text
        return sent.status_code

    def value(self, field: str) -> str:
        found = re.search(rf'id="{field}" value="([^"]*)"', self.text)
        assert found is not None, self.text
        return unescape(found[1])

    def notify(self, user: str, address: str) -> None:
        """Signs the vendor's user in, and adds the address for notices."""
        self.enter(user, "showcam-demo")
        assert self.post("/home/health/notices", step="add", url=address) == 200, self.text

    def enter(self, user: str = "owner", password: str = PASSWORD) -> None:
        assert self.post("/home", step="enter", entry=self.program.entry()) == 200
        assert self.post("/home", step="sign-in", user=user, password=password) == 200
