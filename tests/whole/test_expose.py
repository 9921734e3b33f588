"""From nothing to a public address with a running showcam, by command and by press; Tailscale is a double."""

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from tests.doubles.console_browser import PASSWORD, Page
from tests.doubles.program import Program
from tests.doubles.tailscale import ALLOW, LOGIN, NAME, Tailscale, target_of
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "One press, or `showcam expose`, leads to a kept public address by Tailscale Funnel, and back",
    leans_on="double: Tailscale",
    also=("tests/showcam/test_exposing.py", "tests/console/test_set_up_exposing.py"),
)

VISITOR = "203.0.113.7"
VIDEO = "/s/no.grant/master.m3u8"


class WayIn:
    """What of Funnel is on the internet: passes each request on as the mounts say, without TLS."""

    def __init__(self, tailscale: Tailscale) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mounts = tailscale.mounts()
                if not mounts:
                    self.send_error(502)
                    return
                headers = {"Host": NAME, "X-Forwarded-For": VISITOR, "Tailscale-Funnel-Request": "?1"}
                target = target_of(mounts, self.path)
                try:
                    got = requests.get(target, headers=headers, timeout=LONG_S, allow_redirects=False)
                except requests.ConnectionError:  # showcam's process starts again
                    self.send_error(502)
                    return
                self.send_response(got.status_code)
                self.end_headers()
                self.wfile.write(got.content)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def get(self, path: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self._server.server_port}{path}", timeout=LONG_S)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def tailscale(tmp_path: Path) -> Tailscale:
    return Tailscale(tmp_path / "bin")


@pytest.fixture
def stopped(tmp_path: Path, tailscale: Tailscale) -> Program:
    made = Program(tmp_path, demo=False)
    made.environ["PATH"] = f"{tailscale.program.parent}:{made.environ['PATH']}"
    return made


@pytest.fixture
def program(stopped: Program) -> Iterator[Program]:
    yield stopped.start()
    stopped.stop()


@pytest.fixture
def way_in(tailscale: Tailscale) -> Iterator[WayIn]:
    made = WayIn(tailscale)
    yield made
    made.close()


def asked(program: Program, *words: str) -> tuple[int, dict[str, object]]:
    done = program.command("expose", "--json", *words)
    return done.returncode, dict(json.loads(done.stdout))


def test_the_command_leads_from_nothing_to_an_address_and_back(
    program: Program, tailscale: Tailscale, way_in: WayIn
) -> None:
    ports = (f"http://127.0.0.1:{program.media_port}", program.web)
    code, facts = asked(program, "--yes")
    assert (code, facts["stand"], facts["link"]) == (1, "sign_in", LOGIN)
    tailscale.change(state="Running", auth="")
    code, facts = asked(program, "--yes")
    assert (code, facts["stand"], facts["link"]) == (1, "allow", ALLOW)
    assert way_in.get("/healthz").status_code == 502
    tailscale.change(funnel=True)
    assert asked(program, "--yes")[0] == 0
    until(lambda: program.issuer() == f"https://{NAME}")
    assert (way_in.get("/healthz").status_code, way_in.get("/home").status_code) == (200, 404)
    assert [way_in.get(VIDEO).text == requests.get(f"{at}{VIDEO}", timeout=LONG_S).text for at in ports] == [
        True,
        False,
    ]
    assert asked(program, "--stop")[0] == 0
    until(lambda: program.issuer() == program.web)
    assert way_in.get("/healthz").status_code == 502


def test_a_killed_command_leaves_nothing_open_unseen(stopped: Program, tailscale: Tailscale) -> None:
    tailscale.change(state="Running", funnel=True, hangs=True)
    words = [str(stopped.showcam), "expose", "--yes"]
    with subprocess.Popen(words, env=stopped.environ, cwd=stopped.stands) as command:
        until(lambda: tailscale.mounts() != {})
        command.kill()
    tailscale.change(hangs=False)
    stopped.start()
    try:
        until(lambda: f"The way to {NAME} was begun, and not finished." in stopped.log.read_text())
        assert stopped.issuer() == stopped.web
        assert asked(stopped, "--stop")[0] == 0
        assert tailscale.mounts() == {}
    finally:
        stopped.stop()


def test_without_consent_the_command_does_nothing(stopped: Program, tailscale: Tailscale) -> None:
    tailscale.change(state="Running", funnel=True)
    assert stopped.command("expose", text="n\n").returncode == 1
    assert tailscale.calls() == []


def test_who_may_not_change_tailscale_is_given_the_command(stopped: Program, tailscale: Tailscale) -> None:
    tailscale.change(state="Running", funnel=True, operator=False)
    done = stopped.command("expose", "--yes")
    assert (done.returncode, "sudo tailscale set --operator=" in done.stderr) == (1, True)


def test_a_press_in_the_house_gives_the_address_and_a_stranger_can_not_press(
    program: Program, tailscale: Tailscale, way_in: WayIn
) -> None:
    tailscale.change(state="Running", funnel=True)
    added = program.command("owner", "add", "--lan", "owner", text=f"{PASSWORD}\n{PASSWORD}\n")
    assert added.returncode == 0, added.stderr
    page = Page(program)
    stranger = requests.post(f"{program.web}/home/reachable", data={"step": "expose"}, timeout=LONG_S)
    assert (stranger.status_code, tailscale.calls()) == (400, [])
    page.enter()
    assert page.post("/home/reachable", step="expose") == 200
    until(lambda: program.issuer() == f"https://{NAME}")
    assert (way_in.get("/healthz").status_code, way_in.get("/home/reachable").status_code) == (200, 404)
    until(lambda: page.shows("/home/reachable", "Take it back"))
    page.post("/home/reachable", step="unexpose")
    until(lambda: program.issuer() == program.web)
    assert tailscale.mounts() == {}
