"""`/metrics` of the started program: open to this machine, and to another machine only by the token of its owner."""

import http.client
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S

TOKEN = "a-token-of-the-tests-with-40-characters."
ANOTHER = "127.0.0.2"  # a sender that is not 127.0.0.1, as another machine is


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("metrics"), demo=False, SHOWCAM_METRICS_TOKEN=TOKEN) as started:
        yield started


def asked(program: Program, headers: Mapping[str, str], sender: str = ANOTHER) -> tuple[int, str | None, str]:
    """The status, the scheme that a refusal names, and the text."""
    connection = http.client.HTTPConnection("127.0.0.1", program.port, LONG_S, source_address=(sender, 0))
    connection.request("GET", "/metrics", headers={"Connection": "close", **headers})
    answer = connection.getresponse()
    return answer.status, answer.getheader("WWW-Authenticate"), answer.read().decode()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN.upper()}"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"X-Forwarded-For": "127.0.0.1"},
    ],
)
def test_another_machine_is_refused_without_the_token(program: Program, headers: dict[str, str]) -> None:
    status, scheme, text = asked(program, headers)
    assert (status, scheme) == (401, "Bearer")
    assert "showcam_requests_total" not in text


@pytest.mark.parametrize("more", [{}, {"Host": "cam.example"}, {"X-Forwarded-For": "203.0.113.5"}])
def test_the_token_opens_the_counters_to_another_machine(program: Program, more: dict[str, str]) -> None:
    status, _, text = asked(program, {"Authorization": f"Bearer {TOKEN}", **more})
    assert status == 200
    assert "showcam_requests_total" in text
    assert TOKEN not in program.log.read_text()


def test_this_machine_needs_no_token_but_what_a_proxy_on_it_forwards_does(program: Program) -> None:
    assert asked(program, {}, "127.0.0.1")[0] == 200
    for forwarded in ({"X-Forwarded-For": "203.0.113.5"}, {"Forwarded": "for=203.0.113.5"}, {"Host": "cam.example"}):
        assert asked(program, forwarded, "127.0.0.1")[0] == 401


@pytest.mark.parametrize(
    "line",
    ["GET /metrics HTTP/1.0\r\nHost: {}", "GET /metrics HTTP/1.1\r\nHost: {}\r\nVia: 1.1 x\r\nConnection: close"],
)
def test_a_proxy_on_this_machine_that_names_no_visitor_is_known_by_what_it_speaks(program: Program, line: str) -> None:
    with socket.create_connection(("127.0.0.1", program.port), LONG_S) as connection:
        connection.sendall(f"{line}\r\n\r\n".format(f"127.0.0.1:{program.port}").encode())
        assert connection.makefile("rb").readline().split()[1] == b"401"


@pytest.mark.parametrize(
    "given", [{"SHOWCAM_TRUSTED_PROXIES": "127.0.0.1"}, {"SHOWCAM_PUBLIC_URL": "https://cam.example"}], ids=str
)
def test_a_proxy_on_this_machine_that_is_not_known_is_shown_nothing(tmp_path: Path, given: dict[str, Any]) -> None:
    with running(tmp_path, demo=False, SHOWCAM_METRICS_TOKEN=TOKEN, **given) as program:
        assert asked(program, {}, "127.0.0.1")[0] == 401
        assert asked(program, {"Authorization": f"Bearer {TOKEN}"}, "127.0.0.1")[0] == 200


def test_without_the_setting_no_bearer_opens_it(tmp_path: Path) -> None:
    with running(tmp_path, demo=False) as program:
        for bearer in ("", TOKEN):
            assert asked(program, {"Authorization": f"Bearer {bearer}"})[0] == 404
        assert asked(program, {}, "127.0.0.1")[0] == 200
