"""The console of a running showcam through a proxy of the owner's, and what that opens to nobody else."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tests.doubles.ingress import BASE, CORE, SESSION, SUPERVISOR, Ingress
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S

SETTING = f"{SUPERVISOR} X-Ingress-Path self"
OWN, OWN_PASSWORD = "kari", "four words of a house"
LINK = re.compile(r'(?:href|src|action|data-[a-z]+)="(/[^"]*)"')
FORWARDED = f"X-Forwarded-For: {CORE}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("house"), demo=False, SHOWCAM_CONSOLE=SETTING) as program:
        yield program


@pytest.fixture(scope="module")
def ingress(house: Program) -> Iterator[Ingress]:
    with Ingress(house.port) as ingress:
        yield ingress


class Frame:
    """A browser that Home Assistant has signed in."""

    def __init__(self, ingress: Ingress) -> None:
        self.at, self.http, self.text = ingress.url, requests.Session(), ""
        self.http.headers["Accept"] = "text/html"
        self.http.cookies.set(*SESSION.split("="), domain="127.0.0.1", path="/api/hassio_ingress/")
        self.answer = requests.Response()

    def ask(self, method: str, path: str, **more: Any) -> int:
        self.answer = self.http.request(method, f"{self.at}{path}", timeout=LONG_S, **more)
        self.text = self.answer.text
        return self.answer.status_code

    def press(self, path: str, **form: str) -> int:
        """Sends a form of the page last shown."""
        token = re.findall(r'name="csrf_token" value="([^"]+)"', self.text)[0]
        return self.ask("POST", path, data={"csrf_token": token} | form)


@pytest.fixture(scope="module")
def owner(house: Program, ingress: Ingress) -> Frame:
    """Began the household through the proxy, with the printed code and a password of showcam's own."""
    frame = Frame(ingress)
    assert frame.ask("GET", f"{BASE}/") == 200
    assert frame.answer.url == f"{ingress.url}{BASE}/home"
    assert frame.press(f"{BASE}/home", step="enter", entry=house.entry()) == 200
    assert frame.press(f"{BASE}/home", step="own", own_user=OWN, own_password=OWN_PASSWORD) == 200
    return frame


def asked(program: Program, *lines: str, by: str = SUPERVISOR) -> tuple[int, str]:
    """Status and text of the answer to these lines, sent as they are from that address of this machine."""
    source = (by, 0)
    with socket.create_connection(("127.0.0.1", program.port), LONG_S, source_address=source) as connection:
        host = f"Host: 127.0.0.1:{program.port}"
        connection.sendall("\r\n".join([*lines, host, "Connection: close", "", ""]).encode("latin-1"))
        with connection.makefile("rb") as answer:
            text = answer.read().decode()
    return int(text.split(" ", 2)[1]), text


def walked(frame: Frame, first: str) -> dict[str, str]:
    """Every page that links lead to, by its path."""
    pages, waiting = dict[str, str](), [first]
    while waiting:
        path = waiting.pop()
        if path in pages or not path.startswith(f"{BASE}/"):
            continue
        assert frame.ask("GET", path) == 200, path
        pages[path] = frame.text if frame.answer.headers["Content-Type"].startswith("text/html") else ""
        found = re.findall(r'<a[^>]* href="([^"#]+)', pages[path])
        waiting += [urljoin(path, link).partition("?")[0] for link in found if not urlsplit(link).scheme]
    return pages


def test_every_page_and_what_it_names_is_below_the_path(owner: Frame, ingress: Ingress) -> None:
    pages = walked(owner, f"{BASE}/home")
    assert len(pages) > 20, list(pages)
    beside = {(path, link) for path, text in pages.items() for link in LINK.findall(text) if not link.startswith(BASE)}
    assert beside == set()
    for name in {link for text in pages.values() for link in LINK.findall(text) if "/static/" in link}:
        assert owner.ask("GET", name) == 200, name
    assert ingress.strays == []


