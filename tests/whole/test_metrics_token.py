"""`/metrics` of the started program: open to this machine, and to another machine only by the token of its owner."""

import http.client
from collections.abc import Iterator, Mapping
from pathlib import Path

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


def test_without_the_setting_no_bearer_opens_it(tmp_path: Path) -> None:
    with running(tmp_path, demo=False) as program:
        for bearer in ("", TOKEN):
            assert asked(program, {"Authorization": f"Bearer {bearer}"})[0] == 404
        assert asked(program, {}, "127.0.0.1")[0] == 200
