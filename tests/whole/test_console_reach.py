"""Who reaches the console of a running showcam: through a proxy and a tunnel, by DNS rebinding, and where it is off."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.doubles.console_browser import Page
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "Through a proxy, a tunnel or another site's name `/home` of a running showcam is 404, or takes a code only if the "
    "proxy adds no header",
    leans_on="double: the tunnels' headers",
)

NAMES = "nas.local,Showcam"
# What each adds to a request, by its documentation.
TUNNELS = {
    "Caddy": {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "cam.example"},
    "cloudflared": {"Cf-Connecting-Ip": "203.0.113.7", "Cf-Ray": "8a1b", "X-Forwarded-For": "203.0.113.7"},
    "Tailscale Funnel": {"X-Forwarded-For": "203.0.113.7", "Tailscale-Funnel-Request": "?1"},
}


class Tunnel:
    """Hands each request on to showcam from this machine, with the lines that a tunnel adds."""

    def __init__(self, port: int, added: dict[str, str]) -> None:
        self._to, self._added = port, added
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            # who asked may go away before the whole answer is there
            with near, suppress(OSError), socket.create_connection(("127.0.0.1", self._to)) as far:
                head, _, rest = near.recv(65536).partition(b"\r\n")
                lines = "".join(f"{name}: {value}\r\n" for name, value in self._added.items())
                far.sendall(head + b"\r\n" + lines.encode() + b"Connection: close\r\n" + rest)
                while answer := far.recv(65536):
                    near.sendall(answer)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._thread.join(LONG_S)
        self._socket.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("console"), demo=False, SHOWCAM_CONSOLE_HOSTS=NAMES) as program:
        yield program


def status(port: int, host: str, path: str = "/home", *, at: str = "127.0.0.1") -> int:
    return asked(port, f"GET {path} HTTP/1.1", f"Host: {host}", at=at)


def asked(port: int, *lines: str, at: str = "127.0.0.1") -> int:
    """The status of the answer to these lines, sent as they are."""
    with socket.create_connection((at, port), LONG_S) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))
        with connection.makefile("rb") as answer:
            return int(answer.readline().split()[1])


# Host, what is answered
HOSTS = {
    "this machine": ("127.0.0.1", 200),
    "its name": ("localhost", 200),
    "a private address": ("192.168.1.5", 200),
    "a private address by IPv6": ("[fd00::5]", 200),
    "a name of the house": ("nas.local", 200),
    "that name in capitals": ("NAS.LOCAL", 200),
    "a name without a dot": ("showcam", 200),
    "a name of another site that resolves to this machine": ("evil.example", 404),
    "a name that begins like an address": ("192.168.1.5.evil.example", 404),
    "a name that begins like localhost": ("localhost.evil.example", 404),
    "a name below one of the house": ("evil.nas.local", 404),
    "localhost with a dot": ("localhost.", 404),
    "a public address": ("203.0.113.9", 404),
    "another spelling of loopback": ("2130706433", 404),
    "another spelling of 10.0.0.1": ("10.1", 404),
    "a user before the host": ("evil@127.0.0.1", 404),
    "a path behind the host": ("127.0.0.1/evil", 404),
    "an open bracket": ("[::1", 404),
}


@pytest.mark.parametrize("case", HOSTS)
def test_by_the_hosts_name(house: Program, case: str) -> None:
    host, answered = HOSTS[case]
    assert status(house.port, f"{host}:{house.port}") == answered


@pytest.mark.parametrize("host", ["Host:", "Host: 127.0.0.1:x", "Host: 127.0.0.1\r\nHost: evil.example", "X-Y: z"])
def test_a_host_that_is_none_is_not_the_houses(house: Program, host: str) -> None:
    assert asked(house.port, "GET /home HTTP/1.1", host) == 404


# a line that a proxy or tunnel adds
ADDED = [
    "X-Forwarded-For: 192.168.1.20",
    "X-Forwarded-For:",
    "X-Forwarded-For: \xe6",
    "X-Forwarded-Host: 127.0.0.1",
    "X-Forwarded-Server: proxy",
    "Forwarded: for=192.168.1.20",
    "Via: 1.1 proxy",
    "X-Real-IP: 192.168.1.20",
    "True-Client-IP: 203.0.113.7",
    "Fly-Client-IP: 203.0.113.7",
    "X-Cluster-Client-IP: 203.0.113.7",
    "CF-Connecting-IP: 203.0.113.7",
    "CF-Ray: 8a",
    "CDN-Loop: cloudflare",
    "Tailscale-Funnel-Request: ?1",
]


@pytest.mark.parametrize("line", ADDED)
def test_a_line_of_a_proxy_is_not_the_houses(house: Program, line: str) -> None:
    assert asked(house.port, "GET /home HTTP/1.1", f"Host: 127.0.0.1:{house.port}", line) == 404


@pytest.mark.parametrize(("version", "answered"), [("1.1", 200), ("1.0", 404)])
def test_nginx_as_it_is_installed_is_known_by_its_protocol(house: Program, version: str, answered: int) -> None:
    assert asked(house.port, f"GET /home HTTP/{version}", f"Host: 127.0.0.1:{house.port}") == answered


@pytest.mark.parametrize("name", TUNNELS)
def test_through_a_tunnel_there_is_no_such_page(house: Program, name: str) -> None:
    tunnel = Tunnel(house.port, TUNNELS[name])
    try:
        assert status(tunnel.port, "127.0.0.1", "/healthz") == 200
        assert status(tunnel.port, "127.0.0.1") == 404
        assert status(tunnel.port, "127.0.0.1", "/home/cameras/x/still.jpg") == 404
    finally:
        tunnel.close()


OWN, OWN_PASSWORD = "kari", "four words of a house"
# what is set if a proxy on this machine may lead strangers here
EXPOSED = {
    "a trusted proxy": {"SHOWCAM_TRUSTED_PROXIES": "127.0.0.1"},
    "a public address": {"SHOWCAM_PUBLIC_URL": "https://cam.example"},
}


@pytest.fixture(scope="module", params=EXPOSED)
def exposed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    given: dict[str, Any] = EXPOSED[request.param]
    with running(tmp_path_factory.mktemp("exposed"), demo=False, **given) as program:
        owner = Page(program)
        assert owner.post("/home", step="enter", entry=program.entry()) == 200
        assert owner.post("/home", step="own", own_user=OWN, own_password=OWN_PASSWORD) == 200
        assert "/home/assistants" in owner.get("/home"), "who came in by a code stays signed in"
        yield program


def test_through_a_proxy_that_adds_no_header_there_is_no_door(exposed: Program) -> None:
    tunnel = Tunnel(exposed.port, {})
    try:
        page = requests.get(f"http://127.0.0.1:{tunnel.port}/home", timeout=LONG_S).text
        first = requests.get(f"http://127.0.0.1:{tunnel.port}/", timeout=LONG_S, allow_redirects=False)
    finally:
        tunnel.close()
    assert ('value="enter"' in page, 'value="door"' in page, 'name="password"' in page) == (True, False, False)
    assert first.status_code == 200, "it does not lead to the cameras"
    for step in ("door", "sign-in", "own", "key", "vendor", "code", "again"):
        stranger = Page(exposed)
        given = {"user": OWN, "password": OWN_PASSWORD, "own_user": "ola", "own_password": "four words of a thief"}
        assert stranger.post("/home", step=step, **given) == 403, step
        assert "showcam-home" not in stranger.session.cookies, step
        assert stranger.session.get(f"{exposed.web}/home/assistants", timeout=LONG_S).status_code == 401, step


def test_a_browser_on_that_machine_comes_in_by_a_code_of_a_phone_too(exposed: Program) -> None:
    owner, other = Page(exposed), Page(exposed)
    assert owner.post("/home", step="enter", entry=exposed.entry()) == 200
    assert owner.post("/home", step="sign-in", user=OWN, password=OWN_PASSWORD) == 200
    assert owner.post("/home/phones", step="add", role="owner") == 200
    [address] = re.findall(r'id="address"[^>]+value="([^"]+)"', owner.text)
    assert other.post("/home/phone", code=address.partition("#")[2]) == 200
    assert "/home/assistants" in other.get("/home")


def test_of_twenty_people_with_the_code_one_gets_in(house: Program) -> None:
    code = house.command("home").stdout.strip().rpartition("#")[2]

    def enter(_: int) -> int:
        with requests.Session() as browser:
            page = browser.get(f"{house.web}/home", timeout=LONG_S).text
            token = page.split('name="csrf_token" value="')[1].split('"')[0]
            form = {"csrf_token": token, "step": "enter", "entry": code}
            while True:
                answer = browser.post(f"{house.web}/home", data=form, timeout=LONG_S, allow_redirects=False)
                if answer.status_code != 503:  # too many forms of one address at once: those of a slow client are late
                    return answer.status_code
                time.sleep(0.5)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(enter, range(20)))
    assert answers.count(303) == 1
    assert set(answers) <= {303, 403, 429}


def test_a_form_of_five_megabytes_is_too_much(house: Program) -> None:
    answer = requests.post(f"{house.web}/home", data={"entry": "x" * 5_000_000}, timeout=LONG_S)
    assert answer.status_code == 413


# bind, the address that is connected to, Host, what is answered
IPV6 = [
    ("::1", "::1", "[::1]", 200),
    ("::1", "::1", "localhost", 200),
    ("::1", "::1", "evil.example", 404),
    ("::1", "::1", "[2001:db8::9]", 404),
    ("::", "::1", "[::1]", 200),
    ("::", "127.0.0.1", "127.0.0.1", 200),
    ("::", "127.0.0.1", "evil.example", 404),
]


@pytest.fixture(scope="module", params=["::1", "::"])
def by_ipv6(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("ipv6"), demo=False, SHOWCAM_BIND=request.param) as program:
        yield program


def test_by_ipv6_the_same_rules_hold(by_ipv6: Program) -> None:
    rows = [row[1:] for row in IPV6 if row[0] == by_ipv6.environ["SHOWCAM_BIND"]]
    assert [status(by_ipv6.port, f"{host}:{by_ipv6.port}", at=at) for at, host, _ in rows] == [row[2] for row in rows]
    tunnelled = asked(by_ipv6.port, "GET /home HTTP/1.1", f"Host: [::1]:{by_ipv6.port}", "Via: 1.1 x", at="::1")
    assert tunnelled == 404


def test_the_one_time_address_is_in_no_journal(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    found = log.stat()
    with running(tmp_path, demo=False, JOURNAL_STREAM=f"{found.st_dev}:{found.st_ino}") as program:
        until(lambda: "showcam home" in log.read_text())
        assert f"Your cameras: {program.web}/home\n" in log.read_text()
        code = json.loads((program.data / "run" / "home-code").read_text())["code"]
        assert code not in log.read_text()


def test_where_it_is_off_there_is_no_such_page(tmp_path: Path) -> None:
    with running(tmp_path, demo=False, SHOWCAM_CONSOLE="off") as program:
        assert status(program.port, f"127.0.0.1:{program.port}") == 404
        assert "There is no such page here" in program.command("home").stderr