def test_a_form_is_saved_and_the_browser_stays_below_the_path(owner: Frame) -> None:
    owner.ask("GET", f"{BASE}/home/assistants")
    assert owner.press(f"{BASE}/home/language", at="/home/assistants", language="nb") == 200
    assert urlsplit(owner.answer.url).path == f"{BASE}/home/assistants"
    assert '<html lang="nb">' in owner.text
    assert owner.press(f"{BASE}/home/language", at="/home", language="en") == 200


def test_its_cookies_go_to_nothing_beside_it(owner: Frame) -> None:
    owner.ask("GET", f"{BASE}/home")
    owner.press(f"{BASE}/home/language", at="/home", language="en")
    ours = {cookie.name: cookie.path for cookie in owner.http.cookies if "showcam" in cookie.name}
    assert ours == {"showcam-home": f"{BASE}/home", "showcam-home-form": BASE, "showcam-language": BASE}


def test_by_https_its_cookies_are_for_https(house: Program, owner: Frame) -> None:
    lines = ("GET /home HTTP/1.1", FORWARDED, "X-Forwarded-Proto: https", f"X-Ingress-Path: {BASE}")
    cookies = [line for line in asked(house, *lines)[1].splitlines() if line.lower().startswith("set-cookie:")]
    assert cookies
    assert all("; Secure" in line and f"Path={BASE}" in line and "__Host-" not in line for line in cookies), cookies


def test_a_browser_without_a_session_has_to_sign_in(owner: Frame, ingress: Ingress) -> None:
    stranger = Frame(ingress)
    stranger.ask("GET", f"{BASE}/home/assistants")
    assert urlsplit(stranger.answer.url).path == f"{BASE}/home"
    assert 'value="door"' in stranger.text
    assert stranger.ask("GET", f"{BASE}/home/assistants", headers={"Accept": "application/json"}) == 401
    stranger.ask("GET", f"{BASE}/home")
    assert stranger.press(f"{BASE}/home", step="door", user=OWN, password="another house") == 403
    assert stranger.press(f"{BASE}/home", step="door", user=OWN, password=OWN_PASSWORD) == 200
    assert urlsplit(stranger.answer.url).path == f"{BASE}/home/assistants", "the page that was wanted"


def test_a_visitor_from_the_internet_can_not_sign_in(house: Program, owner: Frame) -> None:
    text = asked(house, "GET /home HTTP/1.1", "X-Forwarded-For: 203.0.113.7", f"X-Ingress-Path: {BASE}")[1]
    assert ('value="door"' in text, 'value="enter"' in text) == (False, True)


@pytest.mark.usefixtures("owner")
def test_a_page_of_another_site_sends_no_form(ingress: Ingress) -> None:
    frame = Frame(ingress)
    frame.ask("GET", f"{BASE}/home")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', frame.text)[0]
    form = {"csrf_token": token, "step": "door", "user": OWN, "password": OWN_PASSWORD}
    for site in ("cross-site", "same-site"):
        assert frame.ask("POST", f"{BASE}/home", data=form, headers={"Sec-Fetch-Site": site}) == 400
    assert frame.ask("POST", f"{BASE}/home", data=form | {"csrf_token": "guessed"}) == 400
    assert frame.ask("POST", f"{BASE}/home", data=form, headers={"Sec-Fetch-Site": "same-origin"}) == 200


