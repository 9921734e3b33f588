"""The HTTP client for vendors, against real servers that misbehave."""

import gzip
import os
import shutil
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from showcam.net.exchange import Hosts, Unreached
from showcam.net.http import Http, Reply
from showcam.net.requests_adapter import LONGEST_ANSWER
from showcam.simulator.authority import server_context
from tests.doubles.small_stack import on_small_stack
from tests.doubles.tls_vendor import Speak, Vendor, Vendors, answer, request_of
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "Events share a connection, and an event whose answer was cut off is repeated under its id",
    leans_on="system: real TLS servers of the tests",
)


def client(vendor: Vendor) -> Http:
    return Http(Hosts((vendor.host,)), vendor.ca_file)


def outcome_of(call: Callable[[], Reply]) -> str:
    try:
        return str(call().status)
    except Unreached as error:
        return str(error)


def says(*chunks: bytes) -> Speak:
    def speak(connection: ssl.SSLSocket, _over: threading.Event) -> None:
        request_of(connection)
        for chunk in chunks:
            connection.sendall(chunk)

    return speak


@pytest.mark.parametrize(
    "speak",
    [
        says(answer(b" " * (LONGEST_ANSWER + 1))),
        says(b"HTTP/1.1 200 OK\r\n\r\n", *[b" " * 65536] * 170),
        says(answer(gzip.compress(b" " * 50_000_000), "200 OK", "Content-Encoding: gzip")),
    ],
    ids=["announced", "without length", "unpacked"],
)
def test_a_long_answer_is_not_read_to_its_end(vendors: Vendors, speak: Speak) -> None:
    there = vendors.speaking(speak)

    with pytest.raises(Unreached, match="Cut"):
        client(there).post(there.url, {}, LONG_S)


@pytest.mark.parametrize(
    "speak",
    [
        says(b"SSH-2.0-OpenSSH_9.6\r\n"),
        says(b""),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}"),
        says(answer(b"\x1f\x8b not gzip", "200 OK", "Content-Encoding: gzip")),
    ],
    ids=["another protocol", "nothing", "half", "not what it says"],
)
def test_what_is_no_answer_is_the_vendor_being_down(vendors: Vendors, speak: Speak) -> None:
    there = vendors.speaking(speak)

    with pytest.raises(Unreached):
        client(there).post(there.url, {}, LONG_S)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_none(vendors: Vendors, body: bytes) -> None:
    there = vendors.speaking(says(answer(body)))

    assert on_small_stack(lambda: client(there).post(there.url, {}, LONG_S).data) is None


def test_a_good_answer_comes_whole_and_the_connection_is_kept(vendors: Vendors) -> None:
    there = vendors.answering(
        lambda asked, body, _headers: answer(b'{"asked": "%s", "body": "%s"}' % (asked.encode(), body))
    )
    http = client(there)

    replies = [http.post(f"{there.url}/x", {"a": "b"}, LONG_S) for _ in range(3)]

    assert [reply.data for reply in replies] == [{"asked": "POST /x", "body": "a=b"}] * 3
    assert len(there.opened) == 1


def test_a_redirect_is_not_followed(vendors: Vendors) -> None:
    elsewhere = vendors.speaking(says(answer(b"{}")))
    there = vendors.speaking(says(answer(b"", "302 Found", f"Location: {elsewhere.url}/")))

    with pytest.raises(Unreached):
        Http(Hosts((there.host, elsewhere.host)), there.ca_file).post(there.url, {}, LONG_S)

    assert elsewhere.opened == []


def test_a_certificate_of_nobody_we_trust_is_refused(vendors: Vendors) -> None:
    there = vendors.speaking(says(answer(b"{}")))

    with pytest.raises(Unreached):
        Http(Hosts((there.host,))).post(there.url, {}, LONG_S)


