"""The client address that the started program believes, behind proxies of every kind."""

import http.client
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from showcam.doctor.google import Patient, examine
from showcam.doctor.reach import Visitor
from tests.doubles.program import Program, running

VISITOR = "198.51.100.7"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("visited")
    with running(folder, demo=False, SHOWCAM_TRUSTED_PROXIES="127.0.0.1") as program:
        yield program


class Proxy(http.server.ThreadingHTTPServer):
    """Forwards GETs without the headers for which `drops` is true, and with `writes` as X-Forwarded-For."""

    daemon_threads = True

    def __init__(self, port: int, drops: Callable[[str], bool], writes: str) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name: value for name, value in self.headers.items() if not drops(name)}
                if writes:
                    headers["X-Forwarded-For"] = writes
                behind = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                # as Go's proxies write them: in the order of their names
                behind.request("GET", self.path, headers=dict(sorted(headers.items())))
                answer = behind.getresponse()
                body = answer.read()
                behind.close()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Silent."""

        super().__init__(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    def __enter__(self) -> "Proxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


def its_own(name: str) -> bool:
    return name.lower() == "x-forwarded-for"


def its_own_and_underscores(name: str) -> bool:
    return its_own(name) or "_" in name


def nothing(_name: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("drops", "writes", "state", "expected"),
    [
        (its_own_and_underscores, VISITOR, "ok", "nobody's own word"),
        (its_own, VISITOR, "wrong", "X_Forwarded_For"),
        (nothing, "", "wrong", "X-Forwarded-For"),
    ],
    ids=["writes it and drops underscores", "writes it", "hands on what came"],
)
def test_the_doctor_finds_a_proxy_that_lets_anybody_pass_for_anybody(
    program: Program, drops: Callable[[str], bool], writes: str, state: str, expected: str
) -> None:
    with Proxy(program.port, drops, writes) as proxy:
        url = f"http://127.0.0.1:{proxy.server_port}"
        patient = Patient(web=url, pictures=(), client=None, trial=("doctor", "s"), demo=True)
        [found] = [finding for finding in examine(patient, Visitor()) if finding.what.startswith("visitors' addresses")]
    assert (found.state, expected in found.text) == (state, True)
    assert bool(found.mend) == (state != "ok")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Length": "5"},
        {"Transfer_Encoding": "chunked"},
        {"Proxy": "http://evil.example"},
        {"X_Forwarded_Host": "evil.example"},
    ],
    ids=str,
)
def test_no_other_folded_header_says_how_a_request_is_read(program: Program, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=5)
    try:
        for _ in range(2):  # on one connection: nothing of the first is taken for the second
            body = b"grant_type=none"
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", "/oauth/token", body, form | headers)
            response = connection.getresponse()
            assert (response.status, json.load(response)["error"]) == (400, "unsupported_grant_type")
    finally:
        connection.close()