# method and path
MACHINES = [
    ("POST", "/alexa/smart-home"),
    ("POST", "/alexa/skill"),
    ("POST", "/google/fulfillment"),
    ("POST", "/google/webrtc/x"),
    ("POST", "/internal/sources/open"),
    ("POST", "/webhooks/ezviz"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("POST", "/oauth/token"),
    ("POST", "/oauth/revoke"),
    ("GET", "/oauth/userinfo"),
    ("GET", "/oauth/authorize"),
    ("GET", "/oauth/privacy"),
    ("GET", "/oauth/callback/ezviz"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/setup/lwa"),
    ("POST", "/setup/forwarder/x"),
    ("GET", "/receiver/index.html"),
]


@pytest.mark.parametrize(("method", "path"), MACHINES)
def test_what_is_for_assistants_is_not_there(house: Program, method: str, path: str) -> None:
    lines = (f"{method} {path} HTTP/1.1", FORWARDED, "Content-Length: 0", f"X-Ingress-Path: {BASE}")
    assert asked(house, *lines)[0] == 404


def test_it_leads_to_video_and_to_nothing_beside_it(house: Program) -> None:
    named = (FORWARDED, f"X-Ingress-Path: {BASE}")
    status, text = asked(house, "GET /s/guessed/master.m3u8 HTTP/1.1", *named)
    direct = requests.get(f"http://127.0.0.1:{house.media_port}/s/guessed/master.m3u8", timeout=LONG_S)
    assert (status, text.partition("\r\n\r\n")[2]) == (direct.status_code, direct.text)
    for path in ("/s/../healthz", "/s/%2e%2e/healthz", "/s//healthz", "/s/x%0d%0aHost:y", "/s/"):
        assert asked(house, f"GET {path} HTTP/1.1", *named)[0] == 404, path
    assert asked(house, "POST /s/guessed/whep HTTP/1.1", "Content-Length: 0", *named)[0] == 405
    assert asked(house, "GET /s/guessed/master.m3u8 HTTP/1.1", by="127.0.0.1")[0] == 404


PAGE = "GET /home HTTP/1.1"
# lines of a request, its sender, what is answered, and whether its page is below the path
SENDERS = {
    "the proxy": ((PAGE, FORWARDED, f"X-Ingress-Path: {BASE}"), SUPERVISOR, 200, True),
    "the proxy, as nginx speaks": (("GET /home HTTP/1.0", f"X-Ingress-Path: {BASE}"), SUPERVISOR, 200, True),
    "the proxy by the root": ((PAGE, FORWARDED, "X-Ingress-Path: /"), SUPERVISOR, 200, False),
    "the proxy without its header": ((PAGE, FORWARDED), SUPERVISOR, 404, False),
    "another address": ((PAGE, FORWARDED, f"X-Ingress-Path: {BASE}"), "127.0.0.3", 404, False),
    "an address that names the proxy": (
        (PAGE, f"X-Forwarded-For: {SUPERVISOR}", f"X-Ingress-Path: {BASE}"),
        "127.0.0.1",
        404,
        False,
    ),
    "a browser in the house with the header": ((PAGE, f"X-Ingress-Path: {BASE}"), "127.0.0.1", 200, False),
    "the header with underscores": ((PAGE, FORWARDED, f"X_Ingress_Path: {BASE}"), SUPERVISOR, 404, False),
    "the header twice": ((PAGE, f"X-Ingress-Path: {BASE}", f"X-Ingress-Path: {BASE}"), SUPERVISOR, 400, False),
    "a path of another host": ((PAGE, FORWARDED, "X-Ingress-Path: //evil.example"), SUPERVISOR, 400, False),
    "an address": ((PAGE, FORWARDED, "X-Ingress-Path: https://evil.example"), SUPERVISOR, 400, False),
    "a path that leads up": ((PAGE, FORWARDED, "X-Ingress-Path: /a/../b"), SUPERVISOR, 400, False),
    "markup": ((PAGE, FORWARDED, 'X-Ingress-Path: /a"><script>'), SUPERVISOR, 400, False),
    "a cookie's attribute": ((PAGE, FORWARDED, "X-Ingress-Path: /a; Domain=evil"), SUPERVISOR, 400, False),
    "a path without end": ((PAGE, FORWARDED, f"X-Ingress-Path: /{'a' * 200}"), SUPERVISOR, 400, False),
}


@pytest.mark.parametrize("case", SENDERS)
def test_who_is_let_in_and_what_is_believed(house: Program, case: str) -> None:
    lines, by, status, is_below = SENDERS[case]
    answered, text = asked(house, *lines, by=by)
    assert (answered, f'action="{BASE}/' in text) == (status, is_below)


def test_only_a_page_of_the_proxy_may_frame_it_and_only_through_the_proxy(house: Program) -> None:
    framed = asked(house, PAGE, FORWARDED, f"X-Ingress-Path: {BASE}")[1].lower()
    assert ("frame-ancestors 'self';" in framed, "x-frame-options" in framed) == (True, False)
    direct = asked(house, PAGE, by="127.0.0.1")[1].lower()
    assert ("frame-ancestors 'none';" in direct, "x-frame-options: deny" in direct) == (True, True)


# the setting's last word, and the policy of a page through the proxy
FRAMES = [("", "'none'", True), (" https://home.example:8123", "https://home.example:8123", False)]


@pytest.mark.parametrize(("word", "may", "denies"), FRAMES)
def test_who_may_frame_it_is_what_the_setting_says(tmp_path: Path, word: str, may: str, denies: bool) -> None:
    setting = f"{SUPERVISOR} X-Base{word}"
    with running(tmp_path, demo=False, SHOWCAM_CONSOLE=setting) as program:
        answered, text = asked(program, PAGE, FORWARDED, "X-Base: /cameras")
        assert (answered, 'action="/cameras/home' in text) == (200, True)
        assert (f"frame-ancestors {may};" in text, "x-frame-options: deny" in text.lower()) == (True, denies)
        assert asked(program, PAGE, FORWARDED, f"X-Ingress-Path: {BASE}")[0] == 404, "another header"


def test_without_the_setting_nothing_of_it_is_there(tmp_path: Path) -> None:
    with running(tmp_path, demo=False) as program:
        for by in (SUPERVISOR, "127.0.0.1"):
            assert asked(program, PAGE, FORWARDED, f"X-Ingress-Path: {BASE}", by=by)[0] == 404
            answered, text = asked(program, PAGE, f"X-Ingress-Path: {BASE}", by=by)
            assert (answered, BASE in text) == (200, False)
        with Ingress(program.port) as ingress:
            assert Frame(ingress).ask("GET", f"{BASE}/home") == 404


# the setting, more of the environment, what the refusal says
WRONG = [
    ("172.30.32.2", {}, "ADDRESS HEADER"),
    ("172.30.32.0/24 X-Ingress-Path", {}, "ADDRESS HEADER"),
    ("supervisor X-Ingress-Path", {}, "ADDRESS HEADER"),
    ("172.30.32.2 Cookie", {}, "ADDRESS HEADER"),
    ("172.30.32.2 X-Forwarded-For", {}, "ADDRESS HEADER"),
    ("172.30.32.2 X-Real-IP", {}, "ADDRESS HEADER"),
    ("172.30.32.2 X-Ingress-Path *", {}, "ADDRESS HEADER"),
    ("172.30.32.2 X-Ingress-Path https://a.example/path", {}, "ADDRESS HEADER"),
    ("172.30.32.2 X-Ingress-Path self self", {}, "ADDRESS HEADER"),
    ("127.0.0.2 X-Ingress-Path", {"SHOWCAM_TRUSTED_PROXIES": "127.0.0.0/8"}, "is in trusted_proxies"),
]


@pytest.mark.parametrize(("setting", "more", "why"), WRONG)
def test_a_setting_that_would_open_more_is_refused(
    tmp_path: Path, setting: str, more: dict[str, Any], why: str
) -> None:
    program = Program(tmp_path, demo=False, SHOWCAM_CONSOLE=setting, **more)
    refused = program.command("run")
    assert refused.returncode != 0
    assert ("console" in refused.stderr, why in refused.stderr) == (True, True), refused.stderr
