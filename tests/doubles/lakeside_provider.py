"""Lakeside's cloud with npm oidc-provider as its authorization server: its pages, its tokens and its refusals."""

import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import flask
import requests

from bench import refresh
from bench.run import NoPeer
from scripts.deploy_local.emulator import free_ports
from scripts.deploy_local.walk import Form
from tests.doubles.hls_camera import Authority
from tests.doubles.lakeside_cloud import LakesideCloud
from tests.doubles.needs import OIDC_PROVIDER
from tests.doubles.waiting import LONG_S, until

PROGRAM = Path(__file__).parent / "oidc" / "provider.mjs"
HANDED = ("content-type", "cookie", "authorization", "accept", "origin")
HOP = ("content-length", "transfer-encoding", "connection", "date", "keep-alive")


class ProviderCloud(LakesideCloud):
    """`begin` starts the authorization server, once showcam's callback is known."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        try:
            refresh.ensure()
        except NoPeer as error:
            OIDC_PROVIDER.skip(str(error))
        self._at, self._secret, self._log = free_ports(), secrets.token_urlsafe(24), folder / "oidc-provider.log"
        self._process: subprocess.Popen[bytes] | None = None
        super().__init__(authority)

    def begin(self, callback: str) -> None:
        environ = {"MODULES": str(refresh.FOLDER), "PORT": str(self._at), "ISSUER": f"https://{self.host}"}
        environ |= {"CALLBACK": callback, "API_SECRET": self._secret, "NODE_ENV": "test"}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [shutil.which("node") or "node", str(PROGRAM)], env=environ, stdout=log, stderr=log
            )
        until(lambda: b"serving" in self._log.read_bytes())

    def bind_oauth(self, app: flask.Flask) -> None:
        for path in ("/oauth/<path:rest>", "/interaction/<path:rest>"):
            app.add_url_rule(path, f"handed on {path}", self._handed_on, methods=["GET", "POST"])

    def user_of(self, token: str) -> str:
        answer = requests.post(
            f"http://127.0.0.1:{self._at}/oauth/introspection",
            {"token": token},
            auth=("api", self._secret),
            headers=self._from_proxy(),
            timeout=LONG_S,
        )
        found = answer.json()
        return str(found["sub"]) if found["active"] and "cameras" in found["scope"].split() else ""

    def close(self) -> None:
        super().close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(LONG_S)

    def _from_proxy(self) -> dict[str, str]:
        return {"Host": self.host, "X-Forwarded-Proto": "https", "X-Forwarded-Host": self.host}

    def _handed_on(self, rest: str) -> Any:
        asked = flask.request
        sent = {name: value for name, value in asked.headers.items() if name.lower() in HANDED}
        answer = requests.request(
            asked.method,
            f"http://127.0.0.1:{self._at}{asked.full_path}",
            data=asked.get_data(),
            headers=sent | self._from_proxy(),
            allow_redirects=False,
            timeout=LONG_S,
        )
        given = [(name, value) for name, value in answer.raw.headers.items() if name.lower() not in HOP]
        return flask.Response(answer.content, answer.status_code, given)


def signed_in_there(browser: requests.Session, there: str, back: str, user: str, trusted: Path) -> str:
    """Signs in on the provider's own pages and consents; the address by which they send the browser back."""
    page = browser.get(there, timeout=LONG_S, verify=str(trusted), allow_redirects=False)
    for _ in range(12):
        while page.is_redirect:
            to = urljoin(page.url, page.headers["Location"])
            if to.startswith(back):
                return to
            page = browser.get(to, timeout=LONG_S, verify=str(trusted), allow_redirects=False)
        form = Form(page.text)
        fields = dict(form.fields) | ({"login": user, "password": "x"} if 'name="login"' in page.text else {})
        to = urljoin(page.url, form.action)
        page = browser.post(to, fields, timeout=LONG_S, verify=str(trusted), allow_redirects=False)
    raise AssertionError(page.text)