def test_an_authority_that_was_replaced_under_its_name_is_read_again(vendors: Vendors, tmp_path: Path) -> None:
    there, file = vendors.speaking(says(answer(b"{}"))), tmp_path / "ca.pem"
    server_context(tmp_path)  # writes the certificate of another one there
    with pytest.raises(Unreached):
        Http(Hosts((there.host,)), file).post(there.url, {}, LONG_S)

    os.utime(shutil.copyfile(there.ca_file, file), ns=(1, 1))
    assert Http(Hosts((there.host,)), file).post(there.url, {}, LONG_S).data == {}


def test_an_unreadable_authority_is_an_error_and_nothing_is_sent(vendors: Vendors) -> None:
    there = vendors.speaking(says(answer(b"{}")))

    with pytest.raises(Unreached, match=r"missing\.pem"):
        Http(Hosts((there.host,)), there.ca_file.with_name("missing.pem")).post(there.url, {}, LONG_S)


AGAIN = [
    # method, whether the peer knows the request again, how often it is sent, the outcome
    ("GET", False, 2, "200"),
    ("POST", False, 1, "ConnectionError"),
    ("POST", True, 2, "200"),
]


@pytest.mark.parametrize(("method", "repeatable", "times", "outcome"), AGAIN)
def test_what_may_be_sent_twice_is_sent_again_when_the_kept_connection_ends(
    vendors: Vendors, method: str, repeatable: bool, times: int, outcome: str
) -> None:
    seen: list[str] = []

    def speak(connection: ssl.SSLSocket, _over: threading.Event) -> None:
        """Answers the first request of a connection and closes it after the second."""
        seen.append(request_of(connection)[0])
        connection.sendall(answer(b"{}"))
        seen.append(request_of(connection)[0])

    there = vendors.speaking(speak)
    http = client(there)
    http.ask("GET", f"{there.url}/first", LONG_S)

    assert outcome_of(lambda: http.ask(method, f"{there.url}/second", LONG_S, repeatable=repeatable)) == outcome
    assert seen.count(f"{method} /second") == times


def test_what_a_new_connection_lost_is_not_sent_again(vendors: Vendors) -> None:
    seen: list[str] = []

    def speak(connection: ssl.SSLSocket, _over: threading.Event) -> None:
        seen.append(request_of(connection)[0])

    there = vendors.speaking(speak)
    assert outcome_of(lambda: client(there).ask("POST", there.url, LONG_S, repeatable=True)) == "ConnectionError"
    assert seen == ["POST /"]


def test_a_kept_connection_that_is_half_closed_carries_no_request(vendors: Vendors) -> None:
    """The peer has said that it sends no more, and still reads."""
    seen: list[str] = []
    closed = threading.Event()

    def speak(connection: ssl.SSLSocket, over: threading.Event) -> None:
        seen.append(request_of(connection)[0])
        connection.sendall(answer(b"{}"))
        connection.shutdown(socket.SHUT_WR)
        closed.set()
        over.wait(LONG_S)

    there = vendors.speaking(speak)
    http = client(there)
    http.post(f"{there.url}/first", {}, LONG_S)
    assert closed.wait(LONG_S)

    assert http.post(f"{there.url}/second", {}, LONG_S).status == 200
    assert seen == ["POST /first", "POST /second"]
    assert len(there.opened) == 2


@pytest.mark.parametrize(("idle_s", "connections"), [(60.0, 1), (0.0, 2)])
def test_a_connection_that_lay_idle_is_not_used_again(vendors: Vendors, idle_s: float, connections: int) -> None:
    there = vendors.answering(lambda _asked, _body, _headers: answer(b"{}"))
    http = Http(Hosts((there.host,)), there.ca_file, idle_s)
    for _ in range(2):
        http.post(there.url, {}, LONG_S)
    assert len(there.opened) == connections


def test_no_cookie_is_kept_for_another_household(vendors: Vendors) -> None:
    cookies: list[str | None] = []

    def reply(_asked: str, _body: bytes, headers: dict[str, str]) -> bytes:
        cookies.append(headers.get("cookie"))
        return answer(b"{}", "200 OK", "Set-Cookie: session=first; Path=/")

    there = vendors.answering(reply)
    http = client(there)
    for _ in range(2):
        http.post(there.url, {}, LONG_S)
    assert cookies == [None, None]
