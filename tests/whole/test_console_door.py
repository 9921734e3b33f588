"""Signing in at the console of a running showcam without the printed code: who may, how often, and from where."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urljoin

import pytest
import requests

from scripts.deploy_local.walk import Form
from tests.doubles.console_browser import Page
from tests.doubles.linking import LOOPBACK
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S

USER, PASSWORD = "demo@example.com", "showcam-demo"
STRANGER, CAREFUL = "family@example.com", "mfa@example.com"  # showcam does not know the first one
REFUSED = "These did not work."
OWN, OWN_PASSWORD = "kari", "four words of a house"


@pytest.fixture(scope="module")
def showcam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("door"), troubled=True, SHOWCAM_SIGN_INS_PER_USER="3") as program:
        yield program


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """No demo: a household of its own cameras only, whose owner chose a name and a password."""
    with running(tmp_path_factory.mktemp("house"), demo=False) as program:
        first = Page(program)
        assert 'value="door"' not in first.get("/home"), "before the first household there is no door"
        assert first.post("/home", step="enter", entry=program.entry()) == 200
        assert first.post("/home", step="own", own_user=OWN, own_password=OWN_PASSWORD) == 200
        yield program


def tried(program: Program, user: str, password: str) -> Page:
    page = Page(program)
    page.post("/home", step="door", user=user, password=password)
    return page


def linking(program: Program, user: str = "", password: str = "", step: str = "sign-in", **cookies: str) -> int:
    """The status of a step on the linking page, by a browser with these cookies."""
    with requests.Session() as browser:
        browser.cookies.update(cookies)
        asked = {"response_type": "code", "client_id": "alexa", "redirect_uri": LOOPBACK, "scope": "cameras"}
        page = browser.get(f"{program.web}/oauth/authorize", params={**asked, "state": "s"}, timeout=LONG_S)
        fields = dict(Form(page.text).fields) | {"user": user, "password": password, "step": step}
        return browser.post(page.url, fields, timeout=LONG_S, allow_redirects=False).status_code


def test_a_browser_signs_in_with_the_vendors_password(showcam: Program) -> None:
    page = tried(showcam, USER, PASSWORD)
    assert 'data-name="Garden"' in page.text
    assert page.post("/home", step="sign-out") == 200
    assert ('value="door"' in page.text, f'value="{USER}"' in page.text) == (True, True)
    assert page.post("/home", step="door", user=USER, password=PASSWORD) == 200
    assert 'data-name="Garden"' in page.text


def test_a_browser_signs_in_with_the_households_own_password(house: Program) -> None:
    assert "/home/assistants" in tried(house, OWN, OWN_PASSWORD).text
    wrong = tried(house, OWN, "five words of another house")
    assert (REFUSED in wrong.text, "/home/assistants" in wrong.text) == (True, False)


def test_the_vendors_code_is_asked_for(showcam: Program) -> None:
    page = tried(showcam, CAREFUL, PASSWORD)
    assert 'name="code"' in page.text
    assert page.session.get(f"{showcam.web}/home/setup", timeout=LONG_S).status_code == 401
    assert page.post("/home", step="code", code="999999") == 403
    assert page.post("/home", step="code", code="012345") == 200
    assert 'class="wide' in page.text


def test_who_is_not_known_is_told_the_same_as_who_errs_and_the_vendor_is_not_asked(showcam: Program) -> None:
    wrong = tried(showcam, USER, "wrong")
    before = showcam.calls()
    stranger = tried(showcam, STRANGER, PASSWORD)
    assert not [path for path in showcam.calls() - before if "login" in path]
    said = [re.findall(r'role="alert"[^>]*>([^<]+)<', page.text) for page in (wrong, stranger)]
    assert said[0] == said[1]
    assert said[0][0].startswith(REFUSED)


def test_who_may_link_for_some_minutes_may_not_come_in(showcam: Program) -> None:
    owner = tried(showcam, USER, PASSWORD)
    assert owner.post("/home/assistants", step="open-window") == 200
    assert REFUSED in tried(showcam, STRANGER, PASSWORD).text
    assert linking(showcam, STRANGER, PASSWORD) == 303
    assert REFUSED in tried(showcam, STRANGER, PASSWORD).text, "a household that somebody else began"
    assert owner.post("/home/assistants", step="close-window") == 200


def test_the_address_without_a_path_leads_home_in_the_house_only(house: Program) -> None:
    first = requests.get(f"{house.web}/", timeout=LONG_S, allow_redirects=False)
    assert (first.status_code, first.headers["Location"]) == (302, "/home")
    for name, value in (line.split(": ", 1) for line in FORGED):
        outside = requests.get(f"{house.web}/", headers={name: value}, timeout=LONG_S, allow_redirects=False)
        assert (outside.status_code, "Link it" in outside.text) == (200, True), name
    assert "Link it" in requests.get(f"{house.web}/start", timeout=LONG_S).text


def test_it_is_an_app_of_the_phone(house: Program) -> None:
    page = Page(house).get("/home")
    found = re.findall(r'<link rel="manifest" href="([^"]+)"', page)[0]
    answer = requests.get(f"{house.web}{found}", timeout=LONG_S)
    assert answer.headers["Content-Type"].startswith("application/manifest+json")
    app = answer.json()
    start, scope = (urljoin(found, app[name]) for name in ("start_url", "scope"))
    assert (start, scope, app["display"], app["orientation"]) == (
        "/home",
        "/home",
        "standalone",
        "any",
    )
    for icon in app["icons"]:
        image = requests.get(urljoin(answer.url, icon["src"]), timeout=LONG_S).content
        assert image.startswith(b"\x89PNG")
        assert [int.from_bytes(image[at : at + 4]) for at in (16, 20)] == [int(icon["sizes"].split("x")[0])] * 2
    assert {icon.get("purpose", "any") for icon in app["icons"]} == {"any", "maskable"}


def test_only_the_door_is_there_without_a_code(showcam: Program) -> None:
    for step in ("sign-in", "own", "key", "code", "again", "vendor", "sign-out", "open-way"):
        page = Page(showcam)
        page.post("/home", step=step, user=STRANGER, password=PASSWORD, own_user="x", own_password="a long password")
        assert 'class="wide' not in page.text, step
        assert 'value="door"' in page.get("/home"), step


def test_a_cookie_of_linking_ends_no_session_of_the_console(showcam: Program) -> None:
    owner = tried(showcam, USER, PASSWORD)
    sessions = re.findall(r'name="browser" value="([^"]+)"', owner.get("/home/phones"))
    assert sessions
    for session in sessions:
        assert linking(showcam, step="switch", **{"showcam-visit": session}) == 303
    assert 'data-name="Garden"' in owner.get("/home")


# a line that a proxy, a tunnel or a page of another site brings
FORGED = [
    "X-Forwarded-For: 192.168.1.20",
    "Forwarded: for=192.168.1.20",
    "X-Real-IP: 127.0.0.1",
    "Cf-Connecting-Ip: 203.0.113.7",
    "Via: 1.1 proxy",
    "Host: evil.example",
]


@pytest.mark.parametrize("line", FORGED)
def test_outside_the_house_there_is_no_door(house: Program, line: str) -> None:
    page = Page(house)
    page.get("/home")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
    body = urlencode({"csrf_token": token, "step": "door", "user": OWN, "password": OWN_PASSWORD})
    lines = [
        "POST /home HTTP/1.1",
        *([] if line.startswith("Host") else [f"Host: 127.0.0.1:{house.port}"]),
        line,
        "Cookie: " + "; ".join(f"{name}={value}" for name, value in page.session.cookies.items()),
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    with socket.create_connection(("127.0.0.1", house.port), LONG_S) as connection:
        connection.sendall("\r\n".join([*lines, "", body]).encode())
        answer = connection.makefile("rb").read()
    assert answer.split()[1] == b"404"
    assert b"showcam-home=" not in answer


def test_wrong_passwords_at_linking_lock_nobody_out_at_home(tmp_path: Path) -> None:
    with running(tmp_path, troubled=True, SHOWCAM_SIGN_INS_PER_USER="3") as program:
        for _ in range(3):
            assert linking(program, USER, "wrong") == 403
        assert linking(program, USER, PASSWORD) == 403, "the right one, after too many"
        known = tried(program, USER, PASSWORD)
        assert 'data-name="Garden"' in known.text
        for _ in range(3):
            assert REFUSED in tried(program, USER, "wrong").text
        assert REFUSED in tried(program, USER, PASSWORD).text, "the right one, after too many"
        asked = program.calls()
        assert linking(program, USER, PASSWORD) == 403
        assert [path for path in program.calls() - asked if "login" in path] == [], "the vendor is not asked"
        assert known.post("/home", step="sign-out") == 200
        assert known.post("/home", step="door", user=USER, password=PASSWORD) == 200, "it was signed in before"
        assert 'data-name="Garden"' in known.text


def test_a_household_that_is_removed_does_not_come_back_by_a_code_that_was_sent_before(showcam: Program) -> None:
    with requests.Session() as browser:
        asked = {"response_type": "code", "client_id": "alexa", "redirect_uri": LOOPBACK, "scope": "cameras"}
        page = browser.get(f"{showcam.web}/oauth/authorize", params={**asked, "state": "s"}, timeout=LONG_S)
        for fields in ({"user": CAREFUL, "password": PASSWORD, "step": "sign-in"}, {"code": "012345", "step": "code"}):
            if "code" in fields:
                assert 'name="code"' in page.text
                removed = showcam.command("--demo", "household", "remove", CAREFUL, text=f"{CAREFUL}\n")
                assert removed.returncode == 0, removed.stderr
            page = browser.post(page.url, dict(Form(page.text).fields) | fields, timeout=LONG_S)
    assert ("may not sign in here" in page.text, 'value="agree"' in page.text) == (True, False)
