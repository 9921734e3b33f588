"""The client address that the started program believes, behind proxies of every kind."""

import http.client
import http.server
import json
from collections.abc import Iterator

import pytest

from showcam.app.doctor.google import Patient, examine
from showcam.app.doctor.reach import Visitor
from tests.doubles.fault_proxy import FaultProxy, ProxyFault
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "No spelling of a header makes a visitor somebody else behind Caddy, Cloudflare Tunnel or Tailscale Funnel",
    leans_on="double: the proxies' headers",
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("visited")
    with running(folder, demo=False, SHOWCAM_TRUSTED_PROXIES="127.0.0.1") as program:
        yield program


@pytest.mark.parametrize(
    ("fault", "state", "expected"),
    [
        ("", "ok", "no visitor can claim"),
        ("forwarded_for_handed_on", "wrong", "X-Forwarded-For"),
    ],
)
def test_the_doctor_finds_a_proxy_that_lets_anybody_pass_for_anybody(
    program: Program, fault: ProxyFault, state: str, expected: str
) -> None:
    with FaultProxy(program.port, program.media_port, None, fault) as proxy:
        patient = Patient(web=proxy.url, pictures=(), client=None, trial=("doctor", "s"), demo=True)
        [found] = [finding for finding in examine(patient, Visitor()) if finding.what.startswith("visitors' addresses")]
    assert (found.state, expected in found.text) == (state, True)
    assert bool(found.mend) == (state != "ok")


VISITOR, PRETENDED = "198.51.100.7", "192.0.2.77"
# What each recommended way to a public address writes, by its documentation, and the spellings that a visitor adds.
# All three are Go programs, which write headers in the order of their names.
ROADS = {
    "Caddy": [("X-Forwarded-For", VISITOR), ("X-Forwarded-Proto", "https")],
    "Cloudflare Tunnel": [("Cf-Connecting-Ip", VISITOR), ("X-Forwarded-For", f"{PRETENDED}, {VISITOR}")],
    "Tailscale Funnel": [("Tailscale-Funnel-Request", "?1"), ("X-Forwarded-For", VISITOR)],
    "a chain on two lines": [("X-Forwarded-For", PRETENDED), ("X-Forwarded-For", VISITOR)],
}
SPELLINGS = [
    ("X_Forwarded_For", PRETENDED),
    ("X-Forwarded_For", PRETENDED),
    ("X_Forwarded-For", PRETENDED),
    ("x_forwarded_for", PRETENDED),
    ("Cf_Connecting_Ip", PRETENDED),
    ("X_Forwarded_Proto", "gopher"),
]


@pytest.mark.parametrize("order", [1, -1], ids=["the visitor's last", "the visitor's first"])
@pytest.mark.parametrize("road", ROADS)
def test_no_spelling_of_a_header_makes_a_visitor_somebody_else(program: Program, road: str, order: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=LONG_S)
    try:
        connection.putrequest("GET", "/readyz")
        for name, value in (ROADS[road] + SPELLINGS)[::order] if road != "a chain on two lines" else ROADS[road]:
            connection.putheader(name, value)
        connection.endheaders()
        assert json.load(connection.getresponse())["client"] == VISITOR
    finally:
        connection.close()


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
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=LONG_S)
    try:
        for _ in range(2):  # on one connection: nothing of the first is taken for the second
            body = b"grant_type=none"
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", "/oauth/token", body, form | headers)
            response = connection.getresponse()
            assert (response.status, json.load(response)["error"]) == (400, "unsupported_grant_type")
    finally:
        connection.close()
